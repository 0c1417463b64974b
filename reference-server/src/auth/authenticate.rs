//! Checks the credentials of a request, and the extractors that host routes name in their
//! signatures. A route without one of them is open to everybody.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::{HeaderMap, request::Parts};
use storage::api_keys::KeyHash;
use time::OffsetDateTime;

use crate::{
    app::App,
    auth::{
        credentials::{self, Credentials},
        identity::{Identity, Proof, Refusal, Resolution, forbidden},
        token::TokenKind,
    },
    error::{ApiError, ApiResult},
};

/// Finds and checks the credentials. An error is a failure of ours; credentials that are not
/// accepted are [`Resolution::Refused`].
pub async fn authenticate(app: &App, headers: &HeaderMap) -> ApiResult<Resolution> {
    match credentials::find(headers) {
        None => Ok(Resolution::Anonymous),
        Some(Credentials::Unknown) => Ok(Resolution::Refused(Refusal::Invalid)),
        Some(Credentials::Token(token)) => session(app, token).await,
        Some(Credentials::ApiKey(key)) => api_key(app, key).await,
    }
}

/// A token says whose session it is. Whether the session goes on, and what its user is called and
/// has to do by now, is what the sessions say: a claim is as old as its token.
async fn session(app: &App, token: &str) -> ApiResult<Resolution> {
    let claims = match app.tokens.check(token, TokenKind::Access) {
        Ok(claims) => claims,
        Err(error) => {
            tracing::debug!(error = crate::error::chain(&error), "token refused");
            return Ok(Resolution::Refused(Refusal::Invalid));
        }
    };
    let user = app.sessions.user(claims.sid).await?.filter(|user| user.id == claims.sub);
    Ok(user.map_or(Resolution::Refused(Refusal::Invalid), |user| {
        Resolution::Known(Identity {
            user_id: user.id,
            username: user.username,
            role: user.role,
            must_change_password: user.must_change_password,
            proof: Proof::Session(claims.sid),
        })
    }))
}

async fn api_key(app: &App, key: &str) -> ApiResult<Resolution> {
    let Some((key, owner)) = app.database.api_keys().find(&KeyHash::of(key)).await? else {
        return Ok(Resolution::Refused(Refusal::Invalid));
    };
    if key.revoked_at.is_some() {
        return Ok(Resolution::Refused(Refusal::Revoked));
    }
    if key.is_expired(OffsetDateTime::now_utc()) {
        return Ok(Resolution::Refused(Refusal::Expired));
    }
    Ok(Resolution::Known(Identity {
        user_id: owner.id,
        username: owner.username,
        role: owner.role,
        must_change_password: false,
        proof: Proof::ApiKey,
    }))
}

/// Somebody known, by session or API key, whose password is fresh. What most routes need.
#[derive(Debug)]
pub struct Caller(pub Identity);

impl Caller {
    /// 403 unless the caller's global role grants `permission`.
    pub async fn require(&self, app: &App, permission: &str) -> ApiResult<()> {
        self.require_in(app, None, permission).await
    }

    /// 403 unless the caller has `permission` globally or in the project.
    pub async fn require_in_project(
        &self,
        app: &App,
        project: uuid::Uuid,
        permission: &str,
    ) -> ApiResult<()> {
        self.require_in(app, Some(project), permission).await
    }

    async fn require_in(
        &self,
        app: &App,
        project: Option<uuid::Uuid>,
        permission: &str,
    ) -> ApiResult<()> {
        if app.access.has_all(self.0.user_id, project, &[permission]).await? {
            Ok(())
        } else {
            Err(forbidden())
        }
    }
}

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let identity = authenticate(app, &parts.headers).await?.required()?;
        identity.require_fresh_password()?;
        Ok(Self(identity))
    }
}

/// A session, stale password or not: for changing the password and for leaving.
#[derive(Debug)]
pub struct Session {
    /// Whose session it is.
    pub identity: Identity,
    /// Its id.
    pub id: uuid::Uuid,
}

impl FromRequestParts<Arc<App>> for Session {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let identity = authenticate(app, &parts.headers).await?.required()?;
        let id = identity.require_session()?;
        Ok(Self { identity, id })
    }
}

/// Anybody; a known caller's password must be fresh. Credentials that were refused are nobody's.
#[derive(Debug)]
pub struct Anybody(pub Option<Identity>);

impl FromRequestParts<Arc<App>> for Anybody {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let identity = authenticate(app, &parts.headers).await?.optional();
        if let Some(identity) = &identity {
            identity.require_fresh_password()?;
        }
        Ok(Self(identity))
    }
}
