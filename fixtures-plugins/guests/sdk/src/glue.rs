//! What [`export!`](crate::export) calls. Not for plugins.
//!
//! On wasm32 a `usize` is the ABI's i32.

use crate::{Answer, Plugin, log, memory};

/// `Init`: 0 when the plugin is ready.
pub fn init<P: Plugin>() -> i32 {
    std::panic::set_hook(Box::new(|panic| log::error(panic)));
    match P::init() {
        Ok(()) => 0,
        Err(error) => {
            log::error(format_args!("init failed: {error}"));
            1
        }
    }
}

/// `HandleRequest`.
pub fn handle_request<P: Plugin>(address: usize, len: usize) -> i64 {
    // Memory that was never lent has no envelope in it: the empty bytes are refused as one that is not JSON.
    let envelope = memory::claim(address, len).unwrap_or_default();
    match P::answer(envelope) {
        Answer::Bytes(bytes) => memory::publish(bytes),
        Answer::Place { address, len } => memory::pack(address as usize, len as usize),
    }
}

/// `HandleEvent`. The ABI has no result for "not handled": a trap is the way to say it, and the reason why
/// the host delivers the event again.
pub fn handle_event<P: Plugin>(topic: usize, topic_len: usize, payload: usize, payload_len: usize) {
    let topic = memory::claim(topic, topic_len).map(String::from_utf8);
    let payload = memory::claim(payload, payload_len);
    let (Some(Ok(topic)), Some(payload)) = (topic, payload) else {
        panic!("an event whose topic or payload cannot be read");
    };
    if let Err(error) = P::event(&topic, &payload) {
        panic!("event {topic} was not handled: {error}");
    }
}

/// `paca_malloc`: 0 when there is no room.
pub fn malloc(len: usize) -> usize {
    memory::lend(len)
}

/// `ResetAllocator`.
pub fn reset_allocator() {
    memory::reset();
}
