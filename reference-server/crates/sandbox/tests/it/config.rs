//! `config_get` (decision C1): the manifest lists, the operator sets, and both are needed.

use serde_json::json;

use crate::guests::{BODY, data, handle, module};
use crate::world::{World, text};

#[tokio::test]
async fn only_listed_keys_are_served() {
    let guest = module(&format!(
        "{} {}",
        data(16, "untouched"),
        handle(&format!(
            "{BODY}
             (i32.store (i32.const 0) (i32.const 16)) (i32.store (i32.const 4) (i32.const 9))
             (call $config_get (local.get $p) (local.get $q) (i64.const 0) (i64.const 4))
             (call $answer_out)"
        ))
    ));
    let world = World::new();
    world.services.config.lock().unwrap().extend([
        ("LISTED".to_owned(), "value".to_owned()),
        ("UNLISTED".to_owned(), "hidden".to_owned()),
    ]);
    let manifest = json!({"backend": {"routes": [], "allowedConfigKeys": ["LISTED", "UNSET"]}});
    let plugin = world.load_with("com.example.guest", manifest, &guest).await.unwrap();

    assert_eq!(text(&plugin, "LISTED").await, "value");
    assert_eq!(text(&plugin, "listed").await, "", "letter case counts");
    assert_eq!(text(&plugin, "UNLISTED").await, "", "set, but not listed");
    assert_eq!(text(&plugin, "UNSET").await, "", "listed, but not set");

    let plugin = world.load(&guest).await;
    assert_eq!(text(&plugin, "LISTED").await, "", "a manifest that lists nothing");
}
