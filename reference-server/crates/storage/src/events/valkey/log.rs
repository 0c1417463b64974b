//! What is written down of deliveries, in Valkey: a hash per entry, and the stream of events that
//! were set aside.

use std::collections::HashSet;

use async_trait::async_trait;
use contract::event::{
    CORE_GROUP, CORE_STREAM, DEAD_STREAM, Event, FIELD_DELIVERIES, FIELD_ENTRY, FIELD_PAYLOAD,
    FIELD_REASON, FIELD_SUBSCRIBER, FIELD_TOPIC,
};
use redis::aio::ConnectionManager;
use redis::streams::StreamRangeReply;

use super::super::DeadLetter;
use super::super::deliveries::Delivery;
use super::super::dispatch::{Begun, Log};
use super::entry;
use crate::error::StorageError;

/// Prefix of the hashes. Field: subscriber; value: how often it was tried, or [`SETTLED`].
const PREFIX: &str = "paca.plugin_events.deliveries:";

/// The value of a settled delivery: so low that no count of attempts gets it above 0 again.
const SETTLED: i64 = -1_000_000_000;

/// Seconds after which a hash goes by itself, should its entry have left the stream unhandled.
const KEPT_FOR: i64 = 7 * 24 * 60 * 60;

/// The log beside the stream.
pub(super) struct ValkeyLog {
    commands: ConnectionManager,
    dead_entries: usize,
}

impl ValkeyLog {
    pub(super) fn new(commands: ConnectionManager, dead_entries: usize) -> Self {
        Self { commands, dead_entries }
    }

    /// The subscribers that are done with an entry.
    pub(super) async fn settled(&self, entry: &str) -> Result<HashSet<String>, redis::RedisError> {
        let counts: Vec<(String, i64)> =
            redis::cmd("HGETALL").arg(key(entry)).query_async(&mut self.commands.clone()).await?;
        Ok(counts.into_iter().filter(|(_, count)| *count < 0).map(|(name, _)| name).collect())
    }
}

#[async_trait]
impl Log for ValkeyLog {
    async fn begin(&self, delivery: &Delivery) -> Result<Begun, StorageError> {
        let key = key(&delivery.entry);
        let (count,): (i64,) = redis::pipe()
            .atomic()
            .cmd("HINCRBY")
            .arg(&key)
            .arg(&*delivery.subscriber)
            .arg(1)
            .cmd("EXPIRE")
            .arg(&key)
            .arg(KEPT_FOR)
            .ignore()
            .query_async(&mut self.commands.clone())
            .await
            .map_err(StorageError::events("counting a delivery"))?;
        Ok(match u32::try_from(count) {
            Ok(number) => Begun::Delivery(number),
            Err(_) => Begun::Settled,
        })
    }

    async fn event(&self, id: &str) -> Result<Option<Event>, StorageError> {
        let reply: StreamRangeReply = redis::cmd("XRANGE")
            .arg(&[CORE_STREAM, id, id])
            .query_async(&mut self.commands.clone())
            .await
            .map_err(StorageError::events("reading an entry"))?;
        // It was read as an event once; what is left of it otherwise is nothing.
        Ok(reply.ids.first().and_then(|found| entry::read(found).ok()))
    }

    async fn settle(
        &self,
        delivery: &Delivery,
        dead: Option<&DeadLetter>,
    ) -> Result<(), StorageError> {
        let key = key(&delivery.entry);
        let mut pipeline = redis::pipe();
        pipeline.atomic();
        if let Some(letter) = dead {
            pipeline
                .cmd("XADD")
                .arg(&[DEAD_STREAM, "MAXLEN", "~"])
                .arg(self.dead_entries)
                .arg(&["*", FIELD_TOPIC, &letter.topic, FIELD_PAYLOAD, &letter.payload])
                .arg(&[FIELD_SUBSCRIBER, &letter.subscriber, FIELD_REASON, &letter.reason])
                .arg(FIELD_DELIVERIES)
                .arg(letter.deliveries)
                .arg(&[FIELD_ENTRY, &*delivery.entry])
                .ignore();
        }
        pipeline
            .cmd("HSET")
            .arg(&key)
            .arg(&*delivery.subscriber)
            .arg(SETTLED)
            .ignore()
            .cmd("EXPIRE")
            .arg(&key)
            .arg(KEPT_FOR)
            .ignore();
        pipeline
            .exec_async(&mut self.commands.clone())
            .await
            .map_err(StorageError::events("settling a delivery"))
    }

    async fn close(&self, entry: &str) -> Result<(), StorageError> {
        redis::pipe()
            .atomic()
            .cmd("XACK")
            .arg(&[CORE_STREAM, CORE_GROUP, entry])
            .ignore()
            .cmd("DEL")
            .arg(key(entry))
            .ignore()
            .exec_async(&mut self.commands.clone())
            .await
            .map_err(StorageError::events("acknowledging an entry"))
    }
}

fn key(entry: &str) -> String {
    format!("{PREFIX}{entry}")
}
