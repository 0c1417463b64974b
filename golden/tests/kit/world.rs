//! What stands behind the host functions: values, secrets, pairs, stubs.

use serde_json::json;

use crate::folder::{Folder, Guest};

fn guest(code: &str, data: &[(usize, &str)]) -> Guest {
    let data = data.iter().map(|(at, text)| (*at, (*text).to_owned())).collect();
    Guest { sql: "", code: code.to_owned(), data, ..Guest::default() }
}

const STEP: &str = "\n[[steps]]\nrequest = \"GET /notes\"\n";

/// Asks for the value of `API_KEY` and answers with it.
fn asks_config() -> Guest {
    guest(
        "(call $config_get (i64.const 3000) (i64.const 7) (i64.const 0) (i64.const 4))",
        &[(3000, "API_KEY")],
    )
}

#[tokio::test]
async fn secrets_are_served_and_never_shown() {
    let mut folder = Folder::new(&asks_config());
    folder.manifest["backend"]["allowedConfigKeys"] = json!(["API_KEY"]);
    folder.write_manifest();
    let shown = folder.transcript(&format!("[secrets]\nAPI_KEY = \"hunter2\"\n{STEP}")).await;
    assert!(shown.contains("-> value: «secret API_KEY»"), "{shown}");
    assert!(!shown.contains("hunter2"), "{shown}");
    let shown = folder.transcript(&format!("[config]\nAPI_KEY = \"plain\"\n{STEP}")).await;
    assert!(shown.contains("-> value: plain"), "{shown}");
}

#[tokio::test]
async fn a_key_that_the_manifest_does_not_list_is_absent_and_fails() {
    let folder = Folder::new(&asks_config());
    let shown = folder.transcript(&format!("[config]\nAPI_KEY = \"plain\"\n{STEP}")).await;
    assert!(shown.contains("the manifest's allowedConfigKeys lack 'API_KEY'"), "{shown}");
    assert!(!shown.contains("plain"), "{shown}");
}

const REQUEST: &str = r#"{"method":"POST","url":"https://api.example.com/v1","body":"{\"n\":1}"}"#;

fn asks_network() -> Guest {
    let code = format!(
        "(call $fetch (i64.const 3000) (i64.const {}) (i64.const 0) (i64.const 4))",
        REQUEST.len()
    );
    guest(&code, &[(3000, REQUEST)])
}

async fn fetched(allowed: &str, stubs: &str) -> String {
    let mut folder = Folder::new(&asks_network());
    folder.manifest["backend"]["allowedOutboundDomains"] = json!([allowed]);
    folder.write_manifest();
    folder.transcript(&format!("{stubs}{STEP}")).await
}

