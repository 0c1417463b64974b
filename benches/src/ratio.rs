//! How many times as long one thing takes as another, in one run.

use std::time::{Duration, Instant};

/// Runs of which each gives a median; their spread says how much the machine can be trusted.
const RUNS: usize = 5;
/// Rounds of a run, each of one batch of both. Alternating lets a busy moment of the machine fall on
/// both.
const ROUNDS: usize = 15;
/// How long a batch should take: long against the clock's resolution, short against such a moment.
const BATCH: Duration = Duration::from_millis(4);
/// No more calls than that, however short they are.
const MOST: u32 = 10_000;

/// A ratio, as often as it was measured.
#[derive(Clone, Copy, Debug)]
pub struct Ratio {
    /// The median of the runs' medians.
    pub median: f64,
    /// The lowest run's median.
    pub lowest: f64,
    /// The highest run's median.
    pub highest: f64,
    /// What one call of the baseline takes, in nanoseconds: the least that was seen, which is what the
    /// machine can do when nobody disturbs it.
    pub baseline_ns: f64,
    /// The same of what is measured.
    pub measured_ns: f64,
}

/// Alternates both and compares their times.
pub fn ratio(mut baseline: impl FnMut(), mut measured: impl FnMut()) -> Ratio {
    let (bases, calls) = (batch(&mut baseline), batch(&mut measured));
    let (mut least_base, mut least_call) = (f64::INFINITY, f64::INFINITY);
    let mut medians: Vec<f64> = (0..RUNS)
        .map(|_| {
            let rounds = (0..ROUNDS).map(|_| {
                let base = time(&mut baseline, bases);
                let call = time(&mut measured, calls);
                least_base = least_base.min(base);
                least_call = least_call.min(call);
                call / base
            });
            median(rounds.collect())
        })
        .collect();
    medians.sort_by(f64::total_cmp);
    Ratio {
        median: medians[RUNS / 2],
        lowest: medians[0],
        highest: medians[RUNS - 1],
        baseline_ns: least_base,
        measured_ns: least_call,
    }
}

/// How many calls fill a batch.
fn batch(work: &mut impl FnMut()) -> u32 {
    let mut calls = 1;
    loop {
        let began = Instant::now();
        for _ in 0..calls {
            work();
        }
        if began.elapsed() >= BATCH || calls >= MOST {
            return calls;
        }
        calls *= 2;
    }
}

/// Nanoseconds per call.
fn time(work: &mut impl FnMut(), calls: u32) -> f64 {
    let began = Instant::now();
    for _ in 0..calls {
        work();
    }
    began.elapsed().as_secs_f64() * 1e9 / f64::from(calls)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[cfg(test)]
mod tests {
    use std::hint::black_box;

    use super::*;

    #[test]
    fn ten_times_the_work_takes_about_ten_times_as_long() {
        let work = |steps: u64| {
            move || {
                black_box((0..steps).fold(0_u64, |sum, step| sum ^ black_box(step)));
            }
        };
        let Ratio { median, lowest, highest, .. } = ratio(work(2_000), work(20_000));
        assert!(lowest <= median && median <= highest);
        assert!((5.0..20.0).contains(&median), "{median}");
    }
}
