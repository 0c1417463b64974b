//! How plugins come, change and go: catalog, archives, install, upgrade, rollback, uninstall,
//! recovery after a crash.
//!
//! ```text
//! catalog ─ download ─ unpack ─ checks ─ store ─ load ─ migrations ─ commit ─ publish ─ settle
//!         └──────── staging ─────────┘  (files)                     (row)    (snapshot)
//! ```
//!
//! | module | question it answers |
//! |---|---|
//! | [`Lifecycle`] | what can be asked |
//! | `flow`, `steps` | in which order the steps of each operation happen, and what each does |
//! | `operation` | how an operation begins and ends, and how one that was cut short is settled |
//! | `follow` | what happens when the host starts, and when another host changed something |
//! | `staging`, `stage`, `fetch`, `archive`, `artifacts` | how a catalog entry becomes trees of files |
//! | `snapshot` | what requests see |
//! | `crash` | where a test can kill the host |
//!
//! **Invariants.** The row in the database names the release whose files are the plugin's, and a
//! release never changes. So the commit of one row is the one instant at which everything changes:
//! before it the old version is whole, after it the new one, also across a kill (decision L2). What
//! no row names (files, rights, an empty schema) is removed by whoever settles the operation: the
//! host itself, its next start, or another host that finds the record with nobody working on it.
//! Two operations never work on one plugin at the same time, on whatever hosts.
//!
//! **What a failed upgrade does leave**: migrations that were applied before a later step failed.
//! They are recorded with their checksum, and a repeated upgrade goes on after them. Authors write
//! migrations that the version before can live with.
//!
//! **Power.** Rows are as durable as the database makes them; files in folders are left to the
//! operating system. The promise is about processes that die, not about machines that do.

mod archive;
mod artifacts;
mod catalog;
mod config;
mod crash;
mod error;
mod fetch;
mod files;
mod flow;
mod follow;
mod lifecycle;
mod operation;
mod snapshot;
mod stage;
mod staging;
mod steps;

pub use archive::ArchiveError;
pub use catalog::CatalogFailure;
pub use config::LifecycleConfig;
pub use crash::CRASH_POINTS;
pub use error::LifecycleError;
pub use fetch::FetchError;
pub use files::FileError;
pub use follow::Settled;
pub use lifecycle::{Lifecycle, Patch, Registration};
pub use snapshot::{Installed, Plugins, Running};
