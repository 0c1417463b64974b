//! `settings_get`: how the installation presents itself, for what a plugin sends out in its name.

use std::sync::Arc;

use contract::core_reads::Refused;
use wasmtime::Linker;

use super::{abi, hand_over, refused, within_deadline};
use crate::memory::{CallerMemory as _, OutPair, Placed};
use crate::state::HostState;

pub(super) fn link(linker: &mut Linker<HostState>) -> wasmtime::Result<()> {
    linker.func_wrap_async(
        abi::MODULE,
        "settings_get",
        |mut caller, (at, length): (i64, i64)| {
            Box::new(async move {
                let out = OutPair::new(at, length);
                let tenant = Arc::clone(&caller.data().tenant);
                let branding = within_deadline(&caller, tenant.host.services.branding()).await?;
                let text = match branding {
                    Ok(branding) => serde_json::to_vec(&branding)?,
                    Err(error) => {
                        refused(&caller, "settings_get", &error);
                        serde_json::to_vec(&Refused { error: error.to_string() })?
                    }
                };
                if !hand_over(&mut caller, out, &text).await? {
                    caller.answer(out, Placed::default())?;
                }
                Ok(())
            })
        },
    )?;
    Ok(())
}
