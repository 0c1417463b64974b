//! Upgrading to what the catalog offers (decision L2). What an upgrade refuses is in `refusals`.

use contract::api::ErrorCode;
use contract::name::PluginName;
use futures_util::TryStreamExt as _;
use serde_json::json;
use storage::plugin_artifacts::{Part, Tree};
use uuid::Uuid;

use crate::support::bundle::Bundle;
use crate::support::catalog_server::Answer;
use crate::support::refusal;
use crate::support::world::{World, answer};

const NAME: &str = "com.example.upgraded";

#[tokio::test]
async fn a_newer_version_takes_the_place_of_the_old_one_whole() {
    let mut world = World::new().await;
    let old = Bundle::new(NAME, "1.9.0").with(|bundle| {
        bundle.frontend = vec![("a.js".into(), "old".into()), ("gone.js".into(), "old".into())];
        bundle.mcp = vec![("mcp.js".into(), "old".into())];
    });
    let before = world.install(&old).await;
    let new = Bundle::new(NAME, "1.10.0")
        .migration("0002_more.sql", "CREATE TABLE more (id bigint PRIMARY KEY)")
        .with(|bundle| {
            bundle.frontend = vec![("a.js".into(), "new".into())];
            bundle.manifest["description"] = json!("new");
        });
    world.catalog.publish(&new);
    let row = world.lifecycle.upgrade(before.id).await.unwrap();

    assert_eq!((row.id, row.version.as_str(), row.enabled), (before.id, "1.10.0", true));
    assert_eq!((row.installed_at, &row.manifest), (before.installed_at, &new.manifest));
    assert_eq!(world.answer(NAME).await.as_deref(), Some("com.example.upgraded 1.10.0"));
    let state = world.state().await;
    assert_eq!(state.paths("frontend"), [NAME, "com.example.upgraded/a.js"]);
    assert_eq!(state.paths("mcp"), [""; 0], "the new version has none");
    assert!(state.paths("backend").contains(&"com.example.upgraded/migrations/0002_more.sql"));
    assert!(state.schemas.iter().any(|line| line.contains(".more ")), "{:?}", state.schemas);
    world.restart().await;
    assert_eq!(world.state().await, state);
}

#[tokio::test]
async fn a_request_finishes_on_the_code_it_started_with() {
    let world = World::new().await;
    let row = world.install(&Bundle::new(NAME, "1.0.0")).await;
    let started = world.installed(NAME).unwrap();
    world.catalog.publish(&Bundle::new(NAME, "2.0.0"));
    world.lifecycle.upgrade(row.id).await.unwrap();
    assert_eq!(answer(&started).await.as_deref(), Some("com.example.upgraded 1.0.0"));
    assert_eq!(world.answer(NAME).await.as_deref(), Some("com.example.upgraded 2.0.0"));
}

#[tokio::test]
async fn only_a_strictly_newer_release_is_an_upgrade() {
    let world = World::new().await;
    let row = world.install(&Bundle::new(NAME, "1.2.3")).await;
    let before = world.state().await;
    let cases = [
        ("1.2.3", ErrorCode::PluginAlreadyUpToDate, json!({ "installed": "1.2.3" })),
        ("v1.2.3", ErrorCode::PluginAlreadyUpToDate, json!({ "installed": "1.2.3" })),
        (
            "1.2.2",
            ErrorCode::PluginDowngradeNotAllowed,
            json!({ "installed": "1.2.3", "offered": "1.2.2" }),
        ),
        ("1.3.0-rc.1", ErrorCode::PluginVersionInvalid, json!(null)),
        ("1.3.0+build", ErrorCode::PluginVersionInvalid, json!(null)),
        ("2.0", ErrorCode::PluginVersionInvalid, json!(null)),
    ];
    for (offered, code, details) in cases {
        world.catalog.publish(&Bundle::new(NAME, offered));
        let found = refusal(world.lifecycle.upgrade(row.id).await);
        assert_eq!(found.0, code, "{offered}");
        assert!(details.is_null() || details == found.1, "{offered}: {}", found.1);
        assert_eq!(world.state().await, before, "{offered}");
    }
}

#[tokio::test]
async fn an_upgrade_needs_a_plugin_an_offer_and_a_catalog() {
    let world = World::new().await;
    let row = world.install(&Bundle::new(NAME, "1.0.0")).await;
    let before = world.state().await;
    let (code, _) = refusal(world.lifecycle.upgrade(Uuid::nil()).await);
    assert_eq!(code, ErrorCode::PluginNotFound);
    world.catalog.withdraw(NAME);
    let (code, _) = refusal(world.lifecycle.upgrade(row.id).await);
    assert_eq!(code, ErrorCode::PluginNotFound);
    world.catalog.set("/catalog.json", Answer::Status(500));
    let (code, _) = refusal(world.lifecycle.upgrade(row.id).await);
    assert_eq!(code, ErrorCode::MarketplaceUnavailable);
    assert_eq!(world.state().await, before);
}

