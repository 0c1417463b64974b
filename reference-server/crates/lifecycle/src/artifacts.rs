//! From unpacked archives to the trees of a plugin.
//!
//! Authors pack as they like, so files are found rather than expected:
//! - the manifest is the first `plugin.json` of a lexical walk;
//! - the backend is the first `*.wasm` of a lexical walk;
//! - migrations are all `*.sql`, in whatever folder, by base name. Two files of one base name are
//!   refused, since one of them would silently never run;
//! - `._*` files, which macOS's tar adds beside real ones, are nobody's.
//!
//! Frontend and mcp archives are trees and keep their shape, except that many are packed with one
//! directory around everything. That directory is removed when the manifest's `remoteEntryUrl` is
//! found only without it; when the manifest does not decide (a URL elsewhere, or a file in neither
//! place), a single directory is removed unless it is called `assets`, which bundlers write and
//! URLs contain.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use contract::name::PluginName;

use crate::files::{self, At, FileError};

/// All files below a directory, depth first, each directory's entries in lexical order.
fn walk(root: &Path) -> Result<Vec<PathBuf>, FileError> {
    let mut files = Vec::new();
    for name in files::list(root)? {
        let path = root.join(&name);
        if path.symlink_metadata().at("look at", &path)?.is_dir() {
            files.extend(walk(&path)?);
        } else if !name.starts_with("._") {
            files.push(path);
        }
    }
    Ok(files)
}

fn has_extension(path: &Path, wanted: &str) -> bool {
    path.extension().is_some_and(|found| found.eq_ignore_ascii_case(wanted))
}

/// The manifest of an unpacked manifest archive.
pub(crate) fn find_manifest(root: &Path) -> Result<Option<PathBuf>, FileError> {
    Ok(walk(root)?.into_iter().find(|path| path.file_name().is_some_and(|n| n == "plugin.json")))
}

/// The module of an unpacked backend archive.
pub(crate) fn find_wasm(root: &Path) -> Result<Option<PathBuf>, FileError> {
    Ok(walk(root)?.into_iter().find(|path| has_extension(path, "wasm")))
}

/// The migrations of an unpacked migrations archive, by base name, or the base name that occurs
/// twice.
pub(crate) fn find_migrations(
    root: &Path,
) -> Result<Result<BTreeMap<String, PathBuf>, String>, FileError> {
    let mut found = BTreeMap::new();
    for path in walk(root)?.into_iter().filter(|path| has_extension(path, "sql")) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if found.insert(name.clone(), path).is_some() {
            return Ok(Err(name));
        }
    }
    Ok(Ok(found))
}

/// The directory of an unpacked frontend or mcp archive that becomes the plugin's tree.
///
/// `prefix` is the URL path that the tree is served under, `entry_url` what the manifest says.
pub(crate) fn tree_root(
    unpacked: &Path,
    prefix: &str,
    name: &PluginName,
    entry_url: Option<&str>,
) -> Result<PathBuf, FileError> {
    let entries = files::list(unpacked)?;
    let [only] = entries.as_slice() else { return Ok(unpacked.to_owned()) };
    let inner = unpacked.join(only);
    if !inner.symlink_metadata().at("look at", &inner)?.is_dir() {
        return Ok(unpacked.to_owned());
    }
    let entry = entry_url.and_then(|url| path_within(url, prefix, name));
    let strip = match entry {
        Some(entry) if unpacked.join(&entry).is_file() => false,
        Some(entry) if inner.join(&entry).is_file() => true,
        _ => only != "assets",
    };
    Ok(if strip { inner } else { unpacked.to_owned() })
}

/// The part of a URL after `/{prefix}/{name}/`, if it is below that and climbs nowhere.
fn path_within(url: &str, prefix: &str, name: &PluginName) -> Option<String> {
    // A base lets one parser take both the absolute URLs and the paths that manifests contain.
    let base = url::Url::parse("http://host.invalid/").ok()?;
    let url = base.join(url).ok()?;
    let tail = url.path().strip_prefix(&format!("/{prefix}/{name}/"))?;
    let plain = !tail.is_empty() && tail.split('/').all(|part| !matches!(part, "" | "." | ".."));
    plain.then(|| tail.to_owned())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed set-up fails the test")]

    use super::*;

    fn tree(files: &[&str]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for file in files {
            let path = dir.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, file).unwrap();
        }
        dir
    }

    #[test]
    fn the_first_match_of_a_lexical_walk_is_taken() {
        let dir = tree(&["b/plugin.json", "a/z/plugin.json", "a/y.WASM", "c.wasm", "._a.wasm"]);
        assert_eq!(find_manifest(dir.path()).unwrap(), Some(dir.path().join("a/z/plugin.json")));
        assert_eq!(find_wasm(dir.path()).unwrap(), Some(dir.path().join("a/y.WASM")));
    }

    #[test]
    fn an_archive_without_the_file_has_none() {
        let dir = tree(&["readme.md", "not-plugin.json"]);
        assert_eq!(find_manifest(dir.path()).unwrap(), None);
        assert_eq!(find_wasm(dir.path()).unwrap(), None);
    }

    #[test]
    fn migrations_are_flattened_and_a_second_file_of_one_name_is_refused() {
        let dir = tree(&["b/0002.sql", "a/0001.sql", "readme.md"]);
        let found = find_migrations(dir.path()).unwrap().unwrap();
        assert_eq!(found.keys().collect::<Vec<_>>(), ["0001.sql", "0002.sql"]);
        let dir = tree(&["b/0001.sql", "a/0001.sql"]);
        assert_eq!(find_migrations(dir.path()).unwrap(), Err("0001.sql".to_owned()));
    }

    #[test]
    fn a_wrapping_directory_is_removed_and_assets_is_not_one() {
        let name = PluginName::parse("com.example.x").unwrap();
        // (files, remoteEntryUrl, the part of the archive that becomes the tree)
        let cases: [(&[&str], Option<&str>, &str); 8] = [
            (&["dist/assets/remoteEntry.js"], None, "dist"),
            (&["assets/remoteEntry.js"], None, ""),
            (&["assets/remoteEntry.js"], Some("/plugins/com.example.x/assets/remoteEntry.js"), ""),
            (&["assets/remoteEntry.js"], Some("/plugins/com.example.x/remoteEntry.js"), "assets"),
            (&["web/remoteEntry.js"], Some("/plugins/com.example.x/web/remoteEntry.js"), ""),
            (
                &["web/remoteEntry.js"],
                Some("https://h/plugins/com.example.x/remoteEntry.js"),
                "web",
            ),
            (&["web/remoteEntry.js"], Some("https://cdn.example/remoteEntry.js"), "web"),
            (&["web/a.js", "b.js"], None, ""),
        ];
        for (files, url, expected) in cases {
            let dir = tree(files);
            let root = tree_root(dir.path(), "plugins", &name, url).unwrap();
            assert_eq!(root, dir.path().join(expected), "{files:?} {url:?}");
        }
    }

    #[test]
    fn an_entry_outside_the_plugins_prefix_decides_nothing() {
        let name = PluginName::parse("com.example.x").unwrap();
        for url in ["/plugins/com.example.y/a.js", "/plugins/com.example.x/", "/a.js", "http://["] {
            assert_eq!(path_within(url, "plugins", &name), None, "{url}");
        }
        assert_eq!(
            path_within("/plugins/com.example.x/b/../a.js", "plugins", &name).as_deref(),
            Some("a.js")
        );
    }
}
