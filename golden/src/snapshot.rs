//! Accepted transcripts: `golden/snapshots/NAME.snap`, in insta's format, so that its tools read them.
//!
//! The header says where a snapshot comes from and what each step cost when it was accepted; only what
//! is below it is compared. What differs waits beside it as `NAME.snap.new`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::cost::Cost;

/// A transcript with what its steps cost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// The scenario's file, relative to the plugin folder.
    pub source: String,
    /// What the scenario is about.
    pub description: String,
    /// What each step cost, by name.
    pub costs: Vec<(String, Cost)>,
    /// What is compared.
    pub text: String,
}

/// The place of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    accepted: PathBuf,
}

/// A file that is no snapshot.
#[derive(Debug, thiserror::Error)]
#[error("{}: {reason}; remove it and accept the snapshot again", path.display())]
pub struct InvalidSnapshot {
    path: PathBuf,
    reason: String,
}

impl Place {
    /// Where the snapshot of a scenario lies.
    pub fn new(golden: &Path, scenario: &str) -> Self {
        Self { accepted: golden.join("snapshots").join(format!("{scenario}.snap")) }
    }

    /// The accepted file.
    pub fn accepted(&self) -> &Path {
        &self.accepted
    }

    /// The file that waits.
    pub fn pending(&self) -> PathBuf {
        self.accepted.with_extension("snap.new")
    }

    /// The accepted snapshot, if there is one.
    pub fn read(&self) -> Result<Option<Snapshot>, InvalidSnapshot> {
        read(&self.accepted)
    }

    /// The snapshot that waits, if there is one.
    pub fn read_pending(&self) -> Result<Option<Snapshot>, InvalidSnapshot> {
        read(&self.pending())
    }

    /// Writes a snapshot that waits.
    pub fn propose(&self, snapshot: &Snapshot) -> io::Result<()> {
        write(&self.pending(), snapshot)
    }

    /// Removes what waits.
    pub fn reject(&self) -> io::Result<()> {
        match fs::remove_file(self.pending()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Makes what waits the accepted snapshot.
    pub fn accept(&self) -> io::Result<()> {
        fs::rename(self.pending(), &self.accepted)
    }

    /// Writes an accepted snapshot.
    pub fn bless(&self, snapshot: &Snapshot) -> io::Result<()> {
        write(&self.accepted, snapshot)?;
        self.reject()
    }
}

impl Snapshot {
    /// What a step cost.
    pub fn cost(&self, step: &str) -> Option<Cost> {
        self.costs.iter().find(|(name, _)| name == step).map(|(_, cost)| *cost)
    }
}

/// Every snapshot of a folder that waits: its scenario's name and its place.
pub fn pending(golden: &Path) -> io::Result<BTreeMap<String, Place>> {
    let folder = golden.join("snapshots");
    let mut found = BTreeMap::new();
    if !folder.is_dir() {
        return Ok(found);
    }
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if let Some(scenario) = name.strip_suffix(".snap.new") {
            found.insert(scenario.to_owned(), Place::new(golden, scenario));
        }
    }
    Ok(found)
}

fn write(path: &Path, snapshot: &Snapshot) -> io::Result<()> {
    let quoted = |text: &str| serde_json::to_string(text).map_err(io::Error::other);
    let mut out = String::from("---\n");
    let _ = writeln!(out, "source: {}", quoted(&snapshot.source)?);
    if !snapshot.description.is_empty() {
        let _ = writeln!(out, "description: {}", quoted(&snapshot.description)?);
    }
    if !snapshot.costs.is_empty() {
        out.push_str("info:\n");
        for (step, cost) in &snapshot.costs {
            let _ = writeln!(out, "  {}: {cost}", quoted(step)?);
        }
    }
    out.push_str("---\n");
    out.push_str(snapshot.text.trim_end());
    out.push('\n');
    fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
    fs::write(path, out)
}

fn read(path: &Path) -> Result<Option<Snapshot>, InvalidSnapshot> {
    let invalid = |reason: String| InvalidSnapshot { path: path.to_owned(), reason };
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        text => text.map_err(|error| invalid(error.to_string()))?,
    };
    // Editors and version control may have changed the line ends.
    let text = text.replace("\r\n", "\n");
    let header = text.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---\n"));
    let (header, body) = header.ok_or_else(|| invalid("it has no header".to_owned()))?;
    let mut snapshot = Snapshot { text: body.to_owned(), ..Snapshot::default() };
    let unquoted = |text: &str| serde_json::from_str(text).unwrap_or_else(|_| text.to_owned());
    for line in header.lines() {
        if let Some(source) = line.strip_prefix("source: ") {
            snapshot.source = unquoted(source);
        } else if let Some(description) = line.strip_prefix("description: ") {
            snapshot.description = unquoted(description);
        } else if let Some((step, cost)) =
            line.strip_prefix("  ").and_then(|line| line.rsplit_once(": "))
            && let Ok(cost) = cost.parse()
        {
            snapshot.costs.push((unquoted(step), cost));
        }
    }
    Ok(Some(snapshot))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_snapshot_survives_its_file_and_waits_until_it_is_accepted() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::new(folder.path(), "items");
        let cost = Cost { instructions: 7, memory_bytes: 65_536, host_calls: 1 };
        let snapshot = Snapshot {
            source: "golden/items.toml".to_owned(),
            description: "what \"items\" do: all".to_owned(),
            costs: vec![("load".to_owned(), cost), ("GET /a: b".to_owned(), cost)],
            text: "== load\n---\nhost calls: none\n".to_owned(),
        };
        assert_eq!(place.read().unwrap(), None);
        place.propose(&snapshot).unwrap();
        assert_eq!(pending(folder.path()).unwrap().keys().collect::<Vec<_>>(), ["items"]);
        assert_eq!(place.read_pending().unwrap().as_ref(), Some(&snapshot));
        place.accept().unwrap();
        assert_eq!(place.read().unwrap().as_ref(), Some(&snapshot));
        assert_eq!(snapshot.cost("GET /a: b"), Some(cost));
        assert!(pending(folder.path()).unwrap().is_empty());
        place.propose(&snapshot).unwrap();
        place.reject().unwrap();
        assert!(place.read_pending().unwrap().is_none());
    }

    #[test]
    fn a_file_without_header_is_no_snapshot() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::new(folder.path(), "items");
        fs::create_dir_all(place.accepted().parent().unwrap()).unwrap();
        fs::write(place.accepted(), "just text").unwrap();
        let error = place.read().unwrap_err().to_string();
        assert!(error.contains("it has no header"), "{error}");
    }
}
