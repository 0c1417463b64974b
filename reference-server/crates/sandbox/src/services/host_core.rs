//! The core behind the core reads, `permission_check`, `activity_record` and `settings_get`.

use async_trait::async_trait;
use contract::activity::NewActivity;
use contract::core_reads::{Branding, MemberInfo, ProjectInfo, TaskDetail, TaskItem};
use uuid::Uuid;

use super::{ServiceError, not_offered};

/// The host's own resources.
///
/// Whether the plugin may read a table and whether the call may see a project is decided in the
/// sandbox, by the policy; an implementation only looks things up. What was deleted does not exist.
///
/// The methods' own bodies are those of a host without a core.
#[async_trait]
pub trait Core: Send + Sync {
    /// Tasks of a project, `most` at most, highest number first; `None` when there is no such
    /// project.
    async fn tasks(
        &self,
        _project: Uuid,
        _most: usize,
    ) -> Result<Option<Vec<TaskItem>>, ServiceError> {
        Err(not_offered("tasks"))
    }

    /// One task, of whatever project.
    async fn task(&self, _task: Uuid) -> Result<Option<TaskDetail>, ServiceError> {
        Err(not_offered("tasks"))
    }

    /// One project.
    async fn project(&self, _project: Uuid) -> Result<Option<ProjectInfo>, ServiceError> {
        Err(not_offered("projects"))
    }

    /// Members of a project, `most` at most, by user name; `None` when there is no such project.
    async fn members(
        &self,
        _project: Uuid,
        _most: usize,
    ) -> Result<Option<Vec<MemberInfo>>, ServiceError> {
        Err(not_offered("members"))
    }

    /// Whether a user has a permission, globally or, given a project, by membership in it.
    async fn has_permission(
        &self,
        _user: Uuid,
        _project: Option<Uuid>,
        _permission: &str,
    ) -> Result<bool, ServiceError> {
        Err(not_offered("permissions"))
    }

    /// Publishes an activity of a user on a task of a project. An error when the project has no
    /// such task.
    async fn record_activity(
        &self,
        _project: Uuid,
        _actor: Uuid,
        _activity: NewActivity,
    ) -> Result<(), ServiceError> {
        Err(not_offered("activities"))
    }

    /// How the installation presents itself.
    async fn branding(&self) -> Result<Branding, ServiceError> {
        Err(not_offered("branding"))
    }
}
