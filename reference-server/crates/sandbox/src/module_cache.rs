//! Who compiles a module, and when nobody has to.
//!
//! Compiling is the one slow step of a load (a plugin written in Go takes seconds), so it happens
//! once per content: plugins made from the same bytes share the compiled module while any of them
//! is loaded, and a folder keeps compiled modules for the next start, and for the other hosts of the
//! machine, when one is configured. However many plugins are loaded at once, no more threads than cores
//! compile, and those step back for whoever serves.

mod disk;

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use bytes::Bytes;
use rayon::{ThreadPool, ThreadPoolBuilder};
use sha2::{Digest as _, Sha256};
use wasmtime::{Engine, Module};

use crate::config::SandboxConfig;
use crate::error::{LoadError, SandboxError};
use crate::priority;
use disk::Disk;

type Digest = [u8; 32];
/// Held locked while its module compiles, so that a second load of the same bytes waits for the
/// first instead of compiling again.
type Slot = Arc<tokio::sync::Mutex<Weak<Module>>>;

/// How modules came to be compiled, since the sandbox was built.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CompileStats {
    /// Loads that found their module in memory.
    pub from_memory: usize,
    /// Loads that found it in the cache directory.
    pub from_disk: usize,
    /// Loads that compiled it.
    pub compiled: usize,
}

/// Compiled modules by content.
#[derive(Debug)]
pub(crate) struct ModuleCache {
    engine: Engine,
    disk: Option<Arc<Disk>>,
    compilers: Arc<ThreadPool>,
    slots: Mutex<HashMap<Digest, Slot>>,
    from_memory: AtomicUsize,
    from_disk: AtomicUsize,
    compiled: AtomicUsize,
}

/// Where a module came from that was not in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Disk,
    Compiler,
}

impl ModuleCache {
    pub(crate) fn new(
        engine: Engine,
        config: &SandboxConfig,
        serves: bool,
    ) -> Result<Self, SandboxError> {
        let disk = config.module_cache_dir.as_deref().map(|folder| {
            Disk::open(folder, &engine, config.module_cache_bytes).map_err(|source| {
                SandboxError::ModuleCache { path: folder.to_owned(), source: source.into() }
            })
        });
        // As many threads as cores, all of which step back for requests, where there are any.
        let compilers = ThreadPoolBuilder::new()
            .thread_name(|number| format!("compiler-{number}"))
            .start_handler(move |_| {
                if serves {
                    priority::lower();
                }
            })
            .build()
            .map_err(|error| SandboxError::Compilers(error.into()))?;
        Ok(Self {
            engine,
            disk: disk.transpose()?.map(Arc::new),
            compilers: Arc::new(compilers),
            slots: Mutex::default(),
            from_memory: AtomicUsize::new(0),
            from_disk: AtomicUsize::new(0),
            compiled: AtomicUsize::new(0),
        })
    }

    /// The compiled module of these bytes.
    pub(crate) async fn get(&self, wasm: Bytes) -> Result<Arc<Module>, LoadError> {
        let digest = Sha256::digest(&wasm).into();
        let slot = self.slot(digest);
        let mut kept = slot.lock().await;
        if let Some(module) = kept.upgrade() {
            self.from_memory.fetch_add(1, Ordering::Relaxed);
            return Ok(module);
        }
        let (engine, disk) = (self.engine.clone(), self.disk.clone());
        let compilers = Arc::clone(&self.compilers);
        // Off the async threads: requests of other plugins go on meanwhile.
        let get = move || {
            let compile = || compilers.install(|| Module::from_binary(&engine, &wasm));
            match &disk {
                None => compile().map(|module| (module, Source::Compiler)),
                Some(disk) => through(disk, &engine, &digest, compile),
            }
        };
        let (module, source) = tokio::task::spawn_blocking(get)
            .await
            .map_err(|error| LoadError::CompilerGone(error.into()))?
            .map_err(|error| LoadError::Compile(error.into()))?;
        let module = Arc::new(module);
        *kept = Arc::downgrade(&module);
        let counter = match source {
            Source::Disk => &self.from_disk,
            Source::Compiler => &self.compiled,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        Ok(module)
    }

    /// How the loads so far got their modules.
    pub(crate) fn stats(&self) -> CompileStats {
        CompileStats {
            from_memory: self.from_memory.load(Ordering::Relaxed),
            from_disk: self.from_disk.load(Ordering::Relaxed),
            compiled: self.compiled.load(Ordering::Relaxed),
        }
    }

    fn slot(&self, digest: Digest) -> Slot {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        // Forget what nobody holds any more: neither a plugin its module, nor a load its slot.
        slots.retain(|kept, slot| {
            *kept == digest
                || Arc::strong_count(slot) > 1
                || slot.try_lock().is_ok_and(|module| module.strong_count() > 0)
        });
        Arc::clone(slots.entry(digest).or_default())
    }
}

/// The module as it is on disk, or compiled and put there. What goes wrong with the disk costs time and
/// no more.
fn through(
    disk: &Disk,
    engine: &Engine,
    digest: &Digest,
    compile: impl FnOnce() -> wasmtime::Result<Module>,
) -> wasmtime::Result<(Module, Source)> {
    if let Some(module) = disk.load(engine, digest) {
        return Ok((module, Source::Disk));
    }
    let alone = disk.alone(digest);
    if let Err(error) = &alone {
        tracing::warn!(%error, "the module cache cannot be locked; others may compile the same");
    } else if let Some(module) = disk.load(engine, digest) {
        // Another host compiled it meanwhile.
        return Ok((module, Source::Disk));
    }
    let module = compile()?;
    if let Err(error) = disk.store(digest, &module) {
        tracing::warn!(%error, "a compiled module is not kept");
    }
    // From now on the file's pages, which other hosts share, and not pages of our own.
    Ok((disk.load(engine, digest).unwrap_or(module), Source::Compiler))
}
