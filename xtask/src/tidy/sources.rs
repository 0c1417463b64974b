//! What every source file has in common, and where files are.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};

/// The folders of the top level. A new one is a decision, and belongs into the README's map.
const FOLDERS: &[&str] =
    &["benches", "conformance", "fixtures-plugins", "golden", "reference-server", "xtask"];

/// A file this long holds more than one idea. Most have a fifth of it.
const MAX_LINES: usize = 600;

pub(super) fn check(root: &Path) -> Result<Vec<String>> {
    let mut violations = Vec::new();
    for path in children(root)?.into_iter().filter(|path| path.is_dir()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        // Dot folders hold settings; the rest of what is not listed must not be committed.
        if !name.starts_with('.') && !FOLDERS.contains(&name.as_str()) && !ignored(root, &name)? {
            violations.push(format!("{name}/: not one of the top level's folders"));
        }
    }
    for folder in FOLDERS {
        let mut files = Vec::new();
        rust_files(&root.join(folder), &mut files)?;
        for file in files {
            let text =
                fs::read_to_string(&file).with_context(|| format!("read {}", file.display()))?;
            let name = file.strip_prefix(root).unwrap_or(&file).display().to_string();
            violations.extend(of_one(&text).into_iter().map(|said| format!("{name}: {said}")));
        }
    }
    Ok(violations)
}

fn of_one(text: &str) -> Vec<String> {
    let mut violations = Vec::new();
    if !text.starts_with("//!") {
        violations.push("does not open with a `//!` line that says what it is for".to_owned());
    }
    let lines = text.lines().count();
    if lines > MAX_LINES {
        violations.push(format!("{lines} lines; at {MAX_LINES} a file is to be divided"));
    }
    violations
}

/// Whether `.gitignore` lists the folder.
fn ignored(root: &Path, name: &str) -> Result<bool> {
    let list = fs::read_to_string(root.join(".gitignore")).context("read .gitignore")?;
    Ok(list.lines().any(|line| line.trim_matches('/') == name))
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    for path in children(folder)? {
        if path.is_dir() {
            // Build output of the guests' own workspace.
            if path.file_name().is_some_and(|name| name != "target") {
                rust_files(&path, found)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    Ok(())
}

fn children(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = folder.read_dir().with_context(|| format!("list {}", folder.display()))?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_says_what_it_is_for_and_stays_short() {
        assert_eq!(of_one("//! For tests.\n"), Vec::<String>::new());
        assert_eq!(of_one("use std::fs;\n").len(), 1);
        assert_eq!(of_one(&format!("//! Long.\n{}", "\n".repeat(MAX_LINES))).len(), 1);
    }
}
