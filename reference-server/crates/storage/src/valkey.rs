//! Connections to Valkey for commands that answer at once.

use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};

use crate::error::StorageError;

/// How long a command may take. Longer, and the store counts as away.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(2);

/// Connects to `redis://…`; the connection comes back by itself when it was lost.
pub(crate) async fn connect(url: &str) -> Result<ConnectionManager, StorageError> {
    let client = redis::Client::open(url)
        .map_err(|error| StorageError::InvalidUrl { store: "valkey", reason: error.to_string() })?;
    let config = ConnectionManagerConfig::new()
        .set_connection_timeout(Some(COMMAND_TIMEOUT))
        .set_response_timeout(Some(COMMAND_TIMEOUT))
        .set_number_of_retries(1);
    client
        .get_connection_manager_with_config(config)
        .await
        .map_err(StorageError::EventStoreUnavailable)
}
