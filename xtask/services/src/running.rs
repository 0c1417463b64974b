//! Starting servers, and the thread that owns them while they run.
//!
//! One thread per [`Running`] does everything: it starts the servers, waits, and stops them. It
//! has to be one thread that lives as long as they do, because on Linux a child may ask for a
//! signal when its parent dies, and "parent" means the thread that started it.

use std::{
    fmt, io,
    process::Child,
    str::FromStr,
    sync::mpsc,
    thread::{self, JoinHandle},
};

use tokio::sync::{mpsc as orders, oneshot};

use crate::{
    Choice, DATABASE_URL_VARIABLE, ExplicitUrls, ServicesError, VALKEY_URL_VARIABLE, WayFailed,
    control::{Change, Order, Recipe},
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
    pub valkey: Want,
}

/// How much a server is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// It is an error if there is none.
    Required,
    /// It is good to have, and there is a way to do without.
    IfPossible,
    /// Not at all.
    No,
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
    pub tried: Vec<WayFailed>,
}

/// Servers that run until this is dropped.
///
/// Dropping waits until they are gone. When the process ends without dropping it, they go as well:
/// see [`crate::guard`].
#[derive(Debug)]
pub struct Running {
    postgres: Option<Service>,
    valkey: Option<Service>,
    /// Without it, the thread takes everything down.
    orders: Option<orders::UnboundedSender<Order>>,
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

    /// Whether this server is here and can be changed: it is a process of ours.
    pub fn controls(&self, server: Server) -> bool {
        let service = match server {
            Server::Postgres => &self.postgres,
            Server::Valkey => &self.valkey,
        };
        service.as_ref().is_some_and(|one| matches!(one.way, Way::Local | Way::Embedded))
    }

    /// Changes a server; returns when it has.
    ///
    /// # Errors
    /// It is not [controlled](Self::controls), the system refuses, or the server does not come back.
    pub async fn change(&self, server: Server, change: Change) -> io::Result<()> {
        let orders = self.orders.as_ref().ok_or(io::ErrorKind::BrokenPipe)?;
        let (done, outcome) = oneshot::channel();
        let gone = || io::Error::other("the thread that owns the server is gone");
        orders.send(Order { server, change, done }).map_err(|_| gone())?;
        outcome.await.map_err(|_| gone())?
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
        drop(self.orders.take());
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
    let (orders, ordered) = orders::unbounded_channel();
    let owner = thread::Builder::new()
        .name("services".to_owned())
        .spawn(move || own(&request, &report, ordered))
        .map_err(ServicesError::Guard)?;
    let (postgres, valkey) = match outcome.recv() {
        Ok(services) => services?,
        Err(mpsc::RecvError) => return Err(ServicesError::Supervisor),
    };
    Ok(Running { postgres, valkey, orders: Some(orders), owner: Some(owner) })
}

type Services = (Option<Service>, Option<Service>);

fn own(
    request: &Request,
    report: &mpsc::SyncSender<Result<Services, ServicesError>>,
    mut ordered: orders::UnboundedReceiver<Order>,
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
        // Until everyone is gone who could give an order.
        while let Some(order) = ordered.recv().await {
            owned.obey(order).await;
        }
        owned.stop().await;
    });
}

/// Everything that has to be taken away again.
pub(crate) struct Owned {
    pub(crate) guard: Guard,
    pub(crate) processes: Vec<Process>,
    pub(crate) recipes: Vec<Recipe>,
    pub(crate) containers: Vec<Container>,
}

