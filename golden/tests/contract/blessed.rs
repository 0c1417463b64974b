//! Comparing rendered text with blessed files.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Environment variable that, set to `1`, makes a run write the files instead of comparing them.
pub(crate) const UPDATE: &str = "UPDATE_GOLDEN";

/// One run over a folder of blessed files. Differences are collected, so that one run shows all.
#[derive(Debug)]
pub(crate) struct Blessed {
    root: PathBuf,
    update: bool,
    known: BTreeSet<PathBuf>,
    mismatches: Vec<Mismatch>,
}

/// One file that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Mismatch {
    /// There is no such file.
    Missing {
        /// Relative to the folder.
        file: PathBuf,
    },
    /// The file says something else.
    Differs {
        /// Relative to the folder.
        file: PathBuf,
        /// First line that differs, from 1.
        line: usize,
        /// That line as blessed; `None` past the file's end.
        blessed: Option<String>,
        /// That line as rendered; `None` past the text's end.
        rendered: Option<String>,
    },
    /// A file that nothing renders or reads any more.
    Stale {
        /// Relative to the folder.
        file: PathBuf,
    },
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = |line: &Option<String>| line.clone().unwrap_or_else(|| "(end)".to_owned());
        match self {
            Self::Missing { file } => write!(f, "{}: missing", file.display()),
            Self::Stale { file } => write!(f, "{}: nothing renders it", file.display()),
            Self::Differs { file, line: number, blessed, rendered } => write!(
                f,
                "{}:{number}\n    blessed:  {}\n    rendered: {}",
                file.display(),
                line(blessed),
                line(rendered)
            ),
        }
    }
}

impl Blessed {
    /// Begins a run over `root`, comparing or, when [`UPDATE`] is `1`, writing.
    pub(crate) fn from_env(root: impl Into<PathBuf>) -> Self {
        Self::new(root, std::env::var_os(UPDATE).is_some_and(|value| value == "1"))
    }

    /// Begins a run over `root`.
    pub(crate) fn new(root: impl Into<PathBuf>, update: bool) -> Self {
        Self { root: root.into(), update, known: BTreeSet::new(), mismatches: Vec::new() }
    }

    /// Reads a file that people write: an input, never rendered.
    pub(crate) fn input(&mut self, file: impl AsRef<Path>) -> io::Result<Vec<u8>> {
        self.known.insert(file.as_ref().to_owned());
        fs::read(self.root.join(file))
    }

    /// Compares a file with what was rendered, or writes it. A final line break is added.
    pub(crate) fn check(&mut self, file: impl AsRef<Path>, rendered: &str) -> io::Result<()> {
        let file = file.as_ref().to_owned();
        let rendered = format!("{}\n", rendered.trim_end());
        let path = self.root.join(&file);
        self.known.insert(file.clone());
        match fs::read_to_string(&path) {
            Ok(blessed) if blessed == rendered => Ok(()),
            _ if self.update => {
                if let Some(folder) = path.parent() {
                    fs::create_dir_all(folder)?;
                }
                fs::write(path, rendered)
            }
            Ok(blessed) => {
                self.mismatches.push(difference(file, &blessed, &rendered));
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.mismatches.push(Mismatch::Missing { file });
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Names of the files below `folder` (not deeper) that satisfy `wanted`, sorted.
    pub(crate) fn list(
        &self,
        folder: &str,
        wanted: impl Fn(&str) -> bool,
    ) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(self.root.join(folder))? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if wanted(&name) {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }

    /// Ends the run: every file below `folders` must have been read or rendered. In an updating run
    /// stale files are removed. Returns what is wrong.
    pub(crate) fn finish(mut self, folders: &[&str]) -> io::Result<Vec<Mismatch>> {
        for folder in folders {
            for file in files_below(&self.root, Path::new(folder))? {
                if self.known.contains(&file) {
                    continue;
                }
                if self.update {
                    fs::remove_file(self.root.join(&file))?;
                } else {
                    self.mismatches.push(Mismatch::Stale { file });
                }
            }
        }
        Ok(self.mismatches)
    }
}

fn files_below(root: &Path, folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(root.join(folder))? {
        let entry = entry?;
        let path = folder.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            files.extend(files_below(root, &path)?);
        } else {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn difference(file: PathBuf, blessed: &str, rendered: &str) -> Mismatch {
    let (mut ours, mut theirs) = (blessed.lines(), rendered.lines());
    let mut line = 0;
    loop {
        line += 1;
        match (ours.next(), theirs.next()) {
            (Some(a), Some(b)) if a == b => {}
            // Equal lines and unequal texts differ in their line breaks at the very end.
            (a, b) => {
                let [blessed, rendered] = [a, b].map(|line| line.map(str::to_owned));
                return Mismatch::Differs { file, line, blessed, rendered };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use super::*;

    fn run(root: &Path, update: bool, text: &str) -> Vec<Mismatch> {
        let mut blessed = Blessed::new(root, update);
        blessed.check("a/x.txt", text).unwrap();
        if update {
            fs::create_dir_all(root.join("a")).unwrap();
        }
        blessed.finish(&["a"]).unwrap()
    }

    #[test]
    fn updating_writes_and_removes_and_comparing_then_agrees() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("a")).unwrap();
        fs::write(root.path().join("a/old.txt"), "").unwrap();
        assert_eq!(run(root.path(), true, "one\ntwo"), []);
        assert!(!root.path().join("a/old.txt").exists());
        assert_eq!(run(root.path(), false, "one\ntwo"), []);
    }

    #[test]
    fn comparing_names_what_is_wrong_and_writes_nothing() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("a/x.txt");
        fs::create_dir(root.path().join("a")).unwrap();
        assert_eq!(run(root.path(), false, "x"), [Mismatch::Missing { file: "a/x.txt".into() }]);
        assert!(!path.exists());
        fs::write(&path, "one\ntwo\n").unwrap();
        fs::write(root.path().join("a/old.txt"), "").unwrap();
        let mismatches: Vec<_> =
            run(root.path(), false, "one\nzwei").iter().map(ToString::to_string).collect();
        assert_eq!(
            mismatches,
            ["a/x.txt:2\n    blessed:  two\n    rendered: zwei", "a/old.txt: nothing renders it"]
        );
        assert_eq!(fs::read_to_string(path).unwrap(), "one\ntwo\n");
        // A missing final line break is a difference, too.
        fs::write(root.path().join("a/x.txt"), "one").unwrap();
        assert!(matches!(&run(root.path(), false, "one")[0], Mismatch::Differs { line: 2, .. }));
    }
}
