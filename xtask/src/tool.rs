//! Running other programs, visibly.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fs,
    io::BufReader,
    os::unix::process::{CommandExt as _, ExitStatusExt as _},
    path::{Path, PathBuf},
    process::{self, Command, ExitCode, ExitStatus, Stdio},
};

use anyhow::{Context as _, Result, bail, ensure};
use cargo_metadata::Message;

use crate::workspace;

/// Says what begins now, on standard error like cargo's own progress.
pub(crate) fn announce(text: &str) {
    eprintln!("\n==> {text}");
}

/// The command as one would type it, for messages.
pub(crate) fn shown(command: &Command) -> String {
    let program = PathBuf::from(command.get_program());
    let program = program.file_name().unwrap_or(command.get_program()).to_owned();
    let words = std::iter::once(program.as_os_str()).chain(command.get_args());
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}

/// A command that ends when we do, even by `kill -9`, and to which a terminal's Ctrl-C only comes
/// by way of us: we know in which order things have to end.
pub(crate) fn tied(services: &Path, program: &Path) -> Command {
    let mut command = Command::new(services);
    command.args(["tied", "--to", &process::id().to_string(), "--"]).arg(program).process_group(0);
    command
}

/// A cargo command in the workspace.
pub(crate) fn cargo<const N: usize>(arguments: [&str; N]) -> Command {
    let mut command = Command::new(workspace::cargo());
    own_name_removed(command.current_dir(workspace::root())).args(arguments);
    command
}

/// Takes out of a command's environment what `cargo run` put into ours about this package. A build
/// script that looks at such a variable would otherwise run anew, and all that rests on it be
/// compiled anew, whenever cargo is called by hand and by us in turn.
pub(crate) fn own_name_removed(command: &mut Command) -> &mut Command {
    const ABOUT_US: [&str; 4] = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"];
    for (name, _) in std::env::vars_os() {
        if ABOUT_US.iter().any(|prefix| name.as_encoded_bytes().starts_with(prefix.as_bytes())) {
            command.env_remove(name);
        }
    }
    command
}

/// Runs a command that has to succeed.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = status(command)?;
    ensure!(status.success(), "`{}` failed ({status})", shown(command));
    Ok(())
}

/// Runs a command and says how it ended.
pub(crate) fn status(command: &mut Command) -> Result<ExitStatus> {
    command.status().with_context(|| format!("cannot run `{}`", shown(command)))
}

/// An exit status as our own exit code; ended by a signal, as a shell would say it.
pub(crate) fn exit_code(status: ExitStatus) -> ExitCode {
    let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default());
    ExitCode::from(u8::try_from(code).unwrap_or(u8::MAX))
}

/// Builds programs of the workspace with cargo's usual progress, and answers where they are.
pub(crate) fn build(programs: &[&str], release: bool) -> Result<Programs> {
    build_in(workspace::root(), &[], programs, release)
}

/// The same in another workspace, with features, as `PACKAGE/FEATURE`.
pub(crate) fn build_in(
    root: &Path,
    features: &[String],
    programs: &[&str],
    release: bool,
) -> Result<Programs> {
    // Out of the whole workspace, not package by package: cargo chooses the features of shared
    // dependencies by what is asked for, and would compile them once per choice.
    let mut command =
        cargo(["build", "--workspace", "--message-format", "json-render-diagnostics"]);
    for program in programs {
        command.args(["--bin", program]);
    }
    if release {
        command.arg("--release");
    }
    if !features.is_empty() {
        command.args(["--features", &features.join(",")]);
    }
    // However the target folder was named, it is the same one.
    command.current_dir(root).env("CARGO_TARGET_DIR", workspace::target());
    announce(&format!("building {}", programs.join(", ")));
    let mut child = command.stdout(Stdio::piped()).spawn().context("cannot run cargo")?;
    let messages = BufReader::new(child.stdout.take().context("cargo's output")?);
    let mut built = BTreeMap::new();
    for message in Message::parse_stream(messages) {
        if let Message::CompilerArtifact(artifact) = message.context("cargo's messages")?
            && let Some(executable) = artifact.executable
        {
            built.insert(artifact.target.name, executable.into_std_path_buf());
        }
    }
    let status = child.wait()?;
    ensure!(status.success(), "`{}` failed ({status})", shown(&command));
    Ok(Programs(built))
}

/// Built programs by name.
#[derive(Debug)]
pub(crate) struct Programs(BTreeMap<String, PathBuf>);

impl Programs {
    /// Where the program of that name is.
    pub(crate) fn path(&self, name: &str) -> Result<&PathBuf> {
        match self.0.get(name) {
            Some(path) => Ok(path),
            None => bail!("the build made no program `{name}`"),
        }
    }

    /// Copies a program to where the next build does not put another one.
    pub(crate) fn set_apart(&self, name: &str, folder: &Path) -> Result<PathBuf> {
        let apart = folder.join(name);
        // Over a copy that still runs, one cannot write; its name one can take.
        let _ = fs::remove_file(&apart);
        let path = self.path(name)?;
        fs::copy(path, &apart).with_context(|| format!("copy {}", path.display()))?;
        Ok(apart)
    }

    /// All of them, with their names.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, &Path)> {
        self.0.iter().map(|(name, path)| (name.as_str(), path.as_path()))
    }
}
