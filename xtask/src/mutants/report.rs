//! The kill matrix, and the score.

use std::{collections::BTreeMap, fmt, fs, path::Path, time::Duration};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use super::{catalogue::Mutant, verdict::Outcome};

/// A mutant with what became of it.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Judged {
    /// The mutant.
    #[serde(flatten)]
    pub(crate) mutant: Mutant,
    /// What became of it.
    #[serde(flatten)]
    pub(crate) outcome: Outcome,
    /// How many cases that take the stores or the host away look at its sentences.
    pub(crate) fault_cases: usize,
    /// How long its host took until it served, with the making of its database.
    pub(crate) start_ms: u64,
    /// How long the suite took.
    pub(crate) suite_ms: u64,
}

/// Every mutant with what became of it: `mutants.json`, and its view for a terminal.
#[derive(Debug, Serialize)]
pub(crate) struct Matrix {
    killed: usize,
    total: usize,
    elapsed_ms: u64,
    mutants: Vec<Judged>,
}

impl Matrix {
    /// Sorts, and counts.
    pub(crate) fn new((mut mutants, elapsed): (Vec<Judged>, Duration)) -> Self {
        mutants.sort_by(|one, other| {
            let key = |judged: &Judged| (judged.mutant.area.clone(), judged.mutant.name.clone());
            key(one).cmp(&key(other))
        });
        let killed = mutants.iter().filter(|judged| judged.is_killed()).count();
        Self { killed, total: mutants.len(), elapsed_ms: millis(elapsed), mutants }
    }

    /// Whether none is left.
    pub(crate) fn all_killed(&self) -> bool {
        self.killed == self.total
    }

    /// The document.
    pub(crate) fn to_json(&self) -> Result<String> {
        serde_json::to_string_pretty(self).context("cannot write the matrix as JSON")
    }

    /// Writes the document.
    pub(crate) fn write(&self, folder: &Path) -> Result<()> {
        fs::create_dir_all(folder).with_context(|| format!("create {}", folder.display()))?;
        let file = folder.join("mutants.json");
        fs::write(&file, self.to_json()? + "\n")
            .with_context(|| format!("write {}", file.display()))
    }
}

/// A duration as reports have it.
pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl Judged {
    /// Whether the suite noticed.
    pub(crate) fn is_killed(&self) -> bool {
        matches!(self.outcome, Outcome::Killed { .. })
    }

    fn sentences(&self) -> String {
        self.mutant.sentences.iter().cloned().collect::<Vec<_>>().join(" ")
    }
}

/// The matrix, counts by area, and what is not as it should be, at the end where it is seen.
impl fmt::Display for Matrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut areas: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        for judged in &self.mutants {
            let (killed, total) = areas.entry(&judged.mutant.area).or_default();
            *total += 1;
            if let Outcome::Killed { killed_by } = &judged.outcome {
                *killed += 1;
                let by = killed_by.iter().cloned().collect::<Vec<_>>().join(" ");
                writeln!(f, "{:44} {:20} {by}", judged.mutant.name, judged.sentences())?;
            }
        }
        writeln!(f, "\narea            killed")?;
        for (area, (killed, total)) in &areas {
            writeln!(f, "{area:16}{killed:3}/{total}")?;
        }
        for judged in self.mutants.iter().filter(|judged| !judged.is_killed()) {
            let Judged { mutant, outcome, .. } = judged;
            writeln!(f, "\n{} ({}): {}", mutant.name, judged.sentences(), mutant.what)?;
            writeln!(f, "    {outcome}")?;
        }
        let seconds = self.elapsed_ms / 1000;
        write!(f, "\nmutants: {}/{} killed in {seconds} s", self.killed, self.total)
    }
}
