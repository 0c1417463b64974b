//! The commands that run reference hosts, and what they have in common.
//!
//! Each runs in two halves. The first builds the programs it needs and becomes `services exec`, which
//! finds or starts the servers and runs the second: ourselves with the same arguments, told where the
//! programs are. Nothing is left running, however a command ends: `services` takes the servers away,
//! and the hosts are tied to the second half.

use std::{
    collections::BTreeMap,
    env,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{self, ExitCode},
};

use anyhow::{Context as _, Result, bail};

use crate::{
    bench, capacity, conformance, interference, kills, mutants, preflight, replicas, serve,
    signals::{self, Signals},
    tool::{self, announce},
};

/// The host's program.
pub(crate) const HOST: &str = "reference-server";
/// The program that ties the life of others to ours.
pub(crate) const SERVICES: &str = "services";
/// The suite's program.
pub(crate) const SUITE: &str = "hostproof";
/// The program that asks servers for a while.
pub(crate) const LOAD: &str = "load";
/// The server that hosts are compared with.
pub(crate) const BARE: &str = "bare";

/// The variables in which `services exec` says where the databases are that are ours alone: the
/// first by this name, further ones with `_2` and so on behind it.
const OWN_DATABASE: &str = "HOSTPROOF_OWN_DATABASE_URL";
const VALKEY: &str = "HOSTPROOF_VALKEY_URL";
/// The variable that names a server for all.
const DATABASE: &str = "HOSTPROOF_DATABASE_URL";

/// The commands.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Judge the reference host: servers, host, the whole suite, reports.
    Conformance(conformance::Args),
    /// Run the reference host with the demo plugin installed, and print what to try.
    Serve(serve::Args),
    /// Measure what a misbehaving plugin costs the requests of another one.
    Interference(interference::Args),
    /// Kill hosts in the midst of operations, and look whether the next one finds one whole version.
    Kills(kills::Args),
    /// Kill all hosts of one database but one, again and again, and look whether anybody notices.
    Replicas(replicas::Args),
    /// Ask what things cost, as ratios of one run: every bench, and the host over loopback.
    Bench(bench::Args),
    /// Fill a host with plugins, idle and busy, and look at memory, start and latency.
    Capacity(capacity::Args),
}

/// An option of all of them.
#[derive(Debug, clap::Args)]
pub(crate) struct Servers {
    /// Where Postgres and Valkey come from, see `services exec --help`.
    #[arg(long, value_name = "auto|local|docker|URL", default_value = "auto")]
    pub(crate) services: String,
}

/// Options of those that do not measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Common {
    #[command(flatten)]
    pub(crate) servers: Servers,
    /// Build with optimisations.
    #[arg(long)]
    pub(crate) release: bool,
}

/// The second half, as the first one calls it.
#[derive(Debug, clap::Args)]
pub(crate) struct WithServices {
    /// A program that was built, as `NAME=PATH`.
    #[arg(long)]
    built: Vec<String>,
    #[command(subcommand)]
    command: Command,
}

/// What the second half has to work with.
#[derive(Debug)]
pub(crate) struct Stage {
    /// The wish that we end.
    pub(crate) signals: Signals,
    /// Empty databases, as many as the command needs.
    pub(crate) databases: Vec<String>,
    /// A Valkey, if there is one.
    pub(crate) valkey: Option<String>,
    built: Vec<String>,
    programs: BTreeMap<String, PathBuf>,
}

impl Command {
    /// Where servers come from, and whether to build with optimisations.
    fn settings(&self) -> (&Servers, bool) {
        let common = match self {
            Self::Conformance(args) => &args.common,
            Self::Serve(args) => &args.common,
            Self::Interference(args) => &args.common,
            Self::Kills(args) => &args.common,
            Self::Replicas(args) => &args.common,
            // Nobody wants to know what unoptimised code costs.
            Self::Bench(args) => return (&args.servers, !args.quick),
            Self::Capacity(args) => return (&args.servers, !args.quick),
        };
        (&common.servers, common.release)
    }

    /// What is wrong with the arguments, before a build that takes minutes.
    fn check(&self) -> Result<()> {
        match self {
            Self::Serve(args) => args.check(),
            Self::Kills(args) => args.check(),
            Self::Replicas(args) => args.check(),
            Self::Conformance(args) => args.mutants.check(),
            Self::Capacity(args) => args.check(),
            Self::Interference(_) | Self::Bench(_) => Ok(()),
        }
    }

