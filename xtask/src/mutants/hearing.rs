//! One mutant before the suite: its host is started, judged by its sentences, and gone.

use std::{
    fs::{self, File},
    path::Path,
    process::Command,
    time::Instant,
};

use anyhow::{Context as _, Result};

use super::{
    catalogue::Mutant,
    lane::Lane,
    report::{Judged, millis},
    verdict::{Outcome, Report},
};
use crate::{
    conformance::{self, Controlled},
    host::Host,
    hosted::{SERVICES, SUITE, Stage},
    tool,
};

/// Has the suite judge a mutant, without taking anything away from it: the others have the same stores.
pub(crate) fn ordinary(lane: &Lane<'_>, mutant: &Mutant, how: &[&str]) -> Result<Judged> {
    let stage = lane.ground.stage;
    let began = Instant::now();
    let (ground, target, plan) = lane.clear(&mutant.name)?;
    let host = match Host::start(stage, &ground, &plan) {
        Ok(host) => host,
        Err(error) => return stillborn(stage, mutant, began, &error),
    };
    let start_ms = millis(began.elapsed());
    let folder = ground.folder();
    fs::write(folder.join("target.toml"), target.render(&host.url, None))?;
    let mut suite = suite(stage, mutant, folder, how)?;
    let status = suite.status().context("cannot run the suite")?;
    let suite_ms = millis(began.elapsed()) - start_ms;
    let report = read(folder).with_context(|| format!("the suite ended with {status}"))?;
    let reached = !mutant.is_counted() || hits(&host.url).is_ok_and(|hits| hits > 0.0);
    Ok(report.judge(mutant, reached, start_ms, suite_ms))
}

/// Has the cases that take the stores or the host away judge a mutant, which has servers of its own.
/// `None` where they are not ours to take away.
pub(crate) fn with_faults(lane: &Lane<'_>, mutant: &Mutant) -> Result<Option<Judged>> {
    let stage = lane.ground.stage;
    let began = Instant::now();
    let (ground, target, plan) = lane.clear(&mutant.name)?;
    let mut controlled = match Controlled::start(stage, &ground, plan) {
        Ok(controlled) => controlled,
        Err(error) => return stillborn(stage, mutant, began, &error).map(Some),
    };
    let start_ms = millis(began.elapsed());
    let Some(faults) = controlled.section(stage.program(SERVICES)?, true) else { return Ok(None) };
    let (folder, url) = (ground.folder(), controlled.host.url.clone());
    fs::write(folder.join("target.toml"), target.render(&url, Some(&faults)))?;
    let how = ["--deadline", "10m", "--tier", "fault", "--fail-fast"];
    let mut suite = suite(stage, mutant, folder, &how)?;
    let status = conformance::attend(&mut suite, &stage.signals, &mut controlled)?;
    let suite_ms = millis(began.elapsed()) - start_ms;
    let report = read(folder).with_context(|| format!("the suite ended with {status}"))?;
    // A host that was killed has forgotten how often it was wrong.
    let reached = !mutant.is_counted()
        || controlled.has_been_started_again()
        || hits(&url).is_ok_and(|hits| hits > 0.0);
    Ok(Some(report.judge(mutant, reached, start_ms, suite_ms)))
}

/// A host that does not serve has nothing that could be judged.
fn stillborn(
    stage: &Stage,
    mutant: &Mutant,
    began: Instant,
    error: &anyhow::Error,
) -> Result<Judged> {
    stage.signals.none_came()?;
    Ok(Judged {
        mutant: mutant.clone(),
        outcome: Outcome::Stillborn { why: format!("{error:#}") },
        fault_cases: 0,
        start_ms: millis(began.elapsed()),
        suite_ms: 0,
    })
}

fn suite(stage: &Stage, mutant: &Mutant, folder: &Path, how: &[&str]) -> Result<Command> {
    let mut suite = tool::tied(stage.program(SERVICES)?, stage.program(SUITE)?);
    suite.arg("run").args(how).args(["--report", "json"]);
    suite.arg("--target").arg(folder.join("target.toml")).arg("--out").arg(folder);
    for sentence in &mutant.sentences {
        suite.args(["--filter", sentence]);
    }
    let log = File::create(folder.join("suite.log"))?;
    suite.stdout(log.try_clone()?).stderr(log);
    Ok(suite)
}

fn read(folder: &Path) -> Result<Report> {
    let file = folder.join("report.json");
    let report = fs::read(&file).with_context(|| format!("there is no {}", file.display()))?;
    serde_json::from_slice(&report).context("the suite's report")
}

/// How often the code with the mistake ran.
fn hits(url: &str) -> Result<f64> {
    let metrics = ureq::get(&format!("{url}/metrics")).call()?.body_mut().read_to_string()?;
    let line = metrics.lines().find_map(|line| line.strip_prefix("hostproof_mutant_hits_total"));
    let count = line.and_then(|rest| rest.rsplit(' ').next()?.parse().ok());
    count.context("the host does not count its mistakes")
}
