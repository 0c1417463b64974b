//! What only the bus on Valkey does: names on the wire, hosts that share a stream, a store that
//! goes away.

mod hosts;
mod outage;
mod server;

use std::sync::Arc;
use std::time::Duration;

use contract::event::{CORE_GROUP, CORE_STREAM, DEAD_STREAM, EMIT_CHANNEL, Event};
use contract::name::PluginName;
use futures_util::StreamExt as _;
use policy::Policy;
use redis::streams::{StreamPendingCountReply, StreamPendingReply, StreamRangeReply};
use serde_json::{Value, json};
use storage::events::{Custody, DeadLetter, EventBus, ValkeyBus, ValkeyBusSettings};

use super::rules::promises;
use super::support::{PATIENCE, Running, publish, quick};

type Connection = redis::aio::MultiplexedConnection;

async fn connect(url: &str) -> Connection {
    redis::Client::open(url).unwrap().get_multiplexed_async_connection().await.unwrap()
}

async fn host(url: &str, name: &str, abandoned: Duration) -> Arc<dyn EventBus> {
    host_with(url, name, abandoned, &quick()).await
}

async fn host_with(
    url: &str,
    name: &str,
    abandoned: Duration,
    policy: &Policy,
) -> Arc<dyn EventBus> {
    let settings = ValkeyBusSettings { host_name: name.to_owned(), abandoned };
    Arc::new(ValkeyBus::connect(url, policy, settings).await.unwrap())
}

const LONG: Duration = Duration::from_mins(5);

async fn set_aside(connection: &Connection) -> Vec<DeadLetter> {
    let reply: StreamRangeReply = redis::cmd("XRANGE")
        .arg(&[DEAD_STREAM, "-", "+"])
        .query_async(&mut connection.clone())
        .await
        .unwrap();
    let letter = |entry: &redis::streams::StreamId| {
        let field = |name| entry.get::<String>(name).unwrap();
        assert!(field("entry").contains('-'), "{entry:?}");
        DeadLetter {
            topic: field("type"),
            payload: field("payload"),
            subscriber: field("subscriber"),
            reason: field("reason"),
            deliveries: field("deliveries").parse().unwrap(),
        }
    };
    reply.ids.iter().map(letter).collect()
}

async fn pending(connection: &Connection) -> usize {
    let reply: StreamPendingReply = redis::cmd("XPENDING")
        .arg(&[CORE_STREAM, CORE_GROUP])
        .query_async(&mut connection.clone())
        .await
        .unwrap();
    reply.count()
}

