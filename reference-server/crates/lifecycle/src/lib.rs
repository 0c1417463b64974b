//! How plugins come, change and go: catalog, archives, install, upgrade, rollback, uninstall,
//! recovery after a crash.
//!
//! ```text
//! catalog ─ download ─ unpack ─ checks ─ load ─ migrations ─ persist ─ swap ─ snapshot
//!                    └──────────── staging ────────────┘     (row)  (renames)
//! ```
//!
//! | module | question it answers |
//! |---|---|
//! | [`Lifecycle`] | what can be asked |
//! | `flow`, `steps` | in which order the steps of each operation happen, and what each does |
//! | `attempt` | how an operation ends: concluded, rolled back, or settled after a crash |
//! | `restore` | what happens when the host starts |
//! | `stage`, `fetch`, `archive`, `artifacts` | how a catalog entry becomes trees of files in staging |
//! | `layout`, `journal`, `swap`, `files` | where files are, what is known about them after a crash, how they change places |
//! | `snapshot`, `locks` | what requests see; who may change it |
//!
//! **Invariants.** Nothing live is touched before the row in the database says so: the row is the
//! commit point, and what follows it are renames that can be finished or undone at any later time.
//! Until then a failure costs the staging area and nothing else. So the old version or the new one
//! is whole at every instant, also across a kill (decision L2). Two operations never work on one
//! plugin at the same time.
//!
//! **What a failed upgrade does leave**: migrations that were applied before a later step failed.
//! They are recorded with their checksum, and a repeated upgrade goes on after them. Authors write
//! migrations that the version before can live with.
//!
//! **Power.** Journal records are flushed to the disk; the plugin's files are left to the
//! operating system. The promise is about processes that die, not about machines that do.

mod archive;
mod artifacts;
mod attempt;
mod catalog;
mod config;
mod error;
mod fetch;
mod files;
mod flow;
mod journal;
mod layout;
mod lifecycle;
mod locks;
mod restore;
mod snapshot;
mod stage;
mod steps;
mod swap;

pub use archive::ArchiveError;
pub use catalog::CatalogFailure;
pub use config::LifecycleConfig;
pub use error::LifecycleError;
pub use fetch::FetchError;
pub use files::FileError;
pub use lifecycle::{Lifecycle, Patch, Registration};
pub use restore::Restored;
pub use snapshot::{Installed, Plugins, Running};