#[tokio::test]
async fn a_disabled_plugin_is_upgraded_and_stays_disabled() {
    let world = World::new().await;
    world.catalog.publish(&Bundle::new(NAME, "1.0.0"));
    let row = world.lifecycle.install(NAME, false).await.unwrap();
    world.catalog.publish(&Bundle::new(NAME, "2.0.0"));
    let row = world.lifecycle.upgrade(row.id).await.unwrap();
    assert_eq!((row.version.as_str(), row.enabled), ("2.0.0", false));
    assert_eq!(world.answer(NAME).await, None);
}

#[tokio::test]
async fn rights_follow_the_version() {
    let world = World::new().await;
    let asking = |version: &str, permission: &str| {
        Bundle::new(NAME, version)
            .with(|bundle| bundle.manifest["permissions"] = json!([permission]))
    };
    let row = world.install(&asking("1.0.0", "db:read:tasks")).await;
    let reads = async |table: &str| {
        let group = format!("_read_{table}");
        let roles = world.state().await.roles;
        roles.iter().any(|role| role.split(" in ").nth(1).is_some_and(|of| of.contains(&group)))
    };
    assert!(reads("tasks").await && !reads("projects").await);
    world.catalog.publish(&asking("2.0.0", "db:read:projects"));
    world.lifecycle.upgrade(row.id).await.unwrap();
    assert!(!reads("tasks").await && reads("projects").await);
}

#[tokio::test]
async fn migrations_of_a_failed_upgrade_stay_and_a_repeated_one_goes_on_after_them() {
    let world = World::new().await;
    let row = world.install(&Bundle::new(NAME, "1.0.0")).await;
    let half = Bundle::new(NAME, "2.0.0")
        .migration("0002_good.sql", "CREATE TABLE good (id bigint)")
        .migration("0003_bad.sql", "CREATE TABLE bad (id nonsense)");
    world.catalog.publish(&half);
    let (code, details) = refusal(world.lifecycle.upgrade(row.id).await);
    assert_eq!(
        (code, &details["file"]),
        (ErrorCode::PluginMigrationFailed, &json!("0003_bad.sql"))
    );
    assert_eq!(world.answer(NAME).await.as_deref(), Some("com.example.upgraded 1.0.0"));
    let tables = world.state().await.schemas;
    assert!(tables.iter().any(|line| line.contains(".good ")), "{tables:?}");

    let mended = Bundle::new(NAME, "2.0.1")
        .migration("0002_good.sql", "CREATE TABLE good (id bigint)")
        .migration("0003_bad.sql", "CREATE TABLE bad (id bigint)");
    world.catalog.publish(&mended);
    assert_eq!(world.lifecycle.upgrade(row.id).await.unwrap().version, "2.0.1");
}

#[tokio::test]
async fn a_store_that_fails_leaves_the_old_version() {
    let mut world = World::new().await;
    let row = world.install(&Bundle::new(NAME, "1.0.0")).await;
    // Where the new version's frontend is to go, there is a file.
    let in_the_way = world.root("frontend").join(NAME);
    std::fs::write(&in_the_way, "in the way").unwrap();
    let before = world.state().await;
    let new = Bundle::new(NAME, "2.0.0")
        .with(|bundle| bundle.frontend = vec![("a.js".into(), "new".into())]);
    world.catalog.publish(&new);
    let (code, details) = refusal(world.lifecycle.upgrade(row.id).await);
    assert_eq!((code, details), (ErrorCode::InternalError, json!(null)));
    let running = world.state().await.running;
    assert_eq!(running, before.running);
    world.restart().await;
    assert_eq!(world.state().await.running, before.running);

    std::fs::remove_file(&in_the_way).unwrap();
    world.lifecycle.upgrade(row.id).await.unwrap();
    let after = world.state().await;
    assert_eq!(after.paths("frontend"), [NAME, &format!("{NAME}/a.js")]);
    assert_eq!(after.paths("staging"), [""; 0]);
}

#[tokio::test]
async fn a_file_is_served_from_the_version_that_is_in_force() {
    let world = World::new().await;
    let bundle = |version: &str| {
        Bundle::new(NAME, version).with(|bundle| {
            bundle.frontend = vec![("a.js".into(), format!("a of {version}"))];
        })
    };
    let row = world.install(&bundle("1.0.0")).await;
    assert_eq!(world.file("a.js").await.as_deref(), Some("a of 1.0.0"));
    assert_eq!(world.file("b.js").await, None);
    world.catalog.publish(&bundle("2.0.0"));
    world.lifecycle.upgrade(row.id).await.unwrap();
    assert_eq!(world.file("a.js").await.as_deref(), Some("a of 2.0.0"));
    let disabled = lifecycle::Patch { enabled: Some(false), ..Default::default() };
    world.lifecycle.patch(row.id, disabled).await.unwrap();
    assert_eq!(world.file("a.js").await, None);
}

impl World {
    async fn file(&self, path: &str) -> Option<String> {
        let name = PluginName::parse(NAME).unwrap();
        let file = self.lifecycle.open_file(Tree::Frontend, &name, &[path], Part::Whole).await;
        let chunks: Vec<_> = file.unwrap()?.bytes.try_collect().await.unwrap();
        Some(String::from_utf8(chunks.concat()).unwrap())
    }
}
