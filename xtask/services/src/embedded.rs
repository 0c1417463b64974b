//! The last way to a Postgres: `postgresql_embedded` fetches one into the user's cache.
//!
//! Only its download is used. The cluster is made and run like any other on this machine, so that
//! it runs without privileges and is removed the same way.

use std::path::PathBuf;

use nix::unistd::Uid;
use postgresql_embedded::{PostgreSQL, SettingsBuilder, VersionReq};

use crate::{
    error::WayFailed,
    local::{self, PostgresBinaries},
    running::Owned,
};

const WAY: &str = "postgresql_embedded";

/// Pinned, so that a run tomorrow uses what a run today used.
const VERSION: &str = "=17.5.0";

pub(crate) async fn postgres(owned: &mut Owned) -> Result<(String, String), WayFailed> {
    let binaries = fetch().await.map_err(|said| WayFailed::new(WAY, &said))?;
    local::postgres(owned, Some(binaries))
        .await
        .map_err(|failed| WayFailed::new(WAY, &failed.reason))
}

async fn fetch() -> Result<PostgresBinaries, String> {
    let version = VersionReq::parse(VERSION).map_err(|error| error.to_string())?;
    let scratch = tempfile::tempdir().map_err(|error| error.to_string())?;
    let mut settings = SettingsBuilder::new()
        .version(version)
        .data_dir(scratch.path().join("data"))
        .password_file(scratch.path().join("password"));
    if Uid::effective().is_root() {
        // The server will run as somebody who cannot look into root's home.
        settings = settings.installation_dir(PathBuf::from("/var/cache/hostproof/postgresql"));
    }
    let mut postgres = PostgreSQL::new(settings.build());
    let outcome = postgres.setup().await;
    // As root the set-up fails at its last step, the cluster; by then the programs are there.
    PostgresBinaries::in_directory(&postgres.settings().binary_dir()).ok_or_else(|| match outcome {
        Ok(()) => "the downloaded archive holds no server".to_owned(),
        Err(error) => format!("cannot fetch version {VERSION}: {error}"),
    })
}
