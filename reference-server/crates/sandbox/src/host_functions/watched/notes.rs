//! What the host functions say of themselves while one is watched: where they wrote an answer, and
//! why they refused. Nothing is noted of a guest that nobody watches.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// The notes of one instance.
#[derive(Debug, Default)]
pub(crate) struct Notes(Mutex<Option<Taken>>);

/// What was noted of one call.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    /// Addresses at which an answer was written.
    pub(crate) answered: Vec<u32>,
    /// Why the host did not do what it was asked.
    pub(crate) refused: Vec<String>,
}

impl Notes {
    pub(super) fn begin(&self) {
        *self.lock() = Some(Taken::default());
    }

    pub(super) fn end(&self) -> Taken {
        self.lock().take().unwrap_or_default()
    }

    /// An answer was written.
    pub(crate) fn answered(&self, at: u32) {
        if let Some(taken) = &mut *self.lock() {
            taken.answered.push(at);
        }
    }

    /// The host did not do what it was asked.
    pub(crate) fn refused(&self, reason: &dyn std::fmt::Display) {
        if let Some(taken) = &mut *self.lock() {
            taken.refused.push(reason.to_string());
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Taken>> {
        // Nothing that holds the lock can leave a note half written.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
