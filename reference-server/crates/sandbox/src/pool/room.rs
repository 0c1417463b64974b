//! What all plugins share: slots for instances, and a budget of linear memory.
//!
//! An instance takes a place: a slot, and the bytes of its memory as it grows. A place is given when
//! there is a free slot and the memory of all guests stays within the budget with it, and to a plugin
//! that has no instance at all whatever the memory: each gets one. When there is none, idle instances
//! end, one after the other, those of whoever holds the most memory first; when there are no idle
//! ones, whoever wants a place waits. Of those that wait the one whose plugin has the fewest instances
//! is next, so that a plugin which takes all it can get waits for those that have nothing.
//!
//! A guest that runs is not refused the growth that its own limit allows: a plugin that works on an
//! empty host should not die on a full one. Growth beyond the budget ends idle instances, and keeps new
//! ones out until there is room again.

mod place;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Instant;

use tokio::sync::oneshot;

pub(crate) use place::{Growth, Member, Place};

/// The places for instances of all plugins.
pub(crate) struct Room {
    most_slots: usize,
    most_bytes: usize,
    bytes: AtomicUsize,
    /// As in the state, to be looked at without the lock.
    waiting: AtomicUsize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    slots: usize,
    tenants: Vec<(Arc<Member>, Weak<dyn Tenant>)>,
    /// In the order in which they came.
    waiting: Vec<Waiting>,
}

struct Waiting {
    member: Arc<Member>,
    first_bytes: usize,
    hand: oneshot::Sender<Place>,
}

/// A pool, as the room sees it.
pub(crate) trait Tenant: Send + Sync {
    /// How many idle instances there are.
    fn idle(&self) -> usize;
    /// When the last of them became idle; `None` if there is none.
    fn used(&self) -> Option<Instant>;
    /// Ends the one that was used longest ago, if there still is one, and has its place free when it
    /// returns.
    fn evict(&self);
    /// Ends those that nobody has used since then, but for the last one.
    fn shrink(&self, unused_since: Instant);
    /// Ends them all, and lets go of what only a plugin in use needs.
    fn cool(&self);
}

/// How full the room is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fullness {
    pub(crate) slots: usize,
    pub(crate) most_slots: usize,
    pub(crate) bytes: usize,
    pub(crate) most_bytes: usize,
    pub(crate) waiting: usize,
}

impl Room {
    /// A room of so many slots and so many bytes of linear memory.
    pub(crate) fn new(most_slots: usize, most_bytes: usize) -> Arc<Self> {
        Arc::new(Self {
            most_slots,
            most_bytes,
            bytes: AtomicUsize::new(0),
            waiting: AtomicUsize::new(0),
            state: Mutex::default(),
        })
    }

    /// Lets the room know whose idle instances it may end.
    pub(crate) fn join(&self, member: &Arc<Member>, tenant: Weak<dyn Tenant>) {
        let mut state = self.state();
        state.tenants.retain(|(_, tenant)| tenant.strong_count() > 0);
        state.tenants.push((Arc::clone(member), tenant));
    }

    /// A place, if there is one and nobody waits for it.
    pub(crate) fn try_claim(
        self: &Arc<Self>,
        member: &Arc<Member>,
        first_bytes: usize,
    ) -> Option<Place> {
        let place = {
            let mut state = self.state();
            (state.waiting.is_empty() && self.fits(&state, member, first_bytes))
                .then(|| self.place(&mut state, member, first_bytes))
        };
        // The first instance of a plugin may be beyond the budget: idle ones make up for it.
        self.settle();
        place
    }

    /// Waits for a place. `None` when the room is gone.
    pub(crate) async fn claim(
        self: &Arc<Self>,
        member: &Arc<Member>,
        first_bytes: usize,
    ) -> Option<Place> {
        let (hand, handed) = oneshot::channel();
        {
            let mut state = self.state();
            state.waiting.push(Waiting { member: Arc::clone(member), first_bytes, hand });
            self.waiting.store(state.waiting.len(), Ordering::Release);
        }
        self.settle();
        handed.await.ok()
    }

