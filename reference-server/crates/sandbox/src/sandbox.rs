//! The sandbox as a whole: built once, loads plugins.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use contract::manifest::Manifest;
use contract::name::PluginName;
use policy::{Limits, Policy};
use wasmtime::{Linker, Module};

use crate::config::SandboxConfig;
use crate::error::{LoadError, SandboxError};
use crate::host_functions::Verdicts;
use crate::lanes::Lanes;
use crate::metrics::PluginMetrics;
use crate::module_cache::{CompileStats, ModuleCache};
use crate::outbound::Outbound;
use crate::plugin::Plugin;
use crate::pool::room::Room;
use crate::services::Services;
use crate::state::{Host, HostState, Tenant};
use crate::watch::Watch;
use crate::{abi_check, engine, host_functions, metrics, wasi};

/// Runs plugins. Cheap to clone; all clones are the same sandbox.
#[derive(Clone)]
pub struct Sandbox {
    inner: Arc<Inner>,
}

struct Inner {
    machine: Arc<Machine>,
    host: Arc<Host>,
}

/// What sandboxes may share: the engine with its modules, and the host functions linked to it.
pub(crate) struct Machine {
    config: SandboxConfig,
    linker: Linker<HostState>,
    wasi: wasi::Signatures,
    modules: ModuleCache,
    verdicts: Arc<Verdicts>,
}

impl Machine {
    /// Sets up the engine, starts its clock and links the host functions.
    pub(crate) fn new(
        config: SandboxConfig,
        limits: &Limits,
        watched: bool,
    ) -> Result<Self, SandboxError> {
        let engine = engine::build(&config, limits, watched)?;
        let link = if watched { host_functions::link_watched } else { host_functions::link };
        let linker = link(&engine).map_err(|error| SandboxError::Link(error.into()))?;
        let wasi =
            wasi::Signatures::of(&engine).map_err(|error| SandboxError::Link(error.into()))?;
        let modules = ModuleCache::new(engine, &config, !watched)?;
        Ok(Self { config, linker, wasi, modules, verdicts: Arc::new(Verdicts::new()) })
    }

    /// The compiled module of these bytes.
    pub(crate) async fn compile(&self, wasm: Bytes) -> Result<Arc<Module>, LoadError> {
        self.modules.get(wasm).await
    }
}

/// What is needed to load a plugin.
#[derive(Clone, Debug)]
pub struct LoadRequest {
    /// The installed name; tags log lines and is whom the services act for.
    pub name: PluginName,
    /// The manifest, whose grants the host functions enforce.
    pub manifest: Arc<Manifest>,
    /// The module's bytes, in wasm's binary format.
    pub wasm: Bytes,
}

impl Sandbox {
    /// Sets up the engine, starts its clock and links the host functions.
    pub fn new(
        config: SandboxConfig,
        policy: Arc<Policy>,
        services: Arc<dyn Services>,
        outbound: Arc<dyn Outbound>,
    ) -> Result<Self, SandboxError> {
        let machine = Arc::new(Machine::new(config, &policy.limits, false)?);
        Ok(Self::on(machine, policy, services, outbound, None))
    }

    /// A sandbox on an engine that others may use too.
    pub(crate) fn on(
        machine: Arc<Machine>,
        policy: Arc<Policy>,
        services: Arc<dyn Services>,
        outbound: Arc<dyn Outbound>,
        watch: Option<Watch>,
    ) -> Self {
        let lanes = Lanes::new(&policy.limits);
        let slots = match machine.config.instance_slots {
            0 => usize::MAX,
            slots => slots as usize,
        };
        let room = Room::new(slots, policy.limits.guest_memory_bytes);
        let verdicts = Arc::clone(&machine.verdicts);
        let host = Arc::new(Host { policy, services, outbound, verdicts, lanes, room, watch });
        Self { inner: Arc::new(Inner { machine, host }) }
    }

    /// Compiles a module, checks it against the ABI, instantiates it and runs `_initialize` and
    /// `Init`. Whatever was loaded before is left alone: the caller swaps when this has succeeded.
    pub async fn load(&self, request: LoadRequest) -> Result<Plugin, LoadError> {
        let Inner { machine, host } = &*self.inner;
        let Machine { config, linker, wasi, modules, .. } = &**machine;
        let limits = &host.policy.limits;
        if request.wasm.len() > limits.wasm_bytes {
            let bytes = request.wasm.len();
            return Err(LoadError::TooLarge { bytes, limit: limits.wasm_bytes });
        }
        let module = modules.get(request.wasm).await?;
        let shape = abi_check::check(&module, &request.manifest, limits.memory_pages, wasi)
            .map_err(LoadError::Abi)?;
        let ready = linker
            .instantiate_pre(&module)
            .map_err(|error| LoadError::Instantiate(error.into()))?;
        let tenant = Arc::new(Tenant {
            metrics: PluginMetrics::new(&request.name),
            name: request.name,
            manifest: request.manifest,
            host: Arc::clone(host),
        });
        let loaded = Plugin::start(tenant, module, ready, shape, config.max_idle_instances).await?;
        // It is warm itself, and one more than there may be.
        host.room.cool(config.warm_plugins, Instant::now());
        Ok(loaded)
    }

    /// Ends instances that nobody has used for a while before `now`: of plugins that are kept warm all
    /// but the last, of others that one as well. To be called from time to time.
    pub fn shrink(&self, now: Instant) {
        let Inner { machine, host } = &*self.inner;
        if let Some(unused_since) = now.checked_sub(machine.config.idle_duration) {
            host.room.shrink(unused_since);
            host.room.cool(machine.config.warm_plugins, unused_since);
        }
    }

    /// Brings the counters up to date that nobody keeps while modules are loaded. For whoever is
    /// about to read them.
    pub fn record_metrics(&self) {
        let CompileStats { from_memory, from_disk, compiled } = self.compile_stats();
        for (source, loads) in
            [("memory", from_memory), ("disk", from_disk), ("compiled", compiled)]
        {
            metrics::modules(source).absolute(loads as u64);
        }
        metrics::record_room(self.inner.host.room.fullness());
    }

    /// How the loads so far got their compiled modules.
    pub fn compile_stats(&self) -> CompileStats {
        self.inner.machine.modules.stats()
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox")
            .field("config", &self.inner.machine.config)
            .finish_non_exhaustive()
    }
}
