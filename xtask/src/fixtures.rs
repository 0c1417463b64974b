//! `cargo xtask fixtures`: build the guests and write `fixtures-plugins/artifacts`, or compare with what is there.
//!
//! Artifacts are committed, so that nobody needs a wasm toolchain to use them. The same sources give the same
//! bytes from every checkout: paths are remapped, the lock file is obeyed, and the compiler that made them is
//! named in `digests.toml`.

mod build;
mod c;
mod digests;
mod go;
mod member;
mod multi_value;
mod optional;
mod rustc;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};

use build::Guests;
use c::CGuests;
use digests::Digests;
use go::GoGuests;

use crate::workspace;

/// What to do with the built guests.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Lint the guests, test their library, build into a temporary folder and compare; write nothing
    #[arg(long)]
    check: bool,
}

/// A finished module and the digest of what it was made from.
struct Artifact {
    wasm: Vec<u8>,
    sources: String,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let fixtures = workspace::root().join("fixtures-plugins");
    let artifacts = fixtures.join("artifacts");
    let guests = Guests::find(&fixtures.join("guests"))?;
    let go = GoGuests::find(&fixtures.join("guests"))?;
    let c = CGuests::find(&fixtures.join("guests"))?;
    let target = workspace::target().join("guests");
    let go_cache = workspace::target().join("guests-go");
    // A folder of its own: what an earlier build left behind must not take part.
    let scratch = tempfile::tempdir().context("a temporary folder")?;
    if args.check {
        let recorded = Digests::read(&artifacts)?;
        guests.require_toolchain(&recorded.toolchain)?;
        guests.lint(&target)?;
        guests.test(&target)?;
        go.lint(&go_cache)?;
        let mut optional = go.build(&go_cache, &artifacts, Some(&recorded))?;
        optional.append(&mut c.build(scratch.path(), &artifacts, Some(&recorded))?);
        let built = build_all(&guests, scratch.path(), optional)?;
        compare(&artifacts, &built)?;
        recorded.require_equal(&Digests::of(&built, guests.toolchain()))?;
        println!("{} artifacts are what their sources give", built.len());
    } else {
        let recorded = Digests::read(&artifacts).ok();
        let mut optional = go.build(&go_cache, &artifacts, recorded.as_ref())?;
        optional.append(&mut c.build(scratch.path(), &artifacts, recorded.as_ref())?);
        let built = build_all(&guests, &target, optional)?;
        write(&artifacts, &built)?;
        Digests::of(&built, guests.toolchain()).write(&artifacts)?;
        for (name, artifact) in &built {
            println!("{:>8} {name}.wasm", artifact.wasm.len());
        }
    }
    Ok(())
}

fn build_all(
    guests: &Guests,
    target_dir: &Path,
    mut built: BTreeMap<String, Artifact>,
) -> Result<BTreeMap<String, Artifact>> {
    for (name, artifact) in guests.build_rust(target_dir)?.into_iter().chain(guests.build_text()?) {
        ensure!(!built.contains_key(&name), "two guests are named `{name}`");
        built.insert(name, artifact);
    }
    Ok(built)
}

/// Replaces the artifacts, including those whose guest is gone.
fn write(folder: &Path, built: &BTreeMap<String, Artifact>) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("create {}", folder.display()))?;
    for name in present(folder)? {
        if !built.contains_key(&name) {
            fs::remove_file(folder.join(format!("{name}.wasm")))?;
        }
    }
    for (name, artifact) in built {
        let path = folder.join(format!("{name}.wasm"));
        fs::write(&path, &artifact.wasm).with_context(|| format!("write {}", path.display()))?;
    }
    Ok(())
}

/// Compares byte for byte and reports every difference at once.
fn compare(folder: &Path, built: &BTreeMap<String, Artifact>) -> Result<()> {
    let mut differences = Vec::new();
    for name in present(folder)? {
        if !built.contains_key(&name) {
            differences.push(format!("{name}.wasm has no guest"));
        }
    }
    for (name, artifact) in built {
        match fs::read(folder.join(format!("{name}.wasm"))) {
            Ok(bytes) if bytes == artifact.wasm => {}
            Ok(bytes) => differences.push(format!(
                "{name}.wasm: committed {} bytes, built {} bytes, first difference at {}",
                bytes.len(),
                artifact.wasm.len(),
                bytes.iter().zip(&artifact.wasm).take_while(|(a, b)| a == b).count(),
            )),
            Err(error) => differences.push(format!("{name}.wasm: {error}")),
        }
    }
    if !differences.is_empty() {
        bail!(
            "artifacts differ from their sources; run `cargo xtask fixtures` and review what changed:\n  {}",
            differences.join("\n  ")
        );
    }
    Ok(())
}

/// Names of the committed modules.
fn present(folder: &Path) -> Result<Vec<String>> {
    let entries = fs::read_dir(folder).with_context(|| format!("read {}", folder.display()))?;
    let mut names = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "wasm") {
            names.push(build::stem(&path)?);
        }
    }
    Ok(names)
}
