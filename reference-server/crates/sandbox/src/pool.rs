//! Live guests, reused (decision A8): who may run, who waits, and what is kept for the next call.
//!
//! A call goes through two doors. The first is its plugin's own: so many calls may be there at all,
//! so many of them run, the others wait in the order in which they came. A call beyond that is refused
//! at once, so that a flood of one plugin is a queue of bounded length before one door. The second
//! door, which only a call that needs a new instance comes to, is [`room`]'s: slots and memory that
//! all plugins share.
//!
//! A call that has its turn takes the instance that was used last: its memory is the warmest. Whoever
//! had a guest trap or run out of time drops the lease and with it the instance; only an instance that
//! ended its call in order goes back. Idle ones end when [`room`] needs their place, and beyond the
//! last one when nobody has used them for a while; the last one, too, of plugins that others have been used
//! after.

pub(crate) mod room;
mod tenant;
#[cfg(test)]
mod tests;
mod turns;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tokio::time::timeout_at;

use room::{Member, Place, Room};
pub(crate) use turns::{Aside, Caller, Turn};
use turns::{NoTurn, Turns};

/// Something that lives in a pool: a guest, or what a test takes for one.
pub(crate) trait Inhabitant: Send + 'static {
    /// Ends, told that it does, and lets go of `aside` then.
    fn leave(self, why: Leaving, aside: Aside);

    /// Is gone when this returns. It is told nothing: what a guest does when it is told takes time,
    /// and somebody waits for its place, or for its memory.
    fn evicted(self);
}

/// Why an instance leaves that nothing was wrong with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leaving {
    /// Nobody has used it for a while.
    Idle,
    /// More are idle than are kept.
    Surplus,
}

/// How many there may be of what, in one pool.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Calls that run.
    pub(crate) running: usize,
    /// Calls that run or wait.
    pub(crate) calls: usize,
    /// Instances that are kept for later.
    pub(crate) idle: usize,
    /// Linear memory that a new instance begins with.
    pub(crate) first_bytes: usize,
}

/// The instances of one plugin.
pub(crate) struct Pool<T: Inhabitant> {
    turns: Arc<Turns>,
    state: Mutex<State<T>>,
    room: Arc<Room>,
    member: Arc<Member>,
    bounds: Bounds,
    /// What else is let go of when nobody uses the plugin.
    when_cold: Box<dyn Fn() + Send + Sync>,
}

struct State<T> {
    /// The last one used is the last one here.
    idle: Vec<Idle<T>>,
    /// Calls that have their turn, and wait for an instance or for room to make one.
    hungry: Vec<oneshot::Sender<T>>,
    closed: bool,
}

struct Idle<T> {
    instance: T,
    since: Instant,
}

/// The right to run, and what to run in.
pub(crate) struct Lease<T> {
    pub(crate) seat: Seat<T>,
    pub(crate) turn: Turn,
}

/// What a call runs in.
pub(crate) enum Seat<T> {
    /// An instance that was here.
    Warm(T),
    /// Room to make one.
    Empty(Place),
}

/// Why there is no lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoLease {
    /// So many calls of the plugin run or wait already.
    Full(usize),
    /// All instances were busy for this long.
    Busy(Duration),
    /// There was no room for another instance for this long.
    NoRoom(Duration),
    /// The pool is closed.
    Closed,
}

impl<T: Inhabitant> Pool<T> {
    /// A pool without instances, in a room that it shares with others.
    pub(crate) fn new(
        bounds: Bounds,
        room: Arc<Room>,
        when_cold: impl Fn() + Send + Sync + 'static,
    ) -> Arc<Self> {
        let member = Arc::new(Member::default());
        let state = Mutex::new(State { idle: Vec::new(), hungry: Vec::new(), closed: false });
        let turns = Turns::new(bounds.running, bounds.calls);
        let when_cold = Box::new(when_cold);
        let pool = Arc::new(Self { turns, state, room, member, bounds, when_cold });
        let weak = Arc::downgrade(&pool);
        pool.room.join(&pool.member, weak);
        pool
    }

