//! The reading side: takes entries, hands them to the handler, settles them.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use contract::event::{CORE_GROUP, CORE_STREAM, Event, FIELD_PAYLOAD, FIELD_TOPIC};
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use redis::RedisError;
use redis::aio::{ConnectionManager, MultiplexedConnection};
use redis::streams::{StreamAutoClaimReply, StreamId, StreamPendingCountReply, StreamReadReply};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::super::delivery::{Outcome, deliver, sleep};
use super::super::{EventHandler, MAX_IN_FLIGHT, RetryPolicy};
use super::{ABANDONED, DEAD_STREAM, MAX_STREAM_LENGTH, READ_BLOCK, RECONNECT_PAUSE, ValkeyBus};

/// Entries per read.
const BATCH: usize = 50;

/// How often entries of hosts that disappeared are looked for.
const CLAIM_EVERY: Duration = Duration::from_secs(30);

/// One run of the consumer, over as many connections as it takes.
pub(super) struct Consumer<'a> {
    bus: &'a ValkeyBus,
    handler: Arc<dyn EventHandler>,
    shutdown: CancellationToken,
    /// Entries between read and settled, by id: after a reconnection they are pending on the
    /// server, but not to be delivered again.
    held: HashSet<String>,
    in_flight: FuturesUnordered<BoxFuture<'static, String>>,
}

impl<'a> Consumer<'a> {
    pub(super) fn new(
        bus: &'a ValkeyBus,
        handler: Arc<dyn EventHandler>,
        shutdown: CancellationToken,
    ) -> Self {
        Self { bus, handler, shutdown, held: HashSet::new(), in_flight: FuturesUnordered::new() }
    }

    /// Reads until the shutdown, or until the connection fails.
    pub(super) async fn run(&mut self) -> Result<(), RedisError> {
        let reading = self.bus.reading_connection().await?;
        self.bus.make_group().await?;
        self.take_own_pending(&mut reading.clone()).await?;
        let mut claim = interval(CLAIM_EVERY);
        claim.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // Never dropped while it waits: the server may have assigned entries to a read whose answer
        // nobody would then see.
        let mut read = None;
        loop {
            if read.is_none() && self.in_flight.len() < MAX_IN_FLIGHT {
                read = Some(Box::pin(read_new(reading.clone(), self.bus.consumer.clone())));
            }
            tokio::select! {
                biased;
                () = self.shutdown.cancelled() => return Ok(()),
                Some(id) = self.in_flight.next(), if !self.in_flight.is_empty() => {
                    self.held.remove(&id);
                }
                Some(entries) = async { Some(read.as_mut()?.await) }, if read.is_some() => {
                    read = None;
                    match entries {
                        Ok(entries) => entries.into_iter().for_each(|entry| self.take(entry, 0)),
                        // Somebody removed the stream, and the group with it.
                        Err(error) if error.code() == Some("NOGROUP") => self.bus.make_group().await?,
                        Err(error) => return Err(error),
                    }
                }
                _ = claim.tick() => self.take_abandoned().await?,
            }
        }
    }

    /// Waits for what is being handled.
    pub(super) async fn drain(mut self) {
        while self.in_flight.next().await.is_some() {}
    }

    /// What an earlier process of this host had read and not settled.
    async fn take_own_pending(
        &mut self,
        connection: &mut MultiplexedConnection,
    ) -> Result<(), RedisError> {
        let mut after = "0".to_owned();
        loop {
            let reply: StreamReadReply = redis::cmd("XREADGROUP")
                .arg(&["GROUP", CORE_GROUP, &self.bus.consumer])
                .arg("COUNT")
                .arg(BATCH)
                .arg(&["STREAMS", CORE_STREAM, &after])
                .query_async(connection)
                .await?;
            let entries = entries(reply);
            let Some(last) = entries.last() else { return Ok(()) };
            after.clone_from(&last.id);
            for entry in entries {
                self.take_again(entry).await?;
            }
        }
    }

    /// What hosts that disappeared had read and not settled.
    async fn take_abandoned(&mut self) -> Result<(), RedisError> {
        let idle = u64::try_from(ABANDONED.as_millis()).unwrap_or(u64::MAX);
        let reply: StreamAutoClaimReply = redis::cmd("XAUTOCLAIM")
            .arg(&[CORE_STREAM, CORE_GROUP, &self.bus.consumer])
            .arg(idle)
            .arg("0")
            .arg("COUNT")
            .arg(BATCH)
            .query_async(&mut self.bus.commands.clone())
            .await?;
        for entry in reply.claimed {
            self.take_again(entry).await?;
        }
        Ok(())
    }

