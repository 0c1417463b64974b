//! One delivery from the count before it to the note after it.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use contract::event::Event;
use futures_util::FutureExt as _;
use policy::EventPolicy;
use policy::events::Next;
use tokio_util::sync::CancellationToken;

use super::super::deliveries::Delivery;
use super::super::{DeadLetter, EventHandler, NotDelivered};
use super::{Begun, Log, STORE_PAUSE, sleep};
use crate::error::StorageError;

/// What a task came to.
pub(super) enum Step {
    Settled(Delivery),
    Closed(Arc<str>),
    /// The host shuts down; what is left is taken up after the next start.
    Interrupted,
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
pub(super) struct Work<L> {
    pub(super) log: Arc<L>,
    pub(super) handler: Arc<dyn EventHandler>,
    pub(super) events: EventPolicy,
    pub(super) shutdown: CancellationToken,
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
    pub(super) async fn deliver(self, delivery: Delivery, kept: Option<Arc<Event>>) -> Step {
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

    pub(super) async fn set_aside(&self, delivery: Delivery, letter: DeadLetter) -> Step {
        let DeadLetter { topic, subscriber, reason, deliveries, .. } = &letter;
        let entry = &*delivery.entry;
        tracing::error!(entry, topic, subscriber, reason, deliveries, "an event is set aside");
        match self.insist("settling", || self.log.settle(&delivery, Some(&letter))).await {
            Some(()) => Step::Settled(delivery),
            None => Step::Interrupted,
        }
    }

    pub(super) async fn close(&self, entry: Arc<str>) -> Step {
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
