//! A throw-away Valkey, or a Redis in its place: what this project uses of them is the same.

use std::{
    path::Path,
    process::{Child, Command},
    time::Instant,
};

use nix::sys::signal::Signal;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::{
    find::{find_valkey, program_version},
    process::{
        self, POLL_INTERVAL, PORT_ATTEMPTS, START_DEADLINE, Unprivileged, free_port, log_tail,
    },
};
use crate::{
    control::Recipe,
    error::WayFailed,
    running::{Owned, Server},
};

const WAY: &str = "valkey-server or redis-server on this machine";

/// Settings of every Valkey started here: nothing is saved, because nothing outlives the run.
pub(crate) const SETTINGS: [&str; 4] = ["--save", "", "--appendonly", "no"];

/// Runs the machine's Valkey. Answers its URL and what it is.
pub(crate) async fn valkey(owned: &mut Owned) -> Result<(String, String), WayFailed> {
    let failed = |reason: String| WayFailed::new(WAY, &reason);
    let program = find_valkey().ok_or_else(|| WayFailed::absent(WAY, &"neither is installed"))?;
    let unprivileged = Unprivileged::needed().map_err(|error| failed(error.to_string()))?;
    let directory = process::directory(owned, unprivileged)
        .map_err(|error| failed(format!("cannot make a directory for it: {error}")))?;

    let mut reason = String::new();
    for _ in 0..PORT_ATTEMPTS {
        let port = free_port().map_err(|error| failed(format!("no free port: {error}")))?;
        let command = command(&program, &directory, port);
        let mut child = process::spawn(owned, command, &directory, unprivileged, Signal::SIGTERM)
            .map_err(|error| failed(format!("{}: {error}", program.display())))?;
        let answered = answers(&mut child, port).await;
        owned.own(Server::Valkey, child);
        match answered {
            Ok(()) => {
                let url = format!("redis://127.0.0.1:{port}");
                let version = program_version(&program);
                owned.recipes.push(Recipe {
                    server: Server::Valkey,
                    url: url.clone(),
                    command: Box::new({
                        let directory = directory.clone();
                        move || self::command(&program, &directory, port)
                    }),
                    directory,
                    unprivileged,
                    signal: Signal::SIGTERM,
                    stop: Signal::SIGTERM,
                });
                return Ok((url, version));
            }
            Err(said) => reason = format!("{said}\n{}", log_tail(&directory)),
        }
        if !reason.contains("Address already in use") {
            break;
        }
    }
    Err(failed(reason))
}

fn command(program: &Path, directory: &Path, port: u16) -> Command {
    let mut command = Command::new(program);
    command
        .args(["--bind", "127.0.0.1", "--port", &port.to_string()])
        .arg("--dir")
        .arg(directory)
        .args(SETTINGS);
    command
}

async fn answers(child: &mut Child, port: u16) -> Result<(), String> {
    let deadline = Instant::now() + START_DEADLINE;
    loop {
        let said = match ping("127.0.0.1", port).await {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        if let Ok(Some(status)) = child.try_wait() {
            return Err(format!("it ended with {status}"));
        }
        if Instant::now() > deadline {
            return Err(format!("does not answer after {START_DEADLINE:?}: {said}"));
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

/// Sends a `PING` to a server started here.
pub(crate) async fn ping_url(url: &str) -> std::io::Result<()> {
    let url = url::Url::parse(url).map_err(std::io::Error::other)?;
    ping(url.host_str().unwrap_or("127.0.0.1"), url.port().unwrap_or(6379)).await
}

/// Sends one `PING` and reads its `PONG`; no client library is needed for that.
pub(crate) async fn ping(host: &str, port: u16) -> std::io::Result<()> {
    let mut stream = TcpStream::connect((host, port)).await?;
    stream.write_all(b"PING\r\n").await?;
    let mut answer = [0; 7];
    stream.read_exact(&mut answer).await?;
    match &answer {
        b"+PONG\r\n" => Ok(()),
        other => Err(std::io::Error::other(format!(
            "not a PONG: {}",
            String::from_utf8_lossy(other).trim_end()
        ))),
    }
}
