//! `/metrics`, read as Prometheus reads it.

mod exposition;

use std::collections::BTreeSet;

use http::Method;
use serde_json::json;

use self::exposition::{Exposition, Kind};
use crate::support::{Host, http_client};

const PROBE: &str = "com.example.measured";

async fn scrape(url: &str) -> Exposition {
    let answer = http_client().get(format!("{url}/metrics")).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    Exposition::parse(&answer.text().await.unwrap()).unwrap()
}

/// A sample's growth between two scrapes.
fn growth(before: &Exposition, after: &Exposition, name: &str, labels: &[(&str, &str)]) -> f64 {
    after.value(name, labels).unwrap_or_default() - before.value(name, labels).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_plugin_does_is_counted_under_its_name() {
    let host = Host::start_with(&[("PLUGINS_MAX_CALL_DURATION", "1s")]).await;
    host.probe(PROBE, json!([])).await;
    let client = host.anonymous();
    let before = scrape(&host.base_url).await;
    let operations = json!([
        {"op": "db_query2", "sql": "SELECT 1"},
        {"op": "db_query2", "sql": "SELECT 1"},
        {"op": "db_exec", "sql": "DROP TABLE plugin_kv"},
        {"op": "event_emit", "topic": "a.b", "payload": {}},
        {"op": "fetch", "request": {"url": "https://elsewhere.example/"}},
    ]);
    client.run(PROBE, operations).await;
    client.run_raw(PROBE, json!([{"op": "trap"}])).await.refused("PLUGIN_TRAPPED");
    client.run_raw(PROBE, json!([{"op": "spin"}])).await.refused("PLUGIN_TIMEOUT");
    let after = scrape(&host.base_url).await;

    let grew = |name: &str, labels: &[(&str, &str)]| {
        let mut all = vec![("plugin", PROBE)];
        all.extend(labels);
        growth(&before, &after, name, &all)
    };
    for (name, labels, expected) in [
        ("calls_total", &[("export", "HandleRequest"), ("outcome", "ok")][..], 1.0),
        ("calls_total", &[("export", "HandleRequest"), ("outcome", "PLUGIN_TRAPPED")], 1.0),
        ("calls_total", &[("export", "HandleRequest"), ("outcome", "PLUGIN_TIMEOUT")], 1.0),
        ("call_duration_seconds_count", &[("export", "HandleRequest")], 3.0),
        ("traps_total", &[], 1.0),
        ("timeouts_total", &[], 1.0),
        ("db_calls_total", &[("function", "db_query2"), ("outcome", "ok")], 2.0),
        ("db_calls_total", &[("function", "db_exec"), ("outcome", "statement_not_allowed")], 1.0),
        ("db_call_duration_seconds_count", &[], 3.0),
        ("fetches_total", &[("outcome", "domain_not_allowed")], 1.0),
        ("events_emitted_total", &[("outcome", "ok")], 1.0),
    ] {
        let name = format!("hostproof_plugin_{name}");
        assert!((grew(&name, labels) - expected).abs() < f64::EPSILON, "{name} {labels:?}");
    }
    // The one that spun took its time.
    let took = grew("hostproof_plugin_call_duration_seconds_sum", &[("export", "HandleRequest")]);
    assert!(took >= 1.0, "{took}");
    // Nobody calls now; both instances that failed are gone with their memory.
    for (name, expected) in [("instances_busy", 0.0), ("calls_waiting", 0.0), ("instances", 0.0)] {
        let name = format!("hostproof_plugin_{name}");
        assert_eq!(after.value(&name, &[("plugin", PROBE)]), Some(expected), "{name}");
    }
    assert_eq!(after.value("hostproof_plugin_memory_bytes", &[("plugin", PROBE)]), Some(0.0));
    client.run(PROBE, json!([])).await;
    let now = scrape(&host.base_url).await;
    assert_eq!(now.value("hostproof_plugin_instances", &[("plugin", PROBE)]), Some(1.0));
    let memory = now.value("hostproof_plugin_memory_bytes", &[("plugin", PROBE)]).unwrap();
    assert!(memory >= 65_536.0 && memory % 65_536.0 == 0.0, "{memory}");
}

#[tokio::test]
async fn requests_are_counted_by_route_template_and_never_by_path() {
    let host = Host::start().await;
    let client = host.anonymous();
    client.send(Method::GET, "/projects/0b5d7a4e-0f7c-4a53-9ad0-5b6b7c1f9f2a", None).await;
    client.send(Method::GET, "/secret-path-of-a-client", None).await;
    let strange = Method::from_bytes(b"BREW").unwrap();
    client.send(strange, "/projects", None).await;
    let text = scrape(&host.base_url).await;
    let labels = [("method", "GET"), ("route", "/api/v1/projects/{projectId}"), ("status", "401")];
    assert!(text.value("hostproof_http_requests_total", &labels) >= Some(1.0));
    let labels = [("method", "GET"), ("route", "unmatched"), ("status", "404")];
    assert!(text.value("hostproof_http_requests_total", &labels) >= Some(1.0));
    for (name, label) in [("route", "secret-path"), ("route", "0b5d7a4e"), ("method", "BREW")] {
        assert!(text.labels(name).iter().all(|value| !value.contains(label)), "{label}");
    }
}

#[tokio::test]
async fn a_plugin_that_is_uninstalled_leaves_no_series() {
    let host = Host::start().await;
    let row = host.probe("com.example.leaves", json!([])).await;
    host.anonymous().run("com.example.leaves", json!([])).await;
    assert!(scrape(&host.base_url).await.labels("plugin").contains("com.example.leaves"));
    let path = format!("/admin/plugins/{}", row["id"].as_str().unwrap());
    host.admin().await.delete(&path).await.nothing();
    let text = scrape(&host.base_url).await;
    assert!(!text.labels("plugin").contains("com.example.leaves"));
    assert_eq!(text.value("hostproof_plugins", &[("state", "running")]), Some(0.0));
}

#[tokio::test]
async fn metrics_can_have_an_address_of_their_own() {
    let host = Host::start_with(&[("METRICS_LISTEN", "127.0.0.1:0")]).await;
    host.anonymous().get("/api/v1/plugins").await;
    let main = http_client().get(format!("{}/metrics", host.base_url)).send().await.unwrap();
    assert_eq!(main.status(), 404);
    let apart = format!("http://{}", host.metrics_address.unwrap());
    assert_eq!(
        scrape(&apart).await.value("hostproof_build_info", &[("version", "0.1.0")]),
        Some(1.0)
    );
    let elsewhere = http_client().get(format!("{apart}/api/healthz")).send().await.unwrap();
    assert_eq!(elsewhere.status(), 404);
}

/// The table for operators in the README, as name and kind.
fn documented() -> BTreeSet<(String, Kind)> {
    let readme = include_str!("../../README.md");
    readme
        .lines()
        .filter_map(|line| {
            let mut cells = line.split('|').map(str::trim).skip(1);
            let name = cells.next()?.strip_prefix("`hostproof_")?.strip_suffix('`')?;
            Some((format!("hostproof_{name}"), Kind::named(cells.next()?)?))
        })
        .collect()
}

#[tokio::test]
async fn the_readme_lists_every_metric_and_no_other() {
    let host = Host::start().await;
    host.probe_with(PROBE, json!({"eventSubscriptions": ["task.created"]})).await;
    let project = host.project().await;
    let task = json!({"title": "a"});
    host.admin().await.post(&format!("/projects/{project}/tasks"), &task).await.data(201);
    let client = host.anonymous();
    let operations = json!([
        {"op": "db_query2", "sql": "SELECT 1"},
        {"op": "event_emit", "topic": "a.b", "payload": {}},
        {"op": "fetch", "request": {"url": "https://elsewhere.example/"}},
    ]);
    client.run(PROBE, operations).await;
    let delivered = async {
        loop {
            let text = scrape(&host.base_url).await;
            if text.kinds().any(|(name, _)| name == "hostproof_plugin_events_total") {
                return text;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    let limit = std::time::Duration::from_mins(1);
    let text = tokio::time::timeout(limit, delivered).await.expect("the event is delivered");
    let served: BTreeSet<_> = text.kinds().map(|(name, kind)| (name.to_owned(), kind)).collect();
    assert_eq!(served, documented());
}
