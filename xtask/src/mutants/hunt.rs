//! One mutant after the other, in lanes side by side.

use std::{
    fs::{self, File},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};

use super::{
    catalogue::Mutant,
    lane::{Ground, Lane},
    report::Judged,
    verdict::{Outcome, Report},
};
use crate::{
    hosted::{SERVICES, SUITE},
    tool,
};

/// Judges the host without a mistake by everything the others are judged by.
pub(crate) fn control(ground: &Ground<'_>, mutants: &[Mutant]) -> Result<Outcome> {
    let jobs = thread::available_parallelism().map_or(2, usize::from) * 2;
    judge(
        &mut ground.lane(1)?,
        &Mutant::control(mutants),
        &["--deadline", "30m", "--jobs", &jobs.to_string()],
    )
}

/// Judges all of them; says how far it is, and how long it took.
pub(crate) fn all(
    ground: &Ground<'_>,
    mutants: &[Mutant],
    lanes: usize,
) -> Result<(Vec<Judged>, Duration)> {
    let began = Instant::now();
    let (next, judged) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = |number: usize| -> Result<()> {
        let mut lane = ground.lane(number)?;
        while let Some(mutant) = mutants.get(next.fetch_add(1, Ordering::Relaxed)) {
            ground.stage.signals.none_came()?;
            let outcome =
                judge(&mut lane, mutant, &["--deadline", "5m", "--jobs", "2", "--fail-fast"])
                    .with_context(|| mutant.name.clone())?;
            let one = Judged { mutant: mutant.clone(), outcome };
            let mut judged = judged.lock().unwrap_or_else(PoisonError::into_inner);
            if !one.is_killed() {
                eprintln!("{}: {}", mutant.name, one.outcome);
            }
            judged.push(one);
            let (done, of) = (judged.len(), mutants.len());
            if done.is_multiple_of(20) || done == of {
                let killed = judged.iter().filter(|one| one.is_killed()).count();
                let seconds = began.elapsed().as_secs();
                eprintln!("    {done}/{of} judged, {killed} killed, {seconds} s");
            }
        }
        Ok(())
    };
    thread::scope(|scope| {
        let lanes: Vec<_> = (1..=lanes).map(|number| scope.spawn(move || work(number))).collect();
        lanes.into_iter().try_for_each(|lane| lane.join().expect("a lane does not panic"))
    })?;
    Ok((judged.into_inner().unwrap_or_else(PoisonError::into_inner), began.elapsed()))
}

/// Starts a mutant and has the suite judge it by its sentences.
fn judge(lane: &mut Lane<'_>, mutant: &Mutant, how: &[&str]) -> Result<Outcome> {
    let stage = lane.ground.stage;
    let (host, _, folder) = match lane.start(&mutant.name) {
        Ok(started) => started,
        Err(error) => {
            stage.signals.none_came()?;
            return Ok(Outcome::Stillborn { why: format!("{error:#}") });
        }
    };
    let mut suite = tool::tied(stage.program(SERVICES)?, stage.program(SUITE)?);
    suite.arg("run").args(how);
    suite.arg("--target").arg(folder.join("target.toml")).arg("--out").arg(&folder);
    for sentence in &mutant.sentences {
        suite.args(["--filter", sentence]);
    }
    let log = File::create(folder.join("suite.log"))?;
    let status = suite.stdout(log.try_clone()?).stderr(log).status();
    let status = status.context("cannot run the suite")?;
    let report = fs::read(folder.join("report.json")).with_context(|| {
        format!("the suite ended with {status} and no report, see {}", folder.display())
    })?;
    let report: Report = serde_json::from_slice(&report).context("the suite's report")?;
    let reached = !mutant.is_counted() || hits(&host.url).is_ok_and(|hits| hits > 0.0);
    // Its plugins' files are of no use to anybody; its log and the report are.
    let _ = fs::remove_dir_all(folder.join("plugins"));
    Ok(report.outcome(mutant, reached))
}

/// How often the code with the mistake ran.
fn hits(url: &str) -> Result<f64> {
    let metrics = ureq::get(&format!("{url}/metrics")).call()?.body_mut().read_to_string()?;
    let line = metrics.lines().find_map(|line| line.strip_prefix("hostproof_mutant_hits_total"));
    let count = line.and_then(|rest| rest.rsplit(' ').next()?.parse().ok());
    count.context("the host does not count its mistakes")
}
