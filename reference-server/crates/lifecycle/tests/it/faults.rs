//! What an operation needs fails under it: the database, the disk.

use std::process::Command;

use contract::api::ErrorCode;
use serde_json::Value;

use crate::support::bundle::Bundle;
use crate::support::refusal;
use crate::support::world::World;

const NAME: &str = "com.example.unlucky";

fn says(version: &str) -> String {
    format!("{NAME} {version}")
}

#[tokio::test]
async fn a_database_that_goes_away_fails_the_operation_and_nothing_that_runs() {
    let postgres = services::own_postgres().await.unwrap();
    let mut world = World::on_server(postgres.url()).await;
    let row = world.install(&Bundle::new(NAME, "1.0.0")).await;
    let before = world.state().await;
    // In the middle of a download, with the record written and the lock held.
    let new = Bundle::new(NAME, "2.0.0").migration("0002_more.sql", "CREATE TABLE more (id int)");
    world.catalog.publish(&new);
    let gate = world.catalog.gate_artifact(NAME, "2.0.0", "migrations");
    let lifecycle = world.lifecycle.clone();
    let upgrade = tokio::spawn(async move { lifecycle.upgrade(row.id).await });
    gate.asked.notified().await;
    postgres.stop().await.unwrap();
    gate.open.notify_one();
    let (code, details) = refusal(upgrade.await.unwrap());
    assert_eq!((code, details), (ErrorCode::ServiceUnavailable, Value::Null));
    assert_eq!(world.answer(NAME).await, Some(says("1.0.0")));
    let (code, _) = refusal(world.lifecycle.upgrade(row.id).await);
    assert_eq!(code, ErrorCode::ServiceUnavailable);

    postgres.start().await.unwrap();
    world.restart().await;
    assert_eq!(world.state().await, before);
    world.catalog.publish(&new);
    world.lifecycle.upgrade(row.id).await.unwrap();
    assert_eq!(world.answer(NAME).await, Some(says("2.0.0")));
}

/// Set in the process whose files may not grow.
const FULL: &str = "HOSTPROOF_TEST_DISK_IS_FULL";

#[tokio::test]
async fn a_disk_that_is_full_fails_the_operation_and_nothing_that_runs() {
    if std::env::var_os(FULL).is_none() {
        // This test again, in a process that the system lets write 64 KiB into a file and no more:
        // to whoever writes, that is what a full disk is.
        let limited = r#"trap "" XFSZ; ulimit -f 128; exec "$@""#;
        let test = "faults::a_disk_that_is_full_fails_the_operation_and_nothing_that_runs";
        let program = std::env::current_exe().unwrap();
        let status = Command::new("sh")
            .args(["-c", limited, "sh"])
            .arg(program)
            .args(["--exact", test, "--nocapture"])
            .env(FULL, "1")
            .status();
        assert!(status.unwrap().success());
        return;
    }
    let world = World::new().await;
    let row = world.install(&Bundle::new(NAME, "1.0.0")).await;
    let before = world.state().await;
    // One that is too large when it is unpacked, one that is when it is downloaded.
    let noise = (0..40_000_u64).map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_string());
    let noise = noise.collect::<Vec<_>>().concat();
    for text in ["x".repeat(300_000), noise] {
        let large = Bundle::new(NAME, "2.0.0")
            .with(|bundle| bundle.frontend = vec![("large.js".into(), text)]);
        world.catalog.publish(&large);
        let (code, details) = refusal(world.lifecycle.upgrade(row.id).await);
        assert_eq!(code, ErrorCode::InternalError, "{details}");
        assert_eq!(world.state().await, before);
    }
    world.catalog.publish(&Bundle::new(NAME, "2.0.1"));
    world.lifecycle.upgrade(row.id).await.unwrap();
    assert_eq!(world.answer(NAME).await, Some(says("2.0.1")));
}
