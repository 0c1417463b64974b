//! `config_get`: the operator's values, by key (decision C1).

use std::sync::Arc;

use wasmtime::Linker;

use super::{abi, hand_over, refused, within_deadline};
use crate::memory::{CallerMemory as _, OutPair, Placed, Span};
use crate::state::HostState;

type Arguments = (i64, i64, i64, i64);

pub(super) fn link(linker: &mut Linker<HostState>) -> wasmtime::Result<()> {
    linker.func_wrap_async(
        abi::MODULE,
        "config_get",
        |mut caller, (key_at, key_length, value_at, value_length): Arguments| {
            Box::new(async move {
                let out = OutPair::new(value_at, value_length);
                let key = match caller.text(Span::new(key_at, key_length))? {
                    Ok(key) => key,
                    Err(reason) => {
                        refused(&caller, "config_get", &reason);
                        return caller.answer(out, Placed::default());
                    }
                };
                let tenant = Arc::clone(&caller.data().tenant);
                // A key that the manifest does not list is absent, whatever the operator has set:
                // the plugin learns nothing about it.
                let listed = tenant
                    .backend()
                    .is_some_and(|backend| backend.allowed_config_keys.contains(&key));
                let value = if listed {
                    let value = tenant.host.services.config_get(&tenant.name, &key);
                    within_deadline(&caller, value).await?
                } else {
                    None
                };
                // An empty value is written as (0, 0), like an absent one.
                hand_over(&mut caller, out, value.unwrap_or_default().as_bytes()).await?;
                Ok(())
            })
        },
    )?;
    Ok(())
}
