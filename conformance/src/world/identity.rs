//! Becoming somebody: logging in, creating users, making their passwords fresh, issuing API keys. All of
//! it through the host's own API, once per run, when the first case asks.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::sync::OnceCell;

use super::{Resource, Trouble, World};
use crate::case::Identity;
use crate::client::{Answer, Outgoing, Transcript};

/// A user of this run, or the administrator.
#[derive(Debug, Clone)]
pub struct User {
    /// Row id.
    pub id: String,
    /// A valid access token.
    pub token: String,
}

/// A user of one case.
#[derive(Debug, Clone)]
pub struct Account {
    /// Row id.
    pub id: String,
    /// The password.
    pub password: String,
}

type Cell<T> = Arc<OnceCell<Result<T, String>>>;

/// What was made so far. A failure is remembered too: what cannot be made is not tried for every case.
#[derive(Debug, Default)]
pub struct Identities {
    users: Mutex<HashMap<Identity, Cell<User>>>,
    keys: Mutex<HashMap<Identity, Cell<String>>>,
}

/// The cell of `identity`, made on first use.
fn cell<T>(cells: &Mutex<HashMap<Identity, Cell<T>>>, identity: Identity) -> Cell<T> {
    let mut cells = cells.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(cells.entry(identity).or_default())
}

impl World {
    /// The headers that carry an identity's credentials.
    pub async fn credentials(&self, identity: Identity) -> Result<Vec<(String, String)>, Trouble> {
        use Identity as I;
        let bearer = |token: &str| ("authorization".to_owned(), format!("Bearer {token}"));
        let cookie = |token: &str| ("cookie".to_owned(), format!("access_token={token}"));
        let key = |key: &str| ("x-api-key".to_owned(), key.to_owned());
        let header = match identity {
            I::Anonymous => return Ok(Vec::new()),
            I::Admin | I::Super | I::Operator | I::Member | I::Viewer | I::Outsider | I::Stale => {
                bearer(&self.user(identity).await?.token)
            }
            I::Cookie => cookie(&self.user(I::Admin).await?.token),
            I::AdminKey | I::MemberKey | I::OutsiderKey | I::RevokedKey | I::ExpiredKey => {
                key(&self.api_key(identity).await?)
            }
            I::AdminKeyAuthorization => {
                let key = self.api_key(I::AdminKey).await?;
                ("authorization".to_owned(), format!("ApiKey {key}"))
            }
            I::BadKey => key("hostproof-nobody-issued-this-key-0000000000000000"),
            I::BadJwt => bearer(&signed_by_nobody()),
            I::BadCookie => cookie(&signed_by_nobody()),
            I::ForgedJwt => bearer(&unsigned()),
        };
        Ok(vec![header])
    }

    /// The user behind an identity.
    pub async fn user(&self, identity: Identity) -> Result<User, Trouble> {
        if identity == Identity::Admin {
            return self.admin().await;
        }
        // Without the administrator nobody can be made, which is no fault of the host's.
        self.admin().await?;
        let cell = cell(&self.identities.users, identity);
        let made = cell.get_or_init(|| async {
            let user = self.make_user(identity).await?;
            self.client.redactor().hide(&user.token, &format!("{identity} token"));
            Ok(user)
        });
        made.await
            .clone()
            .map_err(|why| Trouble::preparation(format!("identity `{identity}`: {why}")))
    }

    /// The administrator. That the login of the target file fails is the target file's fault.
    pub async fn admin(&self) -> Result<User, Trouble> {
        let cell = cell(&self.identities.users, Identity::Admin);
        let made = cell.get_or_init(|| async {
            let user = self.sign_in_admin().await?;
            self.client.redactor().hide(&user.token, "admin token");
            Ok(user)
        });
        made.await.clone().map_err(|why| Trouble::Blocked(format!("the administrator: {why}")))
    }

    async fn sign_in_admin(&self) -> Result<User, String> {
        let admin = self.target.admin.as_ref().ok_or("the target file has no [admin]")?;
        let password = admin.password()?;
        self.client.redactor().hide(&password, "admin password");
        self.sign_in(&admin.username, &password).await
    }

