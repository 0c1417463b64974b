//! What other hosts change in the registry, as soon as they do.
//!
//! Announcements come over a session that listens. They can be lost (the session breaks, a pooler
//! between does not pass them on), so they only make things fast: whoever follows them also compares
//! [revisions](crate::registry::Registry::revisions) from time to time.

use std::time::Duration;

use sqlx::postgres::PgListener;
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

use crate::plugin_operations::CHANGES;

/// Between attempts to listen again.
const PAUSE: Duration = Duration::from_secs(1);

/// Announcements that wait to be read; the rest is one [`Change::Unknown`].
const WAITING: usize = 256;

/// Something changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The row of this plugin came, changed or went.
    Plugin(String),
    /// Announcements may have been missed: anything may have changed.
    Unknown,
}

/// The announcements of other hosts. Dropping it ends the session.
#[derive(Debug)]
pub struct RegistryChanges {
    changes: mpsc::Receiver<Change>,
    _listening: AbortOnDropHandle<()>,
}

impl RegistryChanges {
    pub(crate) fn follow(url: String, host: Uuid) -> Self {
        let (sender, changes) = mpsc::channel(WAITING);
        let listening = AbortOnDropHandle::new(tokio::spawn(listen(url, host, sender)));
        Self { changes, _listening: listening }
    }

    /// The next change. May be cancelled.
    pub async fn next(&mut self) -> Change {
        match self.changes.recv().await {
            Some(change) => change,
            // The listener ends with its receiver only.
            None => std::future::pending().await,
        }
    }
}

async fn listen(url: String, host: Uuid, changes: mpsc::Sender<Change>) {
    loop {
        if let Err(error) = listen_once(&url, host, &changes).await {
            tracing::debug!(%error, "not listening for changes of plugins; trying again");
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn listen_once(
    url: &str,
    host: Uuid,
    changes: &mpsc::Sender<Change>,
) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect(url).await?;
    listener.listen(CHANGES).await?;
    // What was announced before this is read by looking at everything once.
    let mut missed = true;
    loop {
        if missed && changes.try_send(Change::Unknown).is_ok() {
            missed = false;
        }
        // Nothing, when the session broke; it is opened again by the next call.
        match listener.try_recv().await? {
            None => missed = true,
            Some(told) => {
                let (from, plugin) = told.payload().split_once(' ').unwrap_or_default();
                let own = Uuid::parse_str(from).is_ok_and(|from| from == host);
                if !own && changes.try_send(Change::Plugin(plugin.to_owned())).is_err() {
                    missed = true;
                }
            }
        }
    }
}
