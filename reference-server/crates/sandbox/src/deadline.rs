//! The one deadline of a call (decision A5).

use std::time::{Duration, Instant};

/// When a call is over, for guest code and host functions alike.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    at: Instant,
    limit: Duration,
}

impl Deadline {
    /// A deadline that begins now.
    pub(crate) fn after(limit: Duration) -> Self {
        Self { at: Instant::now() + limit, limit }
    }

    /// The instant.
    pub(crate) fn at(self) -> Instant {
        self.at
    }

    /// Whether it has come.
    pub(crate) fn passed(self) -> bool {
        Instant::now() >= self.at
    }

    /// The error of whoever finds that it has come.
    pub(crate) fn error(self) -> DeadlineExceeded {
        DeadlineExceeded { limit: self.limit }
    }

    /// Waits for a host service, but no longer than until the deadline. The service's future is
    /// dropped then.
    pub(crate) async fn bound<F: Future>(self, future: F) -> Result<F::Output, DeadlineExceeded> {
        tokio::time::timeout_at(self.at.into(), future).await.map_err(|_| self.error())
    }
}

/// Raised as a trap in the guest, and recognised when it comes out at the other end.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the call took longer than {limit:?}")]
pub(crate) struct DeadlineExceeded {
    /// How long the call was allowed to take.
    pub(crate) limit: Duration,
}