    async fn sign_in(&self, username: &str, password: &str) -> Result<User, String> {
        let body = json!({ "username": username, "password": password });
        let answer = self.call(&Outgoing::json("POST", "/api/v1/auth/login", &body)).await?;
        let token = access_token(&answer).ok_or_else(|| {
            format!("login of {username} answered {} without an access token", answer.status)
        })?;
        let id = claim(&token, "sub").ok_or("the access token has no `sub`")?;
        Ok(User { id, token })
    }

    /// A user of this run. A user that an administrator creates has to change the password; all but
    /// `stale` do.
    async fn make_user(&self, identity: Identity) -> Result<User, String> {
        let username = format!("hostproof-{}-{identity}", self.run);
        let role = match identity {
            Identity::Super => Some("SUPER_ADMIN"),
            Identity::Operator => Some("ADMIN"),
            _ => None,
        };
        let (id, first) = self.create_user(&username, role).await?;
        self.remember(Resource::User(id));
        if identity == Identity::Stale {
            return self.sign_in(&username, &first).await;
        }
        let second = self.freshen(&username, &first).await?;
        self.sign_in(&username, &second).await
    }

    /// A user of one case's own, whose password is fresh.
    pub async fn make_account(
        &self,
        username: &str,
        created: impl Fn(Resource),
    ) -> Result<Account, Trouble> {
        let made = async {
            let (id, first) = self.create_user(username, None).await?;
            created(Resource::User(id.clone()));
            Ok(Account { id, password: self.freshen(username, &first).await? })
        };
        made.await
            .map_err(|why: String| Trouble::preparation(format!("the case needs a user: {why}")))
    }

    /// A user as an administrator makes one; the password has to be changed. Gives id and password.
    async fn create_user(
        &self,
        username: &str,
        role: Option<&str>,
    ) -> Result<(String, String), String> {
        let admin = self.admin().await.map_err(Trouble::describe)?;
        let password = format!("First-{}", self.token(&format!("first password of {username}")));
        self.client.redactor().hide(&password, "password");
        let mut body =
            json!({ "username": username, "password": password, "full_name": "Hostproof" });
        if let Some(role) = role {
            body["role"] = Value::from(role);
        }
        let request = Outgoing::json("POST", "/api/v1/admin/users", &body).with(&bearer(&admin));
        let answer = self.expect(&request, 201).await?;
        Ok((id_of(&answer)?, password))
    }

    /// Changes a user's first password; gives the new one.
    async fn freshen(&self, username: &str, first: &str) -> Result<String, String> {
        let stale = self.sign_in(username, first).await?;
        let second = format!("Second-{}", self.token(&format!("second password of {username}")));
        self.client.redactor().hide(&second, "password");
        self.client.redactor().hide(&stale.token, "token");
        let body = json!({ "current_password": first, "new_password": second });
        let path = "/api/v1/users/me/password";
        let answer = self.call(&Outgoing::json("PATCH", path, &body).with(&bearer(&stale))).await?;
        if !(200..300).contains(&answer.status) {
            return Err(format!("changing the password answered {}", describe(&answer)));
        }
        Ok(second)
    }

    async fn api_key(&self, identity: Identity) -> Result<String, Trouble> {
        let cell = cell(&self.identities.keys, identity);
        let made = cell.get_or_init(|| async {
            let owner = identity.user().unwrap_or(Identity::Admin);
            let owner = self.user(owner).await.map_err(Trouble::describe)?;
            let key = match identity {
                Identity::ExpiredKey => self.expired_key(&owner).await?,
                Identity::RevokedKey => {
                    let (id, key) = self.make_key(identity, &owner, None).await?;
                    let path = format!("/api/v1/users/me/api-keys/{id}");
                    let request = Outgoing::plain("DELETE", path).with(&bearer(&owner));
                    let answer = self.call(&request).await?;
                    if !(200..300).contains(&answer.status) {
                        return Err(format!("revoking answered {}", describe(&answer)));
                    }
                    key
                }
                _ => {
                    let (id, key) = self.make_key(identity, &owner, None).await?;
                    self.remember(Resource::ApiKey { id, owner: bearer(&owner) });
                    key
                }
            };
            self.client.redactor().hide(&key, &identity.to_string());
            Ok(key)
        });
        made.await
            .clone()
            .map_err(|why| Trouble::preparation(format!("identity `{identity}`: {why}")))
    }

