//! Hosts that share a stream, and those who change it under them.

use std::time::Duration;

use contract::event::{CORE_GROUP, CORE_STREAM};
use redis::streams::StreamPendingCountReply;
use serde_json::json;

use super::super::support::{PATIENCE, Running, publish};
use super::{Connection, LONG, connect, host, until_pending};

/// Waits until the host that holds the one pending entry has said again that it does.
async fn until_kept(connection: &Connection) {
    let waiting = async {
        let mut idle = 0;
        loop {
            let reply: StreamPendingCountReply = redis::cmd("XPENDING")
                .arg(&[CORE_STREAM, CORE_GROUP, "-", "+", "1"])
                .query_async(&mut connection.clone())
                .await
                .unwrap();
            let now = reply.ids[0].last_delivered_ms;
            if now < idle {
                break;
            }
            idle = now;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.expect("nobody keeps the entry");
}

#[tokio::test]
async fn a_group_that_is_removed_is_made_again_and_nothing_comes_twice() {
    let server = services::own_valkey().await.unwrap();
    let bus = host(server.url(), "one", LONG).await;
    let connection = connect(server.url()).await;
    let running = Running::start(&bus);
    publish(&bus, "before", json!({})).await;
    running.recorder.until("b", "before", 1).await;
    running.recorder.until("a", "before", 1).await;
    let destroy = redis::cmd("XGROUP").arg(&["DESTROY", CORE_STREAM, CORE_GROUP]).clone();
    destroy.exec_async(&mut connection.clone()).await.unwrap();
    publish(&bus, "after", json!({})).await;
    running.recorder.until("a", "after", 1).await;
    // And with it the stream.
    redis::cmd("DEL").arg(CORE_STREAM).exec_async(&mut connection.clone()).await.unwrap();
    publish(&bus, "reborn", json!({})).await;
    running.recorder.until("a", "reborn", 1).await;
    assert_eq!(running.recorder.counts("a")["before"], 1);
    assert_eq!(running.recorder.counts("a")["after"], 1);
    running.stop().await;
}

#[tokio::test]
async fn entries_that_were_trimmed_while_pending_hold_up_nothing() {
    let server = services::own_valkey().await.unwrap();
    let bus = host(server.url(), "one", LONG).await;
    let connection = connect(server.url()).await;
    let running = Running::start(&bus);
    publish(&bus, "cut", json!({"a": "hang"})).await;
    running.recorder.until("a", "cut", 1).await;
    running.kill().await;
    let trim = redis::cmd("XTRIM").arg(&[CORE_STREAM, "MAXLEN", "0"]).clone();
    trim.exec_async(&mut connection.clone()).await.unwrap();
    publish(&bus, "after", json!({})).await;
    let running = Running::start(&bus);
    running.recorder.until("a", "after", 1).await;
    until_pending(&connection, 0).await;
    running.stop().await;
}

#[tokio::test]
async fn another_host_takes_over_what_a_dead_one_left_and_only_that() {
    let server = services::own_valkey().await.unwrap();
    let soon = Duration::from_secs(2);
    let (one, two) = (host(server.url(), "one", soon).await, host(server.url(), "two", soon).await);
    let connection = connect(server.url()).await;
    let first = Running::start(&one);
    publish(&one, "held", json!({"a": "wait"})).await;
    first.recorder.until("a", "held", 1).await;
    first.recorder.until("b", "held", 1).await;
    let second = Running::start(&two);
    until_kept(&connection).await;
    assert!(second.recorder.all().is_empty(), "its host lives");
    first.kill().await;
    second.recorder.until("a", "held", 1).await;
    assert!(second.recorder.of("b", "held").is_empty(), "it had it");
    second.recorder.go_on.notify_one();
    until_pending(&connection, 0).await;
    second.stop().await;
}
