//! A host that starts with plugins installed.

use std::time::Duration;

use serde_json::json;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::support::Host;

const QUICK: &str = "com.example.quick";
const SLOW: &str = "com.example.slow";

/// Far beyond what a start takes.
const PATIENCE: Duration = Duration::from_mins(1);

/// A start that goes on for as long as the test holds a table: the plugin's record of migrations is
/// read before its code is loaded.
#[tokio::test]
async fn it_serves_the_plugins_that_are_loaded_while_it_loads_the_others() {
    let mut before = Host::start().await;
    before.probe(QUICK, json!([])).await;
    let migrations = before.backend(SLOW).join("migrations");
    std::fs::create_dir_all(&migrations).unwrap();
    std::fs::write(migrations.join("001.sql"), "CREATE TABLE slow_notes (id int)").unwrap();
    before.probe(SLOW, json!([])).await;
    before.stop.cancel();
    (&mut before.served).await.unwrap().unwrap();

    let url = before.database_url.clone();
    let mut database = PgConnection::connect(&url).await.unwrap();
    let find = "SELECT schemaname::text FROM pg_tables WHERE tablename = 'slow_notes'";
    let schema: String = sqlx::query_scalar(find).fetch_one(&mut database).await.unwrap();
    let mut holder = database.begin().await.unwrap();
    let lock = format!("LOCK TABLE {schema}.plugin_schema_migrations IN ACCESS EXCLUSIVE MODE");
    sqlx::query(AssertSqlSafe(lock)).execute(&mut *holder).await.unwrap();

    let wasm_dir = before.folder.path().join("backend").display().to_string();
    let settings = [("PLUGINS_WASM_DIR", wasm_dir.as_str()), ("DATABASE_STATEMENT_TIMEOUT", "60s")];
    let host = Host::start_loading(&url, &settings).await;
    let client = host.anonymous();
    let served = async {
        while client.run_raw(QUICK, json!([])).await.status != 200 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, served).await.expect("nobody is served");

    client.run_raw(SLOW, json!([])).await.refused("PLUGIN_UNAVAILABLE");
    assert_eq!(client.get("/api/healthz").await.status, 200);
    let ready = client.get("/api/readyz").await;
    let loading = json!({
        "status": "unavailable", "stores": {"postgres": {"status": "up"}}, "plugins": "loading",
    });
    assert_eq!((ready.status.as_u16(), ready.json()), (503, loading));

    holder.rollback().await.unwrap();
    let host = tokio::time::timeout(PATIENCE, host.loaded()).await.expect("it is not loaded");
    client.run(SLOW, json!([])).await;
    client.run(QUICK, json!([])).await;
    let ready = host.anonymous().get("/api/readyz").await;
    assert_eq!((ready.status.as_u16(), &ready.json()["plugins"]), (200, &json!("loaded")));
}
