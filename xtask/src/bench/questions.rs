//! The questions: criterion benches, run by cargo.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};
use cargo_metadata::MetadataCommand;

use super::table::Row;
use crate::{tool, workspace};

/// Where a bench writes its ratios to (`benches/src/question.rs`).
pub(super) const ANSWERS_VARIABLE: &str = "HOSTPROOF_BENCH_ANSWERS";

/// The questions' names: the package's benches.
pub(crate) fn names() -> Result<Vec<String>> {
    let mut command = MetadataCommand::new();
    command.cargo_path(workspace::cargo()).current_dir(workspace::root()).no_deps();
    let metadata = command.exec()?;
    let package = metadata.packages.iter().find(|package| package.name.as_str() == "benches");
    let targets = &package.context("the package `benches`")?.targets;
    let benches = targets.iter().filter(|target| target.is_bench());
    let mut names: Vec<String> = benches.map(|target| target.name.clone()).collect();
    names.sort();
    Ok(names)
}

/// Has each bench run once, unoptimised: that it runs is all that is asked.
pub(crate) fn try_out(names: &[String]) -> Result<()> {
    let mut command = cargo("test", names);
    tool::run(&mut command)
}

/// Measures, and collects the answers. Times are criterion's affair; it prints and keeps them.
pub(crate) fn measure(names: &[String], times: bool) -> Result<Vec<Row>> {
    let folder = tempfile::tempdir()?;
    let mut command = cargo("bench", names);
    command.env(ANSWERS_VARIABLE, folder.path()).args(["--", "--noplot"]);
    if !times {
        // A filter that matches nothing: criterion has nothing to do, and the ratios are asked all the same.
        command.arg("^$");
    }
    // Standard output is the table's.
    let mut child = command.stdout(Stdio::piped()).spawn().context("cannot run cargo")?;
    let mut output = child.stdout.take().context("cargo's output")?;
    std::io::copy(&mut output, &mut std::io::stderr())?;
    let status = child.wait()?;
    ensure!(status.success(), "`{}` failed ({status})", tool::shown(&command));
    let mut rows = Vec::new();
    for name in names {
        rows.extend(answers(name, &folder.path().join(format!("{name}.json")))?);
    }
    Ok(rows)
}

/// What a question answered, in its file.
pub(super) fn answers(question: &str, file: &Path) -> Result<Vec<Row>> {
    let text = fs::read_to_string(file).with_context(|| format!("{question} answered nothing"))?;
    let mut rows: Vec<Row> = serde_json::from_str(&text)?;
    for row in &mut rows {
        question.clone_into(&mut row.question);
    }
    Ok(rows)
}

/// Out of the whole workspace, as in [`tool::build`].
fn cargo(subcommand: &str, names: &[String]) -> Command {
    let mut command = tool::cargo([subcommand, "--workspace"]);
    for name in names {
        command.args(["--bench", name]);
    }
    command
}