    /// Takes an entry that was delivered before, and asks how often.
    async fn take_again(&mut self, entry: StreamId) -> Result<(), RedisError> {
        if self.held.contains(&entry.id) {
            return Ok(());
        }
        let pending: StreamPendingCountReply = redis::cmd("XPENDING")
            .arg(&[CORE_STREAM, CORE_GROUP, &entry.id, &entry.id, "1"])
            .query_async(&mut self.bus.commands.clone())
            .await?;
        // The count includes the reading just now.
        let delivered = pending.ids.first().map_or(1, |entry| entry.times_delivered);
        let before = u32::try_from(delivered.saturating_sub(1)).unwrap_or(u32::MAX);
        self.take(entry, before);
        Ok(())
    }

    fn take(&mut self, entry: StreamId, before: u32) {
        if !self.held.insert(entry.id.clone()) {
            return;
        }
        let work = Work {
            handler: Arc::clone(&self.handler),
            commands: self.bus.commands.clone(),
            retry: self.bus.retry,
            shutdown: self.shutdown.clone(),
        };
        self.in_flight.push(Box::pin(work.handle(entry, before)));
    }
}

async fn read_new(
    mut connection: MultiplexedConnection,
    consumer: String,
) -> Result<Vec<StreamId>, RedisError> {
    let block = u64::try_from(READ_BLOCK.as_millis()).unwrap_or(u64::MAX);
    let reply: Option<StreamReadReply> = redis::cmd("XREADGROUP")
        .arg(&["GROUP", CORE_GROUP, &consumer])
        .arg("COUNT")
        .arg(BATCH)
        .arg("BLOCK")
        .arg(block)
        .arg(&["STREAMS", CORE_STREAM, ">"])
        .query_async(&mut connection)
        .await?;
    Ok(reply.map(entries).unwrap_or_default())
}

fn entries(reply: StreamReadReply) -> Vec<StreamId> {
    reply.keys.into_iter().flat_map(|key| key.ids).collect()
}

/// What handling one entry takes, independent of the connection it was read on.
struct Work {
    handler: Arc<dyn EventHandler>,
    commands: ConnectionManager,
    retry: RetryPolicy,
    shutdown: CancellationToken,
}

impl Work {
    /// Delivers and settles an entry; gives back its id.
    async fn handle(mut self, entry: StreamId, before: u32) -> String {
        let Some(topic) = entry.get::<String>(FIELD_TOPIC) else {
            tracing::warn!(entry = entry.id, "an event without a topic is dropped");
            self.settle(&entry, None).await;
            return entry.id;
        };
        let payload = entry.get::<String>(FIELD_PAYLOAD).unwrap_or_else(|| "{}".to_owned());
        match serde_json::from_str(&payload) {
            Ok(payload) => {
                let event = Event { topic, payload };
                let outcome =
                    deliver(&*self.handler, &event, self.retry, before, &self.shutdown).await;
                match outcome {
                    Outcome::Handled => self.settle(&entry, None).await,
                    Outcome::GaveUp(error) => self.settle(&entry, Some(error.0)).await,
                    // It stays pending; the next start takes it up.
                    Outcome::Interrupted => {}
                }
            }
            Err(error) => {
                self.settle(&entry, Some(format!("the payload is not JSON: {error}"))).await;
            }
        }
        entry.id
    }

    /// Acknowledges an entry, and sets it aside first if there is a reason to. Tried until it
    /// succeeds: an entry that was handled and not acknowledged would be handled again.
    async fn settle(&mut self, entry: &StreamId, reason: Option<String>) {
        if let Some(reason) = &reason {
            tracing::error!(entry = entry.id, reason, "an event is set aside");
        }
        loop {
            let mut pipeline = redis::pipe();
            pipeline.atomic();
            if let Some(reason) = &reason {
                let field = |name| entry.get::<String>(name).unwrap_or_default();
                pipeline
                    .cmd("XADD")
                    .arg(&[DEAD_STREAM, "MAXLEN", "~"])
                    .arg(MAX_STREAM_LENGTH)
                    .arg(&["*", FIELD_TOPIC, &field(FIELD_TOPIC)])
                    .arg(&[FIELD_PAYLOAD, &field(FIELD_PAYLOAD), "error", reason])
                    .ignore();
            }
            pipeline.cmd("XACK").arg(&[CORE_STREAM, CORE_GROUP, &entry.id]).ignore();
            match pipeline.exec_async(&mut self.commands).await {
                Ok(()) => return,
                Err(error) => tracing::warn!(%error, entry = entry.id, "not acknowledged yet"),
            }
            if !sleep(RECONNECT_PAUSE, &self.shutdown).await {
                return;
            }
        }
    }
}
