//! `services exec`: servers, then a command, then no servers.

use std::{
    fs::File,
    os::unix::process::ExitStatusExt as _,
    process::{Command, ExitCode, ExitStatus},
    time::Instant,
};

use anyhow::Context as _;
use nix::{
    sys::signal::{Signal, kill},
    unistd::{Pid, getpgrp, tcgetpgrp},
};
use services::Running;
use tokio::signal::unix::{SignalKind, signal};

use crate::{
    ExecArgs,
    remote::{self, Orders},
};

pub(crate) fn run(args: &ExecArgs) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        // Before anything is started, so that a signal during the start is not the end of us: the
        // guard would clean up, but nobody would wait for it.
        let mut signals = Signals::new()?;
        let request = args.which.request();
        let starting = tokio::task::spawn_blocking(move || start(request));
        let running = tokio::select! {
            running = starting => running??,
            received = signals.next() => {
                return Ok(code(128 + received as i32));
            }
        };
        let mut environment: Vec<(String, String)> =
            running.environment().into_iter().map(|(name, url)| (name.to_owned(), url)).collect();
        let mut databases = Vec::new();
        for number in 1..=args.own_database {
            let server = running.postgres().context("no Postgres to make a database on")?;
            let made = services::empty_database(&server.url).await?;
            let variable = services::OWN_DATABASE_URL_VARIABLE.to_owned();
            let variable = if number == 1 { variable } else { format!("{variable}_{number}") };
            environment.push((variable, made.url().to_owned()));
            databases.push(made);
        }
        let folder = tempfile::tempdir()?;
        let socket = folder.path().join("control");
        let orders = Orders::at(&socket, &running)?;
        if orders.are_taken() {
            environment.push((remote::SOCKET.to_owned(), socket.display().to_string()));
        }
        let status = tokio::select! {
            status = attend(args, environment, &mut signals) => status,
            () = orders.carry_out(&running) => unreachable!("orders are taken for ever"),
        };
        drop(databases);
        drop(running);
        Ok(match status? {
            status if status.code().is_some() => code(status.code().unwrap_or_default()),
            status => code(128 + status.signal().unwrap_or_default()),
        })
    })
}

fn start(request: services::Request) -> anyhow::Result<Running> {
    let began = Instant::now();
    eprintln!("services: looking for servers ({})", request.choice);
    let running = services::start(request)?;
    for (name, service) in [("Postgres", running.postgres()), ("Valkey", running.valkey())] {
        let Some(service) = service else { continue };
        // That something is not here is ordinary; that it is here and fails is news.
        for failed in service.tried.iter().filter(|failed| !failed.absent) {
            eprintln!("services: {name}: not by {failed}");
        }
        eprintln!("services: {name}: {}, {}", service.way, service.what);
    }
    eprintln!("services: ready after {:.1} s", began.elapsed().as_secs_f32());
    Ok(running)
}

async fn attend(
    args: &ExecArgs,
    environment: Vec<(String, String)>,
    signals: &mut Signals,
) -> anyhow::Result<ExitStatus> {
    let (program, arguments) = args.command.split_first().context("no command")?;
    let mut command = Command::new(program);
    command.args(arguments).envs(environment);
    services::end_with_parent(&mut command, Signal::SIGTERM);
    let mut child = tokio::process::Command::from(command)
        .spawn()
        .with_context(|| format!("cannot run {}", program.display()))?;
    loop {
        let process = child.id();
        tokio::select! {
            status = child.wait() => return Ok(status?),
            received = signals.next() => {
                // The terminal has sent its interrupt to the command as well; a second one would
                // be taken for impatience.
                let from_terminal = received == Signal::SIGINT && in_foreground();
                if let (Some(process), false) = (process, from_terminal) {
                    // The command may be gone by now, and then there is nobody to tell.
                    let _ = kill(Pid::from_raw(process.cast_signed()), received);
                }
            }
        }
    }
}

/// Whether an interrupt key reaches our process group, and with it the command.
fn in_foreground() -> bool {
    File::open("/dev/tty").is_ok_and(|tty| tcgetpgrp(&tty) == Ok(getpgrp()))
}

fn code(number: i32) -> ExitCode {
    ExitCode::from(u8::try_from(number).unwrap_or(u8::MAX))
}

/// The signals that ask us to end.
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    hangup: tokio::signal::unix::Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupt.recv() => Signal::SIGINT,
            _ = self.terminate.recv() => Signal::SIGTERM,
            _ = self.hangup.recv() => Signal::SIGHUP,
        }
    }
}
