//! Where a key-value call goes: to the transaction the call has open, else to the store.

use std::sync::Arc;

use wasmtime::Caller;

use crate::services::ServiceError;
use crate::state::HostState;

type Outcome<T> = wasmtime::Result<Result<T, ServiceError>>;

pub(super) async fn get(caller: &mut Caller<'_, HostState>, key: &str) -> Outcome<Option<String>> {
    let tenant = Arc::clone(&caller.data().tenant);
    let deadline = caller.data().call.deadline;
    let Some(mut transaction) = caller.data_mut().call.transaction.take() else {
        return Ok(deadline.bound(tenant.host.services.kv_get(&tenant.name, key)).await?);
    };
    let value = deadline.bound(transaction.kv_get(key)).await?;
    caller.data_mut().call.transaction = Some(transaction);
    Ok(value)
}

pub(super) async fn set(caller: &mut Caller<'_, HostState>, key: &str, value: &str) -> Outcome<()> {
    let tenant = Arc::clone(&caller.data().tenant);
    let deadline = caller.data().call.deadline;
    let Some(mut transaction) = caller.data_mut().call.transaction.take() else {
        return Ok(deadline.bound(tenant.host.services.kv_set(&tenant.name, key, value)).await?);
    };
    let stored = deadline.bound(transaction.kv_set(key, value)).await?;
    caller.data_mut().call.transaction = Some(transaction);
    Ok(stored)
}

pub(super) async fn delete(caller: &mut Caller<'_, HostState>, key: &str) -> Outcome<()> {
    let tenant = Arc::clone(&caller.data().tenant);
    let deadline = caller.data().call.deadline;
    let Some(mut transaction) = caller.data_mut().call.transaction.take() else {
        return Ok(deadline.bound(tenant.host.services.kv_delete(&tenant.name, key)).await?);
    };
    let deleted = deadline.bound(transaction.kv_delete(key)).await?;
    caller.data_mut().call.transaction = Some(transaction);
    Ok(deleted)
}
