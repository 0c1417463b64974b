//! What the target file says of faults: `services control` takes the servers away and brings them
//! back; the host is ended and started again by us, on an order of the same kind.

use std::{
    io::{BufRead as _, BufReader, ErrorKind, Write as _},
    os::unix::net::{UnixListener, UnixStream},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use tempfile::TempDir;

use crate::{
    host::{Ground, Host, Plan},
    hosted::Stage,
};

/// The variable in which `services exec` says where it takes orders, if its servers can be controlled.
const SERVERS: &str = "HOSTPROOF_SERVICES_CONTROL";
/// For an order to be read; whoever gives it has it at hand.
const ORDER_DEADLINE: Duration = Duration::from_secs(5);
/// From SIGKILL to the end of a process.
const KILL_DEADLINE: Duration = Duration::from_secs(10);

/// Whether Postgres and Valkey were started for us, and can be taken away.
pub(crate) fn servers_are_ours() -> bool {
    std::env::var_os(SERVERS).is_some()
}

/// The host, and the socket on which orders about it come.
#[derive(Debug)]
pub(crate) struct Controlled<'a> {
    pub(crate) host: Host,
    stage: &'a Stage,
    ground: &'a Ground,
    plan: Plan,
    listener: UnixListener,
    folder: TempDir,
    started_again: bool,
}

impl<'a> Controlled<'a> {
    /// Starts the host.
    pub(crate) fn start(stage: &'a Stage, ground: &'a Ground, mut plan: Plan) -> Result<Self> {
        let host = Host::start(stage, ground, &plan)?;
        // Where it is now is where it has to be again.
        let address = host.url.trim_start_matches("http://").to_owned();
        for (name, value) in &mut plan.environment {
            if *name == "LISTEN" {
                value.clone_from(&address);
            }
        }
        let folder = tempfile::tempdir().context("a folder for a socket")?;
        let listener = UnixListener::bind(folder.path().join("host"))?;
        listener.set_nonblocking(true)?;
        Ok(Self { host, stage, ground, plan, listener, folder, started_again: false })
    }

    /// Whether the host is another process than at first.
    pub(crate) fn has_been_started_again(&self) -> bool {
        self.started_again
    }

    /// Carries out an order, if one has come. On the thread that started the host: its processes end
    /// with that one.
    pub(super) fn obey(&mut self) -> Result<()> {
        let stream = match self.listener.accept() {
            Ok((stream, _)) => stream,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error).context("take orders about the host"),
        };
        stream.set_nonblocking(false)?;
        stream.set_read_timeout(Some(ORDER_DEADLINE))?;
        let answer = match self.carry_out(&stream) {
            Ok(()) => "ok".to_owned(),
            Err(error) => format!("{error:#}").replace('\n', " "),
        };
        // Whoever asked may have been interrupted meanwhile.
        let _ = writeln!(&stream, "{answer}");
        Ok(())
    }

    fn carry_out(&mut self, stream: &UnixStream) -> Result<()> {
        let mut order = String::new();
        BufReader::new(stream).read_line(&mut order)?;
        match order.trim_end() {
            "host kill" => {
                self.host.kill()?;
                if self.host.until_ended(KILL_DEADLINE)?.is_none() {
                    bail!("the host lives {KILL_DEADLINE:?} after it was killed");
                }
            }
            "host start" => {
                if self.host.ended()?.is_none() {
                    bail!("the host runs already");
                }
                self.host = Host::start(self.stage, self.ground, &self.plan)?;
                self.started_again = true;
            }
            other => bail!("`{other}` is neither `host kill` nor `host start`"),
        }
        Ok(())
    }

    /// What the target file says of faults; `None` where the servers are not ours to take away.
    pub(crate) fn section(&self, services: &Path, valkey: bool) -> Option<String> {
        let servers = PathBuf::from(std::env::var_os(SERVERS)?);
        let part = |socket: &Path, name: &str, changes: &[&str]| {
            let socket = socket.display().to_string();
            let services = services.display().to_string();
            let commands = changes.iter().map(|change| {
                let words = [&services, "control", "--socket", &socket, name, change];
                format!("{change} = {}\n", toml::Value::from(words.to_vec()))
            });
            format!("\n[faults.{name}]\n{}", commands.collect::<String>())
        };
        let mut section = part(&self.folder.path().join("host"), "host", &["kill", "start"]);
        let server = ["stop", "start", "pause", "resume"];
        section.push_str(&part(&servers, "postgres", &server));
        if valkey {
            section.push_str(&part(&servers, "valkey", &server));
        }
        Some(section)
    }
}
