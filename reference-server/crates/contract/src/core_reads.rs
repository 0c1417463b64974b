//! What the core reads hand to guests as JSON (facts 5.2).
//!
//! `tasks_list` and `members_list` give arrays, `task_get` and `project_get` one object. A read that
//! brought nothing gives a [`Refused`] in place of its result.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// One element of `tasks_list`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskItem {
    /// Id of the task.
    pub id: Uuid,
    /// What is to be done.
    pub title: String,
    /// Its status, `null` where it has none.
    pub status_id: Option<Uuid>,
    /// Who is to do it.
    pub assignee_ids: Vec<Uuid>,
    /// Its number within the project.
    pub task_number: i32,
}

/// What `task_get` gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskDetail {
    /// Id of the task.
    pub id: Uuid,
    /// The project it belongs to.
    pub project_id: Uuid,
    /// What is to be done.
    pub title: String,
    /// Its status, `null` where it has none.
    pub status_id: Option<Uuid>,
    /// Who is to do it.
    pub assignee_ids: Vec<Uuid>,
}

/// What `project_get` gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectInfo {
    /// Id of the project.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// What it is about.
    pub description: String,
    /// What stands before the numbers of its tasks.
    pub task_id_prefix: String,
}

/// One element of `members_list`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberInfo {
    /// Id of the membership, as in the envelope's `caller_id`.
    pub id: Uuid,
    /// The user's login name.
    pub username: String,
    /// The user's shown name.
    pub full_name: String,
    /// Name of the member's role in the project.
    pub role_name: String,
}

/// What `settings_get` gives: how the installation presents itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Branding {
    /// Address of the logo; empty where there is none.
    pub logo_url: String,
    /// The installation's name.
    pub brand_name: String,
    /// Main colour on a light ground, as CSS writes it.
    pub primary_color_light: String,
    /// Main colour on a dark ground.
    pub primary_color_dark: String,
}

/// In place of a result: why there is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// `code: message`.
    pub error: String,
}

/// Codes that begin the error of a read.
pub mod code {
    /// The manifest's permissions do not grant the table.
    pub const PERMISSION_DENIED: &str = "permission_denied";
    /// The argument is no UUID.
    pub const INVALID_ARGUMENT: &str = "invalid_argument";
    /// There is nothing of that id, or nothing that this call may see.
    pub const NOT_FOUND: &str = "not_found";
    /// The host's store failed or is away.
    pub const UNAVAILABLE: &str = "unavailable";
    /// The host does not offer the function.
    pub const NOT_OFFERED: &str = "not_offered";
    /// The guest had no room for the result.
    pub const ALLOCATION_FAILED: &str = "allocation_failed";
}
