//! What every bus promises. Each promise has topics of its own, so that they can share a bus.

use std::sync::Arc;

use serde_json::json;
use storage::events::{DeadLetter, EventBus};

use super::support::{Running, publish, quick};

/// All of them. `set_aside` gives what was set aside so far.
pub(crate) async fn promises(bus: Arc<dyn EventBus>, set_aside: impl AsyncFn() -> Vec<DeadLetter>) {
    published_before_anybody_listens(&bus).await;
    again_for_whom_it_failed_and_with_growing_pauses(&bus).await;
    set_aside_after_five(&bus, &set_aside).await;
    in_order_and_one_at_a_time(&bus).await;
    a_subscriber_that_hangs_or_panics_delays_no_other(&bus, &set_aside).await;
    whoever_is_gone_gets_nothing(&bus, &set_aside).await;
    a_shutdown_finishes_what_runs_and_loses_nothing(&bus).await;
    a_kill_loses_nothing_and_repeats_only_what_was_not_settled(&bus).await;
    an_event_that_kills_the_host_is_set_aside(&bus, &set_aside).await;
}

async fn letters(set_aside: &impl AsyncFn() -> Vec<DeadLetter>, topic: &str) -> Vec<DeadLetter> {
    let mut letters = set_aside().await;
    letters.retain(|letter| letter.topic == topic);
    letters
}

async fn published_before_anybody_listens(bus: &Arc<dyn EventBus>) {
    publish(bus, "nobody", json!({})).await;
    publish(bus, "early", json!({"n": 1})).await;
    let running = Running::start(bus);
    running.recorder.until("a", "early", 1).await;
    running.recorder.until("b", "early", 1).await;
    assert_eq!(running.recorder.of("a", "early")[0].payload, json!({"n": 1}));
    running.stop().await;
}

async fn again_for_whom_it_failed_and_with_growing_pauses(bus: &Arc<dyn EventBus>) {
    let running = Running::start(bus);
    publish(bus, "twice", json!({"a": 2})).await;
    publish(bus, "twice.after", json!({})).await;
    running.recorder.until("a", "twice.after", 1).await;
    running.recorder.until("b", "twice.after", 1).await;
    let times: Vec<_> = running.recorder.of("a", "twice").iter().map(|seen| seen.at).collect();
    assert_eq!(times.len(), 3, "failed twice, taken the third time");
    let pause = quick().events.first_pause;
    assert!(times[1] - times[0] >= pause && times[2] - times[1] >= 2 * pause, "{times:?}");
    assert_eq!(running.recorder.of("b", "twice").len(), 1, "the other one took it at once");
    running.stop().await;
}

async fn set_aside_after_five(
    bus: &Arc<dyn EventBus>,
    set_aside: &impl AsyncFn() -> Vec<DeadLetter>,
) {
    let running = Running::start(bus);
    publish(bus, "always", json!({"a": 99})).await;
    publish(bus, "refused", json!({"b": "refuse"})).await;
    publish(bus, "always.after", json!({})).await;
    running.recorder.until("a", "always.after", 1).await;
    running.recorder.until("b", "always.after", 1).await;
    assert_eq!(running.recorder.of("a", "always").len(), 5);
    assert_eq!(running.recorder.of("b", "always").len(), 1);
    assert_eq!(running.recorder.of("b", "refused").len(), 1, "no second time for a refusal");
    let expected = DeadLetter {
        topic: "always".to_owned(),
        payload: r#"{"a":99}"#.to_owned(),
        subscriber: "a".to_owned(),
        reason: "as told".to_owned(),
        deliveries: 5,
    };
    assert_eq!(letters(set_aside, "always").await, [expected]);
    let [refused] = &letters(set_aside, "refused").await[..] else { panic!("one letter") };
    assert_eq!((refused.subscriber.as_str(), refused.deliveries), ("b", 0));
    assert!(letters(set_aside, "twice").await.is_empty(), "taken in the end");
    running.stop().await;
}

async fn in_order_and_one_at_a_time(bus: &Arc<dyn EventBus>) {
    let running = Running::start(bus);
    for n in 0..20 {
        publish(bus, "ordered", json!({"n": n, "a": u32::from(n % 7 == 3)})).await;
    }
    running.recorder.until("a", "ordered", 23).await;
    running.recorder.until("b", "ordered", 20).await;
    let numbers = |name: &str| -> Vec<u64> {
        let mut numbers: Vec<u64> = running
            .recorder
            .of(name, "ordered")
            .iter()
            .map(|seen| seen.payload["n"].as_u64().unwrap())
            .collect();
        // Given again, but before the next.
        numbers.dedup();
        numbers
    };
    let all: Vec<u64> = (0..20).collect();
    assert_eq!(numbers("a"), all);
    assert_eq!(numbers("b"), all);
    running.stop().await;
}

