//! Starting servers, and the thread that owns them while they run.
//!
//! One thread per [`Running`] does everything: it starts the servers, waits, and stops them. It
//! has to be one thread that lives as long as they do, because on Linux a child may ask for a
//! signal when its parent dies, and "parent" means the thread that started it.

use std::{
    fmt,
    process::Child,
    sync::mpsc,
    thread::{self, JoinHandle},
};

use tokio::sync::oneshot;

use crate::{
    Choice, DATABASE_URL_VARIABLE, ServicesError, VALKEY_URL_VARIABLE, WayFailed,
    docker::{self, Container},
    embedded, explicit,
    guard::Guard,
    local,
};

/// What is wanted, and by which ways.
#[derive(Clone, Debug)]
pub struct Request {
    /// The ways that may be tried.
    pub choice: Choice,
    /// Whether a Postgres is wanted.
    pub postgres: bool,
    /// Whether a Valkey is wanted.
    pub valkey: bool,
}

/// How a server was come by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Somebody else runs it.
    Explicit,
    /// A container of ours.
    Docker,
    /// A process of ours, from binaries on this machine.
    Local,
    /// A process of ours, from binaries fetched into the user's cache.
    Embedded,
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Explicit => "explicit URL",
            Self::Docker => "container",
            Self::Local => "server on this machine",
            Self::Embedded => "postgresql_embedded",
        })
    }
}

/// A server that answered.
#[derive(Clone, Debug)]
pub struct Service {
    /// Where it listens, with its credentials.
    pub url: String,
    /// How it was come by.
    pub way: Way,
    /// Which program or image it is.
    pub what: String,
    /// Ways that were tried before and did not work.
    pub tried: Vec<String>,
}

/// Servers that run until this is dropped.
///
/// Dropping waits until they are gone. When the process ends without dropping it, they go as well:
/// see [`crate::guard`].
#[derive(Debug)]
pub struct Running {
    postgres: Option<Service>,
    valkey: Option<Service>,
    stop: Option<oneshot::Sender<()>>,
    owner: Option<JoinHandle<()>>,
}

impl Running {
    /// The Postgres, if one was wanted. Its URL is a superuser's.
    pub fn postgres(&self) -> Option<&Service> {
        self.postgres.as_ref()
    }

    /// The Valkey, if one was wanted.
    pub fn valkey(&self) -> Option<&Service> {
        self.valkey.as_ref()
    }

    /// The environment that tells another process of this crate to use these servers.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let postgres = self.postgres.iter().map(|s| (DATABASE_URL_VARIABLE, s.url.clone()));
        let valkey = self.valkey.iter().map(|s| (VALKEY_URL_VARIABLE, s.url.clone()));
        postgres.chain(valkey).collect()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(owner) = self.owner.take() {
            // A panic over there has been reported over there, and the guard cleans up after it.
            let _ = owner.join();
        }
    }
}

/// Finds or starts what `request` asks for. Blocks until the servers answer.
///
/// # Errors
/// [`ServicesError::NoWay`] when every permitted way failed; nothing is left running then.
pub fn start(request: Request) -> Result<Running, ServicesError> {
    let (report, outcome) = mpsc::sync_channel(1);
    let (stop, stopped) = oneshot::channel();
    let owner = thread::Builder::new()
        .name("services".to_owned())
        .spawn(move || own(&request, &report, stopped))
        .map_err(ServicesError::Guard)?;
    let (postgres, valkey) = match outcome.recv() {
        Ok(services) => services?,
        Err(mpsc::RecvError) => return Err(ServicesError::Supervisor),
    };
    Ok(Running { postgres, valkey, stop: Some(stop), owner: Some(owner) })
}

type Services = (Option<Service>, Option<Service>);

fn own(
    request: &Request,
    report: &mpsc::SyncSender<Result<Services, ServicesError>>,
    stopped: oneshot::Receiver<()>,
) {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let _ = report.send(Err(ServicesError::Guard(error)));
            return;
        }
    };
    runtime.block_on(async {
        let mut owned = match Owned::new() {
            Ok(owned) => owned,
            Err(error) => {
                let _ = report.send(Err(ServicesError::Guard(error)));
                return;
            }
        };
        let outcome = owned.start(request).await;
        let failed = outcome.is_err();
        if failed {
            // Nothing is left behind by the time the caller reads the error.
            owned.stop().await;
            let _ = report.send(outcome);
            return;
        }
        let _ = report.send(outcome);
        // Either an order or the loss of everyone who could give one.
        let _ = stopped.await;
        owned.stop().await;
    });
}

