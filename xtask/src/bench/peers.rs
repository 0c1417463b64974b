//! The peers: others who run guests, in a workspace of their own below `benches/peers`.

mod go;

use std::path::PathBuf;

use anyhow::Result;

use super::{
    guests::SDK,
    questions::{ANSWERS_VARIABLE, answers},
    table::Row,
};
use crate::{tool, workspace};

const GUEST_TARGET: &str = "wasm32-unknown-unknown";

/// Another host, and its guest that echoes.
#[derive(Debug)]
pub(crate) struct Peer {
    /// What of ours is put into proportion to it.
    pub(crate) what: &'static str,
    /// The plugin of ours that does the same.
    pub(crate) plugin: &'static str,
    /// Where it answers.
    pub(crate) path: &'static str,
    /// The budget: our answers a second to its own are no less than this.
    pub(crate) at_least: Option<f64>,
    pub(crate) program: PathBuf,
    /// The guest's core module.
    pub(crate) module: PathBuf,
}

/// Builds the other hosts; that in Go if there is what it takes.
pub(crate) fn hosts() -> Result<Vec<Peer>> {
    let mut hosts = vec![wasi_http()?];
    hosts.extend(go::host());
    Ok(hosts)
}

/// The host of `wasi:http` with its guest.
fn wasi_http() -> Result<Peer> {
    build("wasi-http", None)?;
    build("wasi-http-guest", Some(GUEST_TARGET))?;
    let target = workspace::target();
    Ok(Peer {
        what: "an echo by the guest SDK / a wasi:http host",
        plugin: SDK,
        path: "",
        at_least: None,
        program: target.join("release/wasi-http"),
        module: target.join(GUEST_TARGET).join("release/wasi_http_guest.wasm"),
    })
}

/// Builds what calls guests in one process, and asks it.
pub(crate) fn calls() -> Result<Vec<Row>> {
    build("calls", None)?;
    let folder = tempfile::tempdir()?;
    let mut command = std::process::Command::new(workspace::target().join("release/calls"));
    // Standard output is the table's.
    command.arg("--bench").env(ANSWERS_VARIABLE, folder.path()).stdout(std::io::stderr());
    tool::run(&mut command)?;
    answers("peers", &folder.path().join("peers.json"))
}

/// One package at a time: each has an engine with features of its own.
fn build(package: &str, target: Option<&str>) -> Result<()> {
    let mut command = tool::cargo(["build", "--release", "--package", package]);
    command
        .current_dir(workspace::root().join("benches/peers"))
        .env("CARGO_TARGET_DIR", workspace::target());
    if let Some(target) = target {
        command.args(["--target", target]);
    }
    tool::run(&mut command)
}
