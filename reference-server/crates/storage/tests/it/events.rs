//! Both buses, by the same rules.

mod outbox;
mod rules;
mod support;
mod valkey;

use std::sync::Arc;

use contract::name::PluginName;
use serde_json::json;
use storage::events::{EventBus, InProcessBus};

use self::rules::promises;
use self::support::quick;

#[tokio::test]
async fn in_process_keeps_the_promises() {
    let bus = Arc::new(InProcessBus::new(&quick()));
    promises(Arc::clone(&bus) as Arc<dyn EventBus>, async || bus.set_aside()).await;
}

#[tokio::test]
async fn in_process_emission() {
    let bus = InProcessBus::new(&quick());
    let plugin = PluginName::parse("a.b").unwrap();
    bus.emit(&plugin, "unheard", "{}").await.unwrap();
    let mut listener = bus.listen();
    bus.emit(&plugin, "heard", "[1]").await.unwrap();
    let emitted = listener.recv().await.unwrap();
    assert_eq!((emitted.topic.as_str(), emitted.source.as_str()), ("heard", "a.b"));
    assert_eq!(emitted.payload, json!([1]));
}
