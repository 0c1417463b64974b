//! The specification as pages, with what the run found out in their margins.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

use anyhow::Result;

use crate::{tool, workspace};

/// Where `hostproof run` writes, unless it is told otherwise.
const REPORTS: &str = "hostproof-report";

/// Writes the pages beside the report of the run that `began` then, if it wrote one.
pub(super) fn write(hostproof: &Path, arguments: &[OsString], began: SystemTime) -> Result<()> {
    let folder = workspace::root().join(reports(arguments));
    let report = folder.join("report.json");
    let written = report.metadata().and_then(|file| file.modified());
    if !written.is_ok_and(|written| written >= began) {
        return Ok(());
    }
    let mut command = Command::new(hostproof);
    command.args(["spec", "--report"]).arg(&report).arg("--out").arg(folder.join("spec"));
    let mutants = folder.join("mutants.json");
    if mutants.exists() {
        command.arg("--mutants").arg(mutants);
    }
    // What it says itself, the name of the page, is for scripts.
    tool::run(command.stdout(Stdio::null()))?;
    let page = folder.join("spec/index.html");
    eprintln!("    the specification with these verdicts: {}", page.display());
    Ok(())
}

/// `--out DIR` or `--out=DIR` of the arguments for the run.
fn reports(arguments: &[OsString]) -> PathBuf {
    let texts: Vec<_> = arguments.iter().map(|argument| argument.to_string_lossy()).collect();
    let after = texts.iter().position(|text| text == "--out").and_then(|at| texts.get(at + 1));
    let within = texts.iter().find_map(|text| text.strip_prefix("--out="));
    PathBuf::from(within.or(after.map(AsRef::as_ref)).unwrap_or(REPORTS))
}

#[cfg(test)]
mod tests {
    use super::reports;

    #[test]
    fn the_folder_is_the_one_the_run_is_told() {
        let of = |arguments: &[&str]| {
            reports(&arguments.iter().map(Into::into).collect::<Vec<_>>()).display().to_string()
        };
        assert_eq!(of(&["--filter", "sql/*"]), "hostproof-report");
        assert_eq!(of(&["--out", "a", "--seed", "1"]), "a");
        assert_eq!(of(&["--out=b"]), "b");
    }
}
