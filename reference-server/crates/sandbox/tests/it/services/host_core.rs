//! A core in memory: two projects, one task, one user who may read one project.

use async_trait::async_trait;
use contract::activity::NewActivity;
use contract::core_reads::{Branding, MemberInfo, ProjectInfo, TaskDetail, TaskItem};
use sandbox::{Core, ServiceError};
use uuid::Uuid;

use super::MemoryServices;

pub(crate) const PROJECT: Uuid = Uuid::from_u128(0x1001);
pub(crate) const OTHER_PROJECT: Uuid = Uuid::from_u128(0x1002);
pub(crate) const TASK: Uuid = Uuid::from_u128(0x2001);
/// May `projects.read` and `tasks.write` in [`PROJECT`], and nothing else.
pub(crate) const USER: Uuid = Uuid::from_u128(0x3001);
/// The store fails on everything about this project.
pub(crate) const BROKEN_PROJECT: Uuid = Uuid::from_u128(0x1003);

fn exists(project: Uuid) -> Result<bool, ServiceError> {
    if project == BROKEN_PROJECT {
        return Err(ServiceError::new("unavailable", "the store is down"));
    }
    Ok(project == PROJECT || project == OTHER_PROJECT)
}

#[async_trait]
impl Core for MemoryServices {
    async fn tasks(
        &self,
        project: Uuid,
        most: usize,
    ) -> Result<Option<Vec<TaskItem>>, ServiceError> {
        let task = TaskItem {
            id: TASK,
            title: "Write".to_owned(),
            status_id: None,
            assignee_ids: Vec::new(),
            task_number: 1,
        };
        let count = if project == PROJECT { most.min(3) } else { 0 };
        Ok(exists(project)?.then(|| vec![task; count]))
    }

    async fn task(&self, task: Uuid) -> Result<Option<TaskDetail>, ServiceError> {
        Ok((task == TASK).then(|| TaskDetail {
            id: TASK,
            project_id: PROJECT,
            title: "Write".to_owned(),
            status_id: None,
            assignee_ids: Vec::new(),
        }))
    }

    async fn project(&self, project: Uuid) -> Result<Option<ProjectInfo>, ServiceError> {
        Ok(exists(project)?.then(|| ProjectInfo {
            id: project,
            name: "Apollo".to_owned(),
            description: String::new(),
            task_id_prefix: "APO".to_owned(),
        }))
    }

    async fn members(
        &self,
        project: Uuid,
        _most: usize,
    ) -> Result<Option<Vec<MemberInfo>>, ServiceError> {
        Ok(exists(project)?.then(Vec::new))
    }

    async fn has_permission(
        &self,
        user: Uuid,
        project: Option<Uuid>,
        permission: &str,
    ) -> Result<bool, ServiceError> {
        if permission == "broken" {
            return Err(ServiceError::new("unavailable", "the store is down"));
        }
        let held = ["projects.read", "tasks.write"].contains(&permission);
        Ok(user == USER && project == Some(PROJECT) && held)
    }

    async fn record_activity(
        &self,
        project: Uuid,
        actor: Uuid,
        activity: NewActivity,
    ) -> Result<(), ServiceError> {
        if activity.task_id != TASK || project != PROJECT {
            return Err(ServiceError::new("not_found", "the project has no such task"));
        }
        let mut recorded = self.activities.lock().unwrap();
        recorded.push((actor, activity.activity_type, activity.content));
        Ok(())
    }

    async fn branding(&self) -> Result<Branding, ServiceError> {
        Ok(Branding { brand_name: "Acme".to_owned(), ..Branding::default() })
    }
}
