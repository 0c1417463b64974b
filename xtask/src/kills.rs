//! `cargo xtask kills`: hosts that are killed in the midst of operations, and what the next one finds.
//!
//! Each lane has a database, folders and one host at a time, and takes a plugin through its life again
//! and again: installed, changed, upgraded, removed. During each operation the host is killed as by
//! `kill -9`: at every named point that the operation passes, where the host does it itself, and at
//! random instants, from outside; sometimes the next host is killed as well, while it settles what
//! the first one left. The host that is started then has to show and keep one version in every part,
//! the old or the new one as the point says, and the operation, asked for again, has to succeed.

mod lane;
mod look;
mod points;
mod request;
mod schedule;
mod state;
mod tally;

use std::{
    fs,
    num::NonZeroUsize,
    path::PathBuf,
    process::ExitCode,
    sync::{Mutex, PoisonError},
    thread,
    time::Instant,
};

use anyhow::{Context as _, Result, ensure};

use crate::{
    catalog::Catalog,
    host::Ground,
    hosted::{Common, Stage},
    random::Random,
    tool::announce,
    workspace,
};
use lane::Lane;
use schedule::Step;
use tally::Tally;

/// Kill hosts in the midst of operations, and look whether the next one finds one whole version.
///
/// First at every named point of every operation, then at random instants. Ends with 1 if anything
/// was not as it has to be, and says what; the lane's folder stays then.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Kills, those at the named points among them.
    #[arg(long, value_name = "COUNT", default_value_t = 240)]
    count: usize,
    /// What the random instants are drawn from; printed, so that a run can be repeated.
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// Hosts at work at the same time, each with a database and folders of its own.
    #[arg(long, value_name = "COUNT", default_value = "2")]
    lanes: NonZeroUsize,
    /// Also write the figures to a file, as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

impl Args {
    /// What can be known to be wrong before anything is built.
    pub(crate) fn check(&self) -> Result<()> {
        ensure!(!self.common.release, "only builds with debug assertions have the named points");
        Ok(())
    }

    /// How many lanes there are.
    pub(crate) fn lanes(&self) -> usize {
        self.lanes.get()
    }
}

pub(crate) fn run(args: &Args, stage: &Stage) -> Result<ExitCode> {
    let began = Instant::now();
    let seed = args.seed.unwrap_or_else(Random::any_seed);
    let mut random = Random::new(seed);
    let schedules = schedule::schedules(args.count, args.lanes(), &mut random);
    announce(&format!("{} kills in {} lanes, seed {seed}", args.count, args.lanes));
    let catalog = Catalog::start()?;
    let tally = Mutex::new(Tally::default());
    thread::scope(|scope| {
        for (number, schedule) in schedules.iter().enumerate() {
            let (catalog, tally) = (&catalog, &tally);
            let random = Random::new(random.number());
            scope.spawn(move || {
                if let Err(error) = lane(number, schedule, stage, catalog, tally, random) {
                    let mut tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
                    let failure = format!("lane {number}: {error:#}");
                    eprintln!("\n{failure}\n");
                    tally.failures.push(failure);
                }
            });
        }
    });
    stage.signals.none_came()?;
    let tally = tally.into_inner().unwrap_or_else(PoisonError::into_inner);
    let time = began.elapsed();
    println!("\n{}", tally.to_text());
    println!(
        "{} kills in {:.0} s, {} failures, seed {seed}",
        tally.kills(),
        time.as_secs_f64(),
        tally.failures.len()
    );
    if let Some(file) = &args.json {
        let figures = serde_json::to_string_pretty(&tally.to_json(seed, time))?;
        fs::write(file, figures).with_context(|| format!("write {}", file.display()))?;
    }
    Ok(if tally.failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn lane(
    number: usize,
    schedule: &[Step],
    stage: &Stage,
    catalog: &Catalog,
    tally: &Mutex<Tally>,
    random: Random,
) -> Result<()> {
    let folder = workspace::target().join("kills");
    let ground = Ground::new(folder.join(format!("lane-{number}")))?;
    let database = stage.databases.get(number).context("a database per lane")?;
    let modules = folder.join("modules");
    let mut lane = Lane::new(stage, catalog, tally, &ground, database, &modules, random)?;
    let outcome = lane.run(schedule);
    if outcome.is_err() {
        ground.keep();
    }
    outcome
}
