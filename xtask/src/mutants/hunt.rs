//! One mutant after the other, in lanes side by side.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};

use super::{apart, catalogue::Mutant, hearing, lane::Ground, report::Judged, verdict::Outcome};

/// How a mutant is judged: the first case that notices is enough.
const HOW: [&str; 5] = ["--deadline", "5m", "--jobs", "2", "--fail-fast"];

/// Judges the host without a mistake by everything the others are judged by.
pub(crate) fn control(ground: &Ground<'_>, mutants: &[Mutant]) -> Result<Outcome> {
    let jobs = thread::available_parallelism().map_or(2, usize::from) * 4;
    let how = ["--deadline", "30m", "--jobs", &jobs.to_string()];
    let judged = hearing::ordinary(&ground.lane(1)?, &Mutant::control(mutants), &how)?;
    Ok(judged.outcome)
}

/// Judges all of them; says how far it is, and how long it took.
pub(crate) fn all(
    ground: &Ground<'_>,
    services: &str,
    mutants: &[Mutant],
    lanes: usize,
) -> Result<(Vec<Judged>, Duration)> {
    let began = Instant::now();
    let (next, judged) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = |number: usize| -> Result<()> {
        let lane = ground.lane(number)?;
        while let Some(mutant) = mutants.get(next.fetch_add(1, Ordering::Relaxed)) {
            ground.stage.signals.none_came()?;
            let one = hearing::ordinary(&lane, mutant, &HOW).context(mutant.name.clone())?;
            let mut judged = judged.lock().unwrap_or_else(PoisonError::into_inner);
            if !one.is_killed() && one.fault_cases == 0 {
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
    let mut judged = judged.into_inner().unwrap_or_else(PoisonError::into_inner);
    alone(ground, &mut judged)?;
    once_more(ground, services, &mut judged)?;
    Ok((judged, began.elapsed()))
}

/// What is alive still is judged again while no other is there: side by side, a case may have run out
/// of time before it could notice anything.
fn alone(ground: &Ground<'_>, judged: &mut [Judged]) -> Result<()> {
    let lane = ground.lane(1)?;
    for one in judged.iter_mut().filter(|one| !one.is_killed()) {
        ground.stage.signals.none_came()?;
        *one = hearing::ordinary(&lane, &one.mutant, &HOW).context(one.mutant.name.clone())?;
        if one.fault_cases == 0 {
            eprintln!("{}, alone: {}", one.mutant.name, one.outcome);
        }
    }
    Ok(())
}

/// What is alive still, and is looked at by cases that take stores and hosts away, has these to face,
/// each on servers of its own. These cases mostly wait.
fn once_more(ground: &Ground<'_>, services: &str, judged: &mut [Judged]) -> Result<()> {
    const PER_CORE: usize = 3;
    let alive: Vec<_> =
        judged.iter_mut().filter(|one| !one.is_killed() && one.fault_cases > 0).collect();
    if alive.is_empty() {
        return Ok(());
    }
    if !apart::is_possible() {
        eprintln!(
            "xtask: the servers are not ours to take away; these mutants are not judged whole"
        );
        return Ok(());
    }
    eprintln!("    {} of them get servers of their own, which are taken away now", alive.len());
    let mutants: Vec<Mutant> = alive.iter().map(|one| one.mutant.clone()).collect();
    // The control first: what fails there says nothing of the others.
    let (control, next) = (Mutant::control(&mutants), AtomicUsize::new(0));
    let again: Vec<_> = std::iter::once(&control).chain(&mutants).collect();
    let work = || -> Result<Vec<Judged>> {
        let mut done = Vec::new();
        while let Some(mutant) = again.get(next.fetch_add(1, Ordering::Relaxed)) {
            let one = apart::judge(ground.stage, services, mutant).context(mutant.name.clone())?;
            let one = one.context("its servers cannot be taken away, though ours can")?;
            eprintln!("{}: {}", one.mutant.name, one.outcome);
            ensure!(
                mutant.name != control.name || matches!(one.outcome, Outcome::Survived { .. }),
                "a host without a mistake does not pass the cases of the fault tier: {}",
                one.outcome
            );
            done.push(one);
        }
        Ok(done)
    };
    let lanes = thread::available_parallelism().map_or(2, usize::from) * PER_CORE;
    let mut found: BTreeMap<String, Judged> = thread::scope(|scope| {
        let lanes: Vec<_> = (0..lanes).map(|_| scope.spawn(work)).collect();
        let done = lanes.into_iter().map(|lane| lane.join().expect("a lane does not panic"));
        done.collect::<Result<Vec<_>>>()
    })?
    .into_iter()
    .flatten()
    .map(|one| (one.mutant.name.clone(), one))
    .collect();
    for one in alive {
        if let Some(again) = found.remove(&one.mutant.name) {
            *one = again;
        }
    }
    Ok(())
}
