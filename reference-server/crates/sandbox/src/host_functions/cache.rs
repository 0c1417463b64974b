//! `cache_*`: values that may be gone at any time, shared by the replicas of a host.
//!
//! A cache that fails is a cache that has nothing: `cache_get` answers as for a missing key, the
//! others 0.

use std::sync::Arc;
use std::time::Duration;

use wasmtime::{Caller, Linker};

use super::{FAILED, abi, granted, hand_over, refused, status, within_deadline};
use crate::memory::{CallerMemory as _, OutPair, Placed, Span};
use crate::state::HostState;

pub(super) fn link(linker: &mut Linker<HostState>) -> wasmtime::Result<()> {
    linker.func_wrap_async(
        abi::MODULE,
        "cache_get",
        |mut caller, (key_at, key_length, value_at, value_length): (i64, i64, i64, i64)| {
            Box::new(async move {
                let out = OutPair::new(value_at, value_length);
                let value = get(&caller, Span::new(key_at, key_length)).await?;
                if !hand_over(&mut caller, out, &value).await? {
                    caller.answer(out, Placed::default())?;
                }
                Ok(())
            })
        },
    )?;
    linker.func_wrap_async(
        abi::MODULE,
        "cache_set",
        |caller,
         (key_at, key_length, value_at, value_length, seconds): (i64, i64, i64, i64, i32)| {
            Box::new(async move {
                let (key, value) =
                    (Span::new(key_at, key_length), Span::new(value_at, value_length));
                set(&caller, key, value, seconds).await
            })
        },
    )?;
    linker.func_wrap_async(
        abi::MODULE,
        "cache_delete",
        |caller, (key_at, key_length): (i64, i64)| {
            Box::new(async move {
                let Some(key) = key(&caller, "cache_delete", Span::new(key_at, key_length))? else {
                    return Ok(FAILED);
                };
                let tenant = Arc::clone(&caller.data().tenant);
                let deleted = tenant.host.services.cache_delete(&tenant.name, &key);
                let deleted = within_deadline(&caller, deleted).await?;
                wasmtime::Result::Ok(status(&caller, "cache_delete", deleted))
            })
        },
    )?;
    Ok(())
}

/// The value, or nothing.
async fn get(caller: &Caller<'_, HostState>, at: Span) -> wasmtime::Result<Vec<u8>> {
    let Some(key) = key(caller, "cache_get", at)? else { return Ok(Vec::new()) };
    let tenant = Arc::clone(&caller.data().tenant);
    let value = tenant.host.services.cache_get(&tenant.name, &key);
    Ok(within_deadline(caller, value)
        .await?
        .unwrap_or_else(|error| {
            refused(caller, "cache_get", &error);
            None
        })
        .unwrap_or_default())
}

async fn set(
    caller: &Caller<'_, HostState>,
    key_at: Span,
    value_at: Span,
    seconds: i32,
) -> wasmtime::Result<i32> {
    const FUNCTION: &str = "cache_set";
    let Some(key) = key(caller, FUNCTION, key_at)? else { return Ok(FAILED) };
    let value = match caller.bytes(value_at)? {
        Ok(value) => value,
        Err(reason) => {
            refused(caller, FUNCTION, &format_args!("the value: {reason}"));
            return Ok(FAILED);
        }
    };
    let limit = caller.data().tenant.host.policy.limits.cache_value_bytes;
    if value.len() > limit {
        let length = value.len();
        refused(
            caller,
            FUNCTION,
            &format_args!("the value has {length} bytes, {limit} are allowed"),
        );
        return Ok(FAILED);
    }
    let Ok(seconds) = u64::try_from(seconds) else {
        refused(caller, FUNCTION, &"the time to live is negative");
        return Ok(FAILED);
    };
    let ttl = (seconds > 0).then(|| Duration::from_secs(seconds));
    let tenant = Arc::clone(&caller.data().tenant);
    let stored = tenant.host.services.cache_set(&tenant.name, &key, &value, ttl);
    let stored = within_deadline(caller, stored).await?;
    Ok(status(caller, FUNCTION, stored))
}

/// The key of a call that is granted; `None` when the call is not, or the key is none.
fn key(
    caller: &Caller<'_, HostState>,
    function: &'static str,
    at: Span,
) -> wasmtime::Result<Option<String>> {
    if !granted(caller, function) {
        return Ok(None);
    }
    let limit = caller.data().tenant.host.policy.limits.cache_key_bytes;
    let problem = match caller.text(at)? {
        Ok(key) if key.is_empty() => "the key is empty".to_owned(),
        Ok(key) if key.len() > limit => {
            format!("the key has {} bytes, {limit} are allowed", key.len())
        }
        Ok(key) => return Ok(Some(key)),
        Err(reason) => format!("the key: {reason}"),
    };
    refused(caller, function, &problem);
    Ok(None)
}
