//! Stopping, pausing and restarting a server that was started here, on the same port and data.
//!
//! For tests of what depends on a server: what becomes of it when the server is gone, hangs, or
//! comes back. Orders are carried out by the thread that owns the servers, because a server ends
//! with the thread that started it.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
    process::{Child, Command},
    str::FromStr,
    time::Instant,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tokio::sync::oneshot;

use crate::{
    local::{self, POLL_INTERVAL, START_DEADLINE, Unprivileged},
    running::{Owned, Server},
};

/// What becomes of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It ends at once and breaks its connections.
    Stop,
    /// It runs again, where it ran before.
    Start,
    /// It keeps its connections and answers nothing, as a machine that hangs.
    Pause,
    /// It goes on.
    Resume,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stop => "stop",
            Self::Start => "start",
            Self::Pause => "pause",
            Self::Resume => "resume",
        })
    }
}

impl FromStr for Change {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let all = [Self::Stop, Self::Start, Self::Pause, Self::Resume];
        let meant = all.into_iter().find(|change| change.to_string() == text);
        meant.ok_or_else(|| format!("`{text}` is none of stop, start, pause, resume"))
    }
}

/// A change that somebody waits for.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) server: Server,
    pub(crate) change: Change,
    pub(crate) done: oneshot::Sender<io::Result<()>>,
}

/// How to start a server once more.
pub(crate) struct Recipe {
    pub(crate) server: Server,
    pub(crate) url: String,
    pub(crate) command: Box<dyn Fn() -> Command + Send>,
    pub(crate) directory: PathBuf,
    pub(crate) unprivileged: Option<Unprivileged>,
    /// What ends it when it is not needed any more.
    pub(crate) signal: Signal,
    /// What ends it at once, with its data kept if it keeps any.
    pub(crate) stop: Signal,
}

impl Owned {
    /// Carries out an order.
    pub(crate) async fn obey(&mut self, order: Order) {
        let Order { server, change, done } = order;
        // Nobody waiting any more is nobody to tell.
        let _ = done.send(self.change(server, change).await);
    }

    async fn change(&mut self, server: Server, change: Change) -> io::Result<()> {
        let Some((recipe, process)) = self.controlled(server) else {
            return Err(io::Error::other(
                "only a server started from a program on this machine can be controlled",
            ));
        };
        match change {
            Change::Stop => {
                resume(&recipe.directory)?;
                send(process, recipe.stop)?;
                process.wait().map(drop)
            }
            Change::Pause => pause(process, &recipe.directory),
            Change::Resume => resume(&recipe.directory),
            Change::Start => self.start_again(server).await,
        }
    }

    /// The newest process of a server, and how it was started.
    fn controlled(&mut self, server: Server) -> Option<(&Recipe, &mut Child)> {
        let recipe = self.recipes.iter().find(|recipe| recipe.server == server)?;
        let process = self.processes.iter_mut().rfind(|one| one.server == server)?;
        Some((recipe, &mut process.child))
    }

    async fn start_again(&mut self, server: Server) -> io::Result<()> {
        let place = self.recipes.iter().position(|recipe| recipe.server == server);
        let Some(recipe) = place.map(|place| self.recipes.swap_remove(place)) else {
            return Err(io::ErrorKind::NotFound.into());
        };
        let started = self.spawn(server, (recipe.command)(), &recipe);
        let url = recipe.url.clone();
        self.recipes.push(recipe);
        started?;
        let deadline = Instant::now() + START_DEADLINE;
        loop {
            let answered = match server {
                Server::Postgres => local::connect(&url).await.map_err(io::Error::other),
                Server::Valkey => local::ping_url(&url).await,
            };
            match answered {
                Ok(()) => return Ok(()),
                Err(error) if Instant::now() > deadline => return Err(error),
                Err(_) => tokio::time::sleep(POLL_INTERVAL).await,
            }
        }
    }

    fn spawn(&mut self, server: Server, command: Command, recipe: &Recipe) -> io::Result<()> {
        let Recipe { directory, unprivileged, signal, .. } = recipe;
        let child = local::spawn(self, command, directory, *unprivileged, *signal)?;
        self.own(server, child);
        Ok(())
    }

    /// Lets whatever is paused go on, so that it can end.
    pub(crate) fn resume_all(&self) {
        for recipe in &self.recipes {
            // The guard does the same, and has the last word.
            let _ = resume(&recipe.directory);
        }
    }
}

fn send(process: &Child, signal: Signal) -> io::Result<()> {
    Ok(kill(Pid::from_raw(process.id().cast_signed()), signal)?)
}

/// Stops the server and then the processes it has made, each of which leads a session of its own.
fn pause(process: &Child, directory: &Path) -> io::Result<()> {
    // First, so that it makes no further ones meanwhile.
    send(process, Signal::SIGSTOP)?;
    for process in working_in(directory)? {
        signal_if_there(process, Signal::SIGSTOP)?;
    }
    Ok(())
}

fn resume(directory: &Path) -> io::Result<()> {
    for process in working_in(directory)? {
        signal_if_there(process, Signal::SIGCONT)?;
    }
    Ok(())
}

/// A process may have ended since it was found.
fn signal_if_there(process: Pid, signal: Signal) -> io::Result<()> {
    match kill(process, signal) {
        Ok(()) | Err(nix::errno::Errno::ESRCH) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// The processes that work inside a server's directory: the server, and those it made.
fn working_in(directory: &Path) -> io::Result<Vec<Pid>> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let entry = entry?;
        let Some(id) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        // Other people's processes do not tell, and some have ended by now.
        if fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd.starts_with(directory)) {
            found.push(Pid::from_raw(id));
        }
    }
    Ok(found)
}
