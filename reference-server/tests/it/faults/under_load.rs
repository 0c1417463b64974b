//! Postgres goes away and comes back while requests arrive.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{BOUNDS, PROBE, ready_again, soon, stores, until};
use crate::support::{Client, Host};

/// Requests that are on their way at any time.
const SENDERS: usize = 12;

/// Answers by what was asked and the status, since the last look.
#[derive(Debug, Default)]
struct Tally(Mutex<BTreeMap<(&'static str, u16), usize>>);

impl Tally {
    fn count(&self, what: &'static str, status: u16) {
        *self.0.lock().unwrap().entry((what, status)).or_default() += 1;
    }

    fn of(&self, what: &str, status: u16) -> usize {
        self.0
            .lock()
            .unwrap()
            .iter()
            .filter(|((w, s), _)| *w == what && *s == status)
            .map(|(_, n)| n)
            .sum()
    }

    fn forget(&self) {
        self.0.lock().unwrap().clear();
    }
}

/// The host's own data, a plugin that writes, and a plugin that needs nothing.
const REQUESTS: [&str; 3] = ["own", "writes", "plain"];

async fn send(client: &Client, what: &'static str) -> u16 {
    let operations = match what {
        "own" => return soon(client.get("/projects")).await.status.as_u16(),
        "writes" => json!([{"op": "db_exec", "sql": "UPDATE plugin_kv SET value = value"}]),
        _ => json!([]),
    };
    let body = json!({"ops": operations});
    let answer = soon(client.post_unchecked("/plugins/com.example.probe/run", &body)).await;
    let status = answer.status().as_u16();
    let answer: Value = soon(answer.json()).await.unwrap();
    match answer["results"][0]["error"].as_str() {
        // The answer is the guest's: it says which it got.
        Some(error) if status == 200 => said_503(error),
        _ => status,
    }
}

/// A guest that was told that the database is away, or that its statement took too long: one that
/// was sent before the database hung is cancelled as soon as it goes on. Nothing else may come.
fn said_503(error: &str) -> u16 {
    assert!(error.starts_with("database_error: ") || error.starts_with("timeout: "), "{error}");
    503
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_that_come_meanwhile_are_served_or_refused_and_nothing_else() {
    let postgres = services::own_postgres().await.unwrap();
    let host = Host::start_on(postgres.url(), BOUNDS).await;
    host.probe(PROBE, json!([])).await;
    stores(&host.anonymous(), "kept").await;
    let admin = host.admin().await;

    let (tally, stop) = (Arc::new(Tally::default()), Arc::new(AtomicBool::new(false)));
    let mut senders = JoinSet::new();
    for number in 0..SENDERS {
        let (tally, stop, admin) = (Arc::clone(&tally), Arc::clone(&stop), admin.clone());
        senders.spawn(async move {
            let mut turn = number;
            while !stop.load(Ordering::Relaxed) {
                let what = REQUESTS[turn % REQUESTS.len()];
                turn += 1;
                let status = send(&admin, what).await;
                assert!(matches!(status, 200 | 503), "{what}: {status}");
                tally.count(what, status);
            }
        });
    }
    let seen = async |what: &[&'static str], status| {
        until(&format!("{what:?} answered {status}"), async || {
            what.iter().all(|what| tally.of(what, status) >= 2 * SENDERS)
        })
        .await;
    };

    seen(&REQUESTS, 200).await;
    for hang in [false, true] {
        if hang { postgres.pause().await } else { postgres.stop().await }.unwrap();
        tally.forget();
        seen(&["own", "writes"], 503).await;
        // What needs no database has gone on all the while.
        assert!(tally.of("plain", 200) > 0 && tally.of("plain", 503) == 0, "{tally:?}");
        if hang { postgres.resume().await } else { postgres.start().await }.unwrap();
        ready_again(&host).await;
        tally.forget();
        seen(&REQUESTS, 200).await;
    }
    stop.store(true, Ordering::Relaxed);
    while let Some(ended) = senders.join_next().await {
        ended.unwrap();
    }
    // Nothing is left over of the outage.
    tally.forget();
    for what in REQUESTS {
        assert_eq!(send(&admin, what).await, 200);
    }
}
