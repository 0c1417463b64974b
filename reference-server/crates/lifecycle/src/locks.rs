//! One operation at a time on one plugin; a second one is refused, not queued (`PLUGIN_BUSY`).

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use contract::name::SchemaName;

/// The plugins that an operation is working on, by schema: two names that share a schema contend
/// for the same tables, and on some file systems for the same directory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Locks(Arc<Mutex<HashSet<SchemaName>>>);

impl Locks {
    /// Takes the lock, or nothing if someone else has it. Dropping the guard gives it back.
    pub(crate) fn try_take(&self, schema: SchemaName) -> Option<Guard> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.insert(schema.clone()).then(|| Guard { locks: self.clone(), schema })
    }
}

/// Proof that no other operation works on the plugin.
#[derive(Debug)]
#[must_use = "the lock is given back when this is dropped"]
pub(crate) struct Guard {
    locks: Locks,
    schema: SchemaName,
}

impl Drop for Guard {
    fn drop(&mut self) {
        let mut held = self.locks.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.remove(&self.schema);
    }
}
