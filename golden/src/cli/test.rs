//! `golden test`.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::io::{IsTerminal as _, stderr, stdout};
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Args;
use golden::cost::Allowance;
use golden::report::{Report, Verdict, junit, progress, terminal};
use golden::{Kit, Options, Update};

use super::{Exit, Wasm, Which, runtime};

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(super) struct Test {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    wasm: Wasm,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
    #[arg(long, value_name = "FILE", help = "Write the report as JUnit XML")]
    junit: Option<PathBuf>,
    /// Fail when a step takes more instructions than accepted, by more than this part
    #[arg(long, value_name = "PERCENT")]
    deny_regressions: Option<Allowance>,
    /// Fail when the manifest declares something that no scenario makes use of
    #[arg(long)]
    deny_unused: bool,
    /// Show what every step cost
    #[arg(long)]
    costs: bool,
    /// Accept what differs at once
    #[arg(long, conflicts_with = "no_write")]
    accept: bool,
    /// Write no files beside snapshots that differ; the default where CI is set
    #[arg(long)]
    no_write: bool,
    /// Scenarios at a time; default: one per core
    #[arg(long, short)]
    jobs: Option<usize>,
}

impl Test {
    pub(super) fn run(self) -> Result<Exit> {
        let options = self.options();
        let kit = Kit::new()?;
        let runtime = runtime()?;
        let mut reports = Vec::new();
        for path in &self.which.paths {
            let bar = OnceCell::new();
            let show = !self.json && stderr().is_terminal();
            let ended = |left: usize| {
                if show {
                    let bar = bar.get_or_init(|| progress(left));
                    bar.set_position(bar.length().unwrap_or_default() - left as u64);
                }
            };
            let report = runtime.block_on(kit.test(path, &options, ended))?;
            if let Some(bar) = bar.get() {
                bar.finish_and_clear();
            }
            reports.push(report);
        }
        self.show(&reports)?;
        Ok(self.exit(&reports))
    }

    fn options(&self) -> Options {
        let in_ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty());
        let defaults = Options::default();
        Options {
            wasm: self.wasm.wasm.clone(),
            filters: self.which.filters.clone(),
            jobs: self.jobs.unwrap_or(defaults.jobs),
            update: if self.accept {
                Update::Accept
            } else if self.no_write || in_ci {
                Update::Never
            } else {
                Update::Propose
            },
            deny_regressions: self.deny_regressions,
        }
    }

    fn show(&self, reports: &[Report]) -> Result<()> {
        if self.json {
            println!("{}", serde_json::to_string_pretty(reports)?);
        } else {
            let colour = stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
            for report in reports {
                print!("{}", terminal(report, colour, self.costs));
            }
        }
        if let Some(path) = &self.junit {
            let text = junit(reports)?;
            std::fs::write(path, text).with_context(|| path.display().to_string())?;
        }
        Ok(())
    }

    fn exit(&self, reports: &[Report]) -> Exit {
        let unused = |report: &Report| {
            report.unused.iter().any(|unused| unused.lists().iter().any(|(_, it)| !it.is_empty()))
        };
        let verdicts: BTreeSet<_> = [
            reports.iter().any(|report| report.count(Verdict::Broken) > 0).then_some(Exit::Usage),
            (!reports.iter().all(Report::passed)).then_some(Exit::Failed),
            (self.deny_unused && reports.iter().any(unused)).then_some(Exit::Failed),
        ]
        .into_iter()
        .flatten()
        .map(|exit| exit as u8)
        .collect();
        match verdicts.last() {
            None => Exit::Passed,
            Some(2) => Exit::Usage,
            Some(_) => Exit::Failed,
        }
    }
}
