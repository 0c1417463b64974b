//! What happens before the guest: routes, middlewares, callers; and events.

use serde_json::json;

use crate::folder::{Folder, Guest};

const WORLD: &str = "[users.alice]\n[users.bob]\nmust_change_password = true\n\n\
                     [projects.apollo.members.alice]\npermissions = [\"notes.read\"]\n\n";

fn folder(middlewares: &serde_json::Value) -> Folder {
    let mut folder = Folder::new(&Guest { sql: "", ..Guest::default() });
    folder.manifest["backend"]["routes"] =
        json!([{"method": "GET", "path": "/p/:projectId", "middlewares": middlewares}]);
    folder.write_manifest();
    folder
}

async fn came_of(folder: &Folder, step: &str) -> String {
    let text = folder.transcript(&format!("{WORLD}[[steps]]\n{step}\n")).await;
    let line = text.lines().rfind(|line| line.starts_with("-> ") || line.starts_with("! "));
    line.unwrap_or_default().to_owned()
}

const AS_ALICE: &str = "request = \"GET /p/{apollo}\"\nas = \"alice\"";

#[tokio::test]
async fn a_route_that_is_not_declared_ends_before_the_guest() {
    let folder = folder(&json!([]));
    let came = came_of(&folder, "request = \"POST /p/{apollo}\"").await;
    assert_eq!(
        came,
        "-> 404 PLUGIN_ROUTE_NOT_FOUND by the host: the manifest declares no such route"
    );
    assert_eq!(came_of(&folder, "request = \"GET /p/{apollo}\"").await, "-> 200");
}

#[tokio::test]
async fn nobody_is_refused_where_somebody_is_asked_for() {
    let folder = folder(&json!([{"name": "authn"}, {"name": "requireFreshPassword"}]));
    let came = came_of(&folder, "request = \"GET /p/{apollo}\"").await;
    assert_eq!(came, "-> 401 AUTH_MISSING_TOKEN by the host: the middleware authn");
    assert_eq!(came_of(&folder, AS_ALICE).await, "-> 200");
    let bob = "request = \"GET /p/{apollo}\"\nas = \"bob\"";
    let refused = "-> 403 AUTH_PASSWORD_CHANGE_REQUIRED by the host: \
                   the middleware requireFreshPassword";
    assert_eq!(came_of(&folder, bob).await, refused);
    assert_eq!(came_of(&folder, &format!("{bob}\napi_key = true")).await, "-> 200");
}

#[tokio::test]
async fn api_keys_are_refused_where_a_person_is_asked_for() {
    let folder = folder(&json!([{"name": "authn"}, {"name": "requireJWTAuth"}]));
    assert_eq!(came_of(&folder, AS_ALICE).await, "-> 200");
    let came = came_of(&folder, &format!("{AS_ALICE}\napi_key = true")).await;
    assert_eq!(came, "-> 403 FORBIDDEN by the host: the middleware requireJWTAuth");
}

#[tokio::test]
async fn permissions_are_looked_up_in_the_project() {
    let needs = |permission: &str| {
        folder(&json!([
            {"name": "authn"},
            {"name": "requirePermissions", "scope": "project", "permissions": [permission]},
        ]))
    };
    assert_eq!(came_of(&needs("notes.read"), AS_ALICE).await, "-> 200");
    let refused = "-> 403 FORBIDDEN by the host: the middleware requirePermissions";
    assert_eq!(came_of(&needs("notes.write"), AS_ALICE).await, refused);
    let elsewhere = "request = \"GET /p/{alice}\"\nas = \"alice\"";
    assert_eq!(came_of(&needs("notes.read"), elsewhere).await, refused);
}

#[tokio::test]
async fn an_event_reaches_those_who_subscribe() {
    let folder = folder(&json!([]));
    assert_eq!(came_of(&folder, "event = \"task.deleted\"").await, "-> handled");
    assert_eq!(
        came_of(&folder, "event = \"task.created\"").await,
        "-> not delivered: the manifest does not subscribe to it"
    );
}
