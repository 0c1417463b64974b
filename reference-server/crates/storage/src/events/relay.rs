//! The relay: takes core events from the outbox to the bus, in order, one host at a time.
//!
//! A row goes when the bus answers for its event. So a bus that is away delays events and loses
//! none; a relay that dies between the two publishes the event again, with the same id.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};
use tokio_util::sync::CancellationToken;

use super::dispatch::sleep;
use super::{Custody, EventBus};
use crate::database::Database;
use crate::error::StorageError;
use crate::outbox::RelaySession;

/// How often the outbox is looked at unasked: for what other hosts wrote, and for the place of a
/// relay that is gone.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Rows per look.
const BATCH: usize = 100;

/// Takes events from the database's outbox to the bus until `shutdown` is cancelled. At most
/// `in_keeping` events that the bus has not yet answered for are out at a time.
pub async fn relay(
    database: &Database,
    bus: Arc<dyn EventBus>,
    in_keeping: usize,
    shutdown: CancellationToken,
) {
    let mut relay =
        Relay { bus, in_keeping, kept: BTreeSet::new(), handled: FuturesUnordered::new() };
    while !shutdown.is_cancelled() {
        if let Err(error) = relay.run(database, &shutdown).await {
            tracing::warn!(%error, "events wait in the outbox");
            sleep(LOOK_EVERY, &shutdown).await;
        }
    }
}

struct Relay {
    bus: Arc<dyn EventBus>,
    in_keeping: usize,
    /// Rows whose events are out and in our keeping.
    kept: BTreeSet<i64>,
    /// Resolves to a row, and whether its event was handled.
    handled: FuturesUnordered<BoxFuture<'static, (i64, bool)>>,
}

impl Relay {
    async fn run(
        &mut self,
        database: &Database,
        shutdown: &CancellationToken,
    ) -> Result<(), StorageError> {
        let mut session = RelaySession::open(database.core()).await?;
        while !session.lead().await? {
            // Another host is the relay.
            if !sleep(LOOK_EVERY, shutdown).await {
                session.close().await;
                return Ok(());
            }
        }
        loop {
            let more = self.publish(&mut session).await?;
            if more && !shutdown.is_cancelled() {
                continue;
            }
            tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                Some(ended) = self.handled.next(), if !self.handled.is_empty() => {
                    self.settle(&mut session, vec![ended]).await?;
                }
                () = database.outbox().news.notified() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
        self.settle(&mut session, Vec::new()).await?;
        session.close().await;
        Ok(())
    }

    /// Publishes what there is; true when there is more.
    async fn publish(&mut self, session: &mut RelaySession) -> Result<bool, StorageError> {
        let room = self.in_keeping.saturating_sub(self.kept.len()).min(BATCH);
        if room == 0 {
            return Ok(false);
        }
        let kept: Vec<i64> = self.kept.iter().copied().collect();
        let rows = session.oldest(&kept, room).await?;
        let mut taken = Vec::new();
        let mut failed = None;
        for (row, event) in &rows {
            match self.bus.publish_core(event).await {
                Ok(Custody::Taken) => taken.push(*row),
                Ok(Custody::UntilHandled(handled)) => {
                    self.kept.insert(*row);
                    let row = *row;
                    self.handled.push(Box::pin(async move { (row, handled.await.is_ok()) }));
                }
                Err(error) => {
                    // The later ones wait behind this one.
                    failed = Some(error);
                    break;
                }
            }
        }
        if !taken.is_empty() {
            session.remove(&taken).await?;
        }
        match failed {
            Some(error) => Err(error),
            None => Ok(rows.len() == BATCH),
        }
    }

    /// Removes what was handled: these rows, and whatever else is known by now.
    async fn settle(
        &mut self,
        session: &mut RelaySession,
        mut ended: Vec<(i64, bool)>,
    ) -> Result<(), StorageError> {
        while let Some(Some(one)) = self.handled.next().now_or_never() {
            ended.push(one);
        }
        let mut done = Vec::new();
        for (row, handled) in ended {
            self.kept.remove(&row);
            done.extend(handled.then_some(row));
        }
        if done.is_empty() { Ok(()) } else { session.remove(&done).await }
    }
}
