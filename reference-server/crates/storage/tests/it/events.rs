//! Both buses, by the same rules.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use contract::event::{CORE_GROUP, CORE_STREAM, EMIT_CHANNEL, Event};
use contract::name::PluginName;
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use storage::events::{
    DEAD_STREAM, EventBus, EventHandler, HandlerFailed, InProcessBus, RetryPolicy, ValkeyBus,
};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

const QUICK: RetryPolicy =
    RetryPolicy { max_deliveries: 5, first_pause: Duration::from_millis(10) };

/// Fails the deliveries its script says, and remembers all of them.
#[derive(Default)]
struct Recorder {
    seen: Mutex<Vec<(Instant, Event)>>,
    changed: Notify,
}

#[async_trait]
impl EventHandler for Recorder {
    async fn handle(&self, event: &Event) -> Result<(), HandlerFailed> {
        let attempt = {
            let mut seen = self.seen.lock().unwrap();
            seen.push((Instant::now(), event.clone()));
            seen.iter().filter(|(_, before)| before == event).count()
        };
        self.changed.notify_waiters();
        if event.payload["hang"] == true {
            std::future::pending::<()>().await;
        }
        let failures = event.payload["failures"].as_u64().unwrap_or(0);
        if attempt as u64 <= failures { Err(HandlerFailed("as told".to_owned())) } else { Ok(()) }
    }
}

impl Recorder {
    fn times(&self, topic: &str) -> Vec<Instant> {
        let seen = self.seen.lock().unwrap();
        seen.iter().filter(|(_, event)| event.topic == topic).map(|(at, _)| *at).collect()
    }

    async fn until(&self, topic: &str, count: usize) {
        let waiting = async {
            loop {
                let changed = self.changed.notified();
                if self.times(topic).len() >= count {
                    break;
                }
                changed.await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), waiting).await.expect(topic);
    }
}

struct Running {
    recorder: Arc<Recorder>,
    shutdown: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

impl Running {
    fn start(bus: &Arc<dyn EventBus>) -> Self {
        let recorder = Arc::new(Recorder::default());
        let shutdown = CancellationToken::new();
        let (bus, handler, token) = (Arc::clone(bus), Arc::clone(&recorder), shutdown.clone());
        let task = tokio::spawn(async move { bus.run_consumer(handler, token).await });
        Self { recorder, shutdown, task }
    }