    fn programs(&self) -> &'static [&'static str] {
        match self {
            // The host is another one, and built already.
            Self::Conformance(args) if args.mutants.wanted() => &[SUITE, SERVICES],
            Self::Conformance(_) => &[HOST, SUITE, SERVICES],
            Self::Serve(_) | Self::Interference(_) | Self::Kills(_) | Self::Replicas(_) => {
                &[HOST, SERVICES]
            }
            Self::Bench(_) => &[HOST, SERVICES, LOAD, BARE],
            Self::Capacity(_) => &[HOST, SERVICES, LOAD],
        }
    }

    fn databases(&self) -> usize {
        match self {
            Self::Kills(args) => args.lanes(),
            Self::Conformance(args) if args.mutants.wanted() => args.mutants.lanes(),
            _ => 1,
        }
    }

    /// Builds, and hands over to `services exec`.
    pub(crate) fn first_half(&self) -> Result<ExitCode> {
        self.check()?;
        preflight::libclang()?;
        let (Servers { services }, release) = self.settings();
        let mutants = match self {
            Self::Conformance(args) if args.mutants.wanted() => Some(mutants::build(release)?),
            _ => None,
        };
        let programs = tool::build(self.programs(), release)?;
        announce("starting services");
        let mut command = process::Command::new(programs.path(SERVICES)?);
        command
            .args(["exec", &format!("--own-database={}", self.databases()), "--optional-valkey"])
            .args(["--services", services, "--"])
            .arg(env::current_exe()?)
            .arg("with-services");
        let mutants = mutants.iter().map(|host| (HOST, host.as_path()));
        for (name, path) in programs.all().chain(mutants) {
            command.arg("--built").arg(format!("{name}={}", path.display()));
        }
        command.args(env::args_os().skip(1));
        // Instead of us, so that signals have one process less to get past.
        Err(command.exec()).context("cannot run `services`")
    }
}

impl WithServices {
    /// Does what the command is for.
    pub(crate) fn second_half(&self) -> Result<ExitCode> {
        let stage = Stage::new(&self.built, self.command.databases())?;
        match &self.command {
            Command::Conformance(args) => conformance::run(args, &stage),
            Command::Serve(args) => serve::run(args, &stage),
            Command::Interference(args) => interference::run(args, &stage),
            Command::Kills(args) => kills::run(args, &stage),
            Command::Replicas(args) => replicas::run(args, &stage),
            Command::Bench(args) => bench::run(args, &stage),
            Command::Capacity(args) => capacity::run(args, &stage),
        }
    }
}

impl Stage {
    fn new(built: &[String], databases: usize) -> Result<Self> {
        let signals = signals::watch()?;
        let built = built.to_vec();
        let programs = built.iter().filter_map(|built| built.split_once('='));
        let programs = programs.map(|(name, path)| (name.to_owned(), path.into())).collect();
        let databases = (1..=databases).map(own_database).collect::<Result<_>>()?;
        Ok(Self { signals, databases, valkey: env::var(VALKEY).ok(), built, programs })
    }

    /// The arguments that make another process a second half, like ours.
    pub(crate) fn second_half(&self) -> impl Iterator<Item = &str> {
        let built = self.built.iter().flat_map(|built| ["--built", built]);
        std::iter::once("with-services").chain(built)
    }

    /// Where a program is that the first half built.
    pub(crate) fn program(&self, name: &str) -> Result<&Path> {
        match self.programs.get(name) {
            Some(path) => Ok(path),
            None => bail!("this half of the command was not told where `{name}` is"),
        }
    }

    /// The database of a command that needs one.
    pub(crate) fn database(&self) -> Result<&str> {
        Ok(self.databases.first().context("a database")?)
    }
}

/// Has a command find servers as if nobody had found any for us.
pub(crate) fn forget_servers(command: &mut process::Command) {
    for variable in [DATABASE, VALKEY] {
        command.env_remove(variable);
    }
}

fn own_database(number: usize) -> Result<String> {
    let variable = match number {
        1 => OWN_DATABASE.to_owned(),
        number => format!("{OWN_DATABASE}_{number}"),
    };
    env::var(&variable)
        .with_context(|| format!("{variable} is not set: this half is run by the other one"))
}
