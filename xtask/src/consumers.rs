//! `cargo xtask consumers`: what hostproof writes, read by what others read it with.
//!
//! A browser opens the pages, parsers from npm read `JUnit` and TAP. They are in
//! `conformance/tests/consumers`, and one test of `hostproof` makes reports and starts them.

use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, ensure};

use crate::tool::{self, announce};
use crate::workspace;

/// The oldest Node.js that the browser's driver runs on.
const NODE: u32 = 20;

pub(crate) fn run() -> Result<ExitCode> {
    let folder = workspace::root().join("conformance/tests/consumers");
    check_node()?;
    announce("the consumers");
    let mut install = Command::new("npm");
    tool::run(install.args(["ci", "--no-fund", "--no-audit"]).current_dir(folder))?;
    announce("reports, and who reads them");
    // All members, so that none is built with other features than in `cargo xtask test`.
    let test = ["test", "--workspace", "--test", "it", "views::consumers", "--", "--ignored"];
    tool::run(&mut tool::cargo(test))?;
    Ok(ExitCode::SUCCESS)
}

fn check_node() -> Result<()> {
    let asked = Command::new("node").arg("--version").output().with_context(|| {
        format!("cannot run `node`: Node.js {NODE} or later, npm and Chromium are needed")
    })?;
    let version = String::from_utf8_lossy(&asked.stdout).trim().to_owned();
    let major = version.trim_start_matches('v').split('.').next().and_then(|it| it.parse().ok());
    ensure!(
        major.is_some_and(|major: u32| major >= NODE),
        "node is {version}: Node.js {NODE} or later is needed"
    );
    Ok(())
}
