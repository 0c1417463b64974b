//! `http_*`: the request being served, for guests that ask instead of reading the envelope.

use wasmtime::{Caller, Linker};

use super::{abi, refused};
use crate::memory::{self, CallerMemory as _, Placed, Span};
use crate::state::HostState;
use contract::envelope::RequestEnvelope;

/// Nothing: outside a request, and for empty data.
const NOTHING: (i64, i64) = (0, 0);

pub(super) fn link(linker: &mut Linker<HostState>) -> wasmtime::Result<()> {
    linker.func_wrap_async(abi::MODULE, "http_request_body", |caller, (): ()| {
        Box::new(give(caller, |request| request.body.clone()))
    })?;
    linker.func_wrap_async(abi::MODULE, "http_request_headers", |caller, (): ()| {
        Box::new(give(caller, |request| serde_json::json!(request.headers).to_string().into()))
    })?;
    linker.func_wrap_async(abi::MODULE, "http_caller_identity", |caller, (): ()| {
        Box::new(give(caller, |request| identity(request).to_string().into()))
    })?;
    linker.func_wrap(
        abi::MODULE,
        "http_respond",
        |mut caller: Caller<'_, HostState>, status: i32, body_at: i64, body_length: i64| {
            match caller.bytes(Span::new(body_at, body_length))? {
                // Used when the guest's own result is empty (decision A4).
                Ok(body) => caller.data_mut().call.response = Some((status, body)),
                Err(reason) => refused(&caller, "http_respond", &reason),
            }
            wasmtime::Result::Ok(())
        },
    )?;
    Ok(())
}

async fn give(
    mut caller: Caller<'_, HostState>,
    part: fn(&RequestEnvelope) -> Vec<u8>,
) -> wasmtime::Result<(i64, i64)> {
    let Some(bytes) = caller.data().call.request.as_ref().map(part) else {
        return Ok(NOTHING);
    };
    Ok(memory::place(&mut caller, &bytes).await?.map_or(NOTHING, Placed::results))
}

fn identity(request: &RequestEnvelope) -> serde_json::Value {
    serde_json::json!({
        "caller_id": request.caller_id,
        "user_id": request.user_id,
        "caller_role": request.caller_role,
        "project_id": request.project_id,
    })
}
