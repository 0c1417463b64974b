//! A server that one test has for itself.

use std::io;

use crate::{
    Choice, Request, Running, Service, ServicesError, Want, control::Change, running::Server,
    shared::start_elsewhere,
};

/// A server nobody else uses, removed when dropped. Whoever has it may take it away and bring it
/// back: it keeps its address, and a Postgres its data. A Valkey comes back empty, as one does that
/// was told to save nothing.
#[derive(Debug)]
pub struct OwnServer {
    running: Running,
    server: Server,
    service: Service,
}

impl OwnServer {
    /// Where it listens, with its credentials; of a Postgres, as a superuser.
    pub fn url(&self) -> &str {
        &self.service.url
    }

    /// Ends it at once; its connections break. Returns when it is gone.
    ///
    /// # Errors
    /// The server runs in a container, which this crate does not control; or the system refuses.
    pub async fn stop(&self) -> io::Result<()> {
        self.order(Change::Stop).await
    }

    /// Runs it again after [`Self::stop`]. Returns when it answers.
    ///
    /// # Errors
    /// As [`Self::stop`]; or it does not answer.
    pub async fn start(&self) -> io::Result<()> {
        self.order(Change::Start).await
    }

    /// Lets it hang: its connections stay, new ones are accepted by the kernel, and nothing is
    /// answered.
    ///
    /// # Errors
    /// As [`Self::stop`].
    pub async fn pause(&self) -> io::Result<()> {
        self.order(Change::Pause).await
    }

    /// Lets it go on after [`Self::pause`].
    ///
    /// # Errors
    /// As [`Self::stop`].
    pub async fn resume(&self) -> io::Result<()> {
        self.order(Change::Resume).await
    }

    async fn order(&self, change: Change) -> io::Result<()> {
        self.running.change(self.server, change).await
    }
}

/// Starts a Postgres for the caller alone: a second or two, for a fresh cluster.
///
/// # Errors
/// [`ServicesError::NoWay`] where there is neither a server on this machine nor one to fetch.
pub async fn own_postgres() -> Result<OwnServer, ServicesError> {
    let request = Request { choice: Choice::Local, postgres: true, valkey: Want::No };
    let running = start_elsewhere(request).await?;
    let service = running.postgres().expect("a Postgres was asked for").clone();
    Ok(OwnServer { running, server: Server::Postgres, service })
}

/// Starts a Valkey for the caller alone: milliseconds with a server on this machine, about a
/// second in a container.
///
/// # Errors
/// [`ServicesError::NoWay`] where there is none.
pub async fn own_valkey() -> Result<OwnServer, ServicesError> {
    let request = |choice| Request { choice, postgres: false, valkey: Want::Required };
    let running = match start_elsewhere(request(Choice::Local)).await {
        Ok(running) => running,
        // The environment's server is not ours alone, so only a container is left.
        Err(_) => start_elsewhere(request(Choice::Docker)).await?,
    };
    let service = running.valkey().expect("a Valkey was asked for").clone();
    Ok(OwnServer { running, server: Server::Valkey, service })
}