#[tokio::test]
async fn the_network_is_the_scenarios() {
    let stub = "[[fetch]]\nrequest = \"POST https://api.example.com/v1\"\n";
    let shown = fetched("api.example.com", &format!("{stub}json = {{ ok = true }}\n")).await;
    assert!(shown.contains(r#"\"ok\":true"#) && shown.contains("\"status\": 200"), "{shown}");
    let shown =
        fetched("api.example.com", &format!("{stub}error = \"tls_failed: expired\"\n")).await;
    assert!(shown.contains("tls_failed: expired"), "{shown}");
    let other = format!("{stub}request_json = {{ n = 2 }}\n");
    let shown = fetched("api.example.com", &other).await;
    assert!(shown.contains("there is one for another request_json"), "{shown}");
}

#[tokio::test]
async fn a_request_without_stub_is_told_with_the_nearest_one() {
    let stub = "[[fetch]]\nrequest = \"POST https://api.example.com/v2\"\n";
    let shown = fetched("api.example.com", stub).await;
    assert!(shown.contains("fetch asks POST https://api.example.com/v1"), "{shown}");
    assert!(shown.contains("- POST https://api.example.com/v2"), "{shown}");
}

#[tokio::test]
async fn a_host_that_the_manifest_does_not_list_is_refused_and_fails() {
    let stub = "[[fetch]]\nrequest = \"POST https://api.example.com/v1\"\n";
    let shown = fetched("other.example.com", stub).await;
    let refused = "fetch is refused, as a host refuses it: 'api.example.com' is not among";
    assert!(shown.contains(refused), "{shown}");
}

#[tokio::test]
async fn a_redirect_is_judged_like_any_request() {
    let away = "[[fetch]]\nrequest = \"POST https://api.example.com/v1\"\nstatus = 302\n\
                headers = { location = \"https://elsewhere.example/\" }\n";
    let shown = fetched("api.example.com", away).await;
    assert!(shown.contains("redirect_not_allowed"), "{shown}");
    let within = "[[fetch]]\nrequest = \"POST https://api.example.com/v1\"\nstatus = 302\n\
                  headers = { location = \"/v2\" }\n\n\
                  [[fetch]]\nrequest = \"GET https://api.example.com/v2\"\nbody = \"arrived\"\n";
    let shown = fetched("api.example.com", within).await;
    assert!(shown.contains("arrived"), "{shown}");
}

#[tokio::test]
async fn a_stub_that_hangs_ends_the_call() {
    let mut folder = Folder::new(&asks_network());
    folder.manifest["backend"]["allowedOutboundDomains"] = json!(["*"]);
    folder.write_manifest();
    let stub = "limits = { call = \"100ms\" }\n\
                [[fetch]]\nrequest = \"POST https://api.example.com/v1\"\nhangs = true\n";
    let shown = folder.transcript(&format!("{stub}{STEP}fault = \"timeout\"\n")).await;
    assert!(!shown.contains("! "), "{shown}");
    assert!(shown.contains("-> broke off: the call took longer than 100ms"), "{shown}");
    assert!(shown.contains("-> 504 PLUGIN_TIMEOUT"), "{shown}");
}

#[tokio::test]
async fn a_guest_that_spins_is_out_of_time_without_waiting_for_it() {
    let spins = guest("(loop $forever (br $forever))", &[]);
    let folder = Folder::new(&spins);
    let limit = "limits = { instructions = 100000 }\n";
    let shown = folder.transcript(&format!("{limit}{STEP}fault = \"timeout\"\n")).await;
    assert!(!shown.contains("! "), "{shown}");
    assert!(shown.contains("-> 504 PLUGIN_TIMEOUT: the call took more instructions"), "{shown}");
}

#[tokio::test]
async fn pairs_last_from_step_to_step_and_a_rollback_undoes_them() {
    let store =
        "(drop (call $storage_set (i64.const 3000) (i64.const 1) (i64.const 3001) (i64.const 1)))";
    let code = format!(
        "(call $storage_get (i64.const 3000) (i64.const 1) (i64.const 0) (i64.const 4))
         (drop (call $db_tx_begin)) {store} (drop (call $db_tx_rollback))"
    );
    let folder = Folder::new(&guest(&code, &[(3000, "kv")]));
    let shown = folder.transcript(&format!("[store]\nk = \"old\"\n{STEP}{STEP}")).await;
    assert_eq!(shown.matches("-> value: old").count(), 2, "{shown}");
    let folder =
        Folder::new(&guest(&code.replace("(drop (call $db_tx_rollback))", ""), &[(3000, "kv")]));
    let shown = folder.transcript(&format!("[store]\nk = \"old\"\n{STEP}{STEP}")).await;
    assert_eq!(
        shown.matches("-> value: old").count(),
        2,
        "what is left open is rolled back: {shown}"
    );
    let folder = Folder::new(&guest(
        &format!(
            "(call $storage_get (i64.const 3000) (i64.const 1) (i64.const 0) (i64.const 4)) {store}"
        ),
        &[(3000, "kv")],
    ));
    let shown = folder.transcript(&format!("[store]\nk = \"old\"\n{STEP}{STEP}")).await;
    assert!(shown.contains("-> value: old") && shown.contains("-> value: v"), "{shown}");
}
