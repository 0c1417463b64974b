//! A loaded plugin, and one call from envelope to answer.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use contract::envelope::{GuestResponse, RequestEnvelope};
use contract::event::Event;
use contract::name::PluginName;
use wasmtime::{InstancePre, Module};

use crate::abi_check::GuestShape;
use crate::error::{CallError, LoadError, Overload};
use crate::instance::GuestInstance;
use crate::lanes::Lane;
use crate::metrics::{Export, Level};
use crate::observe::observe;
use crate::pool::{Bounds, Caller, Lease, NoLease, Pool, Seat, Turn};
use crate::resident;
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
    ready: InstancePre<HostState>,
    shape: GuestShape,
    /// It keeps the compiled module, too, and so known to the module cache.
    pool: Arc<Pool<GuestInstance>>,
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
        let limits = &tenant.host.policy.limits;
        let bounds = Bounds {
            running: limits.instances_per_plugin,
            calls: limits.calls_per_plugin,
            idle: max_idle,
            first_bytes: first_bytes(&module),
        };
        let code = Arc::clone(&module);
        let when_cold = move || resident::give_back(&code);
        let pool = Pool::new(bounds, Arc::clone(&tenant.host.room), when_cold);
        let place = pool.first(limits.queue_duration).await;
        let place = place.map_err(|_| LoadError::NoRoom { waited: limits.queue_duration })?;
        let first = {
            let (ready, tenant) = (ready.clone(), Arc::clone(&tenant));
            async move { GuestInstance::new(&ready, shape, tenant, place).await }
        };
        let first = tenant.host.lanes.run(Lane::Prompt, first).await;
        let first = first.map_err(|error| LoadError::Instantiate(error.into()))??;
        pool.give_back(first, Instant::now());
        let suspect = AtomicBool::new(false);
        let inner = Inner { tenant, ready, shape, pool, suspect };
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

    /// Has the guest serve a request, within the call's deadline. Waiting for its turn comes before
    /// and is bounded by a duration of its own. Who is refused there may come again: the guest was not
    /// called.
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
        let patience = self.inner.tenant.host.policy.limits.queue_duration;
        let lease = self.lease(Caller::Client, patience).await?;
        let plugin = self.clone();
        let call = async move {
            let (turn, mut instance) = plugin.instance(lease).await?;
            let _busy = Level::enter(&plugin.inner.tenant.metrics.busy);
            let outcome = instance.handle_request(&encoded, request.envelope).await;
            plugin.finish(turn, instance, outcome).await
        };
        self.counted(self.inner.tenant.host.lanes.run(self.lane(), call).await)?
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
        // An event waits for as long as a call may take, since by then a call has ended.
        let patience = self.inner.tenant.host.policy.limits.call_duration;
        let lease = self.lease(Caller::Bus, patience).await?;
        let plugin = self.clone();
        let call = async move {
            let (turn, mut instance) = plugin.instance(lease).await?;
            let _busy = Level::enter(&plugin.inner.tenant.metrics.busy);
            let outcome = instance.handle_event(&event).await;
            plugin.finish(turn, instance, outcome).await
        };
        self.counted(self.inner.tenant.host.lanes.run(self.lane(), call).await)?
    }

    /// Counts a call that was refused before it began.
    fn counted<T>(&self, ended: Result<T, CallError>) -> Result<T, CallError> {
        if let Err(CallError::Overloaded(overload @ Overload::NoThread { .. })) = &ended {
            self.inner.tenant.metrics.refused(overload);
        }
        ended
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

    async fn lease(
        &self,
        caller: Caller,
        patience: Duration,
    ) -> Result<Lease<GuestInstance>, CallError> {
        let metrics = &self.inner.tenant.metrics;
        let _waiting = Level::enter(&metrics.waiting);
        let overload = match self.inner.pool.lease(caller, patience).await {
            Ok(lease) => return Ok(lease),
            Err(NoLease::Closed) => return Err(CallError::ShutDown),
            Err(NoLease::Full(calls)) => Overload::QueueFull { calls },
            Err(NoLease::Busy(waited)) => Overload::Busy { waited },
            Err(NoLease::NoRoom(waited)) => Overload::NoRoom { waited },
        };
        metrics.refused(&overload);
        Err(CallError::Overloaded(overload))
    }

    async fn instance(
        &self,
        lease: Lease<GuestInstance>,
    ) -> Result<(Turn, GuestInstance), CallError> {
        let Inner { tenant, ready, shape, .. } = &*self.inner;
        let place = match lease.seat {
            Seat::Warm(instance) => return Ok((lease.turn, instance)),
            Seat::Empty(place) => place,
        };
        match GuestInstance::new(ready, *shape, Arc::clone(tenant), place).await {
            Ok(instance) => Ok((lease.turn, instance)),
            Err(LoadError::NoRoom { waited }) => {
                let overload = Overload::NoRoom { waited };
                tenant.metrics.refused(&overload);
                Err(CallError::Overloaded(overload))
            }
            Err(error) => Err(CallError::NewInstance(Box::new(error))),
        }
    }

    /// Ends a call: an instance whose guest returned is emptied and kept, any other is discarded.
    async fn finish<T>(
        &self,
        turn: Turn,
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
                if instance.reset_allocator().await {
                    self.inner.pool.give_back(instance, Instant::now());
                }
            }
        }
        // Whoever is next finds the instance.
        drop(turn);
        outcome
    }
}

/// Linear memory that an instance of the module begins with.
fn first_bytes(module: &Module) -> usize {
    let memory = module.exports().find_map(|export| export.ty().memory().cloned());
    let bytes = memory.map_or(0, |memory| memory.minimum().saturating_mul(memory.page_size()));
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

impl fmt::Debug for Plugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plugin").field("name", self.name()).finish_non_exhaustive()
    }
}
