//! Activities: entries of a task's history that plugins add (facts 5.5).

use serde::Deserialize;
use uuid::Uuid;

/// Stream on which activities are published.
pub const ACTIVITY_STREAM: &str = "paca.activities";

/// What a guest passes to `activity_record`. Further fields, such as the project and the actor that
/// some SDKs send, are ignored: both are the request's.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct NewActivity {
    /// The task it happened to.
    pub task_id: Uuid,
    /// What happened, such as `checklist.item_done`.
    pub activity_type: String,
    /// Details, any JSON.
    #[serde(default)]
    pub content: serde_json::Value,
}

/// An activity as it is published. Every field is one field of a stream entry, and text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activity {
    /// Id of the activity.
    pub id: Uuid,
    /// The task it happened to.
    pub task_id: Uuid,
    /// The task's project.
    pub project_id: Uuid,
    /// The user who did it.
    pub actor_id: Uuid,
    /// What happened.
    pub activity_type: String,
    /// Details, as JSON text.
    pub content: String,
    /// When it was recorded, RFC 3339 in UTC.
    pub created_at: String,
}

impl Activity {
    /// The fields of its stream entry. It was never changed, so both times are one.
    pub fn fields(&self) -> [(&'static str, String); 8] {
        [
            ("id", self.id.to_string()),
            ("task_id", self.task_id.to_string()),
            ("project_id", self.project_id.to_string()),
            ("activity_type", self.activity_type.clone()),
            ("content", self.content.clone()),
            ("created_at", self.created_at.clone()),
            ("updated_at", self.created_at.clone()),
            ("actor_id", self.actor_id.to_string()),
        ]
    }
}
