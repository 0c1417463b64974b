//! `storage_*`: the plugin's own key-value pairs.

mod pairs;

use wasmtime::{Caller, Linker};

use super::{FAILED, abi, hand_over, refused, status};
use crate::memory::{CallerMemory as _, OutPair, Span};
use crate::state::HostState;

pub(super) fn link(linker: &mut Linker<HostState>) -> wasmtime::Result<()> {
    linker.func_wrap_async(
        abi::MODULE,
        "storage_get",
        |mut caller, (key_at, key_length, value_at, value_length): (i64, i64, i64, i64)| {
            Box::new(async move {
                let out = OutPair::new(value_at, value_length);
                let Some(key) = key(&caller, "storage_get", key_at, key_length)? else {
                    return Ok(());
                };
                match pairs::get(&mut caller, &key).await? {
                    // Absent and empty look alike to a guest (facts 1.3).
                    Ok(value) => {
                        hand_over(&mut caller, out, value.unwrap_or_default().as_bytes()).await?;
                    }
                    Err(error) => refused(&caller, "storage_get", &error),
                }
                Ok(())
            })
        },
    )?;
    linker.func_wrap_async(
        abi::MODULE,
        "storage_set",
        |mut caller, (key_at, key_length, value_at, value_length): (i64, i64, i64, i64)| {
            Box::new(async move {
                let Some(key) = key(&caller, "storage_set", key_at, key_length)? else {
                    return Ok(FAILED);
                };
                let limit = caller.data().tenant.host.policy.limits.kv_value_bytes;
                let Some(value) = text(
                    &caller,
                    "storage_set",
                    "value",
                    Span::new(value_at, value_length),
                    limit,
                )?
                else {
                    return Ok(FAILED);
                };
                let stored = pairs::set(&mut caller, &key, &value).await?;
                wasmtime::Result::Ok(status(&caller, "storage_set", stored))
            })
        },
    )?;
    linker.func_wrap_async(
        abi::MODULE,
        "storage_delete",
        |mut caller, (key_at, key_length): (i64, i64)| {
            Box::new(async move {
                let Some(key) = key(&caller, "storage_delete", key_at, key_length)? else {
                    return Ok(FAILED);
                };
                let deleted = pairs::delete(&mut caller, &key).await?;
                wasmtime::Result::Ok(status(&caller, "storage_delete", deleted))
            })
        },
    )?;
    Ok(())
}

fn key(
    caller: &Caller<'_, HostState>,
    function: &'static str,
    at: i64,
    length: i64,
) -> wasmtime::Result<Option<String>> {
    let limit = caller.data().tenant.host.policy.limits.kv_key_bytes;
    text(caller, function, "key", Span::new(at, length), limit)
}

/// An argument that is text of bounded length; `None` when it is not, which the log explains.
fn text(
    caller: &Caller<'_, HostState>,
    function: &'static str,
    argument: &'static str,
    span: Span,
    limit: usize,
) -> wasmtime::Result<Option<String>> {
    Ok(match caller.text(span)? {
        Ok(text) if text.contains('\0') => {
            refused(caller, function, &format_args!("the {argument} holds U+0000"));
            None
        }
        Ok(text) if text.len() <= limit => Some(text),
        Ok(text) => {
            let length = text.len();
            refused(
                caller,
                function,
                &format_args!("the {argument} has {length} bytes, {limit} are allowed"),
            );
            None
        }
        Err(reason) => {
            refused(caller, function, &format_args!("the {argument}: {reason}"));
            None
        }
    })
}
