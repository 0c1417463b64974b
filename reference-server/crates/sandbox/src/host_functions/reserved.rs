//! Functions of the ABI that this host does not offer.
//!
//! They link, so that a module which merely imports them loads; called, they say in the place for an
//! answer that they are not offered, and the guest goes on.

use contract::abi;
use contract::core_reads::{Refused, code};
use wasmtime::Linker;

use super::{hand_over, refused};
use crate::memory::{CallerMemory as _, OutPair, Placed};
use crate::services::ServiceError;
use crate::state::HostState;

/// Request and response, both JSON, through out-pointers.
const ANSWERING: [&str; 2] = ["password_set_token_issue", "send_email"];

#[derive(Debug, thiserror::Error)]
#[error("'{0}' is not offered by this host")]
struct NotOffered(&'static str);

pub(super) fn link(linker: &mut Linker<HostState>) -> wasmtime::Result<()> {
    for name in ANSWERING {
        linker.func_wrap_async(
            abi::MODULE,
            name,
            move |mut caller,
                  (_request, _request_length, response_at, response_length): (
                i64,
                i64,
                i64,
                i64,
            )| {
                Box::new(async move {
                    let out = OutPair::new(response_at, response_length);
                    let error = ServiceError::new(code::NOT_OFFERED, NotOffered(name).to_string());
                    refused(&caller, name, &error);
                    let text = serde_json::to_vec(&Refused { error: error.to_string() })?;
                    if !hand_over(&mut caller, out, &text).await? {
                        caller.answer(out, Placed::default())?;
                    }
                    wasmtime::Result::Ok(())
                })
            },
        )?;
    }
    Ok(())
}
