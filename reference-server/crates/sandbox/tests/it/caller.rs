//! `permission_check`, `activity_record` and `settings_get`.

use sandbox::Plugin;
use serde_json::json;
use uuid::Uuid;

use crate::guests::{BODY, handle, module};
use crate::services::host_core::{OTHER_PROJECT, PROJECT, TASK, USER};
use crate::world::{World, text_as};

/// The body is the argument; answers the status as a digit.
fn caller(function: &str) -> String {
    module(&handle(&format!(
        "{BODY} (i32.store8 (i32.const 64) (i32.add (i32.const 48)
           (call ${function} (local.get $p) (local.get $q))))
         (call $answer (i64.const 64) (i64.const 1))"
    )))
}

async fn load(world: &World, permissions: &[&str], function: &str) -> Plugin {
    let manifest = json!({"permissions": permissions});
    world.load_with("com.example.guest", manifest, &caller(function)).await.unwrap()
}

#[tokio::test]
async fn a_permission_is_the_callers_in_the_requests_project() {
    let world = World::new();
    let check = load(&world, &[], "permission_check").await;
    let (user, stranger) = (USER.to_string(), Uuid::from_u128(9).to_string());
    let (project, other) = (PROJECT.to_string(), OTHER_PROJECT.to_string());
    for (caller, scope, permission, expected) in [
        (user.as_str(), project.as_str(), "tasks.write", "1"),
        (&user, &project, "tasks.delete", "0"),
        (&user, &other, "tasks.write", "0"),
        (&user, "", "tasks.write", "0"),
        (&stranger, &project, "tasks.write", "0"),
        ("", &project, "tasks.write", "0"),
        ("", "", "tasks.write", "0"),
        (&user, "no uuid", "tasks.write", "0"),
        (&user, &project, "", "0"),
        (&user, &project, "broken", "0"),
    ] {
        let answer = text_as(&check, caller, scope, permission).await;
        assert_eq!(answer, expected, "{caller:?} {scope:?} {permission:?}");
    }
}

#[tokio::test]
async fn an_activity_is_the_callers_on_a_task_of_the_requests_project() {
    let world = World::new();
    let record = load(&world, &["events:emit"], "activity_record").await;
    let (user, project, other) = (USER.to_string(), PROJECT.to_string(), OTHER_PROJECT.to_string());
    let activity = json!({"task_id": TASK, "activity_type": "item.done", "content": {"n": 1}});
    let (good, said) = (activity.to_string(), activity);
    assert_eq!(text_as(&record, &user, &project, &good).await, "1");
    let recorded = world.services.activities.lock().unwrap().clone();
    assert_eq!(recorded, [(USER, "item.done".to_owned(), said["content"].clone())]);

    let elsewhere = json!({"task_id": PROJECT, "activity_type": "item.done"}).to_string();
    let untyped = json!({"task_id": TASK, "activity_type": ""}).to_string();
    for (caller, scope, body) in [
        (user.as_str(), other.as_str(), good.as_str()),
        (&user, "", &good),
        ("", &project, &good),
        (&user, &project, &elsewhere),
        (&user, &project, &untyped),
        (&user, &project, "{}"),
        (&user, &project, "not json"),
        (&user, &project, ""),
    ] {
        assert_eq!(text_as(&record, caller, scope, body).await, "0", "{caller} {scope} {body}");
    }
    assert_eq!(world.services.activities.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn activities_take_a_grant_and_have_a_size() {
    let world = World::limited(|limits| limits.activity_bytes = 200);
    let (user, project) = (USER.to_string(), PROJECT.to_string());
    let of = |content: String| {
        json!({"task_id": TASK, "activity_type": "t", "content": content}).to_string()
    };
    let granted = load(&world, &["events:emit"], "activity_record").await;
    assert_eq!(text_as(&granted, &user, &project, &of(String::new())).await, "1");
    assert_eq!(text_as(&granted, &user, &project, &of("x".repeat(200))).await, "0");
    let not = load(&world, &["db:read:tasks"], "activity_record").await;
    assert_eq!(text_as(&not, &user, &project, &of(String::new())).await, "0");
}

#[tokio::test]
async fn settings_tell_how_the_installation_presents_itself() {
    let world = World::new();
    let guest =
        module(&handle("(call $settings_get (i64.const 0) (i64.const 4)) (call $answer_out)"));
    let settings: serde_json::Value =
        serde_json::from_str(&text_as(&world.load(&guest).await, "", "", "").await).unwrap();
    let expected = json!({
        "logo_url": "", "brand_name": "Acme", "primary_color_light": "", "primary_color_dark": "",
    });
    assert_eq!(settings, expected);
}
