//! Postgres and Valkey for whoever needs them: tests, benches, `cargo xtask`.
//!
//! [`start`] finds or starts the servers in this order, and says which way it took:
//!
//! 1. explicit URLs: `HOSTPROOF_DATABASE_URL` and `HOSTPROOF_VALKEY_URL`, or `--services URL[,URL]`;
//! 2. Docker through testcontainers, if an engine answers;
//! 3. server binaries on this machine, as a throw-away cluster on a free port;
//! 4. a Postgres fetched into the user's cache by `postgresql_embedded`.
//!
//! What was started is removed again, whatever becomes of the process that asked for it: see
//! [`guard`].
//!
//! Tests use three functions and set nothing up:
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let database = services::test_database("my-schema-v1", async |url: String| {
//!     // Bring the empty database at `url` into the state every test wants, and disconnect.
//!     # let _ = url;
//!     Ok::<(), std::io::Error>(())
//! })
//! .await?;
//! let valkey = services::valkey().await?;
//! println!("{} {}", database.url(), valkey.url);
//! # Ok(()) }
//! ```
//!
//! Deliberately absent: any knowledge of this project's schema, and any dependency on its crates.

mod choice;
mod control;
mod docker;
mod embedded;
mod error;
mod explicit;
pub mod guard;
mod local;
mod own;
mod running;
mod shared;
mod test_database;

pub use choice::{Choice, ExplicitUrls, InvalidChoice};
pub use control::Change;
pub use docker::{
    DEFAULT_POSTGRES_IMAGE, DEFAULT_VALKEY_IMAGE, POSTGRES_IMAGE_VARIABLE, VALKEY_IMAGE_VARIABLE,
    engine_version,
};
pub use error::{ServicesError, WayFailed};
pub use explicit::{DATABASE_URL_VARIABLE, OWN_DATABASE_URL_VARIABLE, VALKEY_URL_VARIABLE};
pub use local::{PostgresBinaries, end_with_parent, find_postgres, find_valkey, program_version};
pub use own::{OwnServer, own_postgres, own_valkey};
pub use running::{Request, Running, Server, Service, Want, Way, start};
pub use shared::{postgres, valkey};
pub use test_database::{TestDatabase, empty_database, test_database};
