//! Runs plugins' wasm: the seed's `paca` ABI on wasmtime, with limits that hold.
//!
//! A [`Sandbox`] is built once from a [`policy::Policy`], the [`Services`] behind the host
//! functions and an [`Outbound`] HTTP client. [`Sandbox::load`] turns a module into a [`Plugin`],
//! and [`Plugin::handle_request`] and [`Plugin::handle_event`] call it.
//!
//! | module | question it answers |
//! |---|---|
//! | [`mod@config`] | what can be configured, and why each default is what it is |
//! | `engine` | how wasmtime is set up; the ticker that lets a spinning guest be interrupted |
//! | `module_cache` | who compiles, and when nobody has to |
//! | `abi_check` | does this module keep to the ABI, and if not, what was expected |
//! | `state`, `limits`, `deadline` | what belongs to an instance, and what bounds it |
//! | `memory` | how bytes cross into and out of guest memory |
//! | `instance` | a live guest |
//! | `pool`, `pool::room` | how live guests are reused, who waits for whom; what all plugins share |
//! | `resident` | what becomes of the code that nobody runs |
//! | `lanes`, `priority` | which threads guests run on, and who yields to whom |
//! | `plugin` | one call from envelope to answer |
//! | `trap` | what went wrong, sorted |
//! | `observe` | the span of a call, and what is counted of it |
//! | [`metrics`](mod@metrics) | what is measured, and under which names |
//! | `host_functions` | what guests may ask of the host, one file per family |
//! | [`watch`], `surroundings` | guests under observation, for tests: every host call told, instructions counted, clock and randomness fixed |
//! | `wasi`, `guest_log` | what compilers need besides, and where a guest's lines go |
//! | [`services`], [`outbound`], [`http_outbound`] | the edges: traits the host implements, and the real HTTP client |
//!
//! **Invariants.** One deadline covers a call: guest code and host functions alike (decision A5).
//! A guest that trapped or ran out of time is never used again (A6). Every pointer a guest names is
//! checked against its memory before it is used. Nothing a guest says ends up in a client's error.
//!
//! **Deliberately absent:** HTTP routing, middlewares and the database; they live above and beside
//! this crate and reach it through the two traits.

mod abi_check;
pub mod config;
mod deadline;
mod engine;
mod error;
mod guest_log;
mod host_functions;
pub mod http_outbound;
mod instance;
mod lanes;
mod limits;
mod memory;
pub mod metrics;
mod module_cache;
mod observe;
pub mod outbound;
mod plugin;
mod pool;
mod priority;
mod resident;
mod sandbox;
pub mod services;
mod state;
mod surroundings;
mod trap;
mod wasi;
pub mod watch;

pub use abi_check::AbiProblem;
pub use config::SandboxConfig;
pub use error::{CallError, LoadError, Overload, SandboxError};
pub use http_outbound::{HttpOutbound, HttpOutboundConfig, TestHosts, TrustRoots};
pub use module_cache::CompileStats;
pub use outbound::{Outbound, OutboundCall};
pub use plugin::{Plugin, RequestContext};
pub use sandbox::{LoadRequest, Sandbox};
pub use services::{Cache, Core, DbAccess, DbTransaction, KeyValueStore, ServiceError, Services};
pub use trap::GuestFault;
