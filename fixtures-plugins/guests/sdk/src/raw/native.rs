//! Outside of wasm: whichever host the thread was lent.

use std::cell::RefCell;
use std::rc::Rc;

use super::Host;

thread_local! {
    static CURRENT: RefCell<Option<Rc<dyn Host>>> = const { RefCell::new(None) };
}

/// A host that does nothing.
struct Absent;

impl Host for Absent {}

/// Lets `host` answer the host functions that `work` calls on this thread.
pub fn with_host<T>(host: Rc<dyn Host>, work: impl FnOnce() -> T) -> T {
    /// Gives the place back to whoever had it, after a panic too.
    struct Restore(Option<Rc<dyn Host>>);
    impl Drop for Restore {
        fn drop(&mut self) {
            CURRENT.set(self.0.take());
        }
    }
    let _restore = Restore(CURRENT.replace(Some(host)));
    work()
}

pub(super) fn ask<T>(question: impl FnOnce(&dyn Host) -> T) -> T {
    // Not borrowed while the host answers: it may be asked again meanwhile.
    match CURRENT.with_borrow(Clone::clone) {
        Some(host) => question(&*host),
        None => question(&Absent),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::raw::{self, Written};

    struct Answering(i32);

    impl Host for Answering {
        fn storage_delete(&self, key: &[u8]) -> i32 {
            // A host function within a host function finds the same host.
            if key == b"again" { raw::storage_delete(b"key") } else { self.0 }
        }
    }

    #[test]
    fn without_a_host_nothing_is_written() {
        assert_eq!(raw::db_query(b"SELECT 1", b""), Written::Nothing);
        assert_eq!(raw::db_exec(b"DELETE FROM t", b""), (None, Written::Nothing));
        assert_eq!(raw::storage_set(b"key", b"value"), 0);
    }

    #[test]
    fn a_host_answers_where_it_was_lent_and_only_there() {
        let (outer, inner) = with_host(Rc::new(Answering(7)), || {
            let inner = with_host(Rc::new(Answering(8)), || raw::storage_delete(b"key"));
            (raw::storage_delete(b"again"), inner)
        });
        assert_eq!((outer, inner), (7, 8));
        assert_eq!(raw::storage_delete(b"key"), 0);
    }
}
