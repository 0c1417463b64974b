//! What came of the kills, counted.

use std::{collections::BTreeMap, fmt::Write as _, time::Duration};

use serde_json::{Value, json};

use super::{points::Action, schedule::Instant};

/// Which kills: during what, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Kind {
    pub(crate) action: Action,
    /// While the host started, and settled what the operation had left.
    pub(crate) settling: bool,
    pub(crate) instant: Instant,
}

/// What came of one kill.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Outcome {
    /// The killed host left a record of its operation.
    pub(crate) left_record: bool,
    /// Everything was settled when the next host served, and not only some time after.
    pub(crate) at_start: bool,
    /// The old state was true, or the new one; neither when it failed.
    pub(crate) new: Option<bool>,
}

/// Counted outcomes.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    kills: usize,
    left_record: usize,
    at_start: usize,
    old: usize,
    new: usize,
    failed: usize,
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    counts: BTreeMap<Kind, Count>,
    /// What went wrong, with the evidence.
    pub(crate) failures: Vec<String>,
}

impl Tally {
    /// Notes a kill; answers how many there are.
    pub(crate) fn note(&mut self, kind: Kind, outcome: Outcome) -> usize {
        let count = self.counts.entry(kind).or_default();
        count.kills += 1;
        count.left_record += usize::from(outcome.left_record);
        count.at_start += usize::from(outcome.at_start);
        match outcome.new {
            Some(false) => count.old += 1,
            Some(true) => count.new += 1,
            None => count.failed += 1,
        }
        self.kills()
    }

    /// How many kills there were.
    pub(crate) fn kills(&self) -> usize {
        self.counts.values().map(|count| count.kills).sum()
    }

    /// The table.
    pub(crate) fn to_text(&self) -> String {
        let mut text = format!(
            "{:<34} {:>6} {:>8} {:>9} {:>6} {:>6} {:>6}\n",
            "killed", "kills", "records", "at start", "old", "new", "failed"
        );
        let mut line = |what: String, count: &Count| {
            let Count { kills, left_record, at_start, old, new, failed } = count;
            // Writing to a String cannot fail.
            let _ = writeln!(
                text,
                "{what:<34} {kills:>6} {left_record:>8} {at_start:>9} {old:>6} {new:>6} {failed:>6}"
            );
        };
        let mut all = Count::default();
        for (kind, count) in &self.counts {
            line(kind.to_text(), count);
            all.kills += count.kills;
            all.left_record += count.left_record;
            all.at_start += count.at_start;
            all.old += count.old;
            all.new += count.new;
            all.failed += count.failed;
        }
        line("all".to_owned(), &all);
        text + "records: an operation was left to be settled; at start: everything was settled when \
                the next host served\n"
    }

    /// The figures.
    pub(crate) fn to_json(&self, seed: u64, time: Duration) -> Value {
        let rows = self.counts.iter().map(|(kind, count)| {
            json!({
                "action": kind.action.as_str(),
                "while_settling": kind.settling,
                "point": kind.instant.to_text(),
                "kills": count.kills,
                "left_record": count.left_record,
                "settled_at_start": count.at_start,
                "old": count.old,
                "new": count.new,
                "failed": count.failed,
            })
        });
        json!({
            "seed": seed,
            "seconds": time.as_secs_f64(),
            "kills": self.kills(),
            "rows": rows.collect::<Vec<_>>(),
            "failures": self.failures,
        })
    }
}

impl Kind {
    /// For people.
    pub(crate) fn to_text(self) -> String {
        let (action, point) = (self.action.as_str(), self.instant.to_text());
        if self.settling {
            format!("settling {action}: {point}")
        } else {
            format!("{action}: {point}")
        }
    }
}
