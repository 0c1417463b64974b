//! Where things are.

use std::{
    env,
    path::{Path, PathBuf},
    sync::LazyLock,
};

/// The workspace's folder: that of the checkout in which cargo runs us, which need not be the one in
/// which we were compiled when several share a target folder.
pub(crate) fn root() -> &'static Path {
    static ROOT: LazyLock<PathBuf> = LazyLock::new(|| {
        let own = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
        let own = own.filter(|folder| folder.ends_with("xtask"));
        let own = own.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")));
        own.parent().expect("xtask lies in the workspace").to_owned()
    });
    &ROOT
}

/// The cargo that started us, else the one on `PATH`.
pub(crate) fn cargo() -> PathBuf {
    env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from)
}

/// Cargo's target folder, which is where our own scratch goes as well.
pub(crate) fn target() -> PathBuf {
    match env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => root().join(folder),
        None => root().join("target"),
    }
}
