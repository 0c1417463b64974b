//! The driven machinery: identities, fixtures, plugins, background steps, and that nothing is left
//! behind. The host here keeps books of what exists and does nothing else.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use hostproof::evidence::{FailureKind, VerdictKind};
use http::Response;
use http_body_util::Full;
use serde_json::{Value, json};

use crate::hosts::{Host, reply, start};
use crate::support::{run, suite, target};

/// What exists on the host, and what was ever asked of it.
#[derive(Default)]
struct Books {
    exists: BTreeSet<String>,
    asked: Vec<String>,
}

type Shared = Arc<Mutex<Books>>;

async fn host() -> (Host, Shared) {
    let books = Shared::default();
    let shared = Arc::clone(&books);
    let host = start(move |head, body| {
        let mut books = shared.lock().unwrap();
        let who = head.headers.get("authorization").and_then(|v| v.to_str().ok()).map(user_of);
        let path = head.uri.path().to_owned();
        books.asked.push(format!("{} {path} {}", head.method, who.as_deref().unwrap_or("nobody")));
        let body = serde_json::from_slice(body).unwrap_or_default();
        answer(&mut books, head.method.as_str(), &path, &body)
    })
    .await;
    (host, books)
}

fn user_of(header: &str) -> String {
    let payload = header.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
    let claims: Value = payload.and_then(|p| serde_json::from_slice(&p).ok()).unwrap_or_default();
    claims["sub"].as_str().unwrap_or("key").to_owned()
}

