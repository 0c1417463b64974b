//! How a pool lets go of what is idle.

use std::time::Instant;

use super::room::Tenant;
use super::{Inhabitant, Leaving, Pool};

impl<T: Inhabitant> Tenant for Pool<T> {
    fn idle(&self) -> usize {
        self.state().idle.len()
    }

    fn used(&self) -> Option<Instant> {
        self.state().idle.last().map(|idle| idle.since)
    }

    fn evict(&self) {
        let evicted = {
            let mut state = self.state();
            (!state.idle.is_empty()).then(|| state.idle.remove(0))
        };
        if let Some(idle) = evicted {
            idle.instance.evicted();
        }
    }

    // The last one is what makes the next call quick.
    fn shrink(&self, unused_since: Instant) {
        loop {
            let mut state = self.state();
            let old = state.idle.first().is_some_and(|idle| idle.since <= unused_since);
            if !old || state.idle.len() < 2 {
                return;
            }
            let (idle, aside) = (state.idle.remove(0), self.turns.aside());
            drop(state);
            idle.instance.leave(Leaving::Idle, aside);
        }
    }

    fn cool(&self) {
        let idle = std::mem::take(&mut self.state().idle);
        // Gone when the rest goes: what a guest does when it is told would bring its code back.
        for idle in idle {
            idle.instance.evicted();
        }
        (self.when_cold)();
    }
}
