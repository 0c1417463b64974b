//! What guests may ask of the host: one file per family, each function in the same order of
//! steps: read the arguments, check the grant and the policy, do, answer.
//!
//! Every function of the specification is linked for every plugin (decision A1), so that a module
//! loads whatever its compiler left in; a call is gated, never the load. Functions that wait, or
//! that hand data over through the guest's allocator, are asynchronous and end at the call's
//! deadline.

mod cache;
mod caller;
mod config;
mod core_reads;
mod db;
mod events;
mod fetch;
mod http;
mod kv;
mod log;
mod reserved;
mod settings;
mod watched;

pub(crate) use db::{Verdicts, abandon};
pub(crate) use watched::{Notes, link as link_watched};

use contract::abi;
use wasmtime::{Caller, Engine, Linker};

use crate::deadline::DeadlineExceeded;
use crate::memory::{self, CallerMemory as _, OutPair};
use crate::services::ServiceError;
use crate::state::HostState;
use crate::wasi;

/// What functions with a status answer: done.
const DONE: i32 = 1;
/// Not done.
const FAILED: i32 = 0;

/// Links every host function, and WASI beside them. A second definition of one, or one with another type than the ABI's
/// table, fails the tests of this module.
pub(crate) fn link(engine: &Engine) -> wasmtime::Result<Linker<HostState>> {
    let mut linker = Linker::new(engine);
    cache::link(&mut linker)?;
    caller::link(&mut linker)?;
    config::link(&mut linker)?;
    core_reads::link(&mut linker)?;
    db::link(&mut linker)?;
    events::link(&mut linker)?;
    fetch::link(&mut linker)?;
    http::link(&mut linker)?;
    kv::link(&mut linker)?;
    log::link(&mut linker)?;
    reserved::link(&mut linker)?;
    settings::link(&mut linker)?;
    wasi::link(&mut linker)?;
    Ok(linker)
}

/// Waits for a service within the call's deadline.
async fn within_deadline<F: Future>(
    caller: &Caller<'_, HostState>,
    future: F,
) -> Result<F::Output, DeadlineExceeded> {
    caller.data().call.deadline.bound(future).await
}

/// Hands data over through a pair of out-pointers. False when the guest had no room; nothing is
/// written then.
async fn hand_over(
    caller: &mut Caller<'_, HostState>,
    out: OutPair,
    bytes: &[u8],
) -> wasmtime::Result<bool> {
    match memory::place(&mut *caller, bytes).await? {
        Some(placed) => {
            caller.answer(out, placed)?;
            Ok(true)
        }
        None => Ok(false),
    }
}

/// Whether the manifest's permissions open a function; the log says what is missing.
fn granted(caller: &Caller<'_, HostState>, function: &str) -> bool {
    let tenant = &caller.data().tenant;
    match tenant.host.policy.grants.check(&tenant.manifest.permissions, function) {
        Ok(()) => true,
        Err(denied) => {
            refused(caller, function, &denied);
            false
        }
    }
}

/// Tells the log why a host function did not do what it was asked, where the guest's own answer
/// cannot say it.
fn refused(caller: &Caller<'_, HostState>, function: &str, reason: &dyn std::fmt::Display) {
    let plugin = &caller.data().tenant.name;
    tracing::warn!(%plugin, function, "refused: {reason}");
    caller.data().notes.refused(reason);
}

/// What a service did, as a guest is told it; why it did not, the log says.
fn status(
    caller: &Caller<'_, HostState>,
    function: &'static str,
    outcome: Result<(), ServiceError>,
) -> i32 {
    match outcome {
        Ok(()) => DONE,
        Err(error) => {
            refused(caller, function, &error);
            FAILED
        }
    }
}

#[cfg(test)]
mod tests;
