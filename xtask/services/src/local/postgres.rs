//! A throw-away Postgres cluster.

use std::{
    fs,
    path::Path,
    process::{Child, Command},
    time::Instant,
};

use nix::sys::signal::Signal;
use sqlx::{ConnectOptions as _, postgres::PgConnectOptions};

use super::{
    PostgresBinaries,
    process::{
        self, POLL_INTERVAL, PORT_ATTEMPTS, START_DEADLINE, Unprivileged, free_port, log_tail,
    },
};
use crate::{
    control::Recipe,
    error::WayFailed,
    running::{Owned, Server},
};

const WAY: &str = "postgres on this machine";

/// The cluster's superuser.
pub(crate) const SUPERUSER: &str = "postgres";

/// Settings of every Postgres started here, in a container or not.
///
/// Durability is switched off: the data does not outlive the run, and a commit that waits for a
/// disk is most of a test's time. The connections are for test processes that run side by side,
/// each with pools of its own.
pub(crate) const SETTINGS: [&str; 4] =
    ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=300"];

/// Makes a cluster with `binaries` and runs it. Answers its URL and what it is.
pub(crate) async fn postgres(
    owned: &mut Owned,
    binaries: Option<PostgresBinaries>,
) -> Result<(String, String), WayFailed> {
    let failed = |reason: String| WayFailed::new(WAY, &reason);
    let binaries = binaries.ok_or_else(|| {
        WayFailed::absent(WAY, &"no `initdb` and `postgres` on PATH or in /usr/lib/postgresql")
    })?;
    let unprivileged = Unprivileged::needed().map_err(|error| failed(error.to_string()))?;
    let directory = process::directory(owned, unprivileged)
        .map_err(|error| failed(format!("cannot make a directory for it: {error}")))?;
    let password = uuid::Uuid::new_v4().simple().to_string();
    initdb(&binaries, &directory, &password, unprivileged).map_err(failed)?;

    let mut reason = String::new();
    for _ in 0..PORT_ATTEMPTS {
        let port = free_port().map_err(|error| failed(format!("no free port: {error}")))?;
        let command = command(&binaries, &directory, port);
        // Postgres takes SIGQUIT for "end at once, nothing needs to be saved".
        let mut child =
            process::spawn(owned, command, &directory, unprivileged, Signal::SIGQUIT)
                .map_err(|error| failed(format!("{}: {error}", binaries.postgres.display())))?;
        let url = format!("postgres://{SUPERUSER}:{password}@127.0.0.1:{port}/postgres");
        let answered = answers(&mut child, &url).await;
        owned.own(Server::Postgres, child);
        match answered {
            Ok(()) => {
                let version = binaries.version();
                owned.recipes.push(Recipe {
                    server: Server::Postgres,
                    url: url.clone(),
                    command: Box::new({
                        let directory = directory.clone();
                        move || self::command(&binaries, &directory, port)
                    }),
                    directory,
                    unprivileged,
                    signal: Signal::SIGQUIT,
                    stop: Signal::SIGINT,
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

fn initdb(
    binaries: &PostgresBinaries,
    directory: &Path,
    password: &str,
    unprivileged: Option<Unprivileged>,
) -> Result<(), String> {
    let password_file = directory.join("password");
    fs::write(&password_file, password).map_err(|error| error.to_string())?;
    let mut command = Command::new(&binaries.initdb);
    command
        .current_dir(directory)
        .arg("--pgdata")
        .arg(directory.join("data"))
        .arg("--pwfile")
        .arg(&password_file)
        .args(["--username", SUPERUSER])
        // Passwords are checked for everyone, so that a wrong one is noticed here and not only
        // on somebody's real server.
        .args(["--auth", "scram-sha-256", "--encoding", "UTF8", "--no-locale"])
        .args(["--no-sync", "--no-instructions"]);
    if let Some(user) = unprivileged {
        user.apply(&mut command);
    }
    let output = command.output().map_err(|error| format!("cannot run initdb: {error}"))?;
    let removed = fs::remove_file(&password_file);
    if !output.status.success() {
        return Err(format!("initdb: {}", String::from_utf8_lossy(&output.stderr).trim()));
    }
    removed.map_err(|error| error.to_string())
}

fn command(binaries: &PostgresBinaries, directory: &Path, port: u16) -> Command {
    let mut command = Command::new(&binaries.postgres);
    command.arg("-D").arg(directory.join("data"));
    let own = [
        "listen_addresses=127.0.0.1".to_owned(),
        format!("port={port}"),
        // No socket files to leave behind, and no limit on the length of the directory's name.
        "unix_socket_directories=".to_owned(),
        // Shared memory in files of the cluster's directory goes when the directory goes.
        "dynamic_shared_memory_type=mmap".to_owned(),
    ];
    for setting in own.into_iter().chain(SETTINGS.map(str::to_owned)) {
        command.arg("-c").arg(setting);
    }
    command
}

async fn answers(child: &mut Child, url: &str) -> Result<(), String> {
    let deadline = Instant::now() + START_DEADLINE;
    loop {
        let said = match connect(url).await {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        if let Ok(Some(status)) = child.try_wait() {
            return Err(format!("postgres ended with {status}"));
        }
        if Instant::now() > deadline {
            return Err(format!("does not answer after {START_DEADLINE:?}: {said}"));
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

/// Connects once, over TCP and with the password.
pub(crate) async fn connect(url: &str) -> Result<(), sqlx::Error> {
    let options: PgConnectOptions = url.parse()?;
    let connection = options.disable_statement_logging().connect().await?;
    sqlx::Connection::close(connection).await
}
