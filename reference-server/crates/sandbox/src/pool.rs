//! Live guests, reused (decision A8).
//!
//! A call leases an instance: the one used last, or a new one when all are busy and the limit
//! allows. Whoever had a guest trap or run out of time drops the lease and with it the instance;
//! only an instance that ended its call in order goes back.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::instance::GuestInstance;

/// The instances of one plugin.
pub(crate) struct Pool {
    idle: Mutex<Idle>,
    /// One permit per instance that may run at the same time.
    permits: Arc<Semaphore>,
    max_running: u32,
    max_idle: usize,
}

struct Idle {
    /// The last one used is the last one here: its memory is the warmest.
    instances: Vec<GuestInstance>,
    closed: bool,
}

/// The right to run one instance.
pub(crate) struct Lease {
    /// What there was in the pool; the caller makes an instance when there was none.
    pub(crate) instance: Option<GuestInstance>,
    _permit: OwnedSemaphorePermit,
}

/// Why there is no lease.
pub(crate) enum NoLease {
    /// All instances were busy for this long.
    Busy(Duration),
    /// The pool is closed.
    Closed,
}

impl Pool {
    pub(crate) fn new(max_running: usize, max_idle: usize) -> Self {
        // At least one, or nothing could ever run; at most what can be awaited in one go.
        let max_running = u32::try_from(max_running.max(1)).unwrap_or(u32::MAX);
        Self {
            idle: Mutex::new(Idle { instances: Vec::new(), closed: false }),
            permits: Arc::new(Semaphore::new(max_running as usize)),
            max_running,
            max_idle,
        }
    }

    /// Waits for the right to run an instance, first come, first served.
    pub(crate) async fn lease(&self, patience: Duration) -> Result<Lease, NoLease> {
        let permit = Arc::clone(&self.permits).acquire_owned();
        let permit = tokio::time::timeout(patience, permit)
            .await
            .map_err(|_| NoLease::Busy(patience))?
            // The semaphore itself is never closed: see `wait_until_unused`.
            .map_err(|_| NoLease::Closed)?;
        let mut idle = self.idle();
        if idle.closed {
            return Err(NoLease::Closed);
        }
        Ok(Lease { instance: idle.instances.pop(), _permit: permit })
    }

    /// Takes an instance back. It is returned when it is to be shut down instead: the pool was
    /// closed meanwhile, or keeps enough idle ones.
    pub(crate) fn give_back(&self, instance: GuestInstance) -> Option<GuestInstance> {
        let mut idle = self.idle();
        if idle.closed || idle.instances.len() >= self.max_idle {
            return Some(instance);
        }
        idle.instances.push(instance);
        None
    }

    /// Lets no further call begin and hands out what is idle.
    pub(crate) fn close(&self) -> Vec<GuestInstance> {
        let mut idle = self.idle();
        idle.closed = true;
        std::mem::take(&mut idle.instances)
    }

    /// Waits until no lease is left. Calls that queued before find the pool closed and pass on.
    pub(crate) async fn wait_until_unused(&self) {
        let all = self.permits.acquire_many(self.max_running).await;
        drop(all);
    }

    fn idle(&self) -> MutexGuard<'_, Idle> {
        // Nothing that holds the lock can leave the list half changed.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
