//! A loaded plugin, and one call from envelope to answer.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use contract::envelope::{GuestResponse, RequestEnvelope};
use contract::event::Event;
use contract::name::PluginName;
use wasmtime::{InstancePre, Module};

use crate::abi_check::GuestShape;
use crate::error::{CallError, LoadError};
use crate::instance::GuestInstance;
use crate::lanes::Lane;
use crate::metrics::{Export, Level};
use crate::observe::observe;
use crate::pool::{Lease, NoLease, Pool};
use crate::state::{HostState, Tenant};

/// A loaded plugin. Cheap to clone; all clones are the same plugin.
///
/// Calls may run at the same time, each in an instance of its own. A dropped call future ends the
/// call and discards its instance.
#[derive(Clone)]
pub struct Plugin {
    inner: Arc<Inner>,
}

struct Inner {
    tenant: Arc<Tenant>,
    /// Keeps the compiled module known to the module cache while the plugin is loaded.
    _module: Arc<Module>,
    ready: InstancePre<HostState>,
    shape: GuestShape,
    pool: Pool,
    /// The last call did not end in order.
    suspect: AtomicBool,
}

/// One request to a plugin, after routing and middlewares.
#[derive(Clone, Debug, Default)]
pub struct RequestContext {
    /// What the guest reads.
    pub envelope: RequestEnvelope,
}

impl Plugin {
    /// Makes the first instance, which proves that the module initialises, and keeps it.
    pub(crate) async fn start(
        tenant: Arc<Tenant>,
        module: Arc<Module>,
        ready: InstancePre<HostState>,
        shape: GuestShape,
        max_idle: usize,
    ) -> Result<Self, LoadError> {
        let first = {
            let (ready, tenant) = (ready.clone(), Arc::clone(&tenant));
            async move { GuestInstance::new(&ready, shape, tenant).await }
        };
        let first = tenant.host.lanes.run(Lane::Prompt, first).await;
        let first = first.map_err(|error| LoadError::Instantiate(error.into()))??;
        let pool = Pool::new(tenant.host.policy.limits.instances_per_plugin, max_idle);
        // A pool that keeps none gives it back, to be dropped here.
        drop(pool.give_back(first));
        let suspect = AtomicBool::new(false);
        let inner = Inner { tenant, _module: module, ready, shape, pool, suspect };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The name under which it was loaded.
    pub fn name(&self) -> &PluginName {
        &self.inner.tenant.name
    }

    /// Whether the guest exports `HandleEvent`; events for one that does not are done at once.
    pub fn handles_events(&self) -> bool {
        self.inner.shape.handle_event.is_some()
    }

    /// Has the guest serve a request, within the call's deadline. Waiting for a free instance
    /// comes before and is bounded by the same duration.
    pub async fn handle_request(
        &self,
        request: RequestContext,
    ) -> Result<GuestResponse, CallError> {
        observe(&self.inner.tenant, Export::Request, self.request(request)).await
    }

    async fn request(&self, request: RequestContext) -> Result<GuestResponse, CallError> {
        if !self.inner.shape.handle_request {
            return Err(CallError::NoRequestHandler);
        }
        let encoded = request.envelope.encode();
        self.check_size(encoded.len())?;
        let lease = self.lease().await?;
        let plugin = self.clone();
        let call = async move {
            let (lease, mut instance) = plugin.instance(lease).await?;
            let _busy = Level::enter(&plugin.inner.tenant.metrics.busy);
            let outcome = instance.handle_request(&encoded, request.envelope).await;
            plugin.finish(lease, instance, outcome).await
        };
        self.inner.tenant.host.lanes.run(self.lane(), call).await?
    }

    /// Delivers an event to the guest. An error means that it was not handled.
    pub async fn handle_event(&self, event: Arc<Event>) -> Result<(), CallError> {
        if !self.handles_events() {
            return Ok(());
        }
        observe(&self.inner.tenant, Export::Event, self.event(event)).await
    }

    async fn event(&self, event: Arc<Event>) -> Result<(), CallError> {
        self.check_size(event.topic.len() + event.payload.to_string().len())?;
        let lease = self.lease().await?;
        let plugin = self.clone();
        let call = async move {
            let (lease, mut instance) = plugin.instance(lease).await?;
            let _busy = Level::enter(&plugin.inner.tenant.metrics.busy);
            let outcome = instance.handle_event(&event).await;
            plugin.finish(lease, instance, outcome).await
        };
        self.inner.tenant.host.lanes.run(self.lane(), call).await?
    }

    /// Lets no further call begin, waits for the running ones (which their deadlines bound), and
    /// tells the guest's instances.
    pub async fn shutdown(&self) {
        for instance in self.inner.pool.close() {
            instance.shutdown().await;
        }
        self.inner.pool.wait_until_unused().await;
    }

    /// Where its next call begins.
    fn lane(&self) -> Lane {
        // Who watches a guest serves nobody meanwhile.
        let serves = self.inner.tenant.host.watch.is_none();
        if serves && self.inner.suspect.load(Ordering::Relaxed) { Lane::Slow } else { Lane::Prompt }
    }

    fn check_size(&self, bytes: usize) -> Result<(), CallError> {
        let limit = self.inner.tenant.host.policy.limits.request_bytes;
        if bytes > limit { Err(CallError::RequestTooLarge { bytes, limit }) } else { Ok(()) }
    }

    async fn lease(&self) -> Result<Lease, CallError> {
        let patience = self.inner.tenant.host.policy.limits.call_duration;
        let _waiting = Level::enter(&self.inner.tenant.metrics.waiting);
        self.inner.pool.lease(patience).await.map_err(|reason| match reason {
            NoLease::Busy(waited) => CallError::NoFreeInstance { waited },
            NoLease::Closed => CallError::ShutDown,
        })
    }

    async fn instance(&self, mut lease: Lease) -> Result<(Lease, GuestInstance), CallError> {
        let Inner { tenant, ready, shape, .. } = &*self.inner;
        let instance = match lease.instance.take() {
            Some(instance) => instance,
            None => GuestInstance::new(ready, *shape, Arc::clone(tenant))
                .await
                .map_err(|error| CallError::NewInstance(Box::new(error)))?,
        };
        Ok((lease, instance))
    }

    /// Ends a call: an instance whose guest returned is emptied and kept, any other is discarded.
    async fn finish<T>(
        &self,
        lease: Lease,
        mut instance: GuestInstance,
        outcome: Result<T, CallError>,
    ) -> Result<T, CallError> {
        let name = self.name();
        let disorder = matches!(
            &outcome,
            Err(CallError::Timeout { .. } | CallError::TooManyInstructions | CallError::Trapped(_))
        );
        self.inner.suspect.store(disorder, Ordering::Relaxed);
        match &outcome {
            Err(CallError::Timeout { .. } | CallError::TooManyInstructions) => {
                tracing::warn!(plugin = %name, "call timed out; the instance is discarded");
            }
            Err(CallError::Trapped(fault)) => {
                let backtrace = fault.backtrace().unwrap_or_default();
                tracing::warn!(plugin = %name, %fault, backtrace, "guest trapped; the instance is discarded");
            }
            _ => {
                if instance.reset_allocator().await
                    && let Some(surplus) = self.inner.pool.give_back(instance)
                {
                    // Nobody who waits for the answer should wait for this too.
                    tokio::spawn(async move {
                        surplus.shutdown().await;
                        drop(lease);
                    });
                }
            }
        }
        outcome
    }
}

impl fmt::Debug for Plugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plugin").field("name", self.name()).finish_non_exhaustive()
    }
}
