//! What guests read of the core.

use storage::tasks::NewTask;
use uuid::Uuid;

use crate::support::Host;

#[tokio::test]
async fn a_project_and_what_is_in_it() {
    let host = Host::start().await;
    let owner = host.user("olga").await;
    let project = host.project(&owner).await;
    let reads = host.database.core_reads();
    assert_eq!(reads.tasks(project.id, 10).await.unwrap(), Some(vec![]));
    for title in ["one", "two", "three"] {
        let task = NewTask { title, assignee_ids: &[owner.id], ..NewTask::default() };
        host.database.tasks().create(project.id, task, owner.id).await.unwrap().unwrap();
    }
    let tasks = reads.tasks(project.id, 2).await.unwrap().unwrap();
    let seen: Vec<_> = tasks.iter().map(|task| (task.title.as_str(), task.task_number)).collect();
    assert_eq!(seen, [("three", 3), ("two", 2)], "the newest first, and no more than asked for");
    let task = reads.task(tasks[0].id).await.unwrap().unwrap();
    assert_eq!((task.project_id, task.assignee_ids), (project.id, vec![owner.id]));
    let info = reads.project(project.id).await.unwrap().unwrap();
    assert_eq!((info.name.as_str(), info.task_id_prefix.as_str()), ("A project", ""));
    let members = reads.members(project.id, 10).await.unwrap().unwrap();
    assert_eq!(members.len(), 1);
    assert_eq!(members[0].username, "olga");
    assert_eq!(members[0].role_name, "PROJECT_OWNER");
}

#[tokio::test]
async fn what_was_deleted_does_not_exist() {
    let host = Host::start().await;
    let owner = host.user("olga").await;
    let project = host.project(&owner).await;
    let new = NewTask { title: "gone", ..NewTask::default() };
    let task =
        host.database.tasks().create(project.id, new.clone(), owner.id).await.unwrap().unwrap();
    let kept = host.database.tasks().create(project.id, new, owner.id).await.unwrap().unwrap();
    let reads = host.database.core_reads();
    host.database.tasks().delete(project.id, task.id, owner.id).await.unwrap();
    assert_eq!(reads.task(task.id).await.unwrap(), None);
    assert_eq!(reads.tasks(project.id, 10).await.unwrap().unwrap().len(), 1);
    host.database.users().delete(owner.id, owner.id).await.unwrap();
    assert_eq!(reads.members(project.id, 10).await.unwrap(), Some(vec![]));
    host.database.projects().delete(project.id).await.unwrap();
    assert_eq!(reads.task(kept.id).await.unwrap(), None, "its project is gone");
    for id in [project.id, Uuid::new_v4()] {
        assert_eq!(reads.tasks(id, 10).await.unwrap(), None);
        assert_eq!(reads.members(id, 10).await.unwrap(), None);
        assert_eq!(reads.project(id).await.unwrap(), None);
    }
}
