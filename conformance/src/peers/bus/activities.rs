//! The stream on which the host publishes what plugins record.

use redis::streams::StreamRangeReply;
use serde_json::{Map, Value};

use super::{Bus, BusError, BusMessage};
use crate::evidence::Receipt;

/// The stream's name in the specification.
const STREAM: &str = "paca.activities";
/// Its field that a case names.
const TYPE: &str = "activity_type";

impl Bus {
    /// Entries of one activity type, in the order of the stream. Every field is text.
    pub async fn activities(&self, kind: &str) -> Result<Vec<BusMessage>, BusError> {
        let mut commands = self.commands.clone();
        let entries: StreamRangeReply =
            redis::cmd("XRANGE").arg(&[STREAM, "-", "+"]).query_async(&mut commands).await?;
        let of_type =
            entries.ids.iter().filter(|entry| entry.get::<String>(TYPE).as_deref() == Some(kind));
        Ok(of_type
            .map(|entry| {
                let text =
                    |name: &String| entry.get::<String>(name).map_or(Value::Null, Value::from);
                let fields: Map<_, _> =
                    entry.map.keys().map(|name| (name.clone(), text(name))).collect();
                BusMessage { value: Value::Object(fields), receipt: Receipt::of_entry(entry) }
            })
            .collect())
    }
}
