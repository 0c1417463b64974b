//! `db_tx_begin`, `db_tx_commit` and `db_tx_rollback` (decision A1).
//!
//! A call has at most one transaction open. It lives in the call's state, so that it cannot outlive
//! the call: whatever ends the guest's export ends it too, by [`abandon`] or by being dropped.

use std::sync::Arc;

use wasmtime::Linker;

use super::super::{FAILED, abi, refused, status};
use crate::state::HostState;

pub(super) fn link(linker: &mut Linker<HostState>) -> wasmtime::Result<()> {
    linker.func_wrap_async(abi::MODULE, "db_tx_begin", |mut caller, (): ()| {
        Box::new(async move {
            if caller.data().call.transaction.is_some() {
                refused(&caller, "db_tx_begin", &"a transaction is open already");
                return Ok(FAILED);
            }
            let tenant = Arc::clone(&caller.data().tenant);
            let deadline = caller.data().call.deadline;
            let begun = deadline.bound(tenant.host.services.db_begin(&tenant.name)).await?;
            let done = begun.map(|transaction| {
                caller.data_mut().call.transaction = Some(transaction);
            });
            wasmtime::Result::Ok(status(&caller, "db_tx_begin", done))
        })
    })?;
    linker.func_wrap_async(abi::MODULE, "db_tx_commit", |mut caller, (): ()| {
        Box::new(async move {
            let Some(transaction) = caller.data_mut().call.transaction.take() else {
                refused(&caller, "db_tx_commit", &"no transaction is open");
                return Ok(FAILED);
            };
            let deadline = caller.data().call.deadline;
            let done = deadline.bound(transaction.commit()).await?;
            wasmtime::Result::Ok(status(&caller, "db_tx_commit", done))
        })
    })?;
    linker.func_wrap_async(abi::MODULE, "db_tx_rollback", |mut caller, (): ()| {
        Box::new(async move {
            let Some(transaction) = caller.data_mut().call.transaction.take() else {
                refused(&caller, "db_tx_rollback", &"no transaction is open");
                return Ok(FAILED);
            };
            let deadline = caller.data().call.deadline;
            let done = deadline.bound(transaction.rollback()).await?;
            wasmtime::Result::Ok(status(&caller, "db_tx_rollback", done))
        })
    })?;
    Ok(())
}

/// Rolls back what the guest left open when its export ended, in whatever way. Whoever waits for
/// the answer then finds the rows as they were, and no lock left on them. A store that does not
/// answer in time has its connection dropped, which rolls back too, only later.
pub(crate) async fn abandon(state: &mut HostState) {
    let Some(transaction) = state.call.transaction.take() else { return };
    let plugin = &state.tenant.name;
    let patience = state.tenant.host.policy.limits.sql_rollback_duration;
    match tokio::time::timeout(patience, transaction.rollback()).await {
        Ok(Ok(())) => tracing::debug!(%plugin, "a transaction left open was rolled back"),
        Ok(Err(error)) => tracing::warn!(%plugin, %error, "a transaction left open was dropped"),
        Err(_) => tracing::warn!(%plugin, "a transaction left open was dropped: no answer"),
    }
}
