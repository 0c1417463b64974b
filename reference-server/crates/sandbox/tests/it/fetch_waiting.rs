//! `fetch` and time: waiting ends with the call, and is nobody else's.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::any;
use sandbox::{CallError, Plugin};
use serde_json::json;
use tokio::sync::{Semaphore, watch};

use crate::fetch::fetcher;
use crate::guests::{self, BODY, handle, module};
use crate::world::{Setup, World, call, text};

/// A server that holds every request until it is let go.
struct Holding {
    world: World,
    /// How many requests are held, and how many were at most.
    held: watch::Sender<(usize, usize)>,
    leave: Arc<Semaphore>,
}

impl Holding {
    async fn start(change: impl FnOnce(&mut policy::Limits)) -> Self {
        let held = watch::Sender::new((0, 0));
        let leave = Arc::new(Semaphore::new(0));
        let (counting, waiting) = (held.clone(), Arc::clone(&leave));
        let handler = move || {
            let (held, leave) = (counting.clone(), Arc::clone(&waiting));
            async move {
                held.send_modify(|(now, most)| {
                    *now += 1;
                    *most = (*most).max(*now);
                });
                leave.acquire().await.unwrap().forget();
                held.send_modify(|(now, _)| *now -= 1);
                "let go"
            }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/hold", any(handler));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let mut setup = Setup { test_hosts: format!("holding.test={address}"), ..Setup::default() };
        change(&mut setup.limits);
        Self { world: World::with(setup), held, leave }
    }

    async fn plugin(&self, guest: &str) -> Plugin {
        let manifest =
            json!({"backend": {"routes": [], "allowedOutboundDomains": ["holding.test"]}});
        self.world.load_with("com.example.guest", manifest, guest).await.unwrap()
    }

    /// Waits until that many requests are held.
    async fn holds(&self, count: usize) {
        self.held.subscribe().wait_for(|(now, _)| *now == count).await.unwrap();
    }
}

fn request() -> String {
    json!({"url": "http://holding.test/hold"}).to_string()
}

#[tokio::test]
async fn waiting_for_an_answer_ends_with_the_call() {
    const LIMIT: Duration = Duration::from_millis(400);
    let peer = Holding::start(|limits| limits.call_duration = LIMIT).await;
    let plugin = peer.plugin(&fetcher()).await;
    let began = Instant::now();
    let error = call(&plugin, &request()).await.unwrap_err();
    assert!(matches!(error, CallError::Timeout { limit: LIMIT }), "{error:?}");
    assert!(began.elapsed() >= LIMIT);
    peer.holds(1).await;

    peer.leave.add_permits(2);
    assert!(text(&plugin, &request()).await.contains("let go"), "the next call is served");
}

#[tokio::test]
async fn requests_of_a_plugin_are_bounded_and_other_plugins_are_served() {
    let peer = Holding::start(|limits| limits.instances_per_plugin = 2).await;
    let plugin = peer.plugin(&fetcher()).await;
    let echo = peer.world.load(&guests::echo()).await;
    let calls: Vec<_> = (0..5)
        .map(|_| {
            let plugin = plugin.clone();
            tokio::spawn(async move { text(&plugin, &request()).await })
        })
        .collect();
    peer.holds(2).await;
    assert_eq!(text(&echo, "still here").await, "still here");
    peer.leave.add_permits(5);
    for answered in calls {
        assert!(answered.await.unwrap().contains("let go"));
    }
    assert_eq!(*peer.held.borrow(), (0, 2), "never more at once than the plugin has instances");
}

/// On one thread, with requests that are refused before anything is waited for: only a host that
/// lets others run between two of them serves anybody else.
#[tokio::test(flavor = "current_thread")]
async fn a_guest_that_fetches_without_end_starves_nobody() {
    let limit = Duration::from_secs(2);
    let peer = Holding::start(|limits| limits.call_duration = limit).await;
    let guest = module(&handle(&format!(
        "{BODY} (loop $forever
           (call $fetch (local.get $p) (local.get $q) (i64.const 0) (i64.const 4))
           (br $forever))
         (i64.const 0)"
    )));
    let spinner = peer.plugin(&guest).await;
    let echo = peer.world.load(&guests::echo()).await;
    let refused = json!({"url": "https://unlisted.test/"}).to_string();
    let spinning = tokio::spawn(async move { call(&spinner, &refused).await });
    tokio::task::yield_now().await;
    for _ in 0..20 {
        assert_eq!(text(&echo, "still here").await, "still here");
    }
    assert!(!spinning.is_finished());
    assert!(matches!(spinning.await.unwrap(), Err(CallError::Timeout { .. })));
}
