//! Where server binaries are.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

/// The two programs of one Postgres installation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostgresBinaries {
    /// Makes a cluster.
    pub initdb: PathBuf,
    /// Runs it.
    pub postgres: PathBuf,
}

impl PostgresBinaries {
    /// Both programs in `directory`, if they are there.
    pub(crate) fn in_directory(directory: &Path) -> Option<Self> {
        let (initdb, postgres) = (directory.join("initdb"), directory.join("postgres"));
        (initdb.is_file() && postgres.is_file()).then_some(Self { initdb, postgres })
    }

    /// What `postgres --version` says.
    pub fn version(&self) -> String {
        program_version(&self.postgres)
    }
}

/// The Postgres on `PATH`, else the newest where distributions put it.
pub fn find_postgres() -> Option<PostgresBinaries> {
    let on_path = path_directories().into_iter();
    let mut packaged = packaged_directories();
    packaged.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    let packaged = packaged.into_iter().map(|(_, directory)| directory);
    on_path.chain(packaged).find_map(|directory| PostgresBinaries::in_directory(&directory))
}

/// `valkey-server`, else `redis-server`, on `PATH` or where packages put servers.
pub fn find_valkey() -> Option<PathBuf> {
    // An ordinary user's PATH often lacks the system directories.
    let mut directories = path_directories();
    directories.extend(["/usr/sbin", "/usr/bin", "/usr/local/bin"].map(PathBuf::from));
    ["valkey-server", "redis-server"].into_iter().find_map(|name| {
        directories.iter().map(|directory| directory.join(name)).find(|path| path.is_file())
    })
}

/// The first line of `PROGRAM --version`.
pub fn program_version(program: &Path) -> String {
    let said = Command::new(program).arg("--version").output();
    let said = said.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    match said.as_deref().map(|text| text.lines().next()) {
        Ok(Some(line)) => line.to_owned(),
        _ => program.display().to_string(),
    }
}

fn path_directories() -> Vec<PathBuf> {
    env::var_os("PATH").map(|path| env::split_paths(&path).collect()).unwrap_or_default()
}

/// `/usr/lib/postgresql/17/bin` (Debian), `/usr/pgsql-17/bin` (Red Hat),
/// `/opt/homebrew/opt/postgresql@17/bin` (Homebrew): the version is the number in the name.
fn packaged_directories() -> Vec<(u32, PathBuf)> {
    let families = [
        ("/usr/lib/postgresql", ""),
        ("/usr", "pgsql-"),
        ("/opt/homebrew/opt", "postgresql@"),
        ("/usr/local/opt", "postgresql@"),
    ];
    let mut found = Vec::new();
    for (parent, prefix) in families {
        let Ok(entries) = std::fs::read_dir(parent) else { continue };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let number = name.to_str().and_then(|name| name.strip_prefix(prefix));
            if let Some(version) = number.and_then(|number| number.parse().ok()) {
                found.push((version, entry.path().join("bin")));
            }
        }
    }
    found
}
