//! Access and refresh tokens: JWT, HMAC-SHA-256, one secret.
//!
//! A client sends the same access token with every request until it expires. Its signature says the
//! same each time, so one that was found good is known again by its text; whether it has expired is
//! asked every time, and whether its session goes on is not asked here.

use std::{sync::Arc, time::Duration};

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use moka::sync::Cache;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::config::AuthConfig;

/// How many access tokens are known again at most; beyond that the least used are checked anew.
const CAPACITY: u64 = 10_000;

/// What a token is for. A refresh token does not open anything but `/auth/refresh`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TokenKind {
    /// Sent with every request.
    Access,
    /// Sent to `/auth/refresh` alone.
    Refresh,
}

/// The claims of both kinds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// User id.
    pub sub: Uuid,
    /// Name the user signs in with.
    #[serde(default)]
    pub username: String,
    /// Name of the global role.
    #[serde(default)]
    pub role: String,
    /// Access or refresh.
    pub kind: TokenKind,
    /// Whether the password is stale: one set by an administrator, not by the user.
    #[serde(default)]
    pub must_change_password: bool,
    /// The session both tokens belong to.
    pub sid: Uuid,
    /// Identifies this one token.
    pub jti: Uuid,
    /// Issued at, seconds since the epoch.
    pub iat: i64,
    /// Expires at, seconds since the epoch.
    pub exp: i64,
}

/// Who a pair of tokens is for.
#[derive(Debug, Clone)]
pub struct Subject {
    /// User id.
    pub user_id: Uuid,
    /// Name the user signs in with.
    pub username: String,
    /// Name of the global role.
    pub role: String,
    /// Whether the password is stale.
    pub must_change_password: bool,
}

/// A token and what it says.
#[derive(Debug, Clone)]
pub struct Issued {
    /// The encoded token.
    pub token: String,
    /// Its claims.
    pub claims: Claims,
}

/// Signs and checks tokens.
pub struct Tokens {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
    access_ttl: Duration,
    refresh_ttl: Duration,
    /// Access tokens whose signature was found good.
    good: Cache<Box<str>, Arc<Claims>>,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens")
            .field("access_ttl", &self.access_ttl)
            .field("refresh_ttl", &self.refresh_ttl)
            .finish_non_exhaustive()
    }
}

impl Tokens {
    /// Keys and lifetimes from the settings.
    pub fn new(config: &AuthConfig) -> Self {
        let secret = config.jwt_secret.expose().as_bytes();
        // The algorithm is pinned here: a token cannot choose how it is verified (RFC 8725, 3.1).
        let mut validation = Validation::new(Algorithm::HS256);
        // A token that expired is expired; all replicas are expected to keep time.
        validation.leeway = 0;
        Self {
            encoding: EncodingKey::from_secret(secret),
            decoding: DecodingKey::from_secret(secret),
            validation,
            access_ttl: config.access_token_ttl,
            refresh_ttl: config.refresh_token_ttl,
            // No access token is good for longer.
            good: Cache::builder()
                .max_capacity(CAPACITY)
                .time_to_live(config.access_token_ttl)
                .build(),
        }
    }

    /// How long a token of this kind is good for.
    pub fn ttl(&self, kind: TokenKind) -> Duration {
        match kind {
            TokenKind::Access => self.access_ttl,
            TokenKind::Refresh => self.refresh_ttl,
        }
    }

    /// Signs a token for one session of `subject`.
    pub fn issue(
        &self,
        kind: TokenKind,
        session: Uuid,
        subject: &Subject,
    ) -> Result<Issued, jsonwebtoken::errors::Error> {
        let now = OffsetDateTime::now_utc();
        let claims = Claims {
            sub: subject.user_id,
            username: subject.username.clone(),
            role: subject.role.clone(),
            kind,
            must_change_password: subject.must_change_password,
            sid: session,
            jti: Uuid::new_v4(),
            iat: now.unix_timestamp(),
            exp: (now + self.ttl(kind)).unix_timestamp(),
        };
        let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.encoding)?;
        Ok(Issued { token, claims })
    }

    /// Checks signature, time and kind. Which of them failed is for the log alone.
    pub fn check(&self, token: &str, kind: TokenKind) -> Result<Arc<Claims>, BadToken> {
        let claims = match self.good.get(token) {
            Some(claims) if !claims.has_expired() => claims,
            _ => self.decode(token)?,
        };
        if claims.kind == kind { Ok(claims) } else { Err(BadToken::Kind) }
    }

    fn decode(&self, token: &str) -> Result<Arc<Claims>, BadToken> {
        let claims = jsonwebtoken::decode::<Claims>(token, &self.decoding, &self.validation)
            .map_err(BadToken::Invalid)?
            .claims;
        let claims = Arc::new(claims);
        // A refresh token comes once.
        if claims.kind == TokenKind::Access {
            self.good.insert(token.into(), Arc::clone(&claims));
        }
        Ok(claims)
    }
}

