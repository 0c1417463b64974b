//! `services control`: the servers of a `services exec`, stopped, paused and brought back from outside.
//!
//! The command that `exec` runs finds in its environment the socket on which `exec` takes orders, one a
//! connection: a line `NAME CHANGE`, answered by a line `ok`, or by what was wrong. Whoever else has
//! something to control may listen on a socket of its own in the same way.

use std::{
    io::{self, BufRead as _, BufReader, Write as _},
    os::unix::net,
    path::Path,
    process::ExitCode,
};

use anyhow::{Context as _, bail};
use services::{Change, Running, Server};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _},
    net::{UnixListener, UnixStream},
};

use crate::ControlArgs;

/// The variable that names the socket.
pub(crate) const SOCKET: &str = "HOSTPROOF_SERVICES_CONTROL";

/// The answer to an order that was carried out.
const DONE: &str = "ok";

/// Gives an order.
pub(crate) fn ask(args: &ControlArgs) -> anyhow::Result<ExitCode> {
    let socket = args.socket.display();
    let mut stream = net::UnixStream::connect(&args.socket)
        .with_context(|| format!("nobody takes orders at {socket}"))?;
    writeln!(stream, "{} {}", args.name, args.change)?;
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer)?;
    match answer.trim_end() {
        DONE => Ok(ExitCode::SUCCESS),
        "" => bail!("{socket} was closed before the order was carried out"),
        wrong => bail!("{wrong}"),
    }
}

/// A socket on which orders are taken; without one none come.
#[derive(Debug)]
pub(crate) struct Orders(Option<UnixListener>);

impl Orders {
    /// Listens, if there is anything here to control.
    pub(crate) fn at(path: &Path, running: &Running) -> io::Result<Self> {
        let all = [Server::Postgres, Server::Valkey];
        let can = all.into_iter().any(|server| running.controls(server));
        Ok(Self(if can { Some(UnixListener::bind(path)?) } else { None }))
    }

    /// Whether orders can come.
    pub(crate) fn are_taken(&self) -> bool {
        self.0.is_some()
    }

    /// Takes orders and carries them out, one after the other, for ever.
    pub(crate) async fn carry_out(&self, running: &Running) {
        let Some(listener) = &self.0 else { return std::future::pending().await };
        loop {
            let outcome = match listener.accept().await {
                Ok((stream, _)) => one(stream, running).await,
                Err(error) => Err(error),
            };
            if let Err(error) = outcome {
                eprintln!("services: an order was lost: {error}");
            }
        }
    }
}

async fn one(stream: UnixStream, running: &Running) -> io::Result<()> {
    let mut stream = tokio::io::BufReader::new(stream);
    let mut order = String::new();
    stream.read_line(&mut order).await?;
    let answer = match carried_out(order.trim(), running).await {
        Ok(()) => DONE.to_owned(),
        Err(wrong) => wrong.replace('\n', " "),
    };
    stream.write_all(format!("{answer}\n").as_bytes()).await
}

async fn carried_out(order: &str, running: &Running) -> Result<(), String> {
    let (name, change) = order.split_once(' ').ok_or("an order is a name and a change")?;
    let (server, change): (Server, Change) = (name.parse()?, change.parse()?);
    running.change(server, change).await.map_err(|error| format!("{server} {change}: {error}"))
}
