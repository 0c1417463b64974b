//! The core reads, from the scenario's rows.

use async_trait::async_trait;
use contract::activity::NewActivity;
use contract::core_reads::{Branding, MemberInfo, ProjectInfo, TaskDetail, TaskItem, code};
use sandbox::{Core, ServiceError};
use uuid::Uuid;

use super::Shared;

#[async_trait]
impl Core for Shared {
    async fn tasks(
        &self,
        project: Uuid,
        most: usize,
    ) -> Result<Option<Vec<TaskItem>>, ServiceError> {
        let world = &self.0.scenario.world;
        if world.project(project).is_none() {
            return Ok(None);
        }
        let mut tasks: Vec<_> = world
            .tasks
            .iter()
            .filter(|task| task.project == project)
            .map(|task| TaskItem {
                id: task.id,
                title: task.title.clone(),
                status_id: None,
                assignee_ids: task.assignees.clone(),
                task_number: task.number,
            })
            .collect();
        tasks.sort_by_key(|task| std::cmp::Reverse(task.task_number));
        tasks.truncate(most);
        Ok(Some(tasks))
    }

    async fn task(&self, task: Uuid) -> Result<Option<TaskDetail>, ServiceError> {
        let tasks = &self.0.scenario.world.tasks;
        Ok(tasks.iter().find(|it| it.id == task).map(|task| TaskDetail {
            id: task.id,
            project_id: task.project,
            title: task.title.clone(),
            status_id: None,
            assignee_ids: task.assignees.clone(),
        }))
    }

    async fn project(&self, project: Uuid) -> Result<Option<ProjectInfo>, ServiceError> {
        Ok(self.0.scenario.world.project(project).map(|project| ProjectInfo {
            id: project.id,
            name: project.name.clone(),
            description: project.description.clone(),
            task_id_prefix: project.task_id_prefix.clone(),
        }))
    }

    async fn members(
        &self,
        project: Uuid,
        most: usize,
    ) -> Result<Option<Vec<MemberInfo>>, ServiceError> {
        let world = &self.0.scenario.world;
        let Some(project) = world.project(project) else { return Ok(None) };
        let mut members: Vec<_> = project
            .members
            .iter()
            .filter_map(|member| {
                let user = world.user(member.user)?;
                Some(MemberInfo {
                    id: member.id,
                    username: user.name.clone(),
                    full_name: user.full_name.clone(),
                    role_name: member.role.clone(),
                })
            })
            .collect();
        members.sort_by(|a, b| a.username.cmp(&b.username));
        members.truncate(most);
        Ok(Some(members))
    }

    async fn has_permission(
        &self,
        user: Uuid,
        project: Option<Uuid>,
        permission: &str,
    ) -> Result<bool, ServiceError> {
        let world = &self.0.scenario.world;
        Ok(world.has_all(self.0.policy.permissions, user, project, &[permission]))
    }

    async fn record_activity(
        &self,
        project: Uuid,
        _actor: Uuid,
        activity: NewActivity,
    ) -> Result<(), ServiceError> {
        let mut tasks = self.0.scenario.world.tasks.iter();
        match tasks.find(|task| task.id == activity.task_id && task.project == project) {
            Some(_) => Ok(()),
            None => Err(ServiceError::new(code::NOT_FOUND, "the project has no such task")),
        }
    }

    async fn branding(&self) -> Result<Branding, ServiceError> {
        Ok(self.0.scenario.branding.clone())
    }
}