impl Claims {
    /// As it is judged when the token is decoded.
    fn has_expired(&self) -> bool {
        self.exp < OffsetDateTime::now_utc().unix_timestamp()
    }
}

/// Why a token was refused.
#[derive(Debug, thiserror::Error)]
pub enum BadToken {
    /// Not a token of ours, or no longer.
    #[error("not a valid token")]
    Invalid(#[source] jsonwebtoken::errors::Error),
    /// A refresh token in place of an access token, or the other way round.
    #[error("a token of the wrong kind")]
    Kind,
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed signature is the test's failure")]

    use super::*;

    fn config(secret: &str) -> AuthConfig {
        AuthConfig {
            jwt_secret: secret.to_owned().into(),
            access_token_ttl: Duration::from_mins(1),
            refresh_token_ttl: Duration::from_mins(10),
            cookie_secure: false,
        }
    }

    fn subject() -> Subject {
        Subject {
            user_id: Uuid::new_v4(),
            username: "ada".into(),
            role: "USER".into(),
            must_change_password: true,
        }
    }

    const SECRET: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn a_token_says_who_and_for_how_long() {
        let tokens = Tokens::new(&config(SECRET));
        let (subject, session) = (subject(), Uuid::new_v4());
        let issued = tokens.issue(TokenKind::Access, session, &subject).unwrap();
        let claims = tokens.check(&issued.token, TokenKind::Access).unwrap();
        assert_eq!(*claims, issued.claims);
        assert_eq!((claims.sub, claims.sid), (subject.user_id, session));
        assert_eq!(claims.exp - claims.iat, 60);
        assert!(claims.must_change_password);
    }

    #[test]
    fn a_token_that_is_known_is_good_until_it_expires_and_for_its_kind_only() {
        let tokens = Tokens::new(&config(SECRET));
        let issued = tokens.issue(TokenKind::Access, Uuid::new_v4(), &subject()).unwrap();
        let first = tokens.check(&issued.token, TokenKind::Access).unwrap();
        let again = tokens.check(&issued.token, TokenKind::Access).unwrap();
        assert!(Arc::ptr_eq(&first, &again), "it was decoded anew");
        let result = tokens.check(&issued.token, TokenKind::Refresh);
        assert!(matches!(result, Err(BadToken::Kind)), "{result:?}");

        // Known, and expired since: what was remembered does not outlive the claim.
        let mut old = issued.claims;
        old.exp = old.iat - 1;
        let key = EncodingKey::from_secret(SECRET.as_bytes());
        let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &old, &key).unwrap();
        tokens.good.insert(token.as_str().into(), Arc::new(old));
        let result = tokens.check(&token, TokenKind::Access);
        assert!(matches!(result, Err(BadToken::Invalid(_))), "{result:?}");

        // Its text is what it is known by, to the last letter.
        let mut forged = issued.token;
        let last = forged.pop().unwrap();
        forged.push(if last == 'A' { 'E' } else { 'A' });
        let result = tokens.check(&forged, TokenKind::Access);
        assert!(matches!(result, Err(BadToken::Invalid(_))), "{result:?}");
    }

    #[test]
    fn a_token_of_the_other_kind_is_refused() {
        let tokens = Tokens::new(&config(SECRET));
        let refresh = tokens.issue(TokenKind::Refresh, Uuid::new_v4(), &subject()).unwrap();
        let result = tokens.check(&refresh.token, TokenKind::Access);
        assert!(matches!(result, Err(BadToken::Kind)), "{result:?}");
    }

    #[test]
    fn forged_expired_and_unsigned_tokens_are_refused() {
        let tokens = Tokens::new(&config(SECRET));
        let other = Tokens::new(&config("ffffffffffffffffffffffffffffffff"));
        let forged = other.issue(TokenKind::Access, Uuid::new_v4(), &subject()).unwrap().token;

        let mut old = tokens.issue(TokenKind::Access, Uuid::new_v4(), &subject()).unwrap().claims;
        old.exp = old.iat - 1;
        let expired = jsonwebtoken::encode(
            &Header::new(Algorithm::HS256),
            &old,
            &EncodingKey::from_secret(SECRET.as_bytes()),
        )
        .unwrap();

        // {"alg":"none"} with the payload of a good token and no signature.
        let good = tokens.issue(TokenKind::Access, Uuid::new_v4(), &subject()).unwrap().token;
        let payload = good.split('.').nth(1).unwrap();
        let unsigned = format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{payload}.");

        for token in [forged, expired, unsigned, "not.a.token".to_owned(), String::new()] {
            let result = tokens.check(&token, TokenKind::Access);
            assert!(matches!(result, Err(BadToken::Invalid(_))), "{token}: {result:?}");
        }
    }
}
