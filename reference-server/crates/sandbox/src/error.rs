//! The crate's errors. Which one a caller gets says whose fault it is: [`SandboxError`] the
//! host's, [`LoadError`] the module's, [`CallError`] the guest's (or the request's) in one call.
//!
//! `Display` is for the host's log. What a client sees is the code alone.

use std::time::Duration;

use contract::api::ErrorCode;
use contract::envelope::BadResponse;

use crate::abi_check::AbiProblem;
use crate::trap::GuestFault;

type Source = Box<dyn std::error::Error + Send + Sync>;

/// Why the sandbox itself could not be built.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// wasmtime refused its configuration.
    #[error("the wasm engine cannot be set up")]
    Engine(#[source] Source),
    /// The directory for compiled modules cannot be used.
    #[error("the module cache cannot use {}", path.display())]
    ModuleCache {
        /// The configured directory.
        path: std::path::PathBuf,
        /// Why not.
        #[source]
        source: Source,
    },
    /// A host function could not be linked.
    #[error("the host functions cannot be linked")]
    Link(#[source] Source),
    /// The threads that compile could not be started.
    #[error("the compiler threads cannot be started")]
    Compilers(#[source] Source),
    /// The ticker thread could not be started.
    #[error("the epoch ticker cannot be started")]
    Ticker(#[source] std::io::Error),
}

/// Why a module was not loaded. Shown to the administrator who installs it.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The module exceeds the size limit.
    #[error("the module has {bytes} bytes, {limit} are allowed")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// The bytes are not a valid module, or use a proposal this host does not enable.
    #[error("the module does not compile")]
    Compile(#[source] Source),
    /// The module compiles but does not keep to the ABI; each problem names what was expected.
    #[error("the module does not keep to the plugin ABI: {}", problems(.0))]
    Abi(Vec<AbiProblem>),
    /// The module could not be instantiated, its start function included.
    #[error("the module cannot be instantiated")]
    Instantiate(#[source] Source),
    /// `_initialize` or `Init` trapped or ran out of time.
    #[error("'{export}' failed")]
    Initialise {
        /// Which export.
        export: &'static str,
        /// How it failed.
        #[source]
        source: Box<CallError>,
    },
    /// `Init` returned something else than 0.
    #[error("'Init' returned {0}, and only 0 is success")]
    InitRefused(i32),
    /// There is no room for a first instance beside those of other plugins.
    #[error("no room for an instance within {waited:?}")]
    NoRoom {
        /// How long the load waited for it.
        waited: Duration,
    },
    /// The compiler's thread died; a bug in the host.
    #[error("the compiler stopped unexpectedly")]
    CompilerGone(#[source] Source),
}

fn problems(all: &[AbiProblem]) -> String {
    all.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// Why a call brought no answer.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// Guest code or a host function it was waiting for passed the deadline (decision A5).
    #[error("the call took longer than {limit:?}")]
    Timeout {
        /// How long it was allowed to take.
        limit: Duration,
    },
    /// A watched guest took more instructions than its call may take: out of time, on every machine.
    #[error("the call took more instructions than it may")]
    TooManyInstructions,
    /// The guest trapped, exited, or called a function this host does not offer (decision A6).
    #[error("the guest trapped: {0}")]
    Trapped(GuestFault),
    /// The guest answered something that is no response (decision A4).
    #[error("the guest's answer is no response")]
    BadResponse(#[source] BadResponse),
    /// The guest answered nothing, after host data did not fit into its memory (decision A2).
    #[error("the guest answered nothing after it could not take {bytes} bytes of host data")]
    NoAnswerAfterFailedAllocation {
        /// The size that was asked of the guest's allocator.
        bytes: usize,
    },
    /// The packed result points outside the guest's memory.
    #[error("the guest's answer, {length} bytes at {pointer:#x}, lies outside its memory")]
    AnswerOutOfBounds {
        /// Where the answer would begin.
        pointer: u32,
        /// How long it would be.
        length: u32,
    },
    /// The guest's answer exceeds the limit.
    #[error("the guest's answer has {bytes} bytes, {limit} are allowed")]
    ResponseTooLarge {
        /// Its size.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// The request exceeds the limit; the guest was not called.
    #[error("the envelope has {bytes} bytes, {limit} are allowed")]
    RequestTooLarge {
        /// Its size.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// The guest's allocator returned 0 or a place outside its memory for the call's own data.
    #[error("the guest could not allocate {bytes} bytes for the call's data")]
    AllocationFailed {
        /// The size that was asked for.
        bytes: usize,
    },
    /// The module exports no `HandleRequest`.
    #[error("the module exports no 'HandleRequest'")]
    NoRequestHandler,
    /// There are more calls than the host takes; the guest was not called.
    #[error("the plugin is overloaded: {0}")]
    Overloaded(Overload),
    /// More calls than allowed were computing at length, for as long as a call may take; this one had
    /// begun.
    #[error("no thread for a long call became free within {waited:?}")]
    Crowded {
        /// How long the call waited.
        waited: Duration,
    },
    /// The system gave no thread for a call that computes at length.
    #[error("no thread for a long call")]
    NoThread(#[source] std::io::Error),
    /// The thread of a call died; a bug in the host.
    #[error("the call's thread died")]
    Died,
    /// A further instance of a module that had loaded could not be made.
    #[error("no further instance could be made")]
    NewInstance(#[source] Box<LoadError>),
    /// The plugin was shut down.
    #[error("the plugin is shut down")]
    ShutDown,
}

/// Which bound a call met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Overload {
    /// As many calls of the plugin as there may be run or wait.
    #[error("{calls} calls run or wait already")]
    QueueFull {
        /// How many.
        calls: usize,
    },
    /// Every instance the plugin may have was busy.
    #[error("no instance became free within {waited:?}")]
    Busy {
        /// How long the caller waited.
        waited: Duration,
    },
    /// As many calls as may compute at length did, and the plugin's last call had not ended in order:
    /// this one was to begin among those.
    #[error("no thread for a long call became free within {waited:?}")]
    NoThread {
        /// How long the call waited.
        waited: Duration,
    },
    /// The guests of all plugins left no slot, or no memory, for another instance.
    #[error("no room for another instance within {waited:?}")]
    NoRoom {
        /// How long the caller waited.
        waited: Duration,
    },
}

impl CallError {
    /// The code a client sees.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Timeout { .. } | Self::TooManyInstructions => ErrorCode::PluginTimeout,
            Self::Trapped(_) => ErrorCode::PluginTrapped,
            Self::BadResponse(_)
            | Self::NoAnswerAfterFailedAllocation { .. }
            | Self::AnswerOutOfBounds { .. }
            | Self::AllocationFailed { .. }
            | Self::NoRequestHandler => ErrorCode::PluginBadResponse,
            Self::ResponseTooLarge { .. } => ErrorCode::PluginResponseTooLarge,
            Self::RequestTooLarge { .. } => ErrorCode::PayloadTooLarge,
            Self::Overloaded(_) => ErrorCode::PluginOverloaded,
            Self::Crowded { .. }
            | Self::NoThread(_)
            | Self::Died
            | Self::NewInstance(_)
            | Self::ShutDown => ErrorCode::PluginUnavailable,
        }
    }
}
