//! The pool of plugin sessions.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sqlx::{Connection as _, PgConnection};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{Login, close};
use crate::config::DatabaseConfig;
use crate::metrics::PoolState;

/// How long a session may take to say goodbye; it is gone afterwards either way.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// Plugin sessions, idle and busy, at most [`DatabaseConfig::plugin_connections`] together.
#[derive(Debug)]
pub(crate) struct SessionPool {
    login: Login,
    /// One permit per busy session.
    busy: Arc<Semaphore>,
    size: usize,
    each: usize,
    acquire_timeout: Duration,
    idle_timeout: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Oldest first.
    idle: Vec<Idle>,
    roles: HashMap<String, Arc<Semaphore>>,
}

#[derive(Debug)]
struct Idle {
    role: String,
    connection: PgConnection,
    since: Instant,
}

/// Why there is no session.
#[derive(Debug)]
pub(crate) enum AcquireError {
    /// All sessions the plugin may have stayed busy.
    Busy,
    /// The server refused, or is away.
    Database(sqlx::Error),
}

impl SessionPool {
    pub(crate) fn new(login: Login, config: &DatabaseConfig) -> Arc<Self> {
        let pool = Arc::new(Self {
            login,
            busy: Arc::new(Semaphore::new(config.plugin_connections)),
            size: config.plugin_connections,
            each: config.plugin_connections_each,
            acquire_timeout: config.acquire_timeout,
            idle_timeout: config.plugin_idle_timeout,
            state: Mutex::default(),
        });
        let weak = Arc::downgrade(&pool);
        let pause = config.plugin_idle_timeout / 2;
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(pause).await;
                let Some(pool) = weak.upgrade() else { break };
                pool.close_expired();
            }
        });
        pool
    }

    /// Waits until a session of that role may be busy. The plugin's own bound comes first, so that
    /// a plugin waiting for itself takes nobody else's place.
    pub(super) async fn permits(
        &self,
        role: &str,
    ) -> Result<[OwnedSemaphorePermit; 2], AcquireError> {
        let own = Arc::clone(
            self.state()
                .roles
                .entry(role.to_owned())
                .or_insert_with(|| Arc::new(Semaphore::new(self.each))),
        );
        let busy = Arc::clone(&self.busy);
        let both = async move {
            let own = own.acquire_owned().await.map_err(|_| AcquireError::Busy)?;
            let busy = busy.acquire_owned().await;
            let busy = busy.map_err(|_| AcquireError::Database(sqlx::Error::PoolClosed))?;
            Ok([own, busy])
        };
        tokio::time::timeout(self.acquire_timeout, both).await.unwrap_or(Err(AcquireError::Busy))
    }

    /// Until when a session that is asked for now may be waited for.
    pub(super) fn deadline(&self) -> tokio::time::Instant {
        tokio::time::Instant::now() + self.acquire_timeout
    }

    /// The idle session of that role that was used last.
    pub(super) fn take_idle(&self, role: &str) -> Option<PgConnection> {
        let mut state = self.state();
        let place = state.idle.iter().rposition(|idle| idle.role == role)?;
        Some(state.idle.remove(place).connection)
    }

    /// A fresh session; the oldest idle ones go when there would be too many. The caller holds a
    /// permit, so the busy ones include the one being opened.
    pub(super) async fn open(&self, role: &str) -> Result<PgConnection, sqlx::Error> {
        let surplus: Vec<Idle> = {
            let mut state = self.state();
            let busy = self.size.saturating_sub(self.busy.available_permits());
            let surplus = (state.idle.len() + busy).saturating_sub(self.size);
            let count = surplus.min(state.idle.len());
            state.idle.drain(..count).collect()
        };
        // Their places have to be free before one is taken.
        for idle in surplus {
            let _ = tokio::time::timeout(CLOSE_TIMEOUT, idle.connection.close()).await;
        }
        self.login.open(role).await
    }

    /// Keeps a session for the next statement of its plugin.
    pub(super) fn keep(&self, role: &str, connection: PgConnection) {
        if self.busy.is_closed() {
            return close(connection);
        }
        let idle = Idle { role: role.to_owned(), connection, since: Instant::now() };
        self.state().idle.push(idle);
    }

    /// Closes the idle sessions of a role: after its rights or tables changed, what they had
    /// prepared no longer fits.
    pub(crate) fn forget(&self, role: &str) {
        let gone: Vec<Idle> = self.state().idle.extract_if(.., |idle| idle.role == role).collect();
        gone.into_iter().map(|idle| idle.connection).for_each(close);
    }

    /// A session outside the pool's count, for a plugin's migrations.
    pub(crate) async fn open_uncounted(&self, role: &str) -> Result<PgConnection, sqlx::Error> {
        self.login.open(role).await
    }

    /// How many sessions there are.
    pub(crate) fn state_now(&self) -> PoolState {
        PoolState {
            idle: self.state().idle.len(),
            busy: self.size.saturating_sub(self.busy.available_permits()),
            max: self.size,
        }
    }

    /// Closes every idle session and admits no further ones.
    pub(crate) fn shut_down(&self) {
        self.busy.close();
        let gone = std::mem::take(&mut self.state().idle);
        gone.into_iter().map(|idle| idle.connection).for_each(close);
    }

    fn close_expired(&self) {
        let timeout = self.idle_timeout;
        let gone: Vec<Idle> =
            self.state().idle.extract_if(.., |idle| idle.since.elapsed() >= timeout).collect();
        gone.into_iter().map(|idle| idle.connection).for_each(close);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change under the lock is one call on a collection; a panic leaves none half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
