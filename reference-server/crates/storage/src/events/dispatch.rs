//! The dispatch both buses share: one queue per subscriber, deliveries side by side, again for whom
//! it failed, set aside in the end.

use std::collections::{HashMap, HashSet};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use contract::event::Event;
use futures_util::FutureExt as _;
use policy::EventPolicy;
use policy::events::Next;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::deliveries::{Deliveries, Delivery};
use super::{DeadLetter, EventHandler, NotDelivered};
use crate::error::StorageError;

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

/// What a task came to.
enum Step {
    Settled(Delivery),
    Closed(Arc<str>),
    /// The host shuts down; what is left is taken up after the next start.
    Interrupted,
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

/// What follows an attempt.
enum After {
    Settled,
    SetAside { deliveries: u32, reason: String },
    Again(Duration),
}

fn letter(
    delivery: &Delivery,
    event: Option<&Event>,
    deliveries: u32,
    reason: String,
) -> DeadLetter {
    DeadLetter {
        topic: event.map(|event| event.topic.clone()).unwrap_or_default(),
        payload: event.map(|event| event.payload.to_string()).unwrap_or_default(),
        subscriber: delivery.subscriber.to_string(),
        reason,
        deliveries,
    }
}

/// What a task takes along.
struct Work<L> {
    log: Arc<L>,
    handler: Arc<dyn EventHandler>,
    events: EventPolicy,
    shutdown: CancellationToken,
}

impl<L> Clone for Work<L> {
    fn clone(&self) -> Self {
        Self {
            log: Arc::clone(&self.log),
            handler: Arc::clone(&self.handler),
            events: self.events.clone(),
            shutdown: self.shutdown.clone(),
        }
    }
}

impl<L: Log> Work<L> {
    /// Gives an event to a subscriber until it takes it or has failed often enough.
    async fn deliver(self, delivery: Delivery, kept: Option<Arc<Event>>) -> Step {
        loop {
            let begun = self.insist("counting a delivery", || self.log.begin(&delivery)).await;
            let number = match begun {
                Some(Begun::Delivery(number)) => number,
                Some(Begun::Settled) => return Step::Settled(delivery),
                None => return Step::Interrupted,
            };
            let found = match &kept {
                Some(event) => Some(Arc::clone(event)),
                None => match self.insist("reading", || self.log.event(&delivery.entry)).await {
                    Some(found) => found.map(Arc::new),
                    None => return Step::Interrupted,
                },
            };
            let Some(event) = found else {
                let reason = "the entry left the stream before its turn came".to_owned();
                let letter = letter(&delivery, None, number - 1, reason);
                return self.set_aside(delivery, letter).await;
            };
            match self.attempt(&delivery, &event, number).await {
                After::Settled => return self.settle(delivery).await,
                After::SetAside { deliveries, reason } => {
                    let letter = letter(&delivery, Some(&event), deliveries, reason);
                    return self.set_aside(delivery, letter).await;
                }
                After::Again(pause) => {
                    if !sleep(pause, &self.shutdown).await {
                        return Step::Interrupted;
                    }
                }
            }
        }
    }

    /// Makes the delivery of this number, and decides what follows.
    async fn attempt(&self, delivery: &Delivery, event: &Arc<Event>, number: u32) -> After {
        if number > self.events.deliveries {
            let reason = "no delivery came to an end".to_owned();
            return After::SetAside { deliveries: number - 1, reason };
        }
        let reason = match self.hand_over(delivery, event).await {
            Ok(()) | Err(NotDelivered::Gone) => return After::Settled,
            Err(NotDelivered::Refused(reason)) => {
                return After::SetAside { deliveries: number - 1, reason };
            }
            Err(NotDelivered::Failed(reason)) => reason,
        };
        match self.events.after_failure(number) {
            Next::SetAside => After::SetAside { deliveries: number, reason },
            Next::Again(pause) => {
                let (subscriber, topic) = (&*delivery.subscriber, &event.topic);
                tracing::info!(
                    subscriber,
                    topic,
                    number,
                    ?pause,
                    reason,
                    "an event is given again"
                );
                After::Again(pause)
            }
        }
    }

    /// Calls the handler. A panic fails this delivery, and nothing else.
    async fn hand_over(&self, delivery: &Delivery, event: &Arc<Event>) -> Result<(), NotDelivered> {
        let handling = self.handler.deliver(&delivery.subscriber, event);
        AssertUnwindSafe(handling).catch_unwind().await.unwrap_or_else(|_| {
            tracing::error!(subscriber = &*delivery.subscriber, "a delivery panicked");
            Err(NotDelivered::Failed("the delivery panicked".to_owned()))
        })
    }

    async fn settle(&self, delivery: Delivery) -> Step {
        match self.insist("settling", || self.log.settle(&delivery, None)).await {
            Some(()) => Step::Settled(delivery),
            None => Step::Interrupted,
        }
    }

    async fn set_aside(&self, delivery: Delivery, letter: DeadLetter) -> Step {
        let DeadLetter { topic, subscriber, reason, deliveries, .. } = &letter;
        let entry = &*delivery.entry;
        tracing::error!(entry, topic, subscriber, reason, deliveries, "an event is set aside");
        match self.insist("settling", || self.log.settle(&delivery, Some(&letter))).await {
            Some(()) => Step::Settled(delivery),
            None => Step::Interrupted,
        }
    }

    async fn close(&self, entry: Arc<str>) -> Step {
        match self.insist("putting an event away", || self.log.close(&entry)).await {
            Some(()) => Step::Closed(entry),
            None => Step::Interrupted,
        }
    }

    /// Asks the log until it answers; `None` when the shutdown came before it did.
    async fn insist<T, F>(&self, what: &'static str, ask: impl Fn() -> F) -> Option<T>
    where
        F: Future<Output = Result<T, StorageError>>,
    {
        loop {
            match ask().await {
                Ok(answer) => return Some(answer),
                Err(error) => tracing::warn!(%error, what, "the event store did not answer"),
            }
            if !sleep(STORE_PAUSE, &self.shutdown).await {
                return None;
            }
        }
    }
}

/// Waits; false when the shutdown came first.
pub(super) async fn sleep(pause: Duration, shutdown: &CancellationToken) -> bool {
    tokio::select! {
        () = shutdown.cancelled() => false,
        () = tokio::time::sleep(pause) => true,
    }
}
