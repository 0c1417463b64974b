//! `log`: a guest's lines in the host's log, tagged with the plugin's name.

use std::fmt::Write as _;

use contract::name::PluginName;
use policy::Limits;
use wasmtime::{Caller, Linker};

use super::abi;
use crate::memory::{CallerMemory as _, Span};
use crate::state::HostState;

/// What a guest may still log in one call. Without it, a loop around `log` fills a disk.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogBudget {
    messages_left: usize,
    message_bytes: usize,
}

impl LogBudget {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            messages_left: limits.log_messages_per_call,
            message_bytes: limits.log_message_bytes,
        }
    }

    /// Whether one more message may be written; the first that may not is where the log says so.
    fn spend(&mut self) -> Spent {
        match self.messages_left.checked_sub(1) {
            None => Spent::Silent,
            Some(left) => {
                self.messages_left = left;
                if left == 0 { Spent::Last } else { Spent::Fine }
            }
        }
    }
}

#[derive(PartialEq, Eq)]
enum Spent {
    Fine,
    Last,
    Silent,
}

pub(super) fn link(linker: &mut Linker<HostState>) -> wasmtime::Result<()> {
    linker.func_wrap(
        abi::MODULE,
        "log",
        |mut caller: Caller<'_, HostState>, level: i32, message_at: i64, message_length: i64| {
            let spent = caller.data_mut().call.log.spend();
            if spent == Spent::Silent {
                return Ok(());
            }
            let bytes = match caller.bytes(Span::new(message_at, message_length))? {
                Ok(bytes) => bytes,
                Err(reason) => {
                    super::refused(&caller, "log", &reason);
                    return Ok(());
                }
            };
            let state = caller.data();
            let line = one_line(&bytes, state.call.log.message_bytes);
            write(level, &state.tenant.name, &line);
            if spent == Spent::Last {
                tracing::warn!(
                    plugin = %state.tenant.name,
                    "the guest has logged as much as one call may; the rest is dropped"
                );
            }
            Ok(())
        },
    )?;
    Ok(())
}

fn write(level: i32, plugin: &PluginName, line: &str) {
    match level {
        0 => tracing::debug!(target: "plugin", %plugin, "{line}"),
        1 => tracing::info!(target: "plugin", %plugin, "{line}"),
        2 => tracing::warn!(target: "plugin", %plugin, "{line}"),
        _ => tracing::error!(target: "plugin", %plugin, "{line}"),
    }
}

/// The message as one line of bounded length. Line breaks and other control characters are escaped,
/// so that a guest cannot write lines that look like the host's own.
fn one_line(bytes: &[u8], limit: usize) -> String {
    let kept = bytes.get(..limit).unwrap_or(bytes);
    let mut line = String::with_capacity(kept.len());
    for character in String::from_utf8_lossy(kept).chars() {
        if character.is_control() {
            // Writing to a string cannot fail.
            let _ = write!(line, "{}", character.escape_default());
        } else {
            line.push(character);
        }
    }
    if kept.len() < bytes.len() {
        let _ = write!(line, " … [{} bytes in all]", bytes.len());
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_bounded_line() {
        assert_eq!(one_line(b"plain", 8), "plain");
        assert_eq!(one_line(b"a\nINFO fake\x1b[0m", 64), "a\\nINFO fake\\u{1b}[0m");
        assert_eq!(one_line(b"0123456789", 4), "0123 … [10 bytes in all]");
        assert_eq!(one_line(&[0xff, b'x'], 8), "\u{fffd}x");
    }
}
