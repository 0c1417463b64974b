//! Curves as CSV, in the form that the program `curves` of the benches draws.

use std::{fmt::Write as _, fs, path::Path};

use anyhow::{Context as _, Result};

/// A picture with its lines.
#[derive(Debug)]
pub(crate) struct Curves {
    /// The file's name, without extension.
    pub(crate) file: String,
    /// What is shown.
    pub(crate) title: String,
    /// What grows.
    pub(crate) x: String,
    /// What it costs, with its unit.
    pub(crate) y: &'static str,
    /// Line, how much there was, and what it cost.
    pub(crate) points: Vec<(String, usize, f64)>,
}

impl Curves {
    /// Writes the CSV into a folder.
    pub(crate) fn write(&self, folder: &Path) -> Result<()> {
        let Self { file, title, x, y, points } = self;
        let mut text = format!("# {title}\nline,{x},{y}\n");
        for (line, x, y) in points {
            writeln!(text, "{line},{x},{y:.3}")?;
        }
        fs::create_dir_all(folder).with_context(|| format!("create {}", folder.display()))?;
        let file = folder.join(format!("{file}.csv"));
        fs::write(&file, text).with_context(|| format!("write {}", file.display()))
    }
}
