//! Whose turn it is: the first door of a call, its plugin's own.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, oneshot};

/// Who wants a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    /// A client, who can be told to come again.
    Client,
    /// The event bus. It has one event of a plugin under way at a time, so it is let in whatever the
    /// queue, and goes first: a flood of requests delays an event by one call and costs it no attempt.
    Bus,
}

/// Why there is no turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoTurn {
    /// So many run or wait already.
    Full(usize),
    /// No further ones are let in.
    Closed,
}

/// Calls of one plugin, those that run and those that wait.
#[derive(Debug)]
pub(crate) struct Turns {
    state: Mutex<State>,
    most_running: usize,
    most_calls: usize,
    over: Notify,
}

#[derive(Debug, Default)]
struct State {
    running: usize,
    /// Instances that leave, of no call any more.
    leaving: usize,
    /// Running and waiting.
    calls: usize,
    bus: VecDeque<oneshot::Sender<Running>>,
    clients: VecDeque<oneshot::Sender<Running>>,
    closed: bool,
}

/// A turn, for as long as this lives.
#[derive(Debug)]
pub(crate) struct Turn {
    // Given up in this order: the next one runs before another is let in.
    _running: Running,
    _entered: Entered,
}

/// One of those that run. It is handed on to whoever has waited longest.
#[derive(Debug)]
struct Running(Option<Arc<Turns>>);

/// Something that is to be over before the pool is, and takes nobody's turn.
#[derive(Debug)]
pub(crate) struct Aside(Arc<Turns>);

/// One of those that run or wait.
#[derive(Debug)]
struct Entered(Arc<Turns>);

impl Turns {
    pub(crate) fn new(most_running: usize, most_calls: usize) -> Arc<Self> {
        // At least one, or nothing could ever run.
        let most_running = most_running.max(1);
        let most_calls = most_calls.max(most_running);
        Arc::new(Self { state: Mutex::default(), most_running, most_calls, over: Notify::new() })
    }

    /// Waits for a turn, unless too many do already.
    pub(crate) async fn take(self: &Arc<Self>, caller: Caller) -> Result<Turn, NoTurn> {
        let (entered, handed) = {
            let mut state = self.state();
            if state.closed {
                return Err(NoTurn::Closed);
            }
            if caller == Caller::Client && state.calls >= self.most_calls {
                return Err(NoTurn::Full(state.calls));
            }
            state.calls += 1;
            let entered = Entered(Arc::clone(self));
            if state.running < self.most_running {
                state.running += 1;
                let running = Running(Some(Arc::clone(self)));
                return Ok(Turn { _running: running, _entered: entered });
            }
            let (hand, handed) = oneshot::channel();
            match caller {
                Caller::Client => state.clients.push_back(hand),
                Caller::Bus => state.bus.push_back(hand),
            }
            (entered, handed)
        };
        let running = handed.await.map_err(|_| NoTurn::Closed)?;
        Ok(Turn { _running: running, _entered: entered })
    }

    /// Lets nobody in any more and sends away who waits.
    pub(crate) fn close(&self) {
        let waiting = {
            let mut state = self.state();
            state.closed = true;
            (std::mem::take(&mut state.bus), std::mem::take(&mut state.clients))
        };
        drop(waiting);
    }

    /// Something that happens beside the calls.
    pub(crate) fn aside(self: &Arc<Self>) -> Aside {
        self.state().leaving += 1;
        Aside(Arc::clone(self))
    }

    /// Waits until nobody runs and nothing happens any more.
    pub(crate) async fn wait_until_over(&self) {
        loop {
            let over = self.over.notified();
            tokio::pin!(over);
            // From here on it is heard.
            over.as_mut().enable();
            if self.state().over() {
                return;
            }
            over.await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that holds the lock can leave the numbers half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn over(&self) -> bool {
        self.running == 0 && self.leaving == 0
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.leaving -= 1;
        if state.over() {
            self.0.over.notify_waiters();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let Some(turns) = self.0.take() else { return };
        let mut running = Self(Some(Arc::clone(&turns)));
        loop {
            let mut state = turns.state();
            let Some(next) = state.bus.pop_front().or_else(|| state.clients.pop_front()) else {
                state.running -= 1;
                let over = state.over();
                drop(state);
                running.0 = None;
                if over {
                    turns.over.notify_waiters();
                }
                return;
            };
            drop(state);
            match next.send(running) {
                Ok(()) => return,
                // That one does not wait any more.
                Err(returned) => running = returned,
            }
        }
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.0.state().calls -= 1;
    }
}