fn answer(
    books: &mut Books,
    method: &str,
    path: &str,
    body: &Value,
) -> Option<Response<Full<Bytes>>> {
    let data = |status, data: Value| {
        reply(status, "application/json", json!({ "success": true, "data": data }).to_string())
    };
    let parts: Vec<&str> = path.trim_start_matches("/api/v1/").split('/').collect();
    let mut made = |thing: String| {
        books.exists.insert(thing.clone());
        data(201, json!({ "id": thing, "key": format!("secret of {thing}"), "name": body["name"] }))
    };
    match (method, parts.as_slice()) {
        ("POST", ["auth", "login"]) => {
            let claims = URL_SAFE_NO_PAD.encode(json!({ "sub": body["username"] }).to_string());
            data(200, json!({ "access_token": format!("h.{claims}.s") }))
        }
        ("PATCH", ["users", "me", "password"]) => data(200, json!({})),
        ("POST", ["admin", "users"]) => made(format!("user:{}", body["username"].as_str()?)),
        ("POST", ["users", "me", "api-keys"]) => made(format!("key:{}", body["name"].as_str()?)),
        ("POST", ["projects"]) => made("project".to_owned()),
        ("POST", ["projects", _, thing]) => data(201, json!({ "id": format!("a {thing}") })),
        ("GET", ["projects", _, "roles"]) => {
            data(200, json!({ "items": [{ "id": "role", "role_name": "PROJECT_MEMBER" }] }))
        }
        ("POST", ["admin", "plugins", "marketplace", "install"]) => {
            made(format!("plugin:{}", body["name"].as_str()?))
        }
        ("GET", ["plugins"]) => {
            let plugins = books.exists.iter().filter_map(|thing| thing.strip_prefix("plugin:"));
            let list = plugins.map(|name| json!({ "id": format!("plugin:{name}"), "name": name }));
            data(200, json!({ "plugins": list.collect::<Vec<_>>() }))
        }
        ("POST", ["plugins", _, "run"]) if body["ops"][0]["op"] == "hang" => None,
        ("POST", ["plugins", _, "run"]) => {
            reply(200, "application/json", json!({ "results": body["ops"] }).to_string())
        }
        ("DELETE", [.., id]) => {
            let gone = books.exists.remove(*id);
            if !gone && id.starts_with("user:") {
                return reply(404, "application/json", r#"{"error_code":"USER_NOT_FOUND"}"#);
            }
            reply(if gone { 204 } else { 404 }, "text/plain", "")
        }
        _ => reply(200, "application/json", json!({ "success": true, "data": {} }).to_string()),
    }
}

/// A driven case.
fn driven(id: &str, more: &str, steps: &str) -> String {
    format!(
        "[[case]]\nid = \"{id}\"\nslug = \"things/{id}\"\ntitle = \"T\"\ncites = [\"s-aaaa\"]\n\
         profile = \"sandbox\"\ntier = \"driven\"\ndeadline = \"2s\"\n{more}\n{steps}\n"
    )
}

const PROBE: &str = "[[case.steps]]\nprobe = [{ op = \"x\", plugin = \"{plugin}\" }]\n\
                     expect = { json = { \"/results/0/plugin\" = { matches = \"^com\\\\.hostproof\\\\.\" } } }\n";

#[tokio::test]
async fn everything_a_case_made_is_removed() {
    let (host, books) = host().await;
    let steps = format!(
        "{PROBE}[[case.steps]]\nas = \"member\"\n\
         request = {{ method = \"POST\", path = \"/x\", json = [\"{{project}}\", \"{{member}}\", \"{{task}}\", \"{{second_id}}\"] }}\n\
         expect = {{ status = 200 }}\n"
    );
    let more = "needs = [\"member\", \"task\"]\n[case.plugin]\n[[case.also]]\nkey = \"second\"\n";
    let report = run(&suite(&driven("c-0001", more, &steps)), &target(&host.url())).await;
    assert_eq!(report.cases[0].verdict, VerdictKind::Pass, "{:#?}", report.cases[0]);
    let books = books.lock().unwrap();
    assert_eq!(books.exists, BTreeSet::new());
    for made in [
        "POST /api/v1/projects admin",
        "POST /api/v1/projects/project/tasks admin",
        "POST /api/v1/projects/project/members admin",
        "POST /api/v1/admin/users admin",
    ] {
        assert!(books.asked.iter().any(|asked| asked == made), "{made} in {:#?}", books.asked);
    }
    assert_eq!(report.footer.leftovers, Vec::<String>::new());
}

#[tokio::test]
async fn everything_is_removed_after_failures_and_deadlines_too() {
    let (host, books) = host().await;
    let wrong = PROBE.replace("com", "org");
    let hangs = PROBE.replace("\"x\"", "\"hang\"");
    let cases = driven("c-0001", "needs = [\"project\"]\n[case.plugin]\n", &wrong)
        + &driven("c-0002", "[case.plugin]\n", &hangs)
        + &driven(
            "c-0003",
            "[case.plugin]\n",
            "[[case.steps]]\nas = \"admin-key\"\nrequest = { method = \"GET\", path = \"/x\" }\nexpect = { status = 200 }\n",
        );
    let report = run(&suite(&cases), &target(&host.url())).await;
    let verdicts: Vec<_> = report.cases.iter().map(|case| case.verdict).collect();
    assert_eq!(verdicts, [VerdictKind::Fail, VerdictKind::Fail, VerdictKind::Pass]);
    assert_eq!(report.cases[1].failure.as_ref().unwrap().kind, FailureKind::Deadline);
    assert_eq!(books.lock().unwrap().exists, BTreeSet::new());
}

#[tokio::test]
async fn a_second_attempt_has_a_plugin_name_of_its_own() {
    let (host, books) = host().await;
    let report = run(
        &suite(&driven("c-0001", "[case.plugin]\n", &PROBE.replace("com", "org"))),
        &target(&host.url()),
    )
    .await;
    assert_eq!(report.cases[0].verdict, VerdictKind::Fail);
    let books = books.lock().unwrap();
    let runs: BTreeSet<_> = books.asked.iter().filter(|asked| asked.contains("/run ")).collect();
    assert_eq!(runs.len(), 2, "{runs:?}");
}

#[tokio::test]
async fn an_identity_is_made_once_for_all_cases() {
    let (host, books) = host().await;
    let steps = "[[case.steps]]\nas = \"outsider\"\nrequest = { method = \"GET\", path = \"/x\" }\nexpect = { status = 200 }\n";
    let cases: String = (0..10).map(|n| driven(&format!("c-{n:04}"), "", steps)).collect();
    let report = run(&suite(&cases), &target(&host.url())).await;
    assert_eq!(report.count(VerdictKind::Pass), 10, "{:#?}", report.cases[0]);
    let books = books.lock().unwrap();
    let count = |what: &str| books.asked.iter().filter(|asked| asked.starts_with(what)).count();
    assert_eq!(count("POST /api/v1/admin/users"), 1);
    assert_eq!(count("PATCH /api/v1/users/me/password"), 1);
    // The administrator once, the new user before and after the change of the password.
    assert_eq!(count("POST /api/v1/auth/login"), 3);
}

#[tokio::test]
async fn a_background_step_is_judged_where_it_is_joined() {
    let (host, _books) = host().await;
    let steps = "[[case.steps]]\nbackground = \"b\"\nprobe = [{ op = \"one\" }]\n\
                 [[case.steps]]\nprobe = [{ op = \"two\" }]\nexpect = { status = 200 }\n\
                 [[case.steps]]\njoin = \"b\"\nexpect = { json = { \"/results/0/op\" = \"one\" } }\n";
    let report =
        run(&suite(&driven("c-0001", "[case.plugin]\n", steps)), &target(&host.url())).await;
    assert_eq!(report.cases[0].verdict, VerdictKind::Pass, "{:#?}", report.cases[0]);

    let hangs = steps.replace("\"one\" }]", "\"hang\" }]");
    let report =
        run(&suite(&driven("c-0001", "[case.plugin]\n", &hangs)), &target(&host.url())).await;
    let failure = report.cases[0].failure.as_ref().unwrap();
    assert_eq!((failure.kind, failure.step.as_deref()), (FailureKind::Deadline, Some("3. join")));
}

#[tokio::test]
async fn requests_at_once_are_judged_by_their_answers_as_they_come() {
    let (host, books) = host().await;
    let steps = |answers: u32, rest: &str| {
        format!(
            "[[case.steps]]\nbackground = \"b\"\nat_once = 5\nprobe = [{{ op = \"one\" }}]\n\
             [[case.steps]]\njoin = \"b\"\nanswers = {answers}\nexpect = {{ status = 200 }}\n\
             [[case.steps]]\njoin = \"b\"\nexpect = {{ json = {{ \"/results/0/op\" = \"{rest}\" }} }}\n"
        )
    };
    let judge = async |steps: String| {
        let suite = suite(&driven("c-0001", "[case.plugin]\n", &steps));
        run(&suite, &target(&host.url())).await
    };
    let report = judge(steps(2, "one")).await;
    let case = &report.cases[0];
    assert_eq!(case.verdict, VerdictKind::Pass, "{case:#?}");
    let facts: Vec<_> = case.facts.iter().map(|fact| fact.statement.as_str()).collect();
    let (status, op) = ("status: 200", "json /results/0/op: \"one\"");
    assert_eq!(facts, [status, status, op, op, op]);
    let asked = books.lock().unwrap().asked.clone();
    assert_eq!(asked.iter().filter(|asked| asked.ends_with("/run nobody")).count(), 5);

    // The answers that no number was named for are judged as well, every one.
    let report = judge(steps(4, "another")).await;
    let failure = report.cases[0].failure.as_ref().unwrap();
    assert_eq!((failure.kind, failure.step.as_deref()), (FailureKind::Assertion, Some("3. join")));
    // More than were asked for do not come, and of none nothing is established.
    for answers in [5, 6] {
        let report = judge(steps(answers, "one")).await;
        assert_eq!(report.cases[0].verdict, VerdictKind::HarnessError, "{answers}");
    }
}

#[tokio::test]
async fn a_user_that_a_case_removed_is_not_left_over() {
    let (host, _books) = host().await;
    let steps = "[[case.steps]]\nas = \"admin\"\n\
                 request = { method = \"DELETE\", path = \"/api/v1/admin/users/{account}\" }\n\
                 expect = { status = 204 }\n";
    let case = driven("c-0001", "needs = [\"account\"]", steps);
    let report = run(&suite(&case), &target(&host.url())).await;
    assert_eq!(report.cases[0].verdict, VerdictKind::Pass, "{:#?}", report.cases[0]);
    assert_eq!(report.footer.leftovers, Vec::<String>::new());
}

#[tokio::test]
async fn an_install_in_the_background_is_known_once_it_is_joined() {
    let (host, books) = host().await;
    let steps = "[[case.steps]]\nbackground = \"b\"\ninstall = {}\n\
                 [[case.steps]]\njoin = \"b\"\nexpect = { status = 201 }\n\
                 [[case.steps]]\nuninstall = {}\n";
    let case = driven("c-0001", "[case.plugin]\ninstalled = false\n", steps);
    let report = run(&suite(&case), &target(&host.url())).await;
    assert_eq!(report.cases[0].verdict, VerdictKind::Pass, "{:#?}", report.cases[0]);
    assert_eq!(books.lock().unwrap().exists, BTreeSet::new());
}

#[tokio::test]
async fn what_goes_on_meanwhile_is_judged_every_time() {
    let (host, books) = host().await;
    let steps = "[[case.steps]]\npatch = { enabled = true }\nexpect = { status = 200 }\n\
                 meanwhile = { probe = [{ op = \"again\" }], expect = { json = { \"/results/0/op\" = \"again\" } } }\n";
    let report =
        run(&suite(&driven("c-0001", "[case.plugin]\n", steps)), &target(&host.url())).await;
    assert_eq!(report.cases[0].verdict, VerdictKind::Pass, "{:#?}", report.cases[0]);
    let asked = books.lock().unwrap().asked.clone();
    let is_probe = |asked: &&String| asked.ends_with("/run nobody");
    let change = asked.iter().position(|asked| asked.starts_with("PATCH /api/v1/admin")).unwrap();
    assert!(asked[..change].iter().any(|asked| is_probe(&asked)), "{asked:#?}");
    assert!(asked[change..].iter().any(|asked| is_probe(&asked)), "{asked:#?}");

    let wrong = steps.replace("\"/results/0/op\" = \"again\"", "\"/results/0/op\" = \"never\"");
    let report =
        run(&suite(&driven("c-0001", "[case.plugin]\n", &wrong)), &target(&host.url())).await;
    let failure = report.cases[0].failure.as_ref().unwrap();
    let expected = (FailureKind::Assertion, Some("1. patch, meanwhile"));
    assert_eq!((failure.kind, failure.step.as_deref()), expected);
}

#[tokio::test]
async fn an_install_that_a_case_merely_needs_fails_as_preparation() {
    let host = start(|head, _| match head.uri.path() {
        "/api/v1/auth/login" => {
            reply(200, "application/json", r#"{"data":{"access_token":"h.eyJzdWIiOiJhIn0.s"}}"#)
        }
        _ => reply(500, "application/json", r#"{"success":false,"error_code":"INTERNAL_ERROR"}"#),
    })
    .await;
    let report =
        run(&suite(&driven("c-0001", "[case.plugin]\n", PROBE)), &target(&host.url())).await;
    let failure = report.cases[0].failure.as_ref().unwrap();
    assert_eq!(failure.kind, FailureKind::Preparation);
    assert!(failure.messages[0].contains("expected 201, got 500"), "{failure:?}");
    // What it could not look for it says it could not remove.
    assert!(!report.footer.leftovers.is_empty());
}

#[tokio::test]
async fn wrong_credentials_in_the_target_file_block_and_do_not_fail() {
    let host = start(|_, _| reply(401, "application/json", r#"{"success":false}"#)).await;
    let report =
        run(&suite(&driven("c-0001", "[case.plugin]\n", PROBE)), &target(&host.url())).await;
    assert_eq!(report.cases[0].verdict, VerdictKind::Blocked);
    assert_eq!(report.footer.exit_code, hostproof::exit::UNREACHABLE_OR_BLOCKED);
}

#[tokio::test]
async fn silence_is_no_evidence() {
    let (host, _books) = host().await;
    // All that is asserted holds, and nothing of it was said by the host.
    let steps = "[[case.steps]]\nrequest = { method = \"GET\", path = \"/x\" }\n\
                 [[case.steps]]\noutbound_seen = { token = \"{token}\", count = 0 }\n\
                 [[case.steps]]\noutbound_seen = { token = \"{token}\", count = { lte = 5 } }\n";
    let report = run(&suite(&driven("c-0001", "", steps)), &target(&host.url())).await;
    assert_eq!(report.cases[0].verdict, VerdictKind::HarnessError, "{:#?}", report.cases[0]);
    assert!(report.cases[0].reason.as_deref().unwrap().contains("asserted nothing"));
    assert_eq!(report.footer.exit_code, hostproof::exit::HARNESS);
}

#[tokio::test]
async fn what_did_not_come_and_should_have_is_a_failure() {
    let (host, _books) = host().await;
    let steps = "[[case.steps]]\nrequest = { method = \"GET\", path = \"/x\" }\nexpect = { status = { gte = 100 } }\n\
                 [[case.steps]]\noutbound_seen = { token = \"{token}\" }\n";
    let report = run(&suite(&driven("c-0001", "", steps)), &target(&host.url())).await;
    let failure = report.cases[0].failure.as_ref().unwrap();
    let step = failure.step.as_deref();
    assert_eq!((failure.kind, step), (FailureKind::Assertion, Some("2. outbound_seen")));
    let [message] = failure.messages.as_slice() else { panic!("{failure:?}") };
    assert!(message.starts_with("requests that reached the outbound server: "), "{message}");
    assert_eq!(report.cases[0].sightings[0].count, 0);
}
