//! A host in Go, net/http with wazero: built where there is a Go compiler and wazero for it.

use std::{
    env,
    ffi::OsString,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};

use super::Peer;
use crate::{
    bench::guests::{self, ECHO},
    tool, workspace,
};

/// Where the program `go` is, if not on the `PATH`.
const PROGRAM: &str = "HOSTPROOF_GO";
/// A folder with the modules' sources, laid out like the `src` of a GOPATH. Go's proxy takes no part then.
const SOURCES: &str = "HOSTPROOF_GO_SOURCES";
const NAME: &str = "go-wazero";

/// Builds it; says what is missing where that cannot be done.
pub(super) fn host() -> Option<Peer> {
    match build() {
        Ok(peer) => Some(peer),
        Err(error) => {
            eprintln!("the host in Go is left out: {error:#}");
            None
        }
    }
}

fn build() -> Result<Peer> {
    let go = compiler()?;
    let folder = workspace::root().join("benches/peers").join(NAME);
    let output = workspace::target().join(NAME);
    fs::create_dir_all(&output).with_context(|| format!("create {}", output.display()))?;
    let program = output.join(NAME);
    // A copy: the build writes to it, and beside it the modules' digests.
    let module = output.join("go.mod");
    let mut text = fs::read_to_string(folder.join("go.mod")).context("read go.mod")?;
    let sources = env::var_os(SOURCES).map(PathBuf::from);
    if let Some(sources) = &sources {
        text += &replacements(&text, sources)?;
    }
    fs::write(&module, text).with_context(|| format!("write {}", module.display()))?;

    let mut command = Command::new(go);
    command.current_dir(folder).env("GOWORK", "off").env_remove("GOOS").env_remove("GOARCH");
    if sources.is_some() {
        command.env_remove("GOFLAGS");
        command.envs([("GOENV", "off"), ("GOPROXY", "off"), ("GOTOOLCHAIN", "local")]);
    }
    command.args(["build", "-mod=mod", "-trimpath", "-buildvcs=false", "-modfile"]).arg(&module);
    command.arg("-o").arg(&program).arg(".");
    // Standard output is the table's.
    tool::run(command.stdout(Stdio::from(std::io::stderr()))).with_context(|| {
        format!("its modules come as Go is set up, or from the folder that {SOURCES} names")
    })?;

    let guest = output.join("echo.wasm");
    fs::write(&guest, guests::echo()?).with_context(|| format!("write {}", guest.display()))?;
    Ok(Peer {
        what: "an echo through a plugin / a Go net/http and wazero host",
        plugin: ECHO,
        path: "/echo",
        at_least: Some(1.5),
        program,
        module: guest,
    })
}

/// The program, if it runs.
fn compiler() -> Result<OsString> {
    let program = env::var_os(PROGRAM).unwrap_or_else(|| "go".into());
    let status = Command::new(&program)
        .args(["env", "GOVERSION"])
        .env("GOTOOLCHAIN", "local")
        .stdout(Stdio::null())
        .status();
    let missing =
        || format!("no Go compiler: {} does not run; name one by {PROGRAM}", program.display());
    ensure!(status.with_context(missing)?.success(), missing());
    Ok(program)
}

/// Lines for a `go.mod` that take what it requires from a folder.
fn replacements(module: &str, sources: &Path) -> Result<String> {
    let mut lines = String::new();
    for required in module.lines().filter_map(|line| line.strip_prefix("require ")) {
        let name = required.split_whitespace().next().context("go.mod requires nothing")?;
        let folder = sources.join(name).canonicalize();
        let folder =
            folder.with_context(|| format!("{SOURCES}: no {name} in {}", sources.display()))?;
        writeln!(lines, "\nreplace {name} => {:?}", folder.display().to_string())?;
    }
    Ok(lines)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn what_is_required_is_taken_from_the_folder_or_said_to_be_missing() {
        let folder = tempfile::tempdir().unwrap();
        let sources = folder.path().canonicalize().unwrap();
        let module = "module a\n\ngo 1.25.0\n\nrequire example.com/b v1.0.0 // indirect\n";
        let refused = replacements(module, &sources).unwrap_err();
        assert!(refused.to_string().contains("no example.com/b in"), "{refused}");
        fs::create_dir_all(sources.join("example.com/b")).unwrap();
        let line = format!("\nreplace example.com/b => \"{}/example.com/b\"\n", sources.display());
        assert_eq!(replacements(module, &sources).unwrap(), line);
    }
}
