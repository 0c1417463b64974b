//! Compiled modules: who compiles, and when nobody has to.

use std::fs;
use std::path::{Path, PathBuf};

use sandbox::{CompileStats, SandboxConfig, SandboxError};
use serde_json::json;

use crate::guests::{echo, moody};
use crate::world::{Setup, World, text};

#[tokio::test]
async fn plugins_of_the_same_bytes_compile_once() {
    let world = World::new();
    let load = |name: &'static str| world.load_with(name, json!({}), ECHO.as_str());
    let (first, second, third) = tokio::join!(load("com.a"), load("com.b"), load("com.c"));
    assert_eq!(
        world.sandbox.compile_stats(),
        CompileStats { compiled: 1, from_memory: 2, from_disk: 0 }
    );
    for plugin in [first, second, third] {
        assert_eq!(text(&plugin.unwrap(), "shared").await, "shared");
    }
    // Nothing is loaded any more, so nothing is kept.
    load("com.d").await.unwrap();
    assert_eq!(world.sandbox.compile_stats().compiled, 2);
}

static ECHO: std::sync::LazyLock<String> = std::sync::LazyLock::new(echo);

#[tokio::test]
async fn a_cache_directory_outlives_the_sandbox() {
    let directory = tempfile::tempdir().unwrap();
    let world = || {
        let module_cache_dir = Some(directory.path().join("modules"));
        World::with(Setup {
            config: SandboxConfig { module_cache_dir, ..SandboxConfig::default() },
            ..Setup::default()
        })
    };
    let before = world();
    before.load(&ECHO).await;
    assert_eq!(before.sandbox.compile_stats().compiled, 1);
    drop(before);

    let after = world();
    let plugin = after.load(&ECHO).await;
    assert_eq!(
        after.sandbox.compile_stats(),
        CompileStats { compiled: 0, from_memory: 0, from_disk: 1 }
    );
    assert_eq!(text(&plugin, "cached").await, "cached");
}

/// A world whose compiled modules are in this folder, and take so many bytes at most.
fn with_cache(folder: &Path, module_cache_bytes: u64) -> World {
    let module_cache_dir = Some(folder.to_owned());
    World::with(Setup {
        config: SandboxConfig { module_cache_dir, module_cache_bytes, ..SandboxConfig::default() },
        ..Setup::default()
    })
}

/// The compiled modules of a folder.
fn compiled(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.extension().is_some_and(|extension| extension == "cwasm")).collect()
}

fn stats(from_disk: usize, compiled: usize) -> CompileStats {
    CompileStats { compiled, from_memory: 0, from_disk }
}

#[tokio::test]
async fn a_damaged_file_is_thrown_away_and_the_module_compiled_again() {
    let folder = tempfile::tempdir().unwrap();
    with_cache(folder.path(), u64::MAX).load(&ECHO).await;
    let [file] = <[_; 1]>::try_from(compiled(folder.path())).unwrap();
    let whole = fs::read(&file).unwrap();
    // One bit in the middle of it, one byte too few, nothing at all.
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    for damaged in [&flipped[..], &whole[1..], &[]] {
        fs::write(&file, damaged).unwrap();
        let world = with_cache(folder.path(), u64::MAX);
        let plugin = world.load(&ECHO).await;
        assert_eq!(world.sandbox.compile_stats(), stats(0, 1));
        assert_eq!(text(&plugin, "whole").await, "whole");
        let [again] = <[_; 1]>::try_from(compiled(folder.path())).unwrap();
        assert!(with_cache(folder.path(), u64::MAX).try_load(&ECHO).await.is_ok());
        fs::rename(again, &file).unwrap();
    }
}

#[tokio::test]
async fn hosts_that_share_a_folder_compile_once() {
    let folder = tempfile::tempdir().unwrap();
    let worlds = [0, 1, 2].map(|_| with_cache(folder.path(), u64::MAX));
    let [first, second, third] = &worlds;
    tokio::join!(first.load(&ECHO), second.load(&ECHO), third.load(&ECHO));
    let compiled: usize = worlds.iter().map(|world| world.sandbox.compile_stats().compiled).sum();
    assert_eq!(compiled, 1);
}

#[tokio::test]
async fn what_was_not_loaded_for_the_longest_time_makes_room() {
    let folder = tempfile::tempdir().unwrap();
    with_cache(folder.path(), u64::MAX).load(&ECHO).await;
    let [oldest] = <[_; 1]>::try_from(compiled(folder.path())).unwrap();
    let size = fs::metadata(&oldest).unwrap().len();
    let long_ago = std::time::SystemTime::UNIX_EPOCH;
    fs::File::options().write(true).open(&oldest).unwrap().set_modified(long_ago).unwrap();
    // Room for one of them, and not for two.
    let world = with_cache(folder.path(), size * 3 / 2);
    world.load(&moody()).await;
    assert!(!oldest.exists());
    assert_eq!(compiled(folder.path()).len(), 1);
    // What has no room at all is used and not kept.
    let world = with_cache(folder.path(), 1);
    assert_eq!(text(&world.load(&ECHO).await, "used").await, "used");
    assert!(compiled(folder.path()).is_empty());
}

#[cfg(unix)]
#[tokio::test]
async fn a_folder_that_everybody_may_write_to_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let config = SandboxConfig {
        module_cache_dir: Some(folder.path().to_owned()),
        ..SandboxConfig::default()
    };
    let open = || World::try_with(config.clone());
    assert!(open().is_ok());
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let error = open().err().unwrap();
    assert!(matches!(error, SandboxError::ModuleCache { .. }), "{error:?}");
}
