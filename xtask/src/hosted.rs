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
    conformance, interference, kills, mutants, preflight, replicas, serve,
    signals::{self, Signals},
    tool::{self, announce},
};

/// The host's program.
pub(crate) const HOST: &str = "reference-server";
/// The program that ties the life of others to ours.
pub(crate) const SERVICES: &str = "services";
/// The suite's program.
pub(crate) const SUITE: &str = "hostproof";

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
}

/// Options of all of them.
#[derive(Debug, clap::Args)]
pub(crate) struct Common {
    /// Where Postgres and Valkey come from, see `services exec --help`.
    #[arg(long, value_name = "auto|local|docker|URL", default_value = "auto")]
    pub(crate) services: String,
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
    fn common(&self) -> &Common {
        match self {
            Self::Conformance(args) => &args.common,
            Self::Serve(args) => &args.common,
            Self::Interference(args) => &args.common,
            Self::Kills(args) => &args.common,
            Self::Replicas(args) => &args.common,
        }
    }

    /// What is wrong with the arguments, before a build that takes minutes.
    fn check(&self) -> Result<()> {
        match self {
            Self::Serve(args) => args.check(),
            Self::Kills(args) => args.check(),
            Self::Replicas(args) => args.check(),
            Self::Conformance(args) => args.mutants.check(),
            Self::Interference(_) => Ok(()),
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
        let Common { services, release } = self.common();
        let mutants = match self {
            Self::Conformance(args) if args.mutants.wanted() => Some(mutants::build(*release)?),
            _ => None,
        };
        let programs = tool::build(self.programs(), *release)?;
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
