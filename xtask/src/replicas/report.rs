//! What happened, for people and for programs.

use std::{fmt::Write as _, time::Duration};

use serde_json::{Value, json};

use super::{
    killer::Kills,
    tasks::Told,
    upgrades::Upgrades,
    watch::{Seen, Wanted},
};

/// What happened.
pub(crate) struct Run {
    pub(crate) time: Duration,
    pub(crate) seen: Vec<(Wanted, Seen)>,
    pub(crate) upgrades: Upgrades,
    pub(crate) kills: Kills,
}

impl Run {
    /// The figures.
    pub(crate) fn to_text(&self, told: &Told) -> String {
        let Self { time, seen, upgrades, kills } = self;
        let mut text = format!(
            "survivor, {:.0} s    {:>10} {:>10} {:>12}\n",
            time.as_secs_f64(),
            "requests",
            "failures",
            "longest gap"
        );
        for (wanted, seen) in seen {
            let (name, gap) = (format!("{wanted:?}").to_lowercase(), ms(seen.longest_gap));
            // Writing to a String cannot fail.
            let _ = writeln!(
                text,
                "  {name:<17} {:>10} {:>10} {gap:>9.1} ms",
                seen.requests, seen.failures
            );
        }
        let _ = writeln!(
            text,
            "upgrades             {} answered, {} cut short by a kill, {} refusals as busy",
            upgrades.done, upgrades.cut_short, upgrades.busy
        );
        let (median, longest) = self.propagation();
        let _ = writeln!(
            text,
            "served by another    median {:.1} ms, longest {:.1} ms, of {}",
            ms(median),
            ms(longest),
            upgrades.propagation.len()
        );
        let _ = writeln!(
            text,
            "kills                {}, longest start {:.0} ms",
            kills.at.len(),
            ms(kills.longest_start)
        );
        let _ = write!(
            text,
            "events               {} tasks, {} told again after a kill, {} told after a later one",
            told.tasks, told.again, told.out_of_order
        );
        text
    }

    /// The same as JSON.
    pub(crate) fn to_json(&self, told: &Told, seed: u64, failures: &[String]) -> Value {
        let Self { time, seen, upgrades, kills } = self;
        let (median, longest) = self.propagation();
        let clients = seen.iter().map(|(wanted, seen)| {
            json!({
                "asks_for": format!("{wanted:?}").to_lowercase(),
                "requests": seen.requests,
                "failures": seen.failures,
                "longest_gap_ms": ms(seen.longest_gap),
            })
        });
        json!({
            "seed": seed,
            "seconds": time.as_secs_f64(),
            "clients": clients.collect::<Vec<_>>(),
            "upgrades": upgrades.done,
            "upgrades_cut_short": upgrades.cut_short,
            "refusals_as_busy": upgrades.busy,
            "served_by_another": upgrades.propagation.len(),
            "served_by_another_median_ms": ms(median),
            "served_by_another_longest_ms": ms(longest),
            "kills": kills.at.len(),
            "longest_start_ms": ms(kills.longest_start),
            "tasks": told.tasks,
            "told_again": told.again,
            "told_out_of_order": told.out_of_order,
            "failures": failures,
        })
    }

    /// Median and longest.
    fn propagation(&self) -> (Duration, Duration) {
        let mut times = self.upgrades.propagation.clone();
        times.sort_unstable();
        let median = times.get(times.len() / 2).copied().unwrap_or_default();
        (median, times.last().copied().unwrap_or_default())
    }
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
