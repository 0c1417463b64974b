//! What is in a plugin folder.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use contract::manifest::Manifest;
use serde::Deserialize;

/// The folder of scenarios, below the plugin's.
pub const FOLDER: &str = "golden";

/// A plugin folder, read.
#[derive(Clone, Debug)]
pub struct Plugin {
    /// The folder.
    pub root: PathBuf,
    /// Its `plugin.json`.
    pub manifest: Arc<Manifest>,
    /// Where the wasm is.
    pub wasm_path: PathBuf,
    /// The wasm.
    pub wasm: Bytes,
    /// Files of `migrations/`: name and text, by name.
    pub migrations: Vec<(String, String)>,
}

/// Why a plugin folder cannot be used. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum PluginError {
    /// No `plugin.json` in the folder or above the file that was named.
    #[error(
        "{}: there is no plugin.json here; name a folder that holds one, or a scenario below its golden/",
        .0.display()
    )]
    NoManifest(PathBuf),
    /// A file cannot be read.
    #[error("{}: {source}", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The manifest has problems.
    #[error("{}: a host would refuse this manifest\n{problems}", path.display())]
    Manifest {
        /// Which file.
        path: PathBuf,
        /// One per line.
        problems: String,
    },
    /// The kit's settings are wrong.
    #[error("{}: {message}", path.display())]
    Settings {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// No wasm, or too many to choose from.
    #[error("{}: {found}; build the plugin to plugin.wasm beside plugin.json, or write its place into golden/golden.toml:\n    wasm = \"target/wasm32-wasip1/release/my_plugin.wasm\"", root.display())]
    NoWasm {
        /// The plugin folder.
        root: PathBuf,
        /// What there is instead.
        found: String,
    },
}

/// `golden/golden.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    wasm: Option<PathBuf>,
}

/// Its name, which is no scenario's.
pub const SETTINGS: &str = "golden.toml";

impl Plugin {
    /// Reads the plugin that `path` belongs to: its folder, or a file below it. `wasm` is the place
    /// of the wasm where it is not the usual one.
    pub fn open(path: &Path, wasm: Option<&Path>) -> Result<Self, PluginError> {
        let root = root_of(path)?;
        let manifest_path = root.join("plugin.json");
        let manifest = Manifest::parse(&read(&manifest_path)?).map_err(|problems| {
            let lines = problems.0.iter().map(|it| format!("  {}: {}", it.pointer, it.message));
            let problems = lines.collect::<Vec<_>>().join("\n");
            PluginError::Manifest { path: manifest_path, problems }
        })?;
        let wasm_path = match wasm {
            Some(wasm) => wasm.to_owned(),
            None => find_wasm(&root)?,
        };
        let wasm = read(&wasm_path)?.into();
        let migrations = migrations(&root)?;
        Ok(Self { root, manifest: Arc::new(manifest), wasm_path, wasm, migrations })
    }

    /// The plugin folder that `path` belongs to, unread.
    pub fn folder(path: &Path) -> Result<PathBuf, PluginError> {
        root_of(path)
    }

    /// The folder of its scenarios.
    pub fn golden(&self) -> PathBuf {
        self.root.join(FOLDER)
    }

    /// The files of its scenarios, by name.
    pub fn scenario_files(&self) -> Result<Vec<PathBuf>, PluginError> {
        let folder = self.golden();
        if !folder.is_dir() {
            return Ok(Vec::new());
        }
        let mut files = list(&folder, "toml")?;
        files.retain(|file| file.file_name().is_some_and(|name| name != SETTINGS));
        Ok(files)
    }
}

/// The nearest folder with a manifest, from `path` upwards.
fn root_of(path: &Path) -> Result<PathBuf, PluginError> {
    let absolute = std::path::absolute(path)
        .map_err(|source| PluginError::Read { path: path.to_owned(), source })?;
    if !absolute.exists() {
        let source = io::Error::from(io::ErrorKind::NotFound);
        return Err(PluginError::Read { path: path.to_owned(), source });
    }
    absolute
        .ancestors()
        // A folder is the plugin's or its golden/; nobody means a plugin that lies further up.
        .take(3)
        .find(|folder| folder.join("plugin.json").is_file())
        .map(Path::to_owned)
        .ok_or_else(|| PluginError::NoManifest(path.to_owned()))
}

fn find_wasm(root: &Path) -> Result<PathBuf, PluginError> {
    let path = root.join(FOLDER).join(SETTINGS);
    if path.is_file() {
        let bytes = read(&path)?;
        let text = String::from_utf8_lossy(&bytes);
        let settings: Settings = toml::from_str(&text)
            .map_err(|error| PluginError::Settings { path, message: error.to_string() })?;
        if let Some(wasm) = settings.wasm {
            return Ok(root.join(wasm));
        }
    }
    let usual = root.join("plugin.wasm");
    if usual.is_file() {
        return Ok(usual);
    }
    let found = match list(root, "wasm")?.as_slice() {
        [only] => return Ok(only.clone()),
        [] => "there is no wasm here".to_owned(),
        several => format!("there are {} wasm files and none is named plugin.wasm", several.len()),
    };
    Err(PluginError::NoWasm { root: root.to_owned(), found })
}

fn migrations(root: &Path) -> Result<Vec<(String, String)>, PluginError> {
    let folder = root.join("migrations");
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let files = list(&folder, "sql")?.into_iter().map(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let text =
            fs::read_to_string(&path).map_err(|source| PluginError::Read { path, source })?;
        Ok((name, text))
    });
    files.collect()
}

/// Files of a folder with an extension, by name.
fn list(folder: &Path, extension: &str) -> Result<Vec<PathBuf>, PluginError> {
    let failed = |source| PluginError::Read { path: folder.to_owned(), source };
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_file() && path.extension().is_some_and(|it| it == extension) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn read(path: &Path) -> Result<Vec<u8>, PluginError> {
    fs::read(path).map_err(|source| PluginError::Read { path: path.to_owned(), source })
}
