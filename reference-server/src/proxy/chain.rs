//! The middlewares of a plugin's route, run in the order of its manifest.

use contract::{
    api::ErrorCode,
    middleware::{Middleware, Scope},
    route::RouteMatch,
};
use http::HeaderMap;
use uuid::Uuid;

use crate::{
    app::App,
    auth::{
        authenticate::authenticate,
        identity::{Identity, Proof, Resolution, forbidden, unauthenticated},
    },
    error::{ApiError, ApiResult},
};

/// What the middlewares learnt about a request they let through.
#[derive(Debug, Default)]
pub(super) struct Admitted {
    /// Who calls; `None` when nobody asked, or the caller is anonymous.
    pub(super) identity: Option<Identity>,
    /// The project a project-scoped permission was checked in.
    pub(super) project: Option<Uuid>,
    /// The caller's membership in that project.
    pub(super) member: Option<Uuid>,
}

/// Runs the chain. Its first refusal is the answer; nothing after it runs.
pub(super) async fn run(
    app: &App,
    matched: &RouteMatch<'_>,
    headers: &HeaderMap,
) -> ApiResult<Admitted> {
    let mut admitted = Admitted::default();
    // Credentials are looked up at most once, however often the chain names a middleware.
    let mut resolved: Option<Resolution> = None;
    for step in app.policy.middleware.chain(matched.route) {
        match step {
            Middleware::Authn | Middleware::OptionalAuthn => {
                let resolution = match &resolved {
                    Some(resolution) => resolution.clone(),
                    None => resolved.insert(authenticate(app, headers).await?).clone(),
                };
                admitted.identity = if step == Middleware::Authn {
                    Some(resolution.required()?)
                } else {
                    resolution.optional()
                };
            }
            Middleware::RequireFreshPassword => {
                if let Some(identity) = &admitted.identity {
                    identity.require_fresh_password()?;
                }
            }
            // Decision R5: the point is that a person is at the other end, so nobody is refused too.
            Middleware::RequireJwtAuth => {
                admitted.identity.as_ref().ok_or_else(unauthenticated)?.require_session()?;
            }
            Middleware::RequirePermissions { scope, permissions } => {
                let identity = admitted.identity.as_ref().ok_or_else(unauthenticated)?;
                let project = match &scope {
                    Scope::Global => None,
                    Scope::Project { param } => Some(project_of(matched, param)?),
                };
                if !app.access.has_all(identity.user_id, project, &permissions).await? {
                    return Err(forbidden());
                }
                admitted.project = project.or(admitted.project);
            }
        }
    }
    admitted.member = member_of(app, &admitted).await?;
    Ok(admitted)
}

/// The project named by a parameter of the path.
fn project_of(matched: &RouteMatch<'_>, param: &str) -> ApiResult<Uuid> {
    // A manifest whose route lacks the parameter is refused at install (decision R3). Were one
    // stored all the same, a project check must not become a global one.
    let value = matched.params.get(param).ok_or_else(|| {
        ApiError::internal(format!(
            "route {} has no parameter {param} for its project scope",
            matched.route.path
        ))
    })?;
    Uuid::parse_str(value)
        .map_err(|_| ApiError::bad_request(format!("{param} in the path is not a UUID")))
}

/// The caller's membership, on routes with a project-scoped permission.
///
/// A session without one is refused even where a global permission let it pass: a plugin's rows
/// point at members. An API key goes on without.
async fn member_of(app: &App, admitted: &Admitted) -> ApiResult<Option<Uuid>> {
    let (Some(project), Some(identity)) = (admitted.project, &admitted.identity) else {
        return Ok(None);
    };
    let member = app.access.member(project, identity.user_id).await?;
    // Asked last: who may not see the project is not told whether it exists.
    if member.is_none() && app.database.projects().get(project).await?.is_none() {
        return Err(ApiError::new(ErrorCode::ProjectNotFound, "there is no such project"));
    }
    if member.is_none() && matches!(identity.proof, Proof::Session(_)) {
        return Err(ApiError::new(
            ErrorCode::ProjectMemberNotFound,
            "you are not a member of this project",
        ));
    }
    Ok(member)
}
