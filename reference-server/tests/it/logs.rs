//! The log of the binary, as a machine reads it.

use std::{collections::BTreeSet, process::Stdio};

use serde_json::{Value, json};
use tokio::time::timeout;

use crate::{
    binary::{self, PATIENCE},
    support::{
        ADMIN, Client, JWT_SECRET, PASSWORD, environment, http_client, place, test_database,
    },
};

const PROBE: &str = "com.example.logged";

/// All there is to say of whatever handles a request and its stores; compilers of modules, which see
/// nothing of either, would fill the rest of the log.
const EVERYTHING: &str = "info,reference_server=trace,lifecycle=trace,sandbox=trace,storage=trace,\
    sqlx=trace,hyper=trace,axum=trace,tower_http=trace,reqwest=trace";

/// Everything that was said in confidence while the host ran, by what it is.
type Secrets = Vec<(&'static str, String)>;

/// Signs in, makes a key, and has a plugin work with what nobody else is to know.
async fn work(url: &str) -> Secrets {
    let anonymous = Client::new(http_client(), url, Vec::new());
    let login = json!({"username": ADMIN, "password": PASSWORD});
    let answer = anonymous.post("/auth/login", &login).await;
    let access = answer.cookie("access_token").unwrap();
    let refresh = answer.cookie("refresh_token").unwrap();
    let admin = anonymous.clone().and("cookie", &format!("access_token={access}"));
    let key = admin.post("/users/me/api-keys", &json!({"name": "k"})).await.data(201);
    let key = key["key"].as_str().unwrap().to_owned();
    let keyed = anonymous.clone().and("x-api-key", &key);
    keyed.get("/users/me").await.data(200);

    let manifest = json!({
        "id": PROBE, "displayName": "Probe", "version": "1.0.0", "permissions": ["events:emit"],
        "backend": {"routes": [{"method": "POST", "path": "/run", "middlewares": []}]},
    });
    let body = json!({"name": PROBE, "version": "1.0.0", "manifest": manifest, "enabled": true});
    admin.post("/admin/plugins", &body).await.data(201);
    let statement = "SELECT $1::text || missing FROM plugin_kv";
    let operations = json!([
        {"op": "db_query2", "sql": "SELECT $1::text", "params": ["parameter-of-a-statement"]},
        {"op": "storage_set", "key": "k", "value": "stored-by-a-plugin"},
        {"op": "log", "level": "info", "message": "said by the guest"},
    ]);
    // What Postgres says of a failure is the guest's to know, and its own answer.
    let failing = json!({"ops": [
        {"op": "db_query2", "sql": statement, "params": ["parameter-that-fails"]},
    ]});
    anonymous.post_unchecked(&format!("/plugins/{PROBE}/run"), &failing).await;
    let identified = admin.clone().and("x-request-id", "served-1");
    identified.run(PROBE, operations).await;
    let trapped = anonymous.clone().and("x-request-id", "trapped-1");
    trapped.run_raw(PROBE, json!([{"op": "trap"}])).await.refused("PLUGIN_TRAPPED");
    vec![
        ("password", PASSWORD.to_owned()),
        ("signing key", JWT_SECRET.to_owned()),
        ("access token", access),
        ("refresh token", refresh),
        ("API key", key),
        ("parameter", "parameter-of-a-statement".to_owned()),
        ("parameter of a failure", "parameter-that-fails".to_owned()),
        ("body", "stored-by-a-plugin".to_owned()),
    ]
}

/// Runs the binary for the length of the work; what it logged, and the secrets.
async fn log_of_work(filter: &str) -> (Vec<Value>, String, Secrets) {
    let (database, folder) = (test_database().await, tempfile::tempdir().unwrap());
    place(&folder, PROBE, &fixtures_plugins::PROBE);
    let path = folder.path().join("ready");
    let settings = [("LOG_FORMAT", "json"), ("RUST_LOG", filter)];
    let mut child = binary::command(&environment(database.url(), &folder, &settings))
        .arg("--ready-file")
        .arg(&path)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Read while it is written: a full pipe would hold the host up.
    let mut stderr = child.stderr.take().unwrap();
    let reading = tokio::spawn(async move {
        let mut text = String::new();
        tokio::io::AsyncReadExt::read_to_string(&mut stderr, &mut text).await.unwrap();
        text
    });
    let url = binary::ready(&path, &mut child).await;
    let mut secrets = work(&url).await;
    secrets.push(("database URL", database.url().to_owned()));
    binary::signal(&child, "TERM").await;
    assert!(timeout(PATIENCE, child.wait()).await.unwrap().unwrap().success());
    let text = timeout(PATIENCE, reading).await.unwrap().unwrap();
    let lines = text
        .lines()
        .map(|line| {
            let value: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
            assert!(value.is_object(), "{line}");
            value
        })
        .collect();
    (lines, text, secrets)
}

/// The lines of one request, by message.
fn line<'a>(lines: &'a [Value], request: &str, message: &str) -> &'a Value {
    lines
        .iter()
        .find(|line| line["request_id"] == request && line["message"] == message)
        .unwrap_or_else(|| panic!("no line {message:?} of {request}: {lines:#?}"))
}

#[tokio::test]
async fn every_line_is_an_object_with_the_fields_of_its_request_and_call() {
    let filter = "info,reference_server=debug,sandbox=debug";
    let (lines, _, _) = log_of_work(filter).await;
    for line in &lines {
        for field in ["timestamp", "level", "target", "message"] {
            assert!(line[field].is_string(), "{field}: {line}");
        }
    }

    let served = line(&lines, "served-1", "request served");
    assert_eq!(served["method"], "POST");
    assert_eq!(served["route"], "/api/v1/plugins/{pluginId}/{*path}");
    assert_eq!((&served["plugin"], &served["plugin_route"]), (&json!(PROBE), &json!("/run")));
    assert_eq!((&served["status"], &served["outcome"]), (&json!(200), &json!("ok")));
    assert!(served["duration_ms"].as_f64().unwrap() > 0.0, "{served}");

    let call = line(&lines, "served-1", "call ended");
    assert_eq!((&call["plugin"], &call["export"]), (&json!(PROBE), &json!("HandleRequest")));
    assert_eq!(call["outcome"], "ok");
    assert!(call["duration_ms"].as_f64().unwrap() <= served["duration_ms"].as_f64().unwrap());

    // A guest's own line belongs to the request as well.
    let said = line(&lines, "served-1", "said by the guest");
    assert_eq!((&said["target"], &said["plugin"]), (&json!("plugin"), &json!(PROBE)));

    let failed = line(&lines, "trapped-1", "request failed");
    assert_eq!((&failed["level"], &failed["status"]), (&json!("WARN"), &json!(502)));
    assert_eq!(failed["outcome"], "PLUGIN_TRAPPED");
    assert!(failed["cause"].as_str().unwrap().contains("unreachable"), "{failed}");
    assert_eq!(line(&lines, "trapped-1", "call ended")["outcome"], "PLUGIN_TRAPPED");
}

#[tokio::test]
async fn nothing_that_was_said_in_confidence_is_logged_however_much_is() {
    let (lines, text, secrets) = log_of_work(EVERYTHING).await;
    let levels: BTreeSet<&str> = lines.iter().filter_map(|line| line["level"].as_str()).collect();
    assert!(levels.contains("DEBUG"), "{levels:?}");
    for (what, secret) in secrets {
        assert!(!text.contains(&secret), "the {what} is in the log");
    }
}