/// Everything that has to be taken away again.
pub(crate) struct Owned {
    pub(crate) guard: Guard,
    pub(crate) processes: Vec<Child>,
    pub(crate) containers: Vec<Container>,
}

impl Owned {
    fn new() -> std::io::Result<Self> {
        Ok(Self { guard: Guard::start()?, processes: Vec::new(), containers: Vec::new() })
    }

    async fn start(&mut self, request: &Request) -> Result<Services, ServicesError> {
        let engine = match request.choice {
            Choice::Auto | Choice::Docker => Some(docker::engine().await),
            Choice::Local | Choice::Url(_) => None,
        };
        let engine = engine.as_ref();
        let postgres = match request.postgres {
            true => Some(self.start_postgres(&request.choice, engine).await?),
            false => None,
        };
        let valkey = match request.valkey {
            true => Some(self.start_valkey(&request.choice, engine).await?),
            false => None,
        };
        Ok((postgres, valkey))
    }

    async fn start_postgres(
        &mut self,
        choice: &Choice,
        engine: Option<&Result<String, WayFailed>>,
    ) -> Result<Service, ServicesError> {
        let mut tried = Vec::new();
        match choice {
            Choice::Url(urls) => {
                return given("Postgres", urls.postgres.clone());
            }
            Choice::Auto => {
                if let Some(url) = explicit::from_environment(DATABASE_URL_VARIABLE) {
                    return given("Postgres", Some(url));
                }
            }
            Choice::Local | Choice::Docker => {}
        }
        match engine {
            Some(Ok(_)) => match docker::postgres(self).await {
                Ok((url, what)) => return Ok(found(url, Way::Docker, what, &tried)),
                Err(failed) => tried.push(failed),
            },
            Some(Err(failed)) => tried.push(WayFailed::new(failed.way, &failed.reason)),
            None => {}
        }
        if *choice != Choice::Docker {
            match local::postgres(self, local::find_postgres()).await {
                Ok((url, what)) => return Ok(found(url, Way::Local, what, &tried)),
                Err(failed) => tried.push(failed),
            }
            match embedded::postgres(self).await {
                Ok((url, what)) => return Ok(found(url, Way::Embedded, what, &tried)),
                Err(failed) => tried.push(failed),
            }
        }
        Err(ServicesError::NoWay { server: "Postgres", tried })
    }

    async fn start_valkey(
        &mut self,
        choice: &Choice,
        engine: Option<&Result<String, WayFailed>>,
    ) -> Result<Service, ServicesError> {
        let mut tried = Vec::new();
        match choice {
            Choice::Url(urls) => return given("Valkey", urls.valkey.clone()),
            Choice::Auto => {
                if let Some(url) = explicit::from_environment(VALKEY_URL_VARIABLE) {
                    return given("Valkey", Some(url));
                }
            }
            Choice::Local | Choice::Docker => {}
        }
        match engine {
            Some(Ok(_)) => match docker::valkey(self).await {
                Ok((url, what)) => return Ok(found(url, Way::Docker, what, &tried)),
                Err(failed) => tried.push(failed),
            },
            Some(Err(failed)) => tried.push(WayFailed::new(failed.way, &failed.reason)),
            None => {}
        }
        if *choice != Choice::Docker {
            match local::valkey(self).await {
                Ok((url, what)) => return Ok(found(url, Way::Local, what, &tried)),
                Err(failed) => tried.push(failed),
            }
        }
        Err(ServicesError::NoWay { server: "Valkey", tried })
    }

    async fn stop(&mut self) {
        for container in self.containers.drain(..) {
            // The guard tries again, and has the last word.
            let _ = container.remove().await;
        }
        self.guard.release();
        for process in &mut self.processes {
            // The guard signals them; reaping them here lets it see that they are gone.
            let _ = process.wait();
        }
    }
}

fn given(server: &'static str, url: Option<String>) -> Result<Service, ServicesError> {
    match url {
        Some(url) => Ok(found(url, Way::Explicit, "run by somebody else".to_owned(), &[])),
        None => Err(ServicesError::NoWay {
            server,
            tried: vec![WayFailed::new("explicit URL", &"--services names none for it")],
        }),
    }
}

fn found(url: String, way: Way, what: String, tried: &[WayFailed]) -> Service {
    Service { url, way, what, tried: tried.iter().map(ToString::to_string).collect() }
}
