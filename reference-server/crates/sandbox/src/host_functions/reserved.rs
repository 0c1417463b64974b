//! Functions of the ABI that this host does not offer.
//!
//! They link, so that a module which merely imports them loads. Those with a place for an answer
//! say there that they are not offered, and the guest goes on; the others trap when called, naming
//! themselves.

use contract::abi::{self, Signature, ValType};
use contract::core_reads::{Refused, code};
use wasmtime::{FuncType, Linker};

use super::{hand_over, refused};
use crate::memory::{CallerMemory as _, OutPair, Placed};
use crate::services::ServiceError;
use crate::state::HostState;

/// Request and response, both JSON, through out-pointers.
const ANSWERING: [&str; 2] = ["password_set_token_issue", "send_email"];

/// Without a place for an answer.
const TRAPPING: [&str; 3] = ["db_tx_begin", "db_tx_commit", "db_tx_rollback"];

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
    for name in TRAPPING {
        // A name that the ABI does not know would never be imported; the tests find it.
        let Some(function) = abi::host_function(name) else { continue };
        let ty = function_type(linker, &function.signature);
        linker.func_new(abi::MODULE, name, ty, move |_, _, _| Err(NotOffered(name).into()))?;
    }
    Ok(())
}

fn function_type(linker: &Linker<HostState>, signature: &Signature) -> FuncType {
    let types = |types: &'static [ValType]| {
        types.iter().map(|ty| match ty {
            ValType::I32 => wasmtime::ValType::I32,
            ValType::I64 => wasmtime::ValType::I64,
        })
    };
    FuncType::new(linker.engine(), types(signature.params), types(signature.results))
}