    async fn stop(self) {
        self.shutdown.cancel();
        self.task.await.unwrap();
    }
}

fn event(topic: &str, payload: Value) -> Event {
    Event { topic: topic.to_owned(), payload }
}

/// What both buses promise.
async fn deliveries(bus: Arc<dyn EventBus>) {
    // Published before anybody listens, delivered afterwards.
    bus.publish_core(&event("early", json!({"n": 1}))).await.unwrap();
    let running = Running::start(&bus);
    let recorder = Arc::clone(&running.recorder);
    recorder.until("early", 1).await;
    assert_eq!(recorder.seen.lock().unwrap()[0].1.payload, json!({"n": 1}));

    // A slow one delays no other.
    bus.publish_core(&event("slow", json!({"hang": true}))).await.unwrap();
    bus.publish_core(&event("quick", json!({}))).await.unwrap();
    recorder.until("quick", 1).await;

    // Failed twice, handled the third time, with growing pauses, and then no more.
    bus.publish_core(&event("twice", json!({"failures": 2}))).await.unwrap();
    recorder.until("twice", 3).await;
    let times = recorder.times("twice");
    assert!(times[1] - times[0] >= QUICK.first_pause, "{times:?}");
    assert!(times[2] - times[1] >= 2 * QUICK.first_pause, "{times:?}");

    // Failing always: five times.
    bus.publish_core(&event("always", json!({"failures": 99}))).await.unwrap();
    recorder.until("always", 5).await;
    bus.publish_core(&event("after", json!({}))).await.unwrap();
    recorder.until("after", 1).await;
    assert_eq!(recorder.times("twice").len(), 3);
    assert_eq!(recorder.times("always").len(), 5);
    // Its handler never returns, so a shutdown that waits for handlers would never end here.
    running.task.abort();
}

#[tokio::test]
async fn in_process_deliveries() {
    let bus = Arc::new(InProcessBus::new(QUICK));
    deliveries(Arc::clone(&bus) as Arc<dyn EventBus>).await;
    let set_aside = bus.set_aside();
    assert_eq!(set_aside.iter().map(|event| event.topic.as_str()).collect::<Vec<_>>(), ["always"]);
}

#[tokio::test]
async fn in_process_emission() {
    let bus = InProcessBus::new(QUICK);
    let plugin = PluginName::parse("a.b").unwrap();
    bus.emit(&plugin, "unheard", "{}").await.unwrap();
    let mut listener = bus.listen();
    bus.emit(&plugin, "heard", "[1]").await.unwrap();
    let emitted = listener.recv().await.unwrap();
    assert_eq!((emitted.topic.as_str(), emitted.source.as_str()), ("heard", "a.b"));
    assert_eq!(emitted.payload, json!([1]));
}

/// One Valkey, one stream: what uses them takes turns within this test.
#[tokio::test]
async fn valkey() {
    let server = services::own_valkey().await.unwrap();
    let server_url = server.url().to_owned();
    let url = server_url.as_str();
    let bus: Arc<dyn EventBus> = Arc::new(ValkeyBus::connect(url, QUICK).await.unwrap());
    bus.ping().await.unwrap();
    deliveries(Arc::clone(&bus)).await;
    let client = redis::Client::open(url).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    sets_aside_with_a_reason(&mut connection).await;
    hands_over_what_a_killed_host_had_read(&bus, &mut connection).await;
    gives_up_on_what_kills_hosts(&bus, &mut connection).await;
    survives_strange_entries_and_a_lost_stream(&bus, &mut connection).await;
    emits_on_the_channel(&bus, &client).await;
    drop(server);
    assert!(bus.ping().await.unwrap_err().is_unavailable());
    assert!(ValkeyBus::connect(url, QUICK).await.unwrap_err().is_unavailable());
}

type Connection = redis::aio::MultiplexedConnection;

async fn sets_aside_with_a_reason(connection: &mut Connection) {
    let dead: redis::streams::StreamRangeReply =
        redis::cmd("XRANGE").arg(&[DEAD_STREAM, "-", "+"]).query_async(connection).await.unwrap();
    let [entry] = &dead.ids[..] else { panic!("{dead:?}") };
    assert_eq!(entry.get::<String>("type").unwrap(), "always");
    assert_eq!(entry.get::<String>("error").unwrap(), "as told");
}

/// The event whose handler hung is still pending; the next start takes it up.
async fn hands_over_what_a_killed_host_had_read(
    bus: &Arc<dyn EventBus>,
    connection: &mut Connection,
) {
    assert_eq!(pending(connection).await, 1);
    let running = Running::start(bus);
    running.recorder.until("slow", 1).await;
    running.task.abort();
    assert_eq!(pending(connection).await, 1);
}

/// Started again and again, the event that never returns is set aside in the end.
async fn gives_up_on_what_kills_hosts(bus: &Arc<dyn EventBus>, connection: &mut Connection) {
    for _ in 0..QUICK.max_deliveries {
        let running = Running::start(bus);
        let settled = async {
            while pending(connection).await > 0 && running.recorder.times("slow").is_empty() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), settled).await.unwrap();
        running.task.abort();
    }
    assert_eq!(pending(connection).await, 0);
    let dead: usize = redis::cmd("XLEN").arg(DEAD_STREAM).query_async(connection).await.unwrap();
    assert_eq!(dead, 2);
}

async fn survives_strange_entries_and_a_lost_stream(
    bus: &Arc<dyn EventBus>,
    connection: &mut Connection,
) {
    let running = Running::start(bus);
    for fields in [&["a", "b"][..], &["type", "broken", "payload", "{"], &["type", "bare"]] {
        redis::cmd("XADD")
            .arg(&[CORE_STREAM, "*"])
            .arg(fields)
            .exec_async(connection)
            .await
            .unwrap();
    }
    running.recorder.until("bare", 1).await;
    assert!(running.recorder.times("broken").is_empty());
    redis::cmd("DEL").arg(CORE_STREAM).exec_async(connection).await.unwrap();
    bus.publish_core(&event("reborn", json!({}))).await.unwrap();
    running.recorder.until("reborn", 1).await;
    running.stop().await;
}

async fn emits_on_the_channel(bus: &Arc<dyn EventBus>, client: &redis::Client) {
    let mut listener = client.get_async_pubsub().await.unwrap();
    listener.subscribe(EMIT_CHANNEL).await.unwrap();
    let plugin = PluginName::parse("a.b").unwrap();
    bus.emit(&plugin, "my.topic", "{\"n\": 1}").await.unwrap();
    bus.emit(&plugin, "my.topic", "nonsense").await.unwrap();
    let mut messages = listener.on_message();
    for payload in [json!({"n": 1}), json!({})] {
        let message: String = messages.next().await.unwrap().get_payload().unwrap();
        assert_eq!(
            serde_json::from_str::<Value>(&message).unwrap(),
            json!({"type": "my.topic", "source": "a.b", "payload": payload})
        );
    }
}

async fn pending(connection: &mut Connection) -> usize {
    let reply: redis::streams::StreamPendingReply = redis::cmd("XPENDING")
        .arg(&[CORE_STREAM, CORE_GROUP])
        .query_async(connection)
        .await
        .unwrap();
    reply.count()
}
