//! `golden review`, `accept` and `reject`: snapshots that wait.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::path::Path;

use anyhow::{Result, bail};
use clap::Args;
use golden::plugin::Plugin;
use golden::snapshot::{Place, pending};
use owo_colors::OwoColorize as _;
use similar::TextDiff;

use super::{Exit, Which};

#[derive(Debug, Args)]
pub(super) struct Review {
    #[command(flatten)]
    which: Which,
}

#[derive(Debug, Args)]
pub(super) struct All {
    #[command(flatten)]
    which: Which,
}

impl Which {
    /// What waits, of all that is meant.
    fn waiting(&self) -> Result<Vec<(String, Place)>> {
        let mut waiting = Vec::new();
        for path in &self.paths {
            let root = golden_folder(path)?;
            let one = path.is_file().then(|| path.file_stem()).flatten();
            for (name, place) in pending(&root)? {
                let meant = one.is_none_or(|one| one.to_string_lossy() == name);
                let selected = self.filters.is_empty()
                    || self.filters.iter().any(|filter| name.contains(filter.as_str()));
                if meant && selected {
                    waiting.push((name, place));
                }
            }
        }
        Ok(waiting)
    }
}

/// The folder of scenarios, without the rest of the plugin: what waits can be accepted without wasm.
fn golden_folder(path: &Path) -> Result<std::path::PathBuf> {
    match Plugin::folder(path) {
        Ok(root) => Ok(root.join(golden::plugin::FOLDER)),
        Err(error) => bail!("{error}"),
    }
}

impl All {
    pub(super) fn accept(self) -> Result<Exit> {
        self.each("accepted", Place::accept)
    }

    pub(super) fn reject(self) -> Result<Exit> {
        self.each("rejected", Place::reject)
    }

    fn each(self, word: &str, act: impl Fn(&Place) -> io::Result<()>) -> Result<Exit> {
        let waiting = self.which.waiting()?;
        for (name, place) in &waiting {
            act(place)?;
            println!("{word} {name}");
        }
        if waiting.is_empty() {
            println!("nothing waits");
        }
        Ok(Exit::Passed)
    }
}

impl Review {
    pub(super) fn run(self) -> Result<Exit> {
        let waiting = self.which.waiting()?;
        if waiting.is_empty() {
            println!("nothing waits");
            return Ok(Exit::Passed);
        }
        let total = waiting.len();
        let mut left = 0;
        for (at, (name, place)) in waiting.iter().enumerate() {
            println!("{} ({}/{total})", name.bold(), at + 1);
            show(place)?;
            match ask()? {
                Choice::Accept => place.accept()?,
                Choice::Reject => place.reject()?,
                Choice::Skip => left += 1,
                Choice::Quit => return Ok(Exit::Failed),
            }
        }
        Ok(if left == 0 { Exit::Passed } else { Exit::Failed })
    }
}

enum Choice {
    Accept,
    Reject,
    Skip,
    Quit,
}

fn ask() -> Result<Choice> {
    let mut lines = io::stdin().lock();
    loop {
        print!("[a]ccept, [r]eject, [s]kip, [q]uit? ");
        io::stdout().flush()?;
        let mut line = String::new();
        if lines.read_line(&mut line)? == 0 {
            println!();
            return Ok(Choice::Quit);
        }
        match line.trim() {
            "a" | "accept" => return Ok(Choice::Accept),
            "r" | "reject" => return Ok(Choice::Reject),
            "s" | "skip" | "" => return Ok(Choice::Skip),
            "q" | "quit" => return Ok(Choice::Quit),
            other => println!("`{other}` is none of them"),
        }
    }
}

/// How what waits differs from what is accepted.
fn show(place: &Place) -> Result<()> {
    let before = place.read()?.unwrap_or_default().text;
    let after = place.read_pending()?.unwrap_or_default().text;
    let colour = io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let difference = TextDiff::from_lines(&before, &after);
    let text = difference.unified_diff().context_radius(4).header("accepted", "now").to_string();
    if text.is_empty() {
        println!("the transcript is the same; what its steps cost is not");
    }
    for line in text.lines() {
        match line.chars().next() {
            Some('-') if colour => println!("{}", line.red()),
            Some('+') if colour => println!("{}", line.green()),
            _ => println!("{line}"),
        }
    }
    Ok(())
}