    /// A key whose time is over. Where a host refuses to issue one that is over already, one is issued
    /// that soon will be, and its time is waited for.
    async fn expired_key(&self, owner: &User) -> Result<String, String> {
        let past = OffsetDateTime::now_utc() - time::Duration::hours(1);
        if let Ok((_, key)) = self.make_key(Identity::ExpiredKey, owner, Some(past)).await {
            return Ok(key);
        }
        let soon = OffsetDateTime::now_utc() + time::Duration::seconds(2);
        let (_, key) = self.make_key(Identity::ExpiredKey, owner, Some(soon)).await?;
        // A second more than the key's life, for clocks that differ.
        tokio::time::sleep(std::time::Duration::from_secs(3)).await;
        Ok(key)
    }

    async fn make_key(
        &self,
        identity: Identity,
        owner: &User,
        expires: Option<OffsetDateTime>,
    ) -> Result<(String, String), String> {
        let mut body = json!({ "name": format!("hostproof-{}-{identity}", self.run) });
        if let Some(expires) = expires {
            body["expires_at"] = Value::from(expires.format(&Rfc3339).map_err(|e| e.to_string())?);
        }
        let path = "/api/v1/users/me/api-keys";
        let answer =
            self.expect(&Outgoing::json("POST", path, &body).with(&bearer(owner)), 201).await?;
        let key = answer.pointer("/data/key").and_then(|key| key.as_str().map(str::to_owned));
        Ok((id_of(&answer)?, key.ok_or("the new API key is not in the answer")?))
    }

    /// A request outside any case.
    pub(super) async fn call(&self, request: &Outgoing) -> Result<Answer, String> {
        let answer = self.client.send(&Transcript::default(), request).await;
        answer.map_err(|e| format!("{} {}: {e}", request.method, request.path))
    }

    /// A request outside any case that has to answer `status`.
    pub(super) async fn expect(&self, request: &Outgoing, status: u16) -> Result<Answer, String> {
        let answer = self.call(request).await?;
        if answer.status == status {
            return Ok(answer);
        }
        let (method, path) = (&request.method, &request.path);
        Err(format!("{method} {path}: expected {status}, got {}", describe(&answer)))
    }

    pub(super) fn remember(&self, resource: Resource) {
        self.created.lock().unwrap_or_else(PoisonError::into_inner).push(resource);
    }
}

/// The bearer header of a user.
pub(super) fn bearer(user: &User) -> Vec<(String, String)> {
    vec![("authorization".to_owned(), format!("Bearer {}", user.token))]
}

/// `/data/id` of an answer.
pub(super) fn id_of(answer: &Answer) -> Result<String, String> {
    let id = answer.pointer("/data/id").and_then(|id| id.as_str().map(str::to_owned));
    id.ok_or_else(|| format!("no /data/id in {}", describe(answer)))
}

/// Status and the beginning of the body, for messages.
pub(super) fn describe(answer: &Answer) -> String {
    let body: String = String::from_utf8_lossy(&answer.body).chars().take(300).collect();
    format!("{} {body}", answer.status)
}

/// The token from the cookie `access_token`, or from the body.
fn access_token(answer: &Answer) -> Option<String> {
    answer
        .cookie("access_token")
        .or_else(|| Some(answer.pointer("/data/access_token")?.as_str()?.to_owned()))
}

/// A claim of a token, which the suite reads and never verifies.
fn claim(token: &str, name: &str) -> Option<String> {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims: Value = serde_json::from_slice(&payload).ok()?;
    Some(claims.get(name)?.as_str()?.to_owned())
}

/// Claims of an administrator as a host would write them.
fn claims() -> String {
    let now = OffsetDateTime::now_utc().unix_timestamp();
    let claims = json!({
        "sub": "00000000-0000-4000-8000-00000000beef", "username": "admin", "role": "SUPER_ADMIN",
        "kind": "access", "must_change_password": false, "iat": now, "exp": now + 3600,
    });
    URL_SAFE_NO_PAD.encode(claims.to_string())
}

fn signed_by_nobody() -> String {
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
    format!("{header}.{}.{}", claims(), URL_SAFE_NO_PAD.encode([0x5a; 32]))
}

fn unsigned() -> String {
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#);
    format!("{header}.{}.", claims())
}
