//! The bookkeeping of deliveries: which events are open, and whose turn it is.
//!
//! Pure: no clock, no store. The rules, which a property test holds against every interleaving:
//! a subscriber has at most one delivery running; its deliveries begin in the order in which the
//! events came; an event is complete when all its deliveries are settled, and exactly once.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// One event for one subscriber.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Delivery {
    /// The event's entry in the log.
    pub(super) entry: Arc<str>,
    /// The subscriber's name.
    pub(super) subscriber: Arc<str>,
}

/// What is open.
#[derive(Debug, Default)]
pub(super) struct Deliveries {
    /// Open events, with the number of deliveries not yet settled.
    open: HashMap<Arc<str>, usize>,
    queues: HashMap<Arc<str>, Queue>,
    /// Subscribers that have something waiting and nothing running, in the order in which they got
    /// there.
    ready: VecDeque<Arc<str>>,
}

#[derive(Debug, Default)]
struct Queue {
    running: bool,
    waiting: VecDeque<Arc<str>>,
}

impl Deliveries {
    /// Whether an event is open.
    pub(super) fn is_open(&self, entry: &str) -> bool {
        self.open.contains_key(entry)
    }

    /// Open events.
    pub(super) fn open(&self) -> impl ExactSizeIterator<Item = &Arc<str>> {
        self.open.keys()
    }

    /// Opens an event for these subscribers. True when it is complete already, since there are
    /// none.
    pub(super) fn add(
        &mut self,
        entry: &Arc<str>,
        subscribers: impl IntoIterator<Item = Arc<str>>,
    ) -> bool {
        let mut count = 0;
        for subscriber in subscribers {
            count += 1;
            let queue = self.queues.entry(Arc::clone(&subscriber)).or_default();
            if !queue.running && queue.waiting.is_empty() {
                self.ready.push_back(subscriber);
            }
            queue.waiting.push_back(Arc::clone(entry));
        }
        self.open.insert(Arc::clone(entry), count);
        count == 0
    }

    /// Opens an event that is for nobody.
    pub(super) fn hold(&mut self, entry: &Arc<str>) {
        self.open.insert(Arc::clone(entry), 0);
    }

    /// The next delivery that may begin; it runs from now on.
    pub(super) fn begin(&mut self) -> Option<Delivery> {
        loop {
            let subscriber = self.ready.pop_front()?;
            let Some(queue) = self.queues.get_mut(&subscriber) else { continue };
            if let Some(entry) = queue.waiting.pop_front() {
                queue.running = true;
                return Some(Delivery { entry, subscriber });
            }
        }
    }

    /// A running delivery is settled. True when its event is complete with it.
    pub(super) fn settle(&mut self, delivery: &Delivery) -> bool {
        if let Some(queue) = self.queues.get_mut(&delivery.subscriber) {
            queue.running = false;
            if queue.waiting.is_empty() {
                self.queues.remove(&delivery.subscriber);
            } else {
                self.ready.push_back(Arc::clone(&delivery.subscriber));
            }
        }
        let Some(count) = self.open.get_mut(&delivery.entry) else { return false };
        *count = count.saturating_sub(1);
        *count == 0
    }

    /// An event that was complete has been put away.
    pub(super) fn close(&mut self, entry: &str) {
        self.open.remove(entry);
    }
}

#[cfg(test)]
mod tests;
