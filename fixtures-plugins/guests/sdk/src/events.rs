//! Events: those of the host that the plugin subscribes to, and its own.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::handler::conjured;
use crate::host::{self, HostError};
use crate::{Error, raw};

/// Publishes an event. Hosts prefix nothing: name topics after the plugin, as in `checklist.item_created`.
pub fn emit(topic: &str, payload: &impl Serialize) -> Result<(), HostError> {
    const NAME: &str = "event_emit";
    let payload =
        serde_json::to_string(payload).map_err(|error| HostError::bad_answer(NAME, error))?;
    host::status(NAME, raw::event_emit(topic, &payload))
}

/// A topic and who takes its events. A plugin keeps them in a constant table, and the topics in its manifest.
///
/// ```
/// use hostproof_guest::{Error, Plugin, Subscription, db};
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct TaskDeleted {
///     task_id: String,
/// }
///
/// fn forget(event: TaskDeleted) -> Result<(), Error> {
///     db::execute("DELETE FROM items WHERE task_id = $1", (event.task_id,))?;
///     Ok(())
/// }
///
/// struct Checklist;
///
/// impl Plugin for Checklist {
///     const SUBSCRIPTIONS: &[Subscription] = &[Subscription::to("task.deleted", forget)];
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Subscription {
    topic: &'static str,
    take: fn(&[u8]) -> Result<(), Error>,
}

impl Subscription {
    /// The events of a topic, to a function that takes the payload. A payload that does not fit is an error, and
    /// then the host delivers the event again.
    pub const fn to<H, P>(topic: &'static str, handler: H) -> Self
    where
        H: Fn(P) -> Result<(), Error> + Copy + 'static,
        P: DeserializeOwned,
    {
        let _ = handler;
        let take = |payload: &[u8]| {
            let payload = serde_json::from_slice(payload)
                .map_err(|error| Error::bad_request(format!("payload: {error}")))?;
            conjured::<H>()(payload)
        };
        Self { topic, take }
    }

    /// Its topic.
    pub const fn topic(&self) -> &'static str {
        self.topic
    }
}

/// Gives an event to the subscriptions to its topic; one that nobody subscribed to is nobody's.
pub(crate) fn dispatch(
    subscriptions: &[Subscription],
    topic: &str,
    payload: &[u8],
) -> Result<(), Error> {
    subscriptions
        .iter()
        .filter(|subscription| subscription.topic == topic)
        .try_for_each(|subscription| (subscription.take)(payload))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn even(number: u32) -> Result<(), Error> {
        if number.is_multiple_of(2) { Ok(()) } else { Err(Error::conflict("odd")) }
    }

    #[test]
    fn an_event_goes_to_whom_it_is_for() {
        let give = |topic, payload: &str| {
            dispatch(&[Subscription::to("number", even)], topic, payload.as_bytes())
                .map_err(|error| error.status())
        };
        assert_eq!(give("number", "2"), Ok(()));
        assert_eq!(give("number", "3"), Err(409));
        assert_eq!(give("number", "{}"), Err(400), "a payload that does not fit is not taken");
        assert_eq!(give("letter", "3"), Ok(()));
    }
}
