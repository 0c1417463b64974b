//! The host's own tables.

use serde_json::json;
use storage::Page;
use storage::api_keys::KeyHash;
use storage::plugin_operations::{Action, RowChange};
use storage::projects::ProjectChange;
use storage::roles::PermissionMap;
use storage::tasks::{NewTask, TaskChange};
use storage::users::NewUser;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::support::Host;

#[tokio::test]
async fn extension_settings_are_upserted_and_go_with_their_plugin() {
    let host = Host::start().await;
    let registry = host.database.registry();
    let plugin = host.row("com.example.a").await;
    let first = registry.put_extension_setting(plugin.id, "view", &json!({"order": 1})).await;
    let second = registry.put_extension_setting(plugin.id, "view", &json!({"hidden": true})).await;
    let (first, second) = (first.unwrap(), second.unwrap());
    assert_eq!(first.id, second.id);
    assert_eq!(second.settings, json!({"hidden": true}));
    let unknown = registry.put_extension_setting(Uuid::nil(), "view", &json!({})).await;
    assert!(matches!(unknown.unwrap_err(), storage::StorageError::MissingReference { .. }));
    host.change("com.example.a", Action::Uninstall, RowChange::Delete { id: plugin.id })
        .await
        .unwrap();
    assert!(registry.extension_settings().await.unwrap().is_empty());
}

#[tokio::test]
async fn users_log_in_until_they_are_deleted() {
    let host = Host::start().await;
    let users = host.database.users();
    let ada = host.user("ada").await;
    assert_eq!(ada.role, "USER");
    let credentials = users.credentials("ada").await.unwrap().unwrap();
    assert_eq!((&credentials.user, credentials.password_hash.as_str()), (&ada, "$argon2id$a-hash"));
    assert!(!format!("{credentials:?}").contains("argon2id"));

    assert!(users.set_password(ada.id, "new", true).await.unwrap());
    assert!(users.set_full_name(ada.id, "Ada L.").await.unwrap());
    let changed = users.get(ada.id).await.unwrap().unwrap();
    assert!(changed.must_change_password && changed.full_name == "Ada L.");

    let again = NewUser {
        username: "ada",
        password_hash: "",
        full_name: "",
        role: "USER",
        must_change_password: false,
    };
    assert!(users.create(again.clone(), ada.id).await.unwrap_err().is_conflict());
    let nobody = NewUser { username: "bob", role: "NO_SUCH_ROLE", ..again };
    assert!(users.create(nobody, ada.id).await.unwrap().is_none());

    assert!(users.delete(ada.id, ada.id).await.unwrap());
    assert!(users.credentials("ada").await.unwrap().is_none());
    assert_eq!(users.list(Page::new(1, 10)).await.unwrap().total, 0);
}

#[tokio::test]
async fn hosts_that_start_together_make_one_first_user() {
    let host = Host::start().await;
    let users = host.database.users();
    let admin = |username| NewUser {
        username,
        password_hash: "hash",
        full_name: "",
        role: "SUPER_ADMIN",
        must_change_password: false,
    };
    let (one, two) = tokio::join!(users.create_first(admin("a")), users.create_first(admin("b")));
    let made = [one.unwrap(), two.unwrap()];
    assert_eq!(made.iter().flatten().count(), 1);
    let admin = made.into_iter().flatten().next().unwrap();
    let permissions = host.database.roles().global_permissions(admin.id).await.unwrap();
    assert_eq!(permissions.into_iter().collect::<Vec<_>>(), ["*"]);
}

#[tokio::test]
async fn creating_a_project_makes_its_creator_an_owner() {
    let host = Host::start().await;
    let ada = host.user("ada").await;
    let project = host.project(&ada).await;
    let member = host.database.members().membership(project.id, ada.id).await.unwrap().unwrap();
    assert_eq!(member.role_name, "PROJECT_OWNER");
    assert!(member.permissions.contains("tasks.*"));

    let roles = host.database.roles().of_project(project.id).await.unwrap();
    let names: Vec<_> = roles.iter().map(|role| role.role_name.as_str()).collect();
    assert_eq!(names, ["PROJECT_MANAGER", "PROJECT_MEMBER", "PROJECT_OWNER", "PROJECT_VIEWER"]);

    let bob = host.user("bob").await;
    assert!(host.database.members().membership(project.id, bob.id).await.unwrap().is_none());
    let projects = host.database.projects();
    assert_eq!(projects.list(Some(ada.id), Page::new(1, 9)).await.unwrap().total, 1);
    assert_eq!(projects.list(Some(bob.id), Page::new(1, 9)).await.unwrap().total, 0);
    let change = ProjectChange { name: Some("Renamed"), ..Default::default() };
    assert_eq!(projects.update(project.id, change).await.unwrap().unwrap().name, "Renamed");

    assert!(projects.delete(project.id).await.unwrap());
    assert!(projects.get(project.id).await.unwrap().is_none());
    assert!(host.database.members().membership(project.id, ada.id).await.unwrap().is_none());
}

