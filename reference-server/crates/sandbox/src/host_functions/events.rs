//! `event_emit` and `event_subscribe` (decisions D4 and E1).

use std::sync::Arc;

use wasmtime::{Caller, Linker};

use super::{abi, refused, within_deadline};
use crate::memory::{CallerMemory as _, Span};
use crate::state::HostState;

const DONE: i32 = 1;
const FAILED: i32 = 0;

pub(super) fn link(linker: &mut Linker<HostState>) -> wasmtime::Result<()> {
    linker.func_wrap_async(
        abi::MODULE,
        "event_emit",
        |caller, (topic_at, topic_length, payload_at, payload_length): (i64, i64, i64, i64)| {
            Box::new(async move {
                let topic = Span::new(topic_at, topic_length);
                let payload = Span::new(payload_at, payload_length);
                let emitted = emit(&caller, topic, payload).await?;
                caller.data().tenant.metrics.emitted(emitted.is_ok());
                match emitted {
                    Ok(()) => Ok(DONE),
                    Err(reason) => {
                        refused(&caller, "event_emit", &reason);
                        wasmtime::Result::Ok(FAILED)
                    }
                }
            })
        },
    )?;
    // Subscriptions are the manifest's; the call exists for guests built against older hosts.
    linker.func_wrap(abi::MODULE, "event_subscribe", |_topic_at: i64, _topic_length: i64| DONE)?;
    Ok(())
}

async fn emit(
    caller: &Caller<'_, HostState>,
    topic: Span,
    payload: Span,
) -> wasmtime::Result<Result<(), String>> {
    let tenant = Arc::clone(&caller.data().tenant);
    let limits = &tenant.host.policy.limits;
    let topic = match caller.text(topic)? {
        Ok(topic) => topic,
        Err(reason) => return Ok(Err(format!("the topic: {reason}"))),
    };
    let payload = match caller.bytes(payload)? {
        Ok(payload) => payload,
        Err(reason) => return Ok(Err(format!("the payload: {reason}"))),
    };
    if !tenant.manifest.permissions.may_emit_events() {
        return Ok(Err("the manifest's permissions lack 'events:emit'".to_owned()));
    }
    if topic.is_empty() || topic.len() > limits.event_topic_bytes {
        let limit = limits.event_topic_bytes;
        return Ok(Err(format!("the topic has {} bytes, 1 to {limit} are allowed", topic.len())));
    }
    if payload.len() > limits.event_payload_bytes {
        let limit = limits.event_payload_bytes;
        return Ok(Err(format!("the payload has {} bytes, {limit} are allowed", payload.len())));
    }
    // What is not even text is not JSON, and is published as any other payload that is not.
    let payload = String::from_utf8(payload).unwrap_or_default();
    let emitted = tenant.host.services.event_emit(&tenant.name, &topic, &payload);
    Ok(within_deadline(caller, emitted).await?.map_err(|error| error.to_string()))
}
