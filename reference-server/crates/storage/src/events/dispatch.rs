//! The dispatch both buses share: one queue per subscriber, deliveries side by side, again for whom
//! it failed, set aside in the end.

mod work;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use contract::event::Event;
use policy::EventPolicy;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::deliveries::{Deliveries, Delivery};
use super::{DeadLetter, EventHandler};
use crate::error::StorageError;
use work::{Step, Work};

/// Deliveries at the same time: each holds an instance of a guest.
const MAX_RUNNING: usize = 256;

/// The pause before a store that is away is asked again.
pub(super) const STORE_PAUSE: Duration = Duration::from_millis(500);

/// What was written down of a delivery that is about to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Begun {
    /// It is the one of this number, counted from 1 over all hosts and restarts.
    Delivery(u32),
    /// Somebody settled it meanwhile.
    Settled,
}

/// Where events are, and what is written down of their deliveries.
#[async_trait]
pub(super) trait Log: Send + Sync + 'static {
    /// Counts a delivery before it is made: one that brings the host down counts, too.
    async fn begin(&self, delivery: &Delivery) -> Result<Begun, StorageError>;

    /// An event whose payload was not kept; `None` when it is there no longer.
    async fn event(&self, entry: &str) -> Result<Option<Event>, StorageError>;

    /// A delivery needs no further attempt; with the letter, if the event is set aside.
    async fn settle(
        &self,
        delivery: &Delivery,
        dead: Option<&DeadLetter>,
    ) -> Result<(), StorageError>;

    /// All deliveries of an event are settled.
    async fn close(&self, entry: &str) -> Result<(), StorageError>;
}

/// The rules of a dispatch.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    /// When an event is given again.
    pub(super) events: EventPolicy,
    /// Payloads kept in memory, in bytes.
    pub(super) backlog_bytes: usize,
}

/// One run of a consumer's dispatch.
pub(super) struct Dispatch<L> {
    work: Work<L>,
    backlog_bytes: usize,
    deliveries: Deliveries,
    /// Payloads of open events, as far as there is room.
    kept: HashMap<Arc<str>, (Arc<Event>, usize)>,
    kept_bytes: usize,
    running: JoinSet<Step>,
}

impl<L: Log> Dispatch<L> {
    pub(super) fn new(
        log: Arc<L>,
        handler: Arc<dyn EventHandler>,
        rules: Rules,
        shutdown: CancellationToken,
    ) -> Self {
        Self {
            work: Work { log, handler, events: rules.events, shutdown },
            backlog_bytes: rules.backlog_bytes,
            deliveries: Deliveries::default(),
            kept: HashMap::new(),
            kept_bytes: 0,
            running: JoinSet::new(),
        }
    }

    /// Whether this entry was taken and is not yet put away.
    pub(super) fn holds(&self, entry: &str) -> bool {
        self.deliveries.is_open(entry)
    }

    /// Everything that was taken and is not yet put away.
    pub(super) fn held(&self) -> impl ExactSizeIterator<Item = &Arc<str>> {
        self.deliveries.open()
    }

    /// Takes an event. `settled` are subscribers that are done with it from before.
    pub(super) fn take(&mut self, entry: Arc<str>, event: Event, settled: &HashSet<String>) {
        if self.holds(&entry) {
            return;
        }
        let mut names = self.work.handler.subscribers(&event.topic);
        names.retain(|name| !settled.contains(name));
        if self.deliveries.add(&entry, names.into_iter().map(Arc::from)) {
            return self.close(entry);
        }
        let size = event.payload.to_string().len();
        if self.kept_bytes + size <= self.backlog_bytes {
            self.kept_bytes += size;
            self.kept.insert(entry, (Arc::new(event), size));
        }
        self.start();
    }

    /// Sets an entry aside that is fit for nobody.
    pub(super) fn refuse(&mut self, entry: Arc<str>, letter: DeadLetter) {
        if self.holds(&entry) {
            return;
        }
        self.deliveries.hold(&entry);
        let (work, subscriber) = (self.work.clone(), Arc::from(""));
        self.running.spawn(async move {
            let delivery = Delivery { entry: Arc::clone(&entry), subscriber };
            match work.set_aside(delivery, letter).await {
                Step::Settled(_) => work.close(entry).await,
                other => other,
            }
        });
    }

    /// Waits for the next task to end, and lets what may follow it begin. Pends while none runs.
    pub(super) async fn step(&mut self) {
        match self.running.join_next().await {
            Some(Ok(Step::Settled(delivery))) => {
                if self.deliveries.settle(&delivery) {
                    self.close(delivery.entry);
                }
                self.start();
            }
            Some(Ok(Step::Closed(entry))) => self.deliveries.close(&entry),
            Some(Ok(Step::Interrupted)) => {}
            Some(Err(died)) => tracing::error!(error = %died, "a delivery died"),
            None => std::future::pending().await,
        }
    }

    /// Waits for the deliveries that run; none begins after the shutdown.
    pub(super) async fn drain(mut self) {
        while !self.running.is_empty() {
            self.step().await;
        }
    }

    fn start(&mut self) {
        while self.running.len() < MAX_RUNNING
            && !self.work.shutdown.is_cancelled()
            && let Some(delivery) = self.deliveries.begin()
        {
            let work = self.work.clone();
            let kept = self.kept.get(&delivery.entry).map(|(event, _)| Arc::clone(event));
            self.running.spawn(async move { work.deliver(delivery, kept).await });
        }
    }

    fn close(&mut self, entry: Arc<str>) {
        if let Some((_, size)) = self.kept.remove(&entry) {
            self.kept_bytes -= size;
        }
        let work = self.work.clone();
        self.running.spawn(async move { work.close(entry).await });
    }
}

/// Waits; false when the shutdown came first.
pub(super) async fn sleep(pause: Duration, shutdown: &CancellationToken) -> bool {
    tokio::select! {
        () = shutdown.cancelled() => false,
        () = tokio::time::sleep(pause) => true,
    }
}
