//! `cargo xtask conformance`: the reference host, judged by the whole suite.
//!
//! Builds host, suite and `services`, and hands over to `services exec`, which runs the second
//! half, [`run_with_services`], with servers in its environment. Nothing is left running, however
//! this ends: `services` takes the servers away, and the host is tied to the second half.

mod target;

use std::{
    env,
    ffi::OsString,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Command, ExitCode, ExitStatus},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use nix::{sys::signal::kill, unistd::Pid};

use crate::{
    host::{Host, Plan},
    preflight,
    signals::{self, Signals},
    tool::{self, announce},
    workspace,
};
use target::Target;

/// Judge the reference host.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Where Postgres and Valkey come from, see `services exec --help`.
    #[arg(long, value_name = "auto|local|docker|URL", default_value = "auto")]
    services: String,
    /// Build host and suite with optimisations.
    #[arg(long)]
    release: bool,
    /// Arguments for `hostproof run`, say `-- --filter 'routing/*'`.
    #[arg(last = true, value_name = "HOSTPROOF ARGUMENTS")]
    suite: Vec<OsString>,
}

/// What the first half hands to the second.
#[derive(Debug, clap::Args)]
pub(crate) struct Inner {
    #[arg(long)]
    host: PathBuf,
    #[arg(long)]
    hostproof: PathBuf,
    #[arg(long)]
    services: PathBuf,
    #[arg(last = true)]
    suite: Vec<OsString>,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    preflight::libclang()?;
    let programs = tool::build(&["reference-server", "hostproof", "services"], args.release)?;
    let services = programs.path("services")?;
    announce("starting services");
    let mut command = Command::new(services);
    command
        .args(["exec", "--own-database", "--optional-valkey", "--services", &args.services, "--"])
        .arg(env::current_exe()?)
        .arg("conformance-with-services")
        .arg("--host")
        .arg(programs.path("reference-server")?)
        .arg("--hostproof")
        .arg(programs.path("hostproof")?)
        .arg("--services")
        .arg(services)
        .arg("--")
        .args(&args.suite);
    // Instead of us, so that signals have one process less to get past.
    Err(command.exec()).context("cannot run `services`")
}

pub(crate) fn run_with_services(inner: &Inner) -> Result<ExitCode> {
    let signals = signals::watch()?;
    let began = Instant::now();
    let folder = workspace::target().join("conformance");
    let target = Target {
        catalog: free_address()?,
        outbound: free_address()?,
        // Outside of the host's folder, which is emptied for every run.
        outbound_ca: workspace::target().join("outbound-ca.pem"),
        valkey: env::var("HOSTPROOF_VALKEY_URL").ok(),
    };
    let database = env::var("HOSTPROOF_OWN_DATABASE_URL")
        .context("this command is run by `cargo xtask conformance`")?;

    make_authority(&inner.hostproof, &target)?;
    announce("starting the reference host");
    let plan = Plan {
        program: &inner.host,
        services: &inner.services,
        folder: &folder,
        environment: target.host_environment(database),
        plugin_config: Target::plugin_config(),
    };
    let mut host = Host::start(&plan, &signals)?;
    eprintln!("    {} after {:.1} s", host.url, began.elapsed().as_secs_f32());
    if target.valkey.is_none() {
        eprintln!("    there is no Valkey here: the cases that observe one will be blocked");
    }
    let target_file = folder.join("target.toml");
    std::fs::write(&target_file, target.render(&host.url))?;

    announce("judging it");
    let mut suite = tool::tied(&inner.services, &inner.hostproof);
    suite
        .current_dir(workspace::root())
        .args(["run", "--target"])
        .arg(&target_file)
        .args(&inner.suite);
    let status = attend(&mut suite, &signals)?;
    if let Some(ended) = host.ended()? {
        eprintln!("xtask: the host ended during the run ({ended}):\n{}", host.log_tail());
    }
    eprintln!("    the host's log: {}", host.log.display());
    Ok(tool::exit_code(status))
}

/// Has the suite make the authority of its outbound server, which the host trusts when it starts.
fn make_authority(hostproof: &Path, target: &Target) -> Result<()> {
    let mut command = Command::new(hostproof);
    command.arg("outbound-ca").arg(&target.outbound_ca);
    for host in Target::outbound_hosts() {
        command.args(["--host", host]);
    }
    let status = command.status().context("cannot run `hostproof outbound-ca`")?;
    ensure!(status.success(), "`hostproof outbound-ca` ended with {status}");
    Ok(())
}

/// Runs the suite to its end, and passes on the signals that ask for an earlier one.
fn attend(command: &mut Command, signals: &Signals) -> Result<ExitStatus> {
    const LOOK_INTERVAL: Duration = Duration::from_millis(50);
    let mut child =
        command.spawn().with_context(|| format!("cannot run `{}`", tool::shown(command)))?;
    loop {
        if let Some(status) = child.try_wait().context("cannot wait for the suite")? {
            return Ok(status);
        }
        if let Some(signal) = signals.within(LOOK_INTERVAL) {
            // It may have ended since we looked.
            let _ = kill(Pid::from_raw(child.id().cast_signed()), signal);
        }
    }
}

/// An address nobody listens on. The suite's servers will; the host has to be told before they do.
fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}