    /// Waits for the right to run, and for something to run in.
    pub(crate) async fn lease(
        &self,
        caller: Caller,
        patience: Duration,
    ) -> Result<Lease<T>, NoLease> {
        let until = (Instant::now() + patience).into();
        let turn = match timeout_at(until, self.turns.take(caller)).await {
            Ok(Ok(turn)) => turn,
            Ok(Err(NoTurn::Full(calls))) => return Err(NoLease::Full(calls)),
            Ok(Err(NoTurn::Closed)) => return Err(NoLease::Closed),
            Err(_) => return Err(NoLease::Busy(patience)),
        };
        let seat = timeout_at(until, self.seat()).await;
        let seat = seat.map_err(|_| NoLease::NoRoom(patience))??;
        Ok(Lease { seat, turn })
    }

    /// Room for the first instance, which is made before there are calls.
    pub(crate) async fn first(&self, patience: Duration) -> Result<Place, NoLease> {
        let place = self.room.claim(&self.member, self.bounds.first_bytes);
        let place = tokio::time::timeout(patience, place).await;
        place.map_err(|_| NoLease::NoRoom(patience))?.ok_or(NoLease::Closed)
    }

    async fn seat(&self) -> Result<Seat<T>, NoLease> {
        if let Some(instance) = self.warm()? {
            return Ok(Seat::Warm(instance));
        }
        // Not under the pool's lock: the room takes locks of pools while it holds its own.
        if let Some(place) = self.room.try_claim(&self.member, self.bounds.first_bytes) {
            return Ok(Seat::Empty(place));
        }
        let mut given = match self.warm_or_wait()? {
            Ok(instance) => return Ok(Seat::Warm(instance)),
            Err(given) => given,
        };
        let place = tokio::select! {
            biased;
            instance = &mut given => return instance.map(Seat::Warm).map_err(|_| NoLease::Closed),
            place = self.room.claim(&self.member, self.bounds.first_bytes) => place,
        };
        given.close();
        match (given.try_recv(), place) {
            // Both came at once: the room is somebody else's.
            (Ok(instance), _) => Ok(Seat::Warm(instance)),
            (Err(_), Some(place)) => Ok(Seat::Empty(place)),
            (Err(_), None) => Err(NoLease::Closed),
        }
    }

    fn warm(&self) -> Result<Option<T>, NoLease> {
        let mut state = self.state();
        if state.closed {
            Err(NoLease::Closed)
        } else {
            Ok(state.idle.pop().map(|idle| idle.instance))
        }
    }

    /// An instance that came meanwhile, or the end that the next one comes to.
    fn warm_or_wait(&self) -> Result<Result<T, oneshot::Receiver<T>>, NoLease> {
        let mut state = self.state();
        if state.closed {
            return Err(NoLease::Closed);
        }
        if let Some(idle) = state.idle.pop() {
            return Ok(Ok(idle.instance));
        }
        let (hand, given) = oneshot::channel();
        state.hungry.retain(|hungry| !hungry.is_closed());
        state.hungry.push(hand);
        Ok(Err(given))
    }

    /// Takes an instance back: for a call that waits for one, or for later. It leaves when the pool
    /// was closed meanwhile, or keeps enough idle ones.
    pub(crate) fn give_back(&self, mut instance: T, now: Instant) {
        let mut state = self.state();
        while let Some(hungry) = (!state.hungry.is_empty()).then(|| state.hungry.remove(0)) {
            match hungry.send(instance) {
                Ok(()) => return,
                Err(returned) => instance = returned,
            }
        }
        if state.closed || state.idle.len() >= self.bounds.idle {
            let aside = self.turns.aside();
            drop(state);
            return instance.leave(Leaving::Surplus, aside);
        }
        state.idle.push(Idle { instance, since: now });
        drop(state);
        // Somebody else may be waiting for the place it has.
        self.room.settle();
    }

    /// Lets no further call begin, sends away those that wait, and hands out what is idle.
    pub(crate) fn close(&self) -> Vec<T> {
        let mut state = self.state();
        state.closed = true;
        state.hungry.clear();
        let idle = std::mem::take(&mut state.idle);
        drop(state);
        self.turns.close();
        idle.into_iter().map(|idle| idle.instance).collect()
    }

    /// Waits until no lease is left and who leaves has left.
    pub(crate) async fn wait_until_unused(&self) {
        self.turns.wait_until_over().await;
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        // Nothing that holds the lock can leave the list half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
