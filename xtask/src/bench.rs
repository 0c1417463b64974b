//! `cargo xtask bench`: what things cost, as ratios of one run.
//!
//! Two parts. The questions are criterion benches in `benches/`, each of which puts what it asks about
//! into proportion to the least that could have been done instead. Loopback is the whole host in a
//! process of its own, asked over HTTP by turns with a bare server. In both, baseline and subject take
//! turns, so that whatever else the machine does falls on both. Peers, if they are wanted, join both.

mod connections;
mod guests;
mod loopback;
mod peers;
mod questions;
mod server;
mod table;

use std::{fs, path::PathBuf, process::ExitCode, time::Duration};

use anyhow::{Context as _, Result, bail};

use crate::{
    hosted::{Servers, Stage},
    tool::announce,
};

/// Ask what things cost, as ratios of one run.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "switches of a command line")]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) servers: Servers,
    /// Run everything once, unoptimised: that it runs is all that is asked. For CI.
    #[arg(long, conflicts_with_all = ["json", "out"])]
    pub(crate) quick: bool,
    /// Questions to ask, by their names; all of them, and `loopback`, unless some are named.
    #[arg(value_name = "QUESTION")]
    questions: Vec<String>,
    /// Compare with others who run guests as well: Extism, a host of wasi:http, and one in Go where there
    /// is a compiler. They are built first, from `benches/peers`, which takes minutes and the target
    /// wasm32-unknown-unknown.
    #[arg(long, conflicts_with = "quick")]
    peers: bool,
    /// Have criterion take times as well; its reports are in the target folder, below `criterion`.
    #[arg(long)]
    times: bool,
    /// Paired runs over loopback.
    #[arg(long, value_name = "COUNT", default_value_t = 7)]
    runs: usize,
    /// How long a server is asked in each of them.
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// Print the table as JSON.
    #[arg(long)]
    json: bool,
    /// Write the table as JSON to a file.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write what grows with a number as curves to a folder, as CSV; over loopback, also ask by more and
    /// more connections, and hosts that give a plugin more and more of those to the database.
    #[arg(long, value_name = "FOLDER", conflicts_with = "quick")]
    curves: Option<PathBuf>,
}

const LOOPBACK: &str = "loopback";

pub(crate) fn run(args: &Args, stage: &Stage) -> Result<ExitCode> {
    let known = questions::names()?;
    let all = args.questions.is_empty();
    for name in &args.questions {
        if name != LOOPBACK && !known.contains(name) {
            bail!("there is no question {name:?}; there are: {}, {LOOPBACK}", known.join(", "));
        }
    }
    let wanted = |name: &str| all || args.questions.iter().any(|asked| asked == name);
    let names: Vec<String> = known.into_iter().filter(|name| wanted(name)).collect();
    if args.quick {
        return try_out(stage, &names, wanted(LOOPBACK));
    }
    let mut rows = Vec::new();
    let mut hosts = Vec::new();
    if args.peers {
        announce("peers");
        rows.extend(peers::calls()?);
        hosts = peers::hosts()?;
    }
    if !names.is_empty() {
        announce(&format!("asking: {}", names.join(", ")));
        rows.extend(questions::measure(&names, args.times)?);
    }
    if wanted(LOOPBACK) {
        announce("the host over loopback, beside a bare server");
        let time = Duration::from_secs_f64(args.seconds);
        let servers = loopback::start(stage)?;
        rows.extend(servers.measure(args.runs.max(1), time, &hosts)?);
        if let Some(folder) = &args.curves {
            for curves in servers.by_connections(time)? {
                curves.write(folder)?;
            }
            drop(servers);
            for curves in connections::measure(stage, time)? {
                curves.write(folder)?;
            }
        }
    }
    if let Some(folder) = &args.curves {
        for curves in table::curves(&rows) {
            curves.write(folder)?;
        }
    }
    if let Some(file) = &args.out {
        let text = serde_json::to_string_pretty(&rows)? + "\n";
        fs::write(file, text).with_context(|| format!("write {}", file.display()))?;
    }
    if args.json {
        println!("{}", serde_json::to_string_pretty(&rows)?);
    } else {
        println!();
        table::print(&rows);
    }
    Ok(ExitCode::SUCCESS)
}

fn try_out(stage: &Stage, names: &[String], loopback: bool) -> Result<ExitCode> {
    if !names.is_empty() {
        announce(&format!("trying: {}", names.join(", ")));
        questions::try_out(names)?;
    }
    if loopback {
        announce("the host over loopback, beside a bare server");
        loopback::start(stage)?.measure(1, Duration::from_millis(500), &[])?;
    }
    Ok(ExitCode::SUCCESS)
}