#[tokio::test]
async fn members_and_roles_belong_to_one_project() {
    let host = Host::start().await;
    let (ada, bob) = (host.user("ada").await, host.user("bob").await);
    let (here, there) = (host.project(&ada).await, host.project(&ada).await);
    let (members, roles) = (host.database.members(), host.database.roles());
    let reader: PermissionMap = ["tasks.read"].into_iter().collect();
    let role = roles.create(here.id, "READER", &reader).await.unwrap();
    assert!(roles.create(here.id, "READER", &reader).await.unwrap_err().is_conflict());

    assert!(members.add(there.id, bob.id, role.id).await.unwrap().is_none());
    let member = members.add(here.id, bob.id, role.id).await.unwrap().unwrap();
    assert_eq!((member.username.as_str(), member.role_name.as_str()), ("bob", "READER"));
    assert!(members.add(here.id, bob.id, role.id).await.unwrap_err().is_conflict());

    assert!(roles.delete(here.id, role.id).await.unwrap_err().is_conflict());
    assert!(members.remove(here.id, bob.id).await.unwrap());
    assert!(!members.remove(here.id, bob.id).await.unwrap());
    assert!(roles.delete(here.id, role.id).await.unwrap());
    assert_eq!(members.list(here.id).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_tasks_never_share_a_number() {
    let host = Host::start().await;
    let owner = host.user("ada").await;
    let (project, actor) = (host.project(&owner).await, owner.id);
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..40 {
        let database = host.database.clone();
        running.spawn(async move {
            let task = NewTask { title: "One of many", ..Default::default() };
            database.tasks().create(project.id, task, actor).await.unwrap().unwrap().task_number
        });
    }
    let mut numbers = running.join_all().await;
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=40).collect::<Vec<_>>());
}

#[tokio::test]
async fn tasks_change_and_disappear_without_freeing_their_number() {
    let host = Host::start().await;
    let owner = host.user("ada").await;
    let project = host.project(&owner).await;
    let tasks = host.database.tasks();
    let status = Uuid::new_v4();
    let new = NewTask { title: "First", status_id: Some(status), assignee_ids: &[] };
    let task = tasks.create(project.id, new, owner.id).await.unwrap().unwrap();
    assert_eq!((task.task_number, task.status_id), (1, Some(status)));

    let keep = TaskChange { title: Some("Renamed"), ..Default::default() };
    let kept = tasks.update(project.id, task.id, keep, owner.id).await.unwrap().unwrap();
    assert_eq!((kept.title.as_str(), kept.status_id), ("Renamed", Some(status)));
    let clear = TaskChange { status_id: Some(None), ..Default::default() };
    assert_eq!(
        tasks.update(project.id, task.id, clear, owner.id).await.unwrap().unwrap().status_id,
        None
    );

    assert!(tasks.delete(project.id, task.id, owner.id).await.unwrap().is_some());
    assert!(tasks.delete(project.id, task.id, owner.id).await.unwrap().is_none());
    assert!(tasks.get(project.id, task.id).await.unwrap().is_none());
    let next = NewTask { title: "Second", ..Default::default() };
    assert_eq!(tasks.create(project.id, next, owner.id).await.unwrap().unwrap().task_number, 2);
    assert_eq!(tasks.list(project.id, Page::new(1, 9)).await.unwrap().total, 1);
    assert!(tasks.create(Uuid::nil(), NewTask::default(), owner.id).await.unwrap().is_none());
}

#[tokio::test]
async fn api_keys_are_found_by_hash_and_stored_as_nothing_else() {
    let host = Host::start().await;
    let ada = host.user("ada").await;
    let keys = host.database.api_keys();
    let soon = OffsetDateTime::now_utc() + time::Duration::HOUR;
    let key = keys.create(ada.id, "ci", &KeyHash::of("the key"), Some(soon)).await.unwrap();
    let (found, owner) = keys.find(&KeyHash::of("the key")).await.unwrap().unwrap();
    assert_eq!((found.id, owner.id), (key.id, ada.id));
    assert!(!found.is_expired(OffsetDateTime::now_utc()));
    assert!(found.is_expired(soon));
    assert!(keys.find(&KeyHash::of("another")).await.unwrap().is_none());

    let mut superuser = host.superuser().await;
    let stored: String =
        crate::support::scalar(&mut superuser, "SELECT k::text FROM api_keys k").await;
    assert!(!stored.contains("the key"), "{stored}");

    let bob = host.user("bob").await;
    assert!(!keys.revoke(bob.id, key.id).await.unwrap());
    assert!(keys.revoke(ada.id, key.id).await.unwrap());
    assert!(keys.list(ada.id).await.unwrap()[0].revoked_at.is_some());
    host.database.users().delete(ada.id, ada.id).await.unwrap();
    assert!(keys.find(&KeyHash::of("the key")).await.unwrap().is_none());
}

#[tokio::test]
async fn text_that_cannot_be_stored_is_an_error_of_its_own() {
    let host = Host::start().await;
    let manifest = json!({"description": "a\u{0}b"});
    let new =
        RowChange::Insert { version: "1.0.0", manifest: &manifest, enabled: true, release: None };
    let error = host.change("com.example.a", Action::Install, new).await.unwrap_err();
    assert!(matches!(error, storage::StorageError::UnstorableText), "{error}");
}
