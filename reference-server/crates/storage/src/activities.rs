//! Activities of plugins on tasks: published on a stream, or inside this process.

use contract::activity::{ACTIVITY_STREAM, Activity};
use redis::aio::ConnectionManager;
use tokio::sync::broadcast;

use crate::error::StorageError;
use crate::valkey::connect;

/// Entries the stream is trimmed to, roughly; a stream nobody trims fills the server's memory.
const MAX_STREAM_LENGTH: usize = 100_000;

/// Activities a slow listener may fall behind before it misses the oldest.
const LISTENER_BACKLOG: usize = 1024;

/// Where activities go. Cheap to clone; clones are the same.
#[derive(Clone)]
pub struct Activities(Kind);

#[derive(Clone)]
enum Kind {
    Valkey(ConnectionManager),
    InProcess(broadcast::Sender<Activity>),
}

impl Activities {
    /// The stream in the Valkey at `redis://…`.
    pub async fn valkey(url: &str) -> Result<Self, StorageError> {
        Ok(Self(Kind::Valkey(connect(url).await?)))
    }

    /// For a host on its own.
    pub fn in_process() -> Self {
        Self(Kind::InProcess(broadcast::channel(LISTENER_BACKLOG).0))
    }

    /// Listens from now on to what is published in this process; with Valkey, nothing is.
    pub fn listen(&self) -> broadcast::Receiver<Activity> {
        match &self.0 {
            Kind::InProcess(sender) => sender.subscribe(),
            Kind::Valkey(_) => broadcast::channel(1).1,
        }
    }

    /// Publishes an activity.
    pub async fn publish(&self, activity: &Activity) -> Result<(), StorageError> {
        match &self.0 {
            Kind::InProcess(sender) => {
                // Nobody listening is no failure.
                let _ = sender.send(activity.clone());
                Ok(())
            }
            Kind::Valkey(commands) => {
                let mut command = redis::cmd("XADD");
                command.arg(ACTIVITY_STREAM).arg("MAXLEN").arg("~").arg(MAX_STREAM_LENGTH).arg("*");
                for (field, value) in activity.fields() {
                    command.arg(field).arg(value);
                }
                command
                    .exec_async(&mut commands.clone())
                    .await
                    .map_err(StorageError::events("publishing an activity"))
            }
        }
    }
}

impl std::fmt::Debug for Activities {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = match self.0 {
            Kind::Valkey(_) => "valkey",
            Kind::InProcess(_) => "in-process",
        };
        f.debug_tuple("Activities").field(&kind).finish()
    }
}
