//! What is held until a case lets it go.

use std::sync::Arc;

use tokio::sync::watch;

/// Shut at first, and open for ever once it was opened. Clones are one gate.
#[derive(Debug, Clone)]
pub struct Gate(Arc<watch::Sender<bool>>);

impl Default for Gate {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }
}

impl Gate {
    /// Lets go whoever waits, and whoever comes later.
    pub fn open(&self) {
        self.0.send_replace(true);
    }

    /// Waits until it is open.
    pub async fn opened(&self) {
        // The gate itself keeps the sender, so the wait cannot end early.
        let _ = self.0.subscribe().wait_for(|open| *open).await;
    }
}
