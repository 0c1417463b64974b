//! How many times as long one thing takes as another, in one run.

use std::time::{Duration, Instant};

/// Rounds, each of one batch of both. Alternating lets a busy moment of the machine fall on both.
const ROUNDS: usize = 31;
/// Calls per batch: long against the clock's resolution, short against such a moment.
const BATCH: u32 = 2_000;

/// The median over rounds of `measured`'s time divided by `baseline`'s.
pub fn ratio(mut baseline: impl FnMut(), mut measured: impl FnMut()) -> f64 {
    let mut ratios: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let base = time(&mut baseline);
            time(&mut measured).as_secs_f64() / base.as_secs_f64()
        })
        .collect();
    ratios.sort_by(f64::total_cmp);
    ratios[ROUNDS / 2]
}

fn time(work: &mut impl FnMut()) -> Duration {
    let began = Instant::now();
    for _ in 0..BATCH {
        work();
    }
    began.elapsed()
}
