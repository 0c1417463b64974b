//! Takes down what the sandbox tells: host calls and costs, by step.

use std::sync::{Mutex, MutexGuard, PoisonError};

use sandbox::watch::{HostCall, Spent, Witness};

use crate::cost::Cost;

/// Everything that was told since the last [`Watcher::take`].
#[derive(Debug, Default)]
pub(crate) struct Watcher(Mutex<Seen>);

/// What one step did.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) calls: Vec<HostCall>,
    pub(crate) cost: Cost,
}

impl Watcher {
    /// What was told since the last time, which is forgotten here.
    pub(crate) fn take(&self) -> Seen {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        // Nothing that holds the lock can leave it half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Witness for Watcher {
    fn host_call(&self, call: HostCall) {
        let mut seen = self.lock();
        seen.cost.host_calls += 1;
        seen.calls.push(call);
    }

    fn spent(&self, spent: Spent) {
        let mut seen = self.lock();
        seen.cost.instructions += spent.instructions;
        seen.cost.memory_bytes = seen.cost.memory_bytes.max(spent.memory_bytes);
    }
}
