//! What does it cost to take an event to 1, 10 and 100 subscribers?
//!
//! From the bus's `publish_core` to the last `HandleEvent`, in memory and, where there is a Valkey, by
//! its stream. The baseline calls the same plugins one after the other without a bus.

#![expect(clippy::unwrap_used, reason = "a bench that cannot be set up has nothing to say")]

use std::sync::Arc;

use async_trait::async_trait;
use benches::{Question, prompt, runtime};
use contract::event::Event;
use criterion::{BenchmarkId, Criterion};
use policy::Policy;
use sandbox::{Plugin, SandboxConfig};
use storage::events::{
    Custody, EventBus, EventHandler, InProcessBus, NotDelivered, ValkeyBus, ValkeyBusSettings,
};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

const SUBSCRIBERS: [usize; 3] = [1, 10, 100];

/// Takes topic and payload, and does nothing.
const LISTENER: &str = r#"(module
  (memory (export "memory") 1)
  (func (export "paca_malloc") (param i32) (result i32) i32.const 1024)
  (func (export "HandleRequest") (param i32 i32) (result i64) i64.const 0)
  (func (export "HandleEvent") (param i32 i32 i32 i32)))"#;

/// All plugins subscribe to everything.
struct Everybody {
    plugins: Vec<Plugin>,
    /// A permit for each delivery that is done.
    done: Semaphore,
}

impl Everybody {
    async fn handle(&self, subscriber: &str, event: &Arc<Event>) {
        let plugin = self.plugins.iter().find(|plugin| plugin.name().as_str() == subscriber);
        plugin.unwrap().handle_event(Arc::clone(event)).await.unwrap();
        self.done.add_permits(1);
    }
}

#[async_trait]
impl EventHandler for Everybody {
    fn subscribers(&self, _topic: &str) -> Vec<String> {
        self.plugins.iter().map(|plugin| plugin.name().to_string()).collect()
    }

    async fn deliver(&self, subscriber: &str, event: &Arc<Event>) -> Result<(), NotDelivered> {
        self.handle(subscriber, event).await;
        Ok(())
    }
}

fn event() -> Event {
    let payload = serde_json::json!({
        // A bus takes an event of one id only once.
        "event_id": uuid::Uuid::new_v4(),
        "task_id": "5f0c2c7e-3f5c-4c0e-9f7e-1d2b3c4d5e6f",
        "title": "Write the benches",
    });
    Event { topic: "task.created".to_owned(), payload }
}

async fn fan_out(bus: &dyn EventBus, everybody: &Everybody) {
    let custody = bus.publish_core(&event()).await.unwrap();
    let count = u32::try_from(everybody.plugins.len()).unwrap();
    everybody.done.acquire_many(count).await.unwrap().forget();
    if let Custody::UntilHandled(handled) = custody {
        handled.await.unwrap();
    }
}

async fn by_hand(everybody: &Everybody) {
    let event = Arc::new(event());
    for plugin in &everybody.plugins {
        everybody.handle(plugin.name().as_str(), &event).await;
    }
    let count = u32::try_from(everybody.plugins.len()).unwrap();
    everybody.done.acquire_many(count).await.unwrap().forget();
}

async fn buses() -> Vec<(&'static str, Arc<dyn EventBus>)> {
    let policy = Policy::default();
    let mut buses: Vec<(&'static str, Arc<dyn EventBus>)> =
        vec![("memory", Arc::new(InProcessBus::new(&policy)))];
    match services::valkey().await {
        Ok(valkey) => {
            let settings = ValkeyBusSettings::default();
            let bus = ValkeyBus::connect(&valkey.url, &policy, settings).await.unwrap();
            buses.push(("Valkey", Arc::new(bus)));
        }
        Err(error) => eprintln!("events: memory only: {error}"),
    }
    buses
}

fn events(criterion: &mut Criterion) {
    let runtime = runtime();
    let mut question = Question::new("events");
    let mut group = criterion.benchmark_group("events");
    let sandbox = prompt::sandbox(SandboxConfig::default()).unwrap();
    for count in SUBSCRIBERS {
        let plugins = (0..count).map(|number| {
            let name = format!("com.example.listener{number}");
            runtime.block_on(prompt::load(&sandbox, &name, LISTENER)).unwrap()
        });
        let everybody = Arc::new(Everybody { plugins: plugins.collect(), done: Semaphore::new(0) });
        for (name, bus) in runtime.block_on(buses()) {
            let stop = CancellationToken::new();
            let consumer = runtime.spawn({
                let (bus, stop) = (Arc::clone(&bus), stop.clone());
                let handler = Arc::clone(&everybody) as Arc<dyn EventHandler>;
                async move { bus.run_consumer(handler, stop).await }
            });
            group.bench_function(BenchmarkId::new(name, count), |bencher| {
                bencher.iter(|| runtime.block_on(fan_out(&*bus, &everybody)));
            });
            question
                .ask(
                    &format!("event to {count} by {name} / their calls alone"),
                    || runtime.block_on(by_hand(&everybody)),
                    || runtime.block_on(fan_out(&*bus, &everybody)),
                )
                .at(name, "subscribers", count);
            stop.cancel();
            runtime.block_on(consumer).unwrap();
        }
    }
    group.finish();
    question.answered().unwrap();
}

benches::bench!(events);
