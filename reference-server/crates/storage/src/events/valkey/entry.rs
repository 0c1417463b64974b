//! Entries of the stream as they come: their ids, and events as far as they are any.

use std::fmt;

use contract::event::{Event, FIELD_PAYLOAD, FIELD_TOPIC};
use redis::streams::StreamId;

use super::super::DeadLetter;

/// The id of an entry, in the order of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct EntryId {
    milliseconds: u64,
    sequence: u64,
}

impl EntryId {
    /// `<milliseconds>-<sequence>`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (milliseconds, sequence) = text.split_once('-')?;
        let (milliseconds, sequence) = (milliseconds.parse().ok()?, sequence.parse().ok()?);
        Some(Self { milliseconds, sequence })
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.milliseconds, self.sequence)
    }
}

/// The event of an entry, or the letter with which it is set aside.
pub(super) fn read(entry: &StreamId) -> Result<Event, DeadLetter> {
    let field = |name| entry.get::<Vec<u8>>(name).map(String::from_utf8);
    let malformed = |reason: String| {
        let text = |name| {
            let bytes = entry.get::<Vec<u8>>(name).unwrap_or_default();
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let (topic, payload) = (text(FIELD_TOPIC), text(FIELD_PAYLOAD));
        DeadLetter { topic, payload, subscriber: String::new(), reason, deliveries: 0 }
    };
    let topic = match field(FIELD_TOPIC) {
        Some(Ok(topic)) if !topic.is_empty() => topic,
        Some(Err(_)) => return Err(malformed(format!("`{FIELD_TOPIC}` is not UTF-8"))),
        _ => return Err(malformed(format!("there is no `{FIELD_TOPIC}`"))),
    };
    let payload = match field(FIELD_PAYLOAD) {
        Some(Ok(payload)) => payload,
        Some(Err(_)) => return Err(malformed(format!("`{FIELD_PAYLOAD}` is not UTF-8"))),
        None => "{}".to_owned(),
    };
    match serde_json::from_str(&payload) {
        Ok(payload) => Ok(Event { topic, payload }),
        Err(error) => Err(malformed(format!("`{FIELD_PAYLOAD}` is not JSON: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use redis::Value;
    use serde_json::json;

    use super::*;

    fn entry(fields: &[(&str, &[u8])]) -> StreamId {
        let map = fields
            .iter()
            .map(|(name, bytes)| ((*name).to_owned(), Value::BulkString(bytes.to_vec())))
            .collect();
        StreamId { id: "1-0".to_owned(), map, ..StreamId::default() }
    }

    #[test]
    fn an_event_has_a_topic_and_json() {
        let event = read(&entry(&[("type", b"a.b"), ("payload", b"[1]")])).unwrap();
        assert_eq!(event, Event { topic: "a.b".to_owned(), payload: json!([1]) });
        assert_eq!(read(&entry(&[("type", b"a.b")])).unwrap().payload, json!({}));
    }

    #[test]
    fn anything_else_is_a_letter_with_its_reason() {
        for (fields, reason) in [
            (&[][..], "there is no `type`"),
            (&[("payload", &b"{}"[..])], "there is no `type`"),
            (&[("type", b"")], "there is no `type`"),
            (&[("type", b"\xff")], "`type` is not UTF-8"),
            (&[("type", b"a"), ("payload", b"\xff")], "`payload` is not UTF-8"),
            (&[("type", b"a"), ("payload", b"{")], "`payload` is not JSON"),
            (&[("type", b"a"), ("payload", b"")], "`payload` is not JSON"),
        ] {
            let letter = read(&entry(fields)).unwrap_err();
            assert!(letter.reason.starts_with(reason), "{letter:?}");
        }
    }

    #[test]
    fn ids_are_ordered_as_numbers() {
        let parse = |text| EntryId::parse(text).unwrap();
        assert!(parse("9-0") < parse("10-0") && parse("10-2") < parse("10-10"));
        assert_eq!(parse("10-2").to_string(), "10-2");
        for text in ["", "10", "a-1", "1-"] {
            assert_eq!(EntryId::parse(text), None, "{text}");
        }
    }
}
