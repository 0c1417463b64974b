//! Giving one event to the handler until it succeeds or has failed often enough.

use std::time::Duration;

use contract::event::Event;
use tokio_util::sync::CancellationToken;

use super::{EventHandler, HandlerFailed, RetryPolicy};

/// What became of an event.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The handler took it.
    Handled,
    /// It failed as often as it may; with the last reason.
    GaveUp(HandlerFailed),
    /// The host shuts down before the event was handled.
    Interrupted,
}

/// Delivers an event. `before` counts deliveries by earlier processes that were never settled: an
/// event that brings the host down must not do so forever.
pub(super) async fn deliver(
    handler: &dyn EventHandler,
    event: &Event,
    retry: RetryPolicy,
    before: u32,
    shutdown: &CancellationToken,
) -> Outcome {
    let mut pause = retry.first_pause;
    let mut failed = HandlerFailed("never answered".to_owned());
    for delivery in before..retry.max_deliveries {
        if delivery > before {
            if !sleep(pause, shutdown).await {
                return Outcome::Interrupted;
            }
            pause = pause.saturating_mul(2);
        }
        if let Err(error) = handler.handle(event).await {
            tracing::debug!(topic = event.topic, %error, "an event was not handled");
            failed = error;
        } else {
            return Outcome::Handled;
        }
    }
    Outcome::GaveUp(failed)
}

/// Waits; false when the shutdown came first.
pub(super) async fn sleep(pause: Duration, shutdown: &CancellationToken) -> bool {
    tokio::select! {
        () = shutdown.cancelled() => false,
        () = tokio::time::sleep(pause) => true,
    }
}
