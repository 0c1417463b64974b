//! Whoever made the request.

use serde::Serialize;

use crate::host::{self, HostError};
use crate::{Error, FromRequest, Request, raw};

/// The user who asks; as a handler's argument it refuses anonymous callers with 401.
///
/// That a route is for signed-in users is the manifest's to say (`authn`); this is the same in the plugin's own
/// words, and gives it the names.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Caller {
    /// The user.
    pub user_id: String,
    /// The user's membership in the request's project; empty where the route checks no permission in one.
    pub member_id: String,
    /// The user's role; empty where the credential names none.
    pub role: String,
}

impl FromRequest for Caller {
    fn from_request(request: &Request) -> Result<Self, Error> {
        if request.user_id.is_empty() {
            return Err(Error::new(401, "AUTH_UNAUTHENTICATED", "this is for signed-in users"));
        }
        Ok(Self {
            user_id: request.user_id.clone(),
            member_id: request.caller_id.clone(),
            role: request.caller_role.clone(),
        })
    }
}

/// Whether the caller holds a permission, in the request's project or globally. False without a caller.
pub fn may(permission: &str) -> bool {
    raw::permission_check(permission) == 1
}

/// Adds a line to a task's history in the caller's name. Works on routes with a project-scoped permission.
pub fn record_activity(
    task: &str,
    activity_type: &str,
    content: &impl Serialize,
) -> Result<(), HostError> {
    #[derive(Serialize)]
    struct Record<'a, C> {
        task_id: &'a str,
        activity_type: &'a str,
        content: &'a C,
    }
    const NAME: &str = "activity_record";
    let activity = serde_json::to_string(&Record { task_id: task, activity_type, content })
        .map_err(|error| HostError::bad_answer(NAME, error))?;
    host::status(NAME, raw::activity_record(&activity))
}