impl Owned {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            guard: Guard::start()?,
            processes: Vec::new(),
            recipes: Vec::new(),
            containers: Vec::new(),
        })
    }

    /// Takes charge of a server's process.
    pub(crate) fn own(&mut self, server: Server, child: Child) {
        self.processes.push(Process { server, child });
    }

    async fn start(&mut self, request: &Request) -> Result<Services, ServicesError> {
        let engine = match request.choice {
            Choice::Auto | Choice::Docker => Some(docker::engine().await),
            Choice::Local | Choice::Url(_) => None,
        };
        let mut services = (None, None);
        if request.postgres {
            let found = self.find(Server::Postgres, &request.choice, engine.as_ref()).await?;
            services.0 = Some(found);
        }
        if request.valkey != Want::No {
            let found = self.find(Server::Valkey, &request.choice, engine.as_ref()).await;
            services.1 = match found {
                Err(_) if request.valkey == Want::IfPossible => None,
                found => Some(found?),
            };
        }
        Ok(services)
    }

    /// Goes through the ways in their order. `engine` is Docker's answer, if it was asked.
    async fn find(
        &mut self,
        server: Server,
        choice: &Choice,
        engine: Option<&Result<String, WayFailed>>,
    ) -> Result<Service, ServicesError> {
        let mut search = Search { server, tried: Vec::new() };
        let named = match choice {
            Choice::Url(urls) => {
                let url = server.of(urls);
                Some(url.ok_or_else(|| WayFailed::new(explicit::WAY, &"--services names none")))
            }
            Choice::Auto => explicit::from_environment(server.variable()).map(Ok),
            Choice::Local | Choice::Docker => None,
        };
        if let Some(named) = named {
            // Somebody meant this server and no other, so no other way is tried.
            let found = match (named, server) {
                (Ok(url), Server::Postgres) => explicit::postgres(url).await,
                (Ok(url), Server::Valkey) => explicit::valkey(url).await,
                (Err(failed), _) => Err(failed),
            };
            return search.take(Way::Explicit, found).ok_or_else(|| search.give_up());
        }
        if let Some(engine) = engine {
            let found = match (engine, server) {
                (Ok(_), Server::Postgres) => docker::postgres(self).await,
                (Ok(_), Server::Valkey) => docker::valkey(self).await,
                (Err(failed), _) => Err(failed.clone()),
            };
            if let Some(service) = search.take(Way::Docker, found) {
                return Ok(service);
            }
        }
        if *choice == Choice::Docker {
            return Err(search.give_up());
        }
        let found = match server {
            Server::Postgres => local::postgres(self, local::find_postgres()).await,
            Server::Valkey => local::valkey(self).await,
        };
        if let Some(service) = search.take(Way::Local, found) {
            return Ok(service);
        }
        if server == Server::Postgres {
            let found = embedded::postgres(self).await;
            if let Some(service) = search.take(Way::Embedded, found) {
                return Ok(service);
            }
        }
        Err(search.give_up())
    }

    async fn stop(&mut self) {
        self.resume_all();
        for container in self.containers.drain(..) {
            // The guard tries again, and has the last word.
            let _ = container.remove().await;
        }
        self.guard.release();
        for process in &mut self.processes {
            // The guard signals them; reaping them here lets it see that they are gone.
            let _ = process.child.wait();
        }
    }
}

/// A process, which may have ended, and what it was started for.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) server: Server,
    pub(crate) child: Child,
}

/// The two servers there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Server {
    /// The database.
    Postgres,
    /// The event store and cache.
    Valkey,
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Server {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "postgres" => Ok(Self::Postgres),
            "valkey" => Ok(Self::Valkey),
            _ => Err(format!("`{text}` is none of postgres, valkey")),
        }
    }
}

impl Server {
    fn name(self) -> &'static str {
        match self {
            Self::Postgres => "Postgres",
            Self::Valkey => "Valkey",
        }
    }

    fn variable(self) -> &'static str {
        match self {
            Self::Postgres => DATABASE_URL_VARIABLE,
            Self::Valkey => VALKEY_URL_VARIABLE,
        }
    }

    fn of(self, urls: &ExplicitUrls) -> Option<String> {
        match self {
            Self::Postgres => urls.postgres.clone(),
            Self::Valkey => urls.valkey.clone(),
        }
    }
}

/// The search for one server, with the ways that led nowhere.
struct Search {
    server: Server,
    tried: Vec<WayFailed>,
}

impl Search {
    /// A service when this way led to one, as a URL and a description; else it is noted.
    fn take(&mut self, way: Way, found: Result<(String, String), WayFailed>) -> Option<Service> {
        match found {
            Ok((url, what)) => Some(Service { url, way, what, tried: self.tried.clone() }),
            Err(failed) => {
                self.tried.push(failed);
                None
            }
        }
    }

    fn give_up(self) -> ServicesError {
        ServicesError::NoWay { server: self.server.name(), tried: self.tried }
    }
}
