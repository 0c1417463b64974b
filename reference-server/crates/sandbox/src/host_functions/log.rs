//! `log`: a guest's lines in the host's log, tagged with the plugin's name.

use wasmtime::{Caller, Linker};

use super::abi;
use crate::guest_log::Level;
use crate::memory::{CallerMemory as _, Span};
use crate::state::HostState;

pub(super) fn link(linker: &mut Linker<HostState>) -> wasmtime::Result<()> {
    linker.func_wrap(
        abi::MODULE,
        "log",
        |caller: Caller<'_, HostState>, level: i32, message_at: i64, message_length: i64| {
            if caller.data().log.is_spent() {
                caller.data().log.drop_message();
                return Ok(());
            }
            match caller.bytes(Span::new(message_at, message_length))? {
                Ok(message) => caller.data().log.message(Level::from_number(level), &message),
                Err(reason) => super::refused(&caller, "log", &reason),
            }
            Ok(())
        },
    )?;
    Ok(())
}
