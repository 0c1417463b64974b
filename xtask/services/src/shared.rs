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
/// [`own_valkey`].
pub async fn valkey() -> Result<&'static Service, ServicesError> {
    let request = Request { choice: Choice::Auto, postgres: false, valkey: Want::Required };
    let running = VALKEY.get_or_try_init(|| start_elsewhere(request)).await?;
    Ok(running.valkey().expect("a Valkey was asked for"))
}

/// A Valkey nobody else uses, removed when dropped.
#[derive(Debug)]
pub struct OwnValkey(Running);

impl OwnValkey {
    /// `redis://127.0.0.1:…`
    pub fn url(&self) -> &str {
        &self.0.valkey().expect("a Valkey was asked for").url
    }
}

/// Starts a Valkey for the caller alone: milliseconds with a server on this machine, about a
/// second in a container.
pub async fn own_valkey() -> Result<OwnValkey, ServicesError> {
    let request = |choice| Request { choice, postgres: false, valkey: Want::Required };
    match start_elsewhere(request(Choice::Local)).await {
        Ok(running) => Ok(OwnValkey(running)),
        // The environment's server is not ours alone, so only a container is left.
        Err(_) => start_elsewhere(request(Choice::Docker)).await.map(OwnValkey),
    }
}

/// [`start`] blocks; a test's runtime has other things to do.
async fn start_elsewhere(request: Request) -> Result<Running, ServicesError> {
    tokio::task::spawn_blocking(move || start(request))
        .await
        .map_err(|_| ServicesError::Supervisor)?
}
