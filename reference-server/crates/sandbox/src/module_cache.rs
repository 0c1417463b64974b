//! Who compiles a module, and when nobody has to.
//!
//! Compiling is the one slow step of a load (a plugin written in Go takes seconds), so it happens
//! once per content: plugins made from the same bytes share the compiled module while any of them
//! is loaded, and a directory keeps compiled modules across restarts when one is configured.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use bytes::Bytes;
use rayon::{ThreadPool, ThreadPoolBuilder};
use sha2::{Digest as _, Sha256};
use wasmtime::{Cache, Engine, Module};

use crate::error::LoadError;
use crate::priority;

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
    disk: Option<Cache>,
    compilers: Arc<ThreadPool>,
    slots: Mutex<HashMap<Digest, Slot>>,
    from_memory: AtomicUsize,
    from_elsewhere: AtomicUsize,
}

impl ModuleCache {
    pub(crate) fn new(
        engine: Engine,
        disk: Option<Cache>,
        serves: bool,
    ) -> Result<Self, rayon::ThreadPoolBuildError> {
        // As many threads as cores, all of which step back for requests, where there are any.
        let compilers = ThreadPoolBuilder::new()
            .thread_name(|number| format!("compiler-{number}"))
            .start_handler(move |_| {
                if serves {
                    priority::lower();
                }
            })
            .build()?;
        Ok(Self {
            engine,
            disk,
            compilers: Arc::new(compilers),
            slots: Mutex::default(),
            from_memory: AtomicUsize::new(0),
            from_elsewhere: AtomicUsize::new(0),
        })
    }

    /// The compiled module of these bytes.
    pub(crate) async fn get(&self, wasm: Bytes) -> Result<Arc<Module>, LoadError> {
        let slot = self.slot(Sha256::digest(&wasm).into());
        let mut kept = slot.lock().await;
        if let Some(module) = kept.upgrade() {
            self.from_memory.fetch_add(1, Ordering::Relaxed);
            return Ok(module);
        }
        let engine = self.engine.clone();
        let compilers = Arc::clone(&self.compilers);
        // Off the async threads: requests of other plugins go on meanwhile.
        let compile = move || compilers.install(|| Module::from_binary(&engine, &wasm));
        let module = tokio::task::spawn_blocking(compile)
            .await
            .map_err(|error| LoadError::CompilerGone(error.into()))?
            .map_err(|error| LoadError::Compile(error.into()))?;
        let module = Arc::new(module);
        *kept = Arc::downgrade(&module);
        self.from_elsewhere.fetch_add(1, Ordering::Relaxed);
        Ok(module)
    }

    /// How the loads so far got their modules.
    pub(crate) fn stats(&self) -> CompileStats {
        let from_disk = self.disk.as_ref().map_or(0, Cache::cache_hits);
        CompileStats {
            from_memory: self.from_memory.load(Ordering::Relaxed),
            from_disk,
            compiled: self.from_elsewhere.load(Ordering::Relaxed).saturating_sub(from_disk),
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
