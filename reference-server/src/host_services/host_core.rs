//! The host's own resources, for guests.

use async_trait::async_trait;
use contract::activity::{Activity, NewActivity};
use contract::core_reads::{Branding, MemberInfo, ProjectInfo, TaskDetail, TaskItem, code};
use sandbox::{Core, ServiceError};
use storage::StorageError;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use uuid::Uuid;

use super::{HostServices, unavailable};

#[async_trait]
impl Core for HostServices {
    async fn tasks(
        &self,
        project: Uuid,
        most: usize,
    ) -> Result<Option<Vec<TaskItem>>, ServiceError> {
        self.database.core_reads().tasks(project, most).await.map_err(|error| failed(&error))
    }

    async fn task(&self, task: Uuid) -> Result<Option<TaskDetail>, ServiceError> {
        self.database.core_reads().task(task).await.map_err(|error| failed(&error))
    }

    async fn project(&self, project: Uuid) -> Result<Option<ProjectInfo>, ServiceError> {
        self.database.core_reads().project(project).await.map_err(|error| failed(&error))
    }

    async fn members(
        &self,
        project: Uuid,
        most: usize,
    ) -> Result<Option<Vec<MemberInfo>>, ServiceError> {
        self.database.core_reads().members(project, most).await.map_err(|error| failed(&error))
    }

    async fn has_permission(
        &self,
        user: Uuid,
        project: Option<Uuid>,
        permission: &str,
    ) -> Result<bool, ServiceError> {
        self.access.has_all(user, project, &[permission]).await.map_err(|error| failed(&error))
    }

    async fn record_activity(
        &self,
        project: Uuid,
        actor: Uuid,
        activity: NewActivity,
    ) -> Result<(), ServiceError> {
        let task = self
            .database
            .tasks()
            .get(project, activity.task_id)
            .await
            .map_err(|error| failed(&error))?;
        if task.is_none() {
            return Err(ServiceError::new(code::NOT_FOUND, "the project has no such task"));
        }
        let created_at = OffsetDateTime::now_utc().format(&Rfc3339).map_err(|error| {
            ServiceError::new(code::UNAVAILABLE, format!("the time cannot be written: {error}"))
        })?;
        let activity = Activity {
            id: Uuid::new_v4(),
            task_id: activity.task_id,
            project_id: project,
            actor_id: actor,
            activity_type: activity.activity_type,
            content: activity.content.to_string(),
            created_at,
        };
        let published = self.activities.publish(&activity).await;
        published.map_err(|error| unavailable("the activity stream", &error))
    }

    async fn branding(&self) -> Result<Branding, ServiceError> {
        Ok(self.branding.clone())
    }
}

fn failed(error: &StorageError) -> ServiceError {
    unavailable("the database", error)
}
