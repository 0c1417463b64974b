//! Embeds the specification and the cases in the binary, so that `hostproof` is one file.
//!
//! Writes `embedded.rs`: a list of `(path below conformance/, text)` for each kind of file. Whether
//! they fit together is judged by the gate (`hostproof::ledger::gate`), in a test and at every run.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").ok_or(io::ErrorKind::NotFound)?);
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?);
    println!("cargo::rerun-if-changed=build.rs");
    let mut code = String::new();
    for (name, folder, extension) in
        [("CHAPTERS", "spec", "md"), ("CASES", "cases", "toml"), ("LOCKS", "spec", "toml")]
    {
        println!("cargo::rerun-if-changed={folder}");
        let mut files = Vec::new();
        collect(&root.join(folder), extension, &mut files)?;
        files.sort();
        let _ = writeln!(code, "pub(super) const {name}: &[(&str, &str)] = &[");
        for file in files {
            let relative = file.strip_prefix(&root).unwrap_or(&file).display().to_string();
            if relative == "spec/README.md" {
                continue;
            }
            let _ = writeln!(
                code,
                "    ({relative:?}, include_str!({:?})),",
                file.display().to_string()
            );
        }
        code.push_str("];\n");
    }
    fs::write(out.join("embedded.rs"), code)
}

/// All files below `folder` whose name ends in `.extension`; a missing folder has none.
fn collect(folder: &Path, extension: &str, files: &mut Vec<PathBuf>) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, extension, files)?;
        } else if path.extension().is_some_and(|e| e == extension) {
            files.push(path);
        }
    }
    Ok(())
}
