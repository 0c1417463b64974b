//! A copy of the workspace's sources with every mistake in it, and the host that is built from it.
//!
//! The copy stays, and only what has changed is written again, so that cargo builds only what has to
//! be built. It is built in the ordinary target folder, where everything it depends on is there
//! already; a version of its own keeps its packages apart from the workspace's.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, ensure};

use super::{data::Data, switch};
use crate::{
    hosted::HOST,
    tool::{self, announce},
    workspace,
};

/// What a package with a mistake in it needs.
const MEMBER: &str = "mutant-switch.workspace = true\n";
/// Where the list of what was wired in goes.
const WIRED: &str = "reference-server/crates/mutants/src/wired.rs";

/// Builds the host that can be every mutant, and answers where it is.
pub(crate) fn build(release: bool) -> Result<PathBuf> {
    announce("writing the mistakes into a copy of the sources");
    let data = Data::read(workspace::root())?;
    let folder = workspace::target().join("mutants");
    let copy = folder.join("source");
    write(&copy, sources(&data)?)?;
    let features = [format!("{HOST}/mutants")];
    let built = tool::build_in(&copy, &features, &[HOST], release)?;
    // Away from where the ordinary host is put.
    built.set_apart(HOST, &folder)
}

/// The sources, with the mistakes in them, by their paths.
fn sources(data: &Data) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut sources = tracked()?;
    let mut members = BTreeSet::new();
    for (file, edits) in data.by_file() {
        let path = format!("reference-server/{file}");
        let source = sources.get_mut(&path).with_context(|| format!("there is no {path}"))?;
        let text = std::str::from_utf8(source).with_context(|| path.clone())?;
        *source = switch::apply(text, &edits)?.into_bytes();
        members.insert(member_of(&path, &sources)?);
    }
    for manifest in members {
        let text = text(&mut sources, &manifest)?;
        if !text.contains("\nmutant-switch = ") && !text.contains(MEMBER) {
            change(
                &mut sources,
                &manifest,
                "[dependencies]\n",
                &format!("[dependencies]\n{MEMBER}"),
            )?;
        }
    }
    let version = format!("version = \"{}\"", env!("CARGO_PKG_VERSION"));
    let own = format!("version = \"{}+mutants\"", env!("CARGO_PKG_VERSION"));
    change(&mut sources, "Cargo.toml", &version, &own)?;
    // Wrong code leaves things unused, and what it says of itself is not worth reading.
    let lints = "[workspace.lints.rust]\n";
    change(&mut sources, "Cargo.toml", lints, &format!("{lints}warnings = \"allow\"\n"))?;
    change(&mut sources, WIRED, "= &[];", &list(data))?;
    Ok(sources)
}

/// The files of the workspace that git knows, or would know, as they are now.
fn tracked() -> Result<BTreeMap<String, Vec<u8>>> {
    let mut git = Command::new("git");
    git.current_dir(workspace::root());
    git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let output = git.output().context("cannot run git")?;
    ensure!(output.status.success(), "`{}` failed ({})", tool::shown(&git), output.status);
    let paths = String::from_utf8(output.stdout).context("names of files")?;
    let mut sources = BTreeMap::new();
    for path in paths.split_terminator('\0') {
        let file = workspace::root().join(path);
        // One that was deleted is listed until the deletion is staged.
        if file.is_file() {
            let bytes = fs::read(&file).with_context(|| format!("read {}", file.display()))?;
            sources.insert(path.to_owned(), bytes);
        }
    }
    Ok(sources)
}

/// The manifest of the package that a source belongs to.
fn member_of(path: &str, sources: &BTreeMap<String, Vec<u8>>) -> Result<String> {
    let above = Path::new(path).ancestors().skip(1);
    let mut manifests = above.map(|folder| folder.join("Cargo.toml").display().to_string());
    manifests
        .find(|manifest| sources.contains_key(manifest))
        .with_context(|| format!("{path} is in no package"))
}

fn text<'s>(sources: &'s mut BTreeMap<String, Vec<u8>>, path: &str) -> Result<&'s str> {
    let source = sources.get(path).with_context(|| format!("there is no {path}"))?;
    std::str::from_utf8(source).with_context(|| path.to_owned())
}

fn change(sources: &mut BTreeMap<String, Vec<u8>>, path: &str, from: &str, to: &str) -> Result<()> {
    let text = text(sources, path)?;
    ensure!(text.matches(from).count() == 1, "`{from}` is not there once in {path}");
    let changed = text.replace(from, to).into_bytes();
    sources.insert(path.to_owned(), changed);
    Ok(())
}

/// The list of what is wired in, as the host has it.
fn list(data: &Data) -> String {
    let mut list = String::from("= &[\n");
    for (area, wirings) in &data.wirings {
        // Writing to a String cannot fail.
        let _ = writeln!(list, "    ({area:?}, &[");
        for (name, wiring) in wirings {
            let sentences: Vec<_> = wiring.sentences.iter().collect();
            let _ = writeln!(
                list,
                "        Entry {{ name: {name:?}, sentences: &{sentences:?}, what: {:?}, how: crate::How::Wiring }},",
                wiring.what
            );
        }
        list.push_str("    ]),\n");
    }
    list.push_str("];");
    list
}

/// Makes a folder hold these files and no others.
fn write(folder: &Path, sources: BTreeMap<String, Vec<u8>>) -> Result<()> {
    let mut old = BTreeSet::new();
    files(folder, &mut old)?;
    for (path, bytes) in sources {
        let path = folder.join(path);
        // Cargo has its own idea of the lock file; a change of it alone is no reason to build.
        if fs::read(&path).ok().as_deref() != Some(&*bytes) {
            let above = path.parent().unwrap_or(folder);
            fs::create_dir_all(above).with_context(|| format!("create {}", above.display()))?;
            fs::write(&path, bytes).with_context(|| format!("write {}", path.display()))?;
        }
        old.remove(&path);
    }
    for path in old {
        fs::remove_file(&path).with_context(|| format!("remove {}", path.display()))?;
    }
    Ok(())
}

fn files(folder: &Path, found: &mut BTreeSet<PathBuf>) -> Result<()> {
    if !folder.exists() {
        return Ok(());
    }
    for entry in folder.read_dir().with_context(|| format!("list {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            files(&path, found)?;
        } else {
            found.insert(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mistake_can_be_switched_on_in_the_sources() {
        let data = Data::read(workspace::root()).expect("the mistakes");
        let sources = sources(&data).expect("sources with all of them");
        for (_, name, wiring) in data.all() {
            for edit in &wiring.edits {
                let source = &sources[&format!("reference-server/{}", edit.file)];
                let source = std::str::from_utf8(source).expect("text");
                assert!(source.contains(&format!("::mutant_switch::is(\"{name}\")")), "{name}");
            }
        }
    }

    #[test]
    fn only_what_changed_is_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let of = |text: &str| BTreeMap::from([("a/b".to_owned(), text.as_bytes().to_vec())]);
        let written =
            || folder.path().join("a/b").metadata().and_then(|it| it.modified()).expect("a time");
        write(folder.path(), of("one")).expect("written");
        fs::write(folder.path().join("c"), "old").expect("a file");
        let first = written();
        write(folder.path(), of("one")).expect("written");
        assert_eq!(first, written());
        assert!(!folder.path().join("c").exists());
        write(folder.path(), of("two")).expect("written");
        assert_eq!(fs::read(folder.path().join("a/b")).expect("the file"), b"two");
    }
}