async fn a_subscriber_that_hangs_or_panics_delays_no_other(
    bus: &Arc<dyn EventBus>,
    set_aside: &impl AsyncFn() -> Vec<DeadLetter>,
) {
    let running = Running::start(bus);
    publish(bus, "panics", json!({"a": "panic"})).await;
    running.recorder.until("a", "panics", 5).await;
    publish(bus, "waits", json!({"a": "wait"})).await;
    running.recorder.until("a", "waits", 1).await;
    for _ in 0..300 {
        publish(bus, "meanwhile", json!({})).await;
    }
    running.recorder.until("b", "meanwhile", 300).await;
    assert!(running.recorder.of("a", "meanwhile").is_empty(), "its own events wait");
    running.recorder.go_on.notify_one();
    running.recorder.until("a", "meanwhile", 300).await;
    assert_eq!(letters(set_aside, "panics").await.len(), 1);
    running.stop().await;
}

async fn whoever_is_gone_gets_nothing(
    bus: &Arc<dyn EventBus>,
    set_aside: &impl AsyncFn() -> Vec<DeadLetter>,
) {
    let running = Running::start(bus);
    publish(bus, "left", json!({"a": "wait and fail"})).await;
    running.recorder.until("a", "left", 1).await;
    running.recorder.gone.lock().unwrap().push("a".to_owned());
    running.recorder.go_on.notify_one();
    // Behind the one that would be given again.
    publish(bus, "left.after", json!({})).await;
    running.recorder.until_gone("a", 2).await;
    running.recorder.gone.lock().unwrap().clear();
    publish(bus, "left.back", json!({})).await;
    running.recorder.until("a", "left.back", 1).await;
    assert_eq!(running.recorder.of("a", "left").len(), 1);
    assert!(running.recorder.of("a", "left.after").is_empty());
    assert!(letters(set_aside, "left").await.is_empty(), "nobody failed at it");
    running.stop().await;
}

async fn a_shutdown_finishes_what_runs_and_loses_nothing(bus: &Arc<dyn EventBus>) {
    let running = Running::start(bus);
    publish(bus, "running", json!({"a": "wait"})).await;
    publish(bus, "waiting", json!({})).await;
    running.recorder.until("a", "running", 1).await;
    running.recorder.until("b", "waiting", 1).await;
    running.begin_to_stop();
    assert!(!running.task.is_finished(), "a delivery still runs");
    let recorder = Arc::clone(&running.recorder);
    recorder.go_on.notify_one();
    running.stop().await;
    assert_eq!(recorder.counts("a")["running"], 1);
    assert!(recorder.of("a", "waiting").is_empty(), "none begins after the shutdown");

    let next = Running::start(bus);
    next.recorder.until("a", "waiting", 1).await;
    publish(bus, "fence", json!({})).await;
    next.recorder.until("a", "fence", 1).await;
    next.recorder.until("b", "fence", 1).await;
    assert!(next.recorder.of("a", "running").is_empty(), "it was finished");
    assert!(next.recorder.of("b", "waiting").is_empty(), "it had it");
    next.stop().await;
}

async fn a_kill_loses_nothing_and_repeats_only_what_was_not_settled(bus: &Arc<dyn EventBus>) {
    let running = Running::start(bus);
    publish(bus, "first", json!({})).await;
    publish(bus, "cut", json!({"a": "wait"})).await;
    publish(bus, "behind", json!({})).await;
    running.recorder.until("a", "cut", 1).await;
    running.recorder.until("b", "behind", 1).await;
    running.kill().await;
    let next = Running::start(bus);
    next.recorder.until("a", "cut", 1).await;
    assert!(next.recorder.of("a", "behind").is_empty(), "in order after a restart, too");
    next.recorder.go_on.notify_one();
    next.recorder.until("a", "behind", 1).await;
    assert!(next.recorder.of("a", "first").is_empty());
    // `b` was done with all of them; the last may have been cut between its return and the note.
    assert!(next.recorder.of("b", "first").is_empty() && next.recorder.of("b", "cut").is_empty());
    next.stop().await;
}

async fn an_event_that_kills_the_host_is_set_aside(
    bus: &Arc<dyn EventBus>,
    set_aside: &impl AsyncFn() -> Vec<DeadLetter>,
) {
    publish(bus, "deadly", json!({"a": "hang"})).await;
    for _ in 0..5 {
        let running = Running::start(bus);
        running.recorder.until("a", "deadly", 1).await;
        running.kill().await;
    }
    publish(bus, "survivors", json!({})).await;
    let running = Running::start(bus);
    running.recorder.until("a", "survivors", 1).await;
    assert!(running.recorder.of("a", "deadly").is_empty());
    let [letter] = &letters(set_aside, "deadly").await[..] else { panic!("one letter") };
    assert_eq!((letter.subscriber.as_str(), letter.deliveries), ("a", 5));
    running.stop().await;
}
