//! `cargo xtask interference`: what one plugin's misbehaviour costs the requests of another.
//!
//! A client asks a well-behaved plugin again and again and notes how long each answer takes: first
//! with nobody else there, then beside an honest neighbour that is asked by many clients at once,
//! then beside the same number of clients that make the neighbour misbehave in one way after the
//! other. All in one run and against one host, so that the ratios mean something; the honest
//! neighbour is the measure, since any work on the same cores costs something.

mod load;
mod neighbours;

use std::{
    env,
    os::unix::process::CommandExt as _,
    path::PathBuf,
    process::{Command, ExitCode},
    time::Duration,
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
use load::Sample;
use neighbours::NEIGHBOURS;

/// Measure what a misbehaving plugin costs the requests of another one.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Where Postgres and Valkey come from, see `services exec --help`.
    #[arg(long, value_name = "auto|local|docker|URL", default_value = "auto")]
    services: String,
    /// Build the host with optimisations.
    #[arg(long)]
    release: bool,
    #[command(flatten)]
    how: How,
}

#[derive(Debug, Clone, clap::Args)]
struct How {
    /// Time for each neighbour, in seconds. The longest misbehaviour lasts five.
    #[arg(long, value_name = "SECONDS", default_value_t = 6)]
    seconds: u64,
    /// Clients of the neighbour at the same time.
    #[arg(long, value_name = "COUNT", default_value_t = 16)]
    clients: usize,
    /// Print the figures as JSON.
    #[arg(long)]
    json: bool,
}

/// What the first half hands to the second.
#[derive(Debug, clap::Args)]
pub(crate) struct Inner {
    #[arg(long)]
    host: PathBuf,
    #[arg(long)]
    services: PathBuf,
    #[command(flatten)]
    how: How,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    preflight::libclang()?;
    let programs = tool::build(&["reference-server", "services"], args.release)?;
    let services = programs.path("services")?;
    announce("starting services");
    let How { seconds, clients, json } = &args.how;
    let mut command = Command::new(services);
    command
        .args(["exec", "--own-database", "--optional-valkey", "--services", &args.services, "--"])
        .arg(env::current_exe()?)
        .arg("interference-with-services")
        .arg("--host")
        .arg(programs.path("reference-server")?)
        .arg("--services")
        .arg(services)
        .args(["--seconds", &seconds.to_string(), "--clients", &clients.to_string()])
        .args(json.then_some("--json"));
    // Instead of us, so that signals have one process less to get past.
    Err(command.exec()).context("cannot run `services`")
}

pub(crate) fn run_with_services(inner: &Inner) -> Result<ExitCode> {
    let signals = signals::watch()?;
    let database = env::var("HOSTPROOF_OWN_DATABASE_URL")
        .context("this command is run by `cargo xtask interference`")?;
    announce("starting the reference host");
    let folder = workspace::target().join("interference");
    let manifests = tempfile::tempdir()?;
    let catalog = Catalog::start(neighbours::files(manifests.path())?)?;
    let plan = Plan {
        program: &inner.host,
        services: &inner.services,
        folder: &folder,
        environment: api::environment("127.0.0.1:0".to_owned(), database, &catalog.url()),
        plugin_config: String::new(),
    };
    let host = Host::start(&plan, &signals)?;
    let token = api::sign_in(&host.url)?;
    for plugin in [neighbours::MEASURED, neighbours::NEIGHBOUR] {
        api::install(&host.url, &token, plugin).with_context(|| host.log_tail())?;
    }

    let How { seconds, clients, json } = inner.how;
    let time = Duration::from_secs(seconds);
    announce(&format!("{} neighbours, {seconds} s and {clients} clients each", NEIGHBOURS.len()));
    let mut rows = vec![("nobody", load::measure(&host.url, time, None, 0)?)];
    for neighbour in NEIGHBOURS {
        eprintln!("    {}", neighbour.name);
        let sample = load::measure(&host.url, time, Some(neighbour), clients)
            .with_context(|| format!("beside {}\n{}", neighbour.name, host.log_tail()))?;
        rows.push((neighbour.name, sample));
        if let Some(signal) = signals.within(Duration::ZERO) {
            anyhow::bail!("stopped by {signal}");
        }
    }
    print(&rows, json)?;
    Ok(ExitCode::SUCCESS)
}

fn print(rows: &[(&str, Sample)], json: bool) -> Result<()> {
    let Some((_, alone)) = rows.first() else { return Ok(()) };
    if json {
        let rows: Vec<_> = rows.iter().map(|(name, sample)| sample.to_json(name, alone)).collect();
        println!("{}", serde_json::to_string_pretty(&rows)?);
        return Ok(());
    }
    println!(
        "{:<42} {:>8} {:>8} {:>8} {:>8} {:>9} {:>7} {:>6}",
        "beside", "requests", "median", "p99", "slowest", "neighbour", "median", "p99"
    );
    for (name, sample) in rows {
        println!("{name:<42} {}", sample.to_line(alone));
    }
    println!(
        "times in ms; 'neighbour': its requests in the same time; last columns: ratio to 'nobody'"
    );
    Ok(())
}
