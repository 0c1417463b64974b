//! Guests under observation: the same sandbox, with somebody who is told of every host call, of what
//! a call costs in instructions, and with surroundings that are the same each time.
//!
//! An engine that counts instructions compiles other code, and functions that tell of themselves
//! copy what they are given. A host that serves pays for neither: only a [`WatchedEngine`] does this.
//! What a function does, refuses and answers is the same code in both.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use policy::Policy;
use wasmtime::Module;

use crate::config::SandboxConfig;
use crate::error::{LoadError, SandboxError};
use crate::outbound::Outbound;
use crate::sandbox::{Machine, Sandbox};
use crate::services::Services;

/// Somebody who is told what guests do. Calls arrive in the order in which they end.
pub trait Witness: Send + Sync + 'static {
    /// A host function was called and has answered, or has ended the guest's call.
    fn host_call(&self, call: HostCall);

    /// An export of the guest has ended, in whatever way.
    fn spent(&self, spent: Spent);
}

/// One call of a host function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostCall {
    /// Its import name.
    pub function: &'static str,
    /// What the guest passed, by parameter.
    pub arguments: Vec<(&'static str, Passed)>,
    /// What the guest got, by result.
    pub answers: Vec<(&'static str, Passed)>,
    /// Why the host did not do what it was asked, in the words of its log.
    pub refused: Vec<String>,
    /// Set when the guest's call ended inside the function: no answer, and why.
    pub broke_off: Option<String>,
}

/// Something that crossed between guest and host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Passed {
    /// Bytes of the guest's memory.
    Bytes(Vec<u8>),
    /// A number.
    Number(i64),
    /// A place outside of the guest's memory.
    OutOfBounds,
    /// A place for an answer that the host left alone.
    NotWritten,
}

impl Passed {
    /// The bytes as text, where it is text.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Bytes(bytes) => std::str::from_utf8(bytes).ok(),
            Self::Number(_) | Self::OutOfBounds | Self::NotWritten => None,
        }
    }
}

impl HostCall {
    /// The argument of a parameter, where it is text.
    pub fn argument(&self, parameter: &str) -> Option<&str> {
        self.arguments.iter().find(|(name, _)| *name == parameter)?.1.text()
    }
}

/// What one export cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spent {
    /// Instructions of the guest, as wasmtime counts its fuel. The same guest that is given the same
    /// takes the same number, on every machine.
    pub instructions: u64,
    /// Bytes of linear memory at the end, which is the most there ever were.
    pub memory_bytes: u64,
}

/// How guests are watched.
#[derive(Clone)]
pub struct Watch {
    /// Who is told.
    pub witness: Arc<dyn Witness>,
    /// Instructions that one call may take. More, and it is out of time: a bound that a busy machine
    /// does not move.
    pub instructions: u64,
    /// What guests see of the world.
    pub surroundings: Surroundings,
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch")
            .field("instructions", &self.instructions)
            .field("surroundings", &self.surroundings)
            .finish_non_exhaustive()
    }
}

/// Clock and randomness that are the same each time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Surroundings {
    /// What the wall clock says, since 1970. It goes on only while the guest sleeps, which takes no
    /// real time. The monotonic clock also goes on by a microsecond whenever it is read, so that a
    /// guest that waits for it gets to an end.
    pub now: Duration,
    /// From which the random numbers follow.
    pub seed: u64,
}

/// An engine for watched guests. Sandboxes made of it share compiled modules.
#[derive(Clone)]
pub struct WatchedEngine {
    machine: Arc<Machine>,
}

impl WatchedEngine {
    /// Sets the engine up and links the host functions.
    pub fn new(config: SandboxConfig, policy: &Policy) -> Result<Self, SandboxError> {
        Ok(Self { machine: Arc::new(Machine::new(config, &policy.limits, true)?) })
    }

    /// Compiles a module. Sandboxes of this engine load it at once for as long as the handle lives.
    pub async fn compile(&self, wasm: Bytes) -> Result<Compiled, LoadError> {
        self.machine.compile(wasm).await.map(|module| Compiled { _module: module })
    }

    /// A sandbox with services, network and watch of its own. Making one costs next to nothing.
    ///
    /// The SQL guard's verdicts are kept for all of them: policies of one engine decide alike on
    /// statements.
    pub fn sandbox(
        &self,
        policy: Arc<Policy>,
        services: Arc<dyn Services>,
        outbound: Arc<dyn Outbound>,
        watch: Watch,
    ) -> Sandbox {
        Sandbox::on(Arc::clone(&self.machine), policy, services, outbound, Some(watch))
    }
}

/// A module that is kept compiled.
#[derive(Clone, Debug)]
pub struct Compiled {
    _module: Arc<Module>,
}

impl fmt::Debug for WatchedEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WatchedEngine").finish_non_exhaustive()
    }
}
