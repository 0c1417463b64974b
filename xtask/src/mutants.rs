//! `cargo xtask conformance --mutants`: is the suite worth anything? Hosts with one known mistake each
//! are judged, and it has to notice every one.
//!
//! A mutant counts as *killed* when a case that cites a sentence which the mistake breaks fails in one
//! of its own assertions, and the code with the mistake ran. A case that only ran out of time, or could
//! not be prepared, kills nothing: the suite has to say what is wrong, not that something is. The
//! *control*, a host without a mistake, has to pass everything that is asked of the others.
//!
//! ```text
//! data ─▶ switch ─▶ source ─▶ one host that can be every mutant
//!                                   └─▶ catalogue ─▶ hunt, in lanes or apart ─▶ hearing ─▶ verdict ─▶ report
//! ```

mod apart;
mod catalogue;
pub(crate) mod data;
mod hearing;
mod hunt;
mod lane;
mod report;
mod source;
mod switch;
mod verdict;

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Result, bail, ensure};

use crate::{hosted::Stage, tool::announce, workspace};
use catalogue::Mutant;
use report::Matrix;
pub(crate) use source::build;
use verdict::Outcome;

/// Valkey numbers its databases, and has sixteen unless it is told otherwise.
const MOST_LANES: usize = 15;

/// What of `cargo xtask conformance` is about mutants.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Choice {
    /// Judge mutants instead: hosts with one known mistake each, which the suite has to notice.
    #[arg(long)]
    mutants: bool,
    /// Only mutants of this name, area or sentence, with `*` and `?`; implies --mutants. Repeatable.
    #[arg(long = "mutant", value_name = "GLOB")]
    only: Vec<String>,
    /// Mutants at work side by side; default: five for each core.
    #[arg(long, value_name = "COUNT")]
    lanes: Option<usize>,
    /// Only every n-th mutant, from the i-th on: for several machines.
    #[arg(long, value_name = "I/N", value_parser = shard)]
    shard: Option<(usize, usize)>,
    /// Print the matrix as JSON.
    #[arg(long)]
    json: bool,
    /// Folder for mutants.json.
    #[arg(long, value_name = "DIR", default_value = "hostproof-report")]
    mutants_out: PathBuf,
    /// Judge the one mutant of this folder by the cases that take stores and host away, and leave the
    /// answer there: how this command calls itself.
    #[arg(long, value_name = "DIR", hide = true)]
    apart: Option<PathBuf>,
}

impl Choice {
    /// Whether mutants are to be judged at all.
    pub(crate) fn wanted(&self) -> bool {
        self.mutants || !self.only.is_empty() || self.apart.is_some()
    }

    /// How many hosts are at work at once.
    pub(crate) fn lanes(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(2, usize::from);
        self.lanes.unwrap_or_else(|| 5 * cores()).clamp(1, MOST_LANES)
    }

    /// What is wrong with the arguments.
    pub(crate) fn check(&self) -> Result<()> {
        ensure!(
            self.wanted() || self.lanes.is_none() && self.shard.is_none() && !self.json,
            "--lanes, --shard and --json are about mutants: they want --mutants"
        );
        if let Some(lanes) = self.lanes {
            ensure!((1..=MOST_LANES).contains(&lanes), "--lanes is from 1 to {MOST_LANES}");
        }
        Ok(())
    }

    fn choose(&self, all: Vec<Mutant>) -> Result<Vec<Mutant>> {
        let named = |mutant: &Mutant| {
            self.only.is_empty() || self.only.iter().any(|glob| mutant.is_meant(glob))
        };
        let (first, step) = self.shard.unwrap_or((1, 1));
        let chosen = all.into_iter().filter(named).skip(first - 1).step_by(step);
        let chosen: Vec<Mutant> = chosen.collect();
        if chosen.is_empty() {
            bail!("no mutant is called so; `cargo xtask conformance --mutants` names them all");
        }
        Ok(chosen)
    }
}

fn shard(text: &str) -> Result<(usize, usize), String> {
    let parts = text.split_once('/').and_then(|(i, n)| Some((i.parse().ok()?, n.parse().ok()?)));
    match parts {
        Some((i, n)) if 1 <= i && i <= n => Ok((i, n)),
        _ => Err("say I/N with 1 ≤ I ≤ N, such as 1/4".to_owned()),
    }
}

/// Judges the control and then the mutants.
pub(crate) fn run(args: &Choice, services: &str, stage: &Stage) -> Result<ExitCode> {
    ensure!(
        stage.valkey.is_some(),
        "mutants of what is done with a Valkey need one, see --services"
    );
    if let Some(folder) = &args.apart {
        return apart::answer(stage, folder).map(|()| ExitCode::SUCCESS);
    }
    let chosen = args.choose(catalogue::read(stage)?)?;
    let ground = lane::Ground::prepare(stage, workspace::target().join("mutants/lanes"))?;
    announce("judging the control, which has no mistake");
    let control = hunt::control(&ground, &chosen)?;
    if let Outcome::Unsteady { .. } = &control {
        eprintln!("xtask: {control}");
    } else if !matches!(control, Outcome::Survived { .. }) {
        bail!("a host without a mistake does not pass, which voids all the rest: {control}");
    }
    eprintln!("    {control}");
    announce(&format!("judging {} mutants in {} lanes", chosen.len(), args.lanes()));
    let matrix = Matrix::new(hunt::all(&ground, services, &chosen, args.lanes())?);
    matrix.write(&args.mutants_out)?;
    if args.json {
        println!("{}", matrix.to_json()?);
    } else {
        println!("\n{matrix}");
    }
    Ok(if matrix.all_killed() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
