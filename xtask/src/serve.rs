//! `cargo xtask serve`: the reference host with the demo plugin, to try by hand.

mod demo;

use std::{
    env,
    net::{SocketAddr, TcpListener},
    os::unix::process::CommandExt as _,
    path::PathBuf,
    process::{Command, ExitCode},
};

use anyhow::{Context as _, Result};

use crate::{
    api,
    catalog::Catalog,
    host::{Host, Plan},
    preflight, signals,
    tool::{self, announce},
    workspace,
};

/// Run the reference host with the demo plugin installed.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Where Postgres and Valkey come from, see `services exec --help`.
    #[arg(long, value_name = "auto|local|docker|URL", default_value = "auto")]
    services: String,
    /// Where the host serves; a free port if this one is taken.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Build the host with optimisations.
    #[arg(long)]
    release: bool,
    /// Send the printed requests, demand that they succeed, and stop.
    #[arg(long)]
    check: bool,
}

/// What the first half hands to the second.
#[derive(Debug, clap::Args)]
pub(crate) struct Inner {
    #[arg(long)]
    host: PathBuf,
    #[arg(long)]
    services: PathBuf,
    #[arg(long)]
    listen: SocketAddr,
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    preflight::libclang()?;
    let programs = tool::build(&["reference-server", "services"], args.release)?;
    let services = programs.path("services")?;
    announce("starting services");
    let mut command = Command::new(services);
    command
        .args(["exec", "--own-database", "--optional-valkey", "--services", &args.services, "--"])
        .arg(env::current_exe()?)
        .arg("serve-with-services")
        .arg("--host")
        .arg(programs.path("reference-server")?)
        .arg("--services")
        .arg(services)
        .args(["--listen", &args.listen.to_string()])
        .args(args.check.then_some("--check"));
    // Instead of us, so that signals have one process less to get past.
    Err(command.exec()).context("cannot run `services`")
}

pub(crate) fn run_with_services(inner: &Inner) -> Result<ExitCode> {
    let signals = signals::watch()?;
    let database = env::var("HOSTPROOF_OWN_DATABASE_URL")
        .context("this command is run by `cargo xtask serve`")?;
    announce("starting the reference host");
    let catalog = Catalog::start(demo::files()?)?;
    let listen = listen(inner.listen).to_string();
    let plan = Plan {
        program: &inner.host,
        services: &inner.services,
        folder: &workspace::target().join("serve"),
        environment: api::environment(listen, database, &catalog.url()),
        plugin_config: String::new(),
    };
    let mut host = Host::start(&plan, &signals)?;
    announce("installing the demo plugin");
    let demo = demo::install(&host.url).with_context(|| host.log_tail())?;
    println!("\n{}", demo.describe(&host.url, &host.log));
    if inner.check {
        announce("trying the three requests");
        demo.check(&host.url).with_context(|| host.log_tail())?;
        return Ok(ExitCode::SUCCESS);
    }
    loop {
        const LOOK_INTERVAL: std::time::Duration = std::time::Duration::from_millis(200);
        if let Some(signal) = signals.within(LOOK_INTERVAL) {
            announce(&format!("{signal}: stopping"));
            return Ok(ExitCode::SUCCESS);
        }
        if let Some(status) = host.ended()? {
            anyhow::bail!("the host ended with {status}:\n{}", host.log_tail());
        }
    }
}

/// The wanted address, or one nearby when somebody else is there already.
fn listen(wanted: SocketAddr) -> SocketAddr {
    match TcpListener::bind(wanted) {
        Ok(_) => wanted,
        Err(error) => {
            eprintln!("    {wanted}: {error}; taking a free port");
            SocketAddr::new(wanted.ip(), 0)
        }
    }
}
