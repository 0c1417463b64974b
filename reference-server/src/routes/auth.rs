//! `/auth`: signing in, staying in, signing out.

use std::sync::Arc;

use axum::{
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use contract::api::ErrorCode;
use http::{HeaderValue, header::SET_COOKIE};
use serde::{Deserialize, Serialize};
use serde_json::json;
use storage::{sessions::Refresh, users::User};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::validate;
use crate::{
    app::App,
    auth::{
        authenticate::Session,
        credentials::{ACCESS_COOKIE, REFRESH_COOKIE, cookie},
        token::{Issued, Subject, TokenKind},
    },
    config::Secret,
    error::{ApiError, ApiResult, chain},
    extract::JsonBody,
    openapi::Success,
    reply::Reply,
};

/// The only path the refresh token is sent to.
const REFRESH_PATH: &str = "/api/v1/auth";

/// Body of a sign-in.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Login {
    username: String,
    password: Secret,
    /// Keep the session beyond the browser's: the refresh cookie gets a lifetime.
    #[serde(default)]
    remember_me: bool,
}

/// Who signed in, and until when without a refresh.
#[derive(Debug, Serialize, ToSchema)]
pub struct SignedIn {
    user: User,
    #[serde(with = "time::serde::rfc3339")]
    expires_at: OffsetDateTime,
}

/// What is said of a sign-out.
#[derive(Debug, Serialize, ToSchema)]
pub struct SignedOut {
    message: &'static str,
}

/// `POST /auth/login`. Tells `auth.login`.
#[utoipa::path(
    post,
    path = "/auth/login",
    operation_id = "login",
    tag = "identity",
    request_body = Login,
    responses((status = 200, description = "Done.", body = Success<SignedIn>)),
)]
pub async fn login(
    State(app): State<Arc<App>>,
    JsonBody(login): JsonBody<Login>,
) -> ApiResult<Response> {
    let username = validate::name("username", &login.username)?;
    validate::password("password", &login.password)?;
    let stored = app.database.users().credentials(username).await?;
    let hash = stored.as_ref().map(|stored| stored.password_hash.clone());
    let verified = app.passwords.verify(login.password, hash).await?;
    // One answer for both, so that nobody learns which names exist.
    let Some(stored) = stored.filter(|_| verified) else {
        return Err(ApiError::new(
            ErrorCode::AuthInvalidCredentials,
            "the username or the password is wrong",
        ));
    };
    let payload = json!({"user_id": stored.user.id, "username": stored.user.username});
    app.database.outbox().tell("auth.login", &payload).await?;
    begin(&app, stored.user, login.remember_me).await
}

/// `POST /auth/refresh`: a refresh token for new tokens, once.
#[utoipa::path(
    post,
    path = "/auth/refresh",
    operation_id = "refresh",
    tag = "identity",
    responses((status = 200, description = "Done.", body = Success<SignedIn>)),
)]
pub async fn refresh(State(app): State<Arc<App>>, headers: HeaderMap) -> ApiResult<Response> {
    let token = cookie(&headers, REFRESH_COOKIE)
        .ok_or_else(|| ApiError::new(ErrorCode::AuthMissingToken, "there is no refresh token"))?;
    let refused = || ApiError::new(ErrorCode::AuthTokenInvalid, "the refresh token is not valid");
    let claims =
        app.tokens.check(token, TokenKind::Refresh).map_err(|error| refused().because(error))?;
    // Read anew: the user may be gone, renamed, or have another role by now.
    let user = app.database.users().get(claims.sub).await?.ok_or_else(refused)?;
    let issued = Pair::issue(&app, &user, claims.sid)?;
    if !app.sessions.exchange(claims.sid, claims.jti, issued.refresh()?).await? {
        return Err(refused());
    }
    issued.answer(&app, user, true)
}

/// `POST /auth/logout`: ends the session, and with it both tokens. Tells
/// `auth.logout`.
#[utoipa::path(
    post,
    path = "/auth/logout",
    operation_id = "logout",
    tag = "identity",
    responses((status = 200, description = "Done.", body = Success<SignedOut>)),
)]
pub async fn logout(State(app): State<Arc<App>>, session: Session) -> ApiResult<Response> {
    app.sessions.end(session.id).await?;
    let who = &session.identity;
    let payload = json!({"user_id": who.user_id, "username": who.username});
    if let Err(error) = app.database.outbox().tell("auth.logout", &payload).await {
        // The session has ended; asked again, we would not know whose it was.
        tracing::error!(user = %who.user_id, error = chain(&error), "auth.logout not told");
    }
    let mut response = Reply::ok(SignedOut { message: "signed out" }).into_response();
    for (name, path) in [(ACCESS_COOKIE, "/"), (REFRESH_COOKIE, REFRESH_PATH)] {
        set_cookie(&app, &mut response, name, "", path, Some(0))?;
    }
    Ok(response)
}

/// Begins a session and answers with its tokens in cookies.
pub(super) async fn begin(app: &App, user: User, remember: bool) -> ApiResult<Response> {
    let session = Uuid::new_v4();
    let issued = Pair::issue(app, &user, session)?;
    app.sessions.begin(session, user.id, issued.refresh()?).await?;
    issued.answer(app, user, remember)
}

/// Both tokens of a session.
struct Pair {
    access: Issued,
    refresh: Issued,
}

impl Pair {
    fn issue(app: &App, user: &User, session: Uuid) -> ApiResult<Self> {
        let subject = Subject {
            user_id: user.id,
            username: user.username.clone(),
            role: user.role.clone(),
            must_change_password: user.must_change_password,
        };
        let issue = |kind| app.tokens.issue(kind, session, &subject);
        Ok(Self { access: issue(TokenKind::Access)?, refresh: issue(TokenKind::Refresh)? })
    }

    /// What is remembered of the refresh token.
    fn refresh(&self) -> ApiResult<Refresh> {
        let claims = &self.refresh.claims;
        Ok(Refresh { id: claims.jti, expires_at: moment(claims.exp)? })
    }

    fn answer(self, app: &App, user: User, remember: bool) -> ApiResult<Response> {
        let expires_at = moment(self.access.claims.exp)?;
        let mut response = Reply::ok(SignedIn { user, expires_at }).into_response();
        let seconds = |kind| app.tokens.ttl(kind).as_secs();
        let access_age = Some(seconds(TokenKind::Access));
        set_cookie(app, &mut response, ACCESS_COOKIE, &self.access.token, "/", access_age)?;
        let refresh_age = remember.then(|| seconds(TokenKind::Refresh));
        let refresh = &self.refresh.token;
        set_cookie(app, &mut response, REFRESH_COOKIE, refresh, REFRESH_PATH, refresh_age)?;
        Ok(response)
    }
}

/// A claim's seconds as a time.
fn moment(seconds: i64) -> ApiResult<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp(seconds).map_err(ApiError::internal)
}

/// `HttpOnly`: scripts, a plugin's frontend among them, cannot read the tokens. `SameSite=Strict`:
/// other sites cannot act with them.
fn set_cookie(
    app: &App,
    response: &mut Response,
    name: &str,
    value: &str,
    path: &str,
    max_age: Option<u64>,
) -> ApiResult<()> {
    let secure = if app.config.auth.cookie_secure { "; Secure" } else { "" };
    let age = max_age.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
    let cookie = format!("{name}={value}; Path={path}; HttpOnly; SameSite=Strict{secure}{age}");
    let cookie = HeaderValue::from_str(&cookie).map_err(ApiError::internal)?;
    response.headers_mut().append(SET_COOKIE, cookie);
    Ok(())
}