    /// Gives places to those that wait, and ends idle instances while that takes more room than
    /// there is. To be called whenever something became free or idle.
    pub(crate) fn settle(self: &Arc<Self>) {
        // Handed to somebody who does not wait any more; not to be dropped under the lock.
        let mut refused = Vec::new();
        while self.waiting.load(Ordering::Acquire) > 0 || self.overfull() {
            let mut state = self.state();
            self.serve(&mut state, &mut refused);
            if state.waiting.is_empty() && !self.overfull() {
                break;
            }
            let Some(tenant) = state.richest_with_idle() else { break };
            drop(state);
            tenant.evict();
        }
        drop(refused);
    }

    fn serve(self: &Arc<Self>, state: &mut State, refused: &mut Vec<Place>) {
        state.waiting.retain(|waiting| !waiting.hand.is_closed());
        loop {
            let poorest = (0..state.waiting.len())
                .min_by_key(|&at| state.waiting[at].member.instances.load(Ordering::Relaxed));
            let Some(at) = poorest else { break };
            let Waiting { member, first_bytes, .. } = &state.waiting[at];
            if !self.fits(state, member, *first_bytes) {
                break;
            }
            let Waiting { member, first_bytes, hand } = state.waiting.remove(at);
            let place = self.place(state, &member, first_bytes);
            refused.extend(hand.send(place).err());
        }
        self.waiting.store(state.waiting.len(), Ordering::Release);
    }

    fn fits(&self, state: &State, member: &Member, first_bytes: usize) -> bool {
        let bytes = self.bytes.load(Ordering::Relaxed).saturating_add(first_bytes);
        let has_none = member.instances.load(Ordering::Relaxed) == 0;
        state.slots < self.most_slots && (bytes <= self.most_bytes || has_none)
    }

    fn place(self: &Arc<Self>, state: &mut State, member: &Arc<Member>, bytes: usize) -> Place {
        state.slots += 1;
        member.instances.fetch_add(1, Ordering::Relaxed);
        member.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        Place::new(Arc::clone(self), Arc::clone(member), bytes)
    }

    /// Whether the guests hold more than they may.
    fn overfull(&self) -> bool {
        self.bytes.load(Ordering::Relaxed) > self.most_bytes
    }

    /// Has every tenant end what nobody has used since then.
    pub(crate) fn shrink(&self, unused_since: Instant) {
        for tenant in self.tenants() {
            tenant.shrink(unused_since);
        }
    }

    /// Leaves so many tenants their idle instances, those that were used last, and of the others
    /// those that were used since then.
    pub(crate) fn cool(self: &Arc<Self>, most_warm: usize, unused_since: Instant) {
        let mut warm: Vec<_> = self
            .tenants()
            .into_iter()
            .filter_map(|tenant| Some((tenant.used()?, tenant)))
            .collect();
        warm.sort_by_key(|(used, _)| *used);
        let beyond = warm.len().saturating_sub(most_warm);
        for (_, tenant) in warm.iter().take(beyond).take_while(|(used, _)| *used <= unused_since) {
            tenant.cool();
        }
        // What they had is free.
        self.settle();
    }

    fn tenants(&self) -> Vec<Arc<dyn Tenant>> {
        self.state().tenants.iter().filter_map(|(_, tenant)| tenant.upgrade()).collect()
    }

    /// How full it is.
    pub(crate) fn fullness(&self) -> Fullness {
        let slots = self.state().slots;
        Fullness {
            slots,
            most_slots: self.most_slots,
            bytes: self.bytes.load(Ordering::Relaxed),
            most_bytes: self.most_bytes,
            waiting: self.waiting.load(Ordering::Relaxed),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that holds the lock can leave the numbers half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Of the tenants with idle instances the one that holds the most memory.
    fn richest_with_idle(&self) -> Option<Arc<dyn Tenant>> {
        self.tenants
            .iter()
            .filter_map(|(member, tenant)| Some((member, tenant.upgrade()?)))
            .filter(|(_, tenant)| tenant.idle() > 0)
            .max_by_key(|(member, _)| member.bytes())
            .map(|(_, tenant)| tenant)
    }
}
