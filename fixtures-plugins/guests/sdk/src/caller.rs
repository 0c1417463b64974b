//! Whoever made the request.

use serde_json::{Value, json};

use crate::host::{self, HostError};
use crate::raw;

/// Whether the caller holds a permission, in the request's project or globally. False without a caller.
pub fn may(permission: &str) -> bool {
    raw::permission_check(permission) == 1
}

/// Adds a line to a task's history in the caller's name. Works on routes with a project-scoped permission.
pub fn record_activity(task: &str, activity_type: &str, content: &Value) -> Result<(), HostError> {
    let activity = json!({ "task_id": task, "activity_type": activity_type, "content": content });
    host::status("activity_record", raw::activity_record(&activity.to_string()))
}
