//! The middlewares of a route, for a caller of the scenario.

use contract::api::ErrorCode;
use contract::middleware::{Middleware, Scope};
use contract::route::RouteMatch;
use policy::Policy;
use uuid::Uuid;

use super::Request;
use crate::scenario::{User, World};

/// What the middlewares learnt about a request they let through.
#[derive(Debug, Default)]
pub(super) struct Admitted {
    pub(super) user: Option<Uuid>,
    pub(super) role: String,
    pub(super) project: Option<Uuid>,
    pub(super) member: Option<Uuid>,
}

/// A refusal, and who refused.
type Refusal = (ErrorCode, String);

/// Runs the chain. Its first refusal is the answer.
pub(super) fn run(
    policy: &Policy,
    world: &World,
    matched: &RouteMatch<'_>,
    request: &Request,
) -> Result<Admitted, Refusal> {
    let caller = request.caller.and_then(|id| world.user(id));
    let mut identity: Option<&User> = None;
    let mut project = None;
    for step in policy.middleware.chain(matched.route) {
        let refused = |code| (code, format!("the middleware {}", step.name()));
        match &step {
            Middleware::Authn => {
                identity = Some(caller.ok_or_else(|| refused(ErrorCode::AuthMissingToken))?);
            }
            Middleware::OptionalAuthn => identity = caller,
            Middleware::RequireFreshPassword => {
                // An API key has no password.
                if !request.api_key && identity.is_some_and(|user| user.must_change_password) {
                    return Err(refused(ErrorCode::AuthPasswordChangeRequired));
                }
            }
            Middleware::RequireJwtAuth => {
                identity.ok_or_else(|| refused(ErrorCode::AuthUnauthenticated))?;
                if request.api_key {
                    return Err(refused(ErrorCode::Forbidden));
                }
            }
            Middleware::RequirePermissions { scope, permissions } => {
                let user = identity.ok_or_else(|| refused(ErrorCode::AuthUnauthenticated))?;
                let scoped = match scope {
                    Scope::Global => None,
                    Scope::Project { param } => {
                        let value = matched.params.get(param).map(String::as_str);
                        let id = value.and_then(|value| Uuid::try_parse(value).ok());
                        Some(id.ok_or_else(|| refused(ErrorCode::BadRequest))?)
                    }
                };
                if !world.has_all(policy.permissions, user.id, scoped, permissions) {
                    return Err(refused(ErrorCode::Forbidden));
                }
                project = scoped.or(project);
            }
        }
    }
    let member = member_of(world, project, identity, request.api_key)?;
    let role = identity.filter(|_| !request.api_key).map(|user| user.role.clone());
    let role = role.unwrap_or_default();
    Ok(Admitted { user: identity.map(|user| user.id), role, project, member })
}

/// The caller's membership. A session without one is refused; an API key goes on.
fn member_of(
    world: &World,
    project: Option<Uuid>,
    identity: Option<&User>,
    api_key: bool,
) -> Result<Option<Uuid>, Refusal> {
    let (Some(project), Some(user)) = (project, identity) else { return Ok(None) };
    let member = world.member(project, user.id).map(|member| member.id);
    let refused = |code, why: &str| Err((code, why.to_owned()));
    if member.is_none() && world.project(project).is_none() {
        return refused(ErrorCode::ProjectNotFound, "there is no such project");
    }
    if member.is_none() && !api_key {
        return refused(ErrorCode::ProjectMemberNotFound, "the caller is no member of the project");
    }
    Ok(member)
}
