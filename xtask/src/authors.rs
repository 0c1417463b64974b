//! `cargo xtask authors`: the pages for authors of plugins, followed to the letter.
//!
//! A page is its own test. What a fence of it says stands behind the language (`page` has the list): a file is
//! written, a command is run and has to succeed, or to fail and to say what the page shows. All of it happens in an
//! empty folder, with the `golden` of this workspace on the `PATH`.

mod page;

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context as _, Result, bail, ensure};

use page::{Outcome, Step};

use crate::tool::{self, announce};
use crate::workspace;

const PAGES: &str = "golden/docs";

/// Which pages.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Pages of golden/docs, by name without `.md`; all that have something to follow where none is named
    pages: Vec<String>,
    /// Print what the commands print, also where it is as it should be
    #[arg(long, short)]
    verbose: bool,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let pages = pages(&args.pages)?;
    let golden = tool::build(&["golden"], false)?;
    let programs = golden.path("golden")?.parent().context("golden lies in a folder")?.to_owned();
    for (name, steps) in pages {
        announce(&format!("{name}: {} steps", steps.len()));
        let place = tempfile::tempdir().context("an empty folder")?;
        let author = Author::new(place.path(), &programs, args.verbose)?;
        for step in &steps {
            author.follow(step).with_context(|| format!("{PAGES}/{name}.md:{}", step.line()))?;
        }
        println!("{name}: every step came out as the page says");
    }
    Ok(ExitCode::SUCCESS)
}

/// The pages with their steps.
fn pages(wanted: &[String]) -> Result<BTreeMap<String, Vec<Step>>> {
    let folder = workspace::root().join(PAGES);
    let mut pages = BTreeMap::new();
    for entry in fs::read_dir(&folder).with_context(|| format!("read {}", folder.display()))? {
        let path = entry?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let markdown = path.extension().is_some_and(|extension| extension == "md");
        if !markdown || !(wanted.is_empty() || wanted.contains(&name)) {
            continue;
        }
        let steps = page::steps(&fs::read_to_string(&path)?)
            .with_context(|| format!("{PAGES}/{name}.md"))?;
        if !steps.is_empty() {
            pages.insert(name, steps);
        }
    }
    for name in wanted {
        ensure!(pages.contains_key(name), "{PAGES}/{name}.md has nothing to follow");
    }
    Ok(pages)
}

/// Somebody who does what a page says.
struct Author {
    folder: PathBuf,
    /// Where the last command left off: holds a path.
    here: PathBuf,
    path: OsString,
    verbose: bool,
}

impl Author {
    fn new(place: &Path, programs: &Path, verbose: bool) -> Result<Self> {
        let folder = place.join("author");
        fs::create_dir(&folder)?;
        let here = place.join("here");
        fs::write(&here, folder.as_os_str().as_encoded_bytes())?;
        let others = env::var_os("PATH").unwrap_or_default();
        let mut folders = vec![programs.to_owned()];
        // Compilers that were installed apart, as CI does.
        if let Some(go) = env::var_os("HOSTPROOF_GO") {
            folders.extend(Path::new(&go).parent().map(Path::to_owned));
        }
        folders.extend(env::split_paths(&others));
        Ok(Self { folder, here, path: env::join_paths(folders)?, verbose })
    }

    fn follow(&self, step: &Step) -> Result<()> {
        match step {
            Step::Write { path, text, .. } => {
                let path = self.here()?.join(path);
                fs::create_dir_all(path.parent().context("a file in a folder")?)?;
                fs::write(&path, text).with_context(|| format!("write {}", path.display()))
            }
            Step::Run { script, outcome, says, .. } => self.run(script, *outcome, says),
        }
    }

    fn here(&self) -> Result<PathBuf> {
        Ok(PathBuf::from(fs::read_to_string(&self.here)?.trim_end()))
    }

    /// Runs a script where the last one left off.
    fn run(&self, script: &str, outcome: Outcome, says: &[String]) -> Result<()> {
        println!("$ {}", script.trim_end().replace('\n', "\n$ "));
        let mut command = Command::new("bash");
        // The folder is noted at any end: a command that fails may be the last but is in its place.
        command.args(["-eu", "-o", "pipefail", "-c"]);
        command.arg(format!("exec 2>&1; trap 'pwd >\"$HERE\"' EXIT\n{script}"));
        tool::own_name_removed(&mut command);
        // What is meant for the build of this workspace is not an author's.
        for name in ["CARGO_TARGET_DIR", "RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CI"] {
            command.env_remove(name);
        }
        command.env("PATH", &self.path).env("HERE", &self.here);
        command.env("HOSTPROOF", workspace::root()).env("NO_COLOR", "1");
        command.current_dir(self.here().unwrap_or_else(|_| self.folder.clone()));
        let output = command.stdin(Stdio::null()).output().context("run bash")?;
        let text = String::from_utf8_lossy(&output.stdout);
        if self.verbose {
            print!("{text}");
        }
        let as_expected = match outcome {
            Outcome::Succeeds => output.status.success(),
            Outcome::Fails(code) => output.status.code() == Some(code),
        };
        if !as_expected {
            bail!(
                "the page says that this {outcome}, and it ended with {}:\n{text}",
                output.status
            );
        }
        let missing: Vec<_> = says.iter().filter(|line| !text.contains(line.as_str())).collect();
        if !missing.is_empty() {
            let missing = missing.iter().flat_map(|line| ["\n  ", line]).collect::<String>();
            bail!("the page says that this is said:{missing}\nand what was said is:\n{text}");
        }
        Ok(())
    }
}