async fn until_pending(connection: &Connection, count: usize) {
    let waiting = async {
        while pending(connection).await != count {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let waited = tokio::time::timeout(PATIENCE, waiting).await;
    assert!(waited.is_ok(), "{} entries are pending, not {count}", pending(connection).await);
}

async fn add(connection: &Connection, fields: &[(&str, &[u8])]) {
    let mut command = redis::cmd("XADD");
    command.arg(&[CORE_STREAM, "*"]);
    for (name, value) in fields {
        command.arg(name).arg(value);
    }
    command.exec_async(&mut connection.clone()).await.unwrap();
}

#[tokio::test]
async fn an_event_that_is_published_again_is_in_the_stream_once() {
    let server = services::own_valkey().await.unwrap();
    let bus = host(server.url(), "one", LONG).await;
    let other = host(server.url(), "two", LONG).await;
    let connection = connect(server.url()).await;
    let event = |id: &str| Event {
        topic: "task.created".to_owned(),
        payload: if id.is_empty() { json!({}) } else { json!({ "event_id": id }) },
    };
    // As by a relay that died before it could note that it had, and by its successor.
    for (bus, id) in [(&bus, "a"), (&other, "a"), (&bus, "b"), (&bus, ""), (&bus, "")] {
        let custody = bus.publish_core(&event(id)).await.unwrap();
        assert!(matches!(custody, Custody::Taken));
    }
    let length: usize =
        redis::cmd("XLEN").arg(CORE_STREAM).query_async(&mut connection.clone()).await.unwrap();
    assert_eq!(length, 4, "a, b, and two that have no id to be known by");
}

async fn keys(connection: &Connection) -> Vec<String> {
    redis::cmd("KEYS").arg("*").query_async(&mut connection.clone()).await.unwrap()
}

#[tokio::test]
async fn valkey_keeps_the_promises() {
    let server = services::own_valkey().await.unwrap();
    let bus = host(server.url(), "one", LONG).await;
    bus.ping().await.unwrap();
    let connection = connect(server.url()).await;
    promises(Arc::clone(&bus), async || set_aside(&connection).await).await;
    until_pending(&connection, 0).await;
    let mut left = keys(&connection).await;
    left.sort();
    assert_eq!(left, [CORE_STREAM, DEAD_STREAM], "nothing is left of what was handled");
    drop(server);
    assert!(bus.ping().await.unwrap_err().is_unavailable());
}

#[tokio::test]
async fn the_names_on_the_wire() {
    let server = services::own_valkey().await.unwrap();
    let bus = host(server.url(), "one", LONG).await;
    let connection = connect(server.url()).await;
    let running = Running::start(&bus);
    publish(&bus, "some.topic", json!({"a": "wait"})).await;
    running.recorder.until("a", "some.topic", 1).await;
    let reply: StreamRangeReply = redis::cmd("XRANGE")
        .arg(&[CORE_STREAM, "-", "+"])
        .query_async(&mut connection.clone())
        .await
        .unwrap();
    assert_eq!(reply.ids[0].get::<String>("type").unwrap(), "some.topic");
    assert_eq!(reply.ids[0].get::<String>("payload").unwrap(), r#"{"a":"wait"}"#);
    let held: StreamPendingCountReply = redis::cmd("XPENDING")
        .arg(&[CORE_STREAM, CORE_GROUP, "-", "+", "9"])
        .query_async(&mut connection.clone())
        .await
        .unwrap();
    assert_eq!(held.ids[0].consumer, "api.plugin_dispatcher.one");
    assert_eq!(held.ids.len(), 1, "not acknowledged before the handler has returned");
    running.recorder.go_on.notify_one();
    until_pending(&connection, 0).await;
    running.stop().await;
}

#[tokio::test]
async fn emission_goes_to_the_channel_and_nowhere_else() {
    let server = services::own_valkey().await.unwrap();
    let bus = host(server.url(), "one", LONG).await;
    let client = redis::Client::open(server.url()).unwrap();
    let mut listener = client.get_async_pubsub().await.unwrap();
    listener.subscribe(EMIT_CHANNEL).await.unwrap();
    let plugin = PluginName::parse("a.b").unwrap();
    bus.emit(&plugin, "task.created", "{\"n\": 1}").await.unwrap();
    bus.emit(&plugin, "task.created", "nonsense").await.unwrap();
    let mut messages = listener.on_message();
    for payload in [json!({"n": 1}), json!({})] {
        let message: String = messages.next().await.unwrap().get_payload().unwrap();
        assert_eq!(
            serde_json::from_str::<Value>(&message).unwrap(),
            json!({"type": "task.created", "source": "a.b", "payload": payload})
        );
    }
    assert!(keys(&connect(server.url()).await).await.is_empty(), "no stream has come of it");
}

#[tokio::test]
async fn what_is_no_event_is_set_aside_and_the_next_is_delivered() {
    let server = services::own_valkey().await.unwrap();
    let bus = host(server.url(), "one", LONG).await;
    let connection = connect(server.url()).await;
    add(&connection, &[("a", b"b")]).await;
    add(&connection, &[("type", b"broken"), ("payload", b"{")]).await;
    add(&connection, &[("type", b"broken"), ("payload", b"\xff")]).await;
    add(&connection, &[("type", b"bare")]).await;
    let running = Running::start(&bus);
    running.recorder.until("a", "bare", 1).await;
    running.recorder.until("b", "bare", 1).await;
    until_pending(&connection, 0).await;
    let letters = set_aside(&connection).await;
    assert_eq!(letters.len(), 3, "{letters:?}");
    assert!(letters.iter().all(|letter| letter.subscriber.is_empty() && letter.deliveries == 0));
    assert!(running.recorder.of("a", "broken").is_empty());
    running.stop().await;
}

#[tokio::test]
async fn a_backlog_beyond_memory_is_read_again_from_the_stream() {
    let server = services::own_valkey().await.unwrap();
    let mut policy = quick();
    policy.limits.event_backlog_bytes = 100;
    let bus = host_with(server.url(), "one", LONG, &policy).await;
    let connection = connect(server.url()).await;
    let running = Running::start(&bus);
    publish(&bus, "first", json!({"a": "wait"})).await;
    running.recorder.until("a", "first", 1).await;
    for n in 0..50 {
        publish(&bus, "many", json!({"n": n, "text": "x".repeat(50)})).await;
    }
    running.recorder.until("b", "many", 50).await;
    running.recorder.go_on.notify_one();
    running.recorder.until("a", "many", 50).await;
    let numbers: Vec<u64> = running
        .recorder
        .of("a", "many")
        .iter()
        .map(|seen| seen.payload["n"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, (0..50).collect::<Vec<_>>());
    until_pending(&connection, 0).await;
    running.stop().await;
}

#[tokio::test]
async fn streams_are_trimmed() {
    let server = services::own_valkey().await.unwrap();
    let mut policy = quick();
    policy.limits.event_stream_entries = 10;
    policy.limits.event_dead_entries = 10;
    let bus = host_with(server.url(), "one", LONG, &policy).await;
    let running = Running::start(&bus);
    for n in 0..500 {
        publish(&bus, "many", json!({"n": n, "a": "refuse"})).await;
    }
    running.recorder.until("a", "many", 500).await;
    running.stop().await;
    let mut connection = connect(server.url()).await;
    for stream in [CORE_STREAM, DEAD_STREAM] {
        let length: usize =
            redis::cmd("XLEN").arg(stream).query_async(&mut connection).await.unwrap();
        // Roughly: whole nodes of the store's tree, of a hundred entries each.
        assert!((10..=200).contains(&length), "{stream}: {length}");
    }
}
