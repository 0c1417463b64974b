//! The reading side: takes entries of the stream to the dispatch.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use contract::event::{CORE_GROUP, CORE_STREAM};
use redis::RedisError;
use redis::aio::MultiplexedConnection;
use redis::streams::{StreamAutoClaimReply, StreamId, StreamReadReply};
use tokio::time::{Instant, MissedTickBehavior, interval, interval_at};
use tokio_util::sync::CancellationToken;

use super::super::EventHandler;
use super::super::dispatch::Dispatch;
use super::entry::{self, EntryId};
use super::{READ_BLOCK, ValkeyBus, ValkeyLog};

/// Entries per read, and per command about held ones.
const BATCH: usize = 50;

/// Open entries after which nothing more is read. Only their ids are kept for certain, so this is
/// about memory alone: some tens of megabytes.
const MAX_OPEN: usize = 100_000;

/// One run of the consumer, over as many connections as it takes.
pub(super) struct Consumer<'a> {
    bus: &'a ValkeyBus,
    dispatch: Dispatch<ValkeyLog>,
    shutdown: CancellationToken,
    /// The newest entry that was read as new.
    read: Option<EntryId>,
}

impl<'a> Consumer<'a> {
    pub(super) fn new(
        bus: &'a ValkeyBus,
        handler: Arc<dyn EventHandler>,
        shutdown: CancellationToken,
    ) -> Self {
        let log = Arc::clone(&bus.log);
        let dispatch = Dispatch::new(log, handler, bus.rules.clone(), shutdown.clone());
        Self { bus, dispatch, shutdown, read: None }
    }

    /// Reads until the shutdown, or until the connection fails.
    pub(super) async fn run(&mut self) -> Result<(), RedisError> {
        let reading = self.bus.reading_connection().await?;
        self.bus.make_group(self.read).await?;
        self.take_own_pending(&mut reading.clone()).await?;
        let look = self.bus.abandoned / 5;
        let mut claim = interval(look);
        claim.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut touch = interval_at(Instant::now() + look, look);
        touch.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // Never dropped while it waits: the server may have assigned entries to a read whose answer
        // nobody would then see.
        let mut read = None;
        loop {
            if read.is_none() && self.dispatch.held().len() < MAX_OPEN {
                read = Some(Box::pin(read_new(reading.clone(), self.bus.consumer.clone())));
            }
            tokio::select! {
                biased;
                () = self.shutdown.cancelled() => return Ok(()),
                () = self.dispatch.step() => {}
                Some(entries) = async { Some(read.as_mut()?.await) }, if read.is_some() => {
                    read = None;
                    match entries {
                        Ok(entries) => entries.iter().for_each(|entry| self.take_new(entry)),
                        // Somebody removed the group, or the stream and the group with it.
                        Err(error) if matches!(error.code(), Some("NOGROUP" | "UNBLOCKED")) => {
                            tracing::warn!("the group of the event stream is gone; making it anew");
                            self.bus.make_group(self.read).await?;
                        }
                        Err(error) => return Err(error),
                    }
                }
                _ = claim.tick() => self.take_abandoned().await?,
                _ = touch.tick() => self.keep_held().await?,
            }
        }
    }

    /// Waits for the deliveries that run.
    pub(super) async fn drain(self) {
        self.dispatch.drain().await;
    }

    fn take_new(&mut self, entry: &StreamId) {
        self.read = self.read.max(EntryId::parse(&entry.id));
        self.take(entry, &HashSet::new());
    }

    fn take(&mut self, entry: &StreamId, settled: &HashSet<String>) {
        let id: Arc<str> = Arc::from(&*entry.id);
        match entry::read(entry) {
            Ok(event) => self.dispatch.take(id, event, settled),
            Err(letter) => self.dispatch.refuse(id, letter),
        }
    }

    /// Takes an entry that was delivered before, and asks to whom with success.
    async fn take_again(&mut self, entry: &StreamId) -> Result<(), RedisError> {
        if !self.dispatch.holds(&entry.id) {
            let settled = self.bus.log.settled(&entry.id).await?;
            self.take(entry, &settled);
        }
        Ok(())
    }

    /// What an earlier process of this host had read and not put away.
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
            for entry in &entries {
                self.take_again(entry).await?;
            }
        }
    }

    /// What hosts that disappeared had read and not put away.
    async fn take_abandoned(&mut self) -> Result<(), RedisError> {
        let mut from = "0-0".to_owned();
        loop {
            let reply: StreamAutoClaimReply = redis::cmd("XAUTOCLAIM")
                .arg(&[CORE_STREAM, CORE_GROUP, &self.bus.consumer])
                .arg(milliseconds(self.bus.abandoned))
                .arg(&from)
                .arg("COUNT")
                .arg(BATCH)
                .query_async(&mut self.bus.commands.clone())
                .await?;
            for entry in &reply.claimed {
                self.take_again(entry).await?;
            }
            from.clone_from(&reply.next_stream_id);
            if from == "0-0" {
                return Ok(());
            }
        }
    }

    /// Says that what is held is still worked at, so that no other host takes it over.
    async fn keep_held(&mut self) -> Result<(), RedisError> {
        let held: Vec<Arc<str>> = self.dispatch.held().cloned().collect();
        for batch in held.chunks(BATCH) {
            redis::cmd("XCLAIM")
                .arg(&[CORE_STREAM, CORE_GROUP, &self.bus.consumer, "0"])
                .arg(batch.iter().map(|id| &**id).collect::<Vec<_>>())
                .arg("JUSTID")
                .exec_async(&mut self.bus.commands.clone())
                .await?;
        }
        Ok(())
    }
}

async fn read_new(
    mut connection: MultiplexedConnection,
    consumer: String,
) -> Result<Vec<StreamId>, RedisError> {
    let reply: Option<StreamReadReply> = redis::cmd("XREADGROUP")
        .arg(&["GROUP", CORE_GROUP, &consumer])
        .arg("COUNT")
        .arg(BATCH)
        .arg("BLOCK")
        .arg(milliseconds(READ_BLOCK))
        .arg(&["STREAMS", CORE_STREAM, ">"])
        .query_async(&mut connection)
        .await?;
    Ok(reply.map(entries).unwrap_or_default())
}

fn entries(reply: StreamReadReply) -> Vec<StreamId> {
    reply.keys.into_iter().flat_map(|key| key.ids).collect()
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
