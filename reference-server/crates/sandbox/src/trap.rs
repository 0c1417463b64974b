//! Sorting what comes out of wasmtime: out of time, or at fault.

use crate::deadline::DeadlineExceeded;
use crate::error::CallError;

/// What a guest did wrong, for the log. A client must never see it (decision A6).
#[derive(Debug)]
pub struct GuestFault {
    reason: String,
    backtrace: Option<String>,
}

impl GuestFault {
    fn of(error: &wasmtime::Error) -> Self {
        Self {
            reason: error.root_cause().to_string(),
            backtrace: error
                .downcast_ref::<wasmtime::WasmBacktrace>()
                .map(|backtrace| backtrace.to_string().trim_end().to_owned()),
        }
    }

    /// The guest's functions that were running, innermost first, when wasmtime could tell.
    pub fn backtrace(&self) -> Option<&str> {
        self.backtrace.as_deref()
    }
}

impl std::fmt::Display for GuestFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for GuestFault {}

/// Turns the error of a guest call into the call's.
pub(crate) fn classify(error: &wasmtime::Error) -> CallError {
    let out_of_fuel = error.downcast_ref() == Some(&wasmtime::Trap::OutOfFuel);
    match error.downcast_ref::<DeadlineExceeded>() {
        Some(exceeded) => CallError::Timeout { limit: exceeded.limit },
        None if out_of_fuel => CallError::TooManyInstructions,
        None => CallError::Trapped(GuestFault::of(error)),
    }
}
