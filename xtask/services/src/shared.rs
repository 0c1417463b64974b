//! Servers for tests: those named by the environment, else started once per process.
//!
//! `cargo xtask test` starts them once for the whole run and names them in the environment. A test
//! run by hand finds none there, and its process starts servers of its own; they end with it.

use tokio::sync::OnceCell;

use crate::{Choice, Request, Running, Service, ServicesError, Want, start};

static POSTGRES: OnceCell<Running> = OnceCell::const_new();
static VALKEY: OnceCell<Running> = OnceCell::const_new();

/// A Postgres shared by everything in this process, as a superuser. For a database of one's own
/// see [`test_database`](crate::test_database).
pub async fn postgres() -> Result<&'static Service, ServicesError> {
    let request = Request { choice: Choice::Auto, postgres: true, valkey: Want::No };
    let running = POSTGRES.get_or_try_init(|| start_elsewhere(request)).await?;
    Ok(running.postgres().expect("a Postgres was asked for"))
}

/// A Valkey shared by everything in this process, and by other processes of the same run. Keys,
/// streams and channels are shared as well: a test that needs them untouched takes
/// [`own_valkey`](crate::own_valkey).
pub async fn valkey() -> Result<&'static Service, ServicesError> {
    let request = Request { choice: Choice::Auto, postgres: false, valkey: Want::Required };
    let running = VALKEY.get_or_try_init(|| start_elsewhere(request)).await?;
    Ok(running.valkey().expect("a Valkey was asked for"))
}

/// [`start`] blocks; a test's runtime has other things to do.
pub(crate) async fn start_elsewhere(request: Request) -> Result<Running, ServicesError> {
    tokio::task::spawn_blocking(move || start(request))
        .await
        .map_err(|_| ServicesError::Supervisor)?
}
