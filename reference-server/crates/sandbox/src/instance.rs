//! A live guest: instantiated, initialised, and called one call at a time.

use std::sync::Arc;
use std::time::Duration;

use contract::abi;
use contract::envelope::{BadResponse, GuestResponse, RequestEnvelope, ResponseEnvelope};
use contract::event::Event;
use wasmtime::{
    Instance, InstancePre, PoolConcurrencyLimitError, Store, TypedFunc, UpdateDeadline, WasmParams,
    WasmResults,
};

use crate::abi_check::{EventShape, GuestShape, InitShape};
use crate::deadline::Deadline;
use crate::error::{CallError, LoadError};
use crate::host_functions::abandon;
use crate::lanes::Lane;
use crate::memory::{self, GuestMemory, Placed};
use crate::metrics::Level;
use crate::pool::room::Place;
use crate::pool::{Aside, Inhabitant, Leaving};
use crate::state::{HostState, Tenant};
use crate::trap::classify;
use crate::watch::Spent;

/// Ticks until a running guest yields: at every one.
const YIELD_AFTER_TICKS: u64 = 1;

/// One instance and the exports the host calls.
pub(crate) struct GuestInstance {
    store: Store<HostState>,
    handle_request: Option<TypedFunc<(i32, i32), i64>>,
    handle_event: Option<HandleEvent>,
    reset_allocator: Option<TypedFunc<(), ()>>,
    shutdown: Option<TypedFunc<(), ()>>,
    _alive: Level,
    /// Free when all of the above is gone.
    place: Place,
}

#[derive(Clone)]
enum HandleEvent {
    TopicAndPayload(TypedFunc<(i32, i32, i32, i32), ()>),
    OneObject(TypedFunc<(i32, i32), ()>),
}

impl GuestInstance {
    /// Instantiates and initialises, all under one deadline, in a place of the shared room.
    pub(crate) async fn new(
        ready: &InstancePre<HostState>,
        shape: GuestShape,
        tenant: Arc<Tenant>,
        place: Place,
    ) -> Result<Self, LoadError> {
        let deadline = Deadline::after(tenant.host.policy.limits.call_duration);
        let alive = Level::enter(&tenant.metrics.instances);
        let mut store =
            Store::new(ready.module().engine(), HostState::new(tenant, deadline, place.growth()));
        store.limiter(|state| &mut state.limits);
        store.epoch_deadline_callback(|context| {
            let deadline = context.data().call.deadline;
            if deadline.passed() {
                return Err(deadline.error().into());
            }
            Ok(UpdateDeadline::Yield(YIELD_AFTER_TICKS))
        });
        store.set_epoch_deadline(YIELD_AFTER_TICKS);
        refuel(&mut store);
        let instance = deadline
            .bound(ready.instantiate_async(&mut store))
            .await
            .map_err(wasmtime::Error::from)
            .flatten()
            .map_err(|error| match error.downcast_ref::<PoolConcurrencyLimitError>() {
                // Of what a guest takes beside its one memory, such as tables.
                Some(_) => LoadError::NoRoom { waited: Duration::ZERO },
                None => LoadError::Instantiate(Box::new(classify(&error))),
            })?;
        store.data_mut().guest = Some(guest_memory(&instance, &mut store, shape)?);
        let initialised = initialise(&instance, &mut store, shape).await;
        tell_spent(&store);
        initialised?;
        let mut exports = Exports { instance: &instance, store: &mut store };
        Ok(Self {
            handle_request: exports.if_there(shape.handle_request, abi::HANDLE_REQUEST)?,
            handle_event: match shape.handle_event {
                None => None,
                Some(EventShape::TopicAndPayload) => {
                    Some(HandleEvent::TopicAndPayload(exports.get(abi::HANDLE_EVENT)?))
                }
                Some(EventShape::OneObject) => {
                    Some(HandleEvent::OneObject(exports.get(abi::HANDLE_EVENT)?))
                }
            },
            reset_allocator: exports.if_there(shape.reset_allocator, abi::RESET_ALLOCATOR)?,
            shutdown: exports.if_there(shape.shutdown, abi::SHUTDOWN)?,
            store,
            _alive: alive,
            place,
        })
    }

    /// Serves one request. `encoded` is the envelope as the guest reads it.
    pub(crate) async fn handle_request(
        &mut self,
        encoded: &[u8],
        envelope: RequestEnvelope,
    ) -> Result<GuestResponse, CallError> {
        let handler = self.handle_request.clone().ok_or(CallError::NoRequestHandler)?;
        self.begin(Some(envelope));
        let packed = self.serve(&handler, encoded).await;
        tell_spent(&self.store);
        self.response(packed?)
    }

    async fn serve(
        &mut self,
        handler: &TypedFunc<(i32, i32), i64>,
        encoded: &[u8],
    ) -> Result<i64, CallError> {
        let request = self.hand_over(encoded).await?;
        self.run(handler, request.arguments()).await
    }

    /// Delivers one event. A guest without handler has nothing to do.
    pub(crate) async fn handle_event(&mut self, event: &Event) -> Result<(), CallError> {
        let Some(handler) = self.handle_event.clone() else { return Ok(()) };
        self.begin(None);
        let outcome = self.deliver(&handler, event).await;
        tell_spent(&self.store);
        outcome
    }

    async fn deliver(&mut self, handler: &HandleEvent, event: &Event) -> Result<(), CallError> {
        match handler {
            HandleEvent::TopicAndPayload(handler) => {
                // Payload first: the order in which the original allocates (facts 1.4).
                let payload = self.hand_over(event.payload.to_string().as_bytes()).await?;
                let topic = self.hand_over(event.topic.as_bytes()).await?;
                let (topic_at, topic_length) = topic.arguments();
                let (payload_at, payload_length) = payload.arguments();
                let arguments = (topic_at, topic_length, payload_at, payload_length);
                self.run(handler, arguments).await
            }
            HandleEvent::OneObject(handler) => {
                let object = serde_json::json!({"topic": event.topic, "payload": event.payload});
                let object = self.hand_over(object.to_string().as_bytes()).await?;
                self.run(handler, object.arguments()).await
            }
        }
    }

    /// Lets the guest empty its buffers after a call, within what is left of the call's time. False
    /// when that failed and the instance must not be used again.
    pub(crate) async fn reset_allocator(&mut self) -> bool {
        let Some(reset) = self.reset_allocator.clone() else { return true };
        match self.run(&reset, ()).await {
            Ok(()) => true,
            Err(error) => {
                let plugin = &self.store.data().tenant.name;
                tracing::warn!(%plugin, %error, "ResetAllocator failed; the instance is discarded");
                false
            }
        }
    }

    /// Tells the guest that it is unloaded. What it says to that does not matter.
    pub(crate) async fn shutdown(mut self) {
        let Some(shutdown) = self.shutdown.clone() else { return };
        self.begin(None);
        if let Err(error) = self.run(&shutdown, ()).await {
            let plugin = &self.store.data().tenant.name;
            tracing::warn!(%plugin, %error, "Shutdown failed");
        }
    }

    fn begin(&mut self, request: Option<RequestEnvelope>) {
        self.store.data_mut().begin_call(request);
        self.store.set_epoch_deadline(YIELD_AFTER_TICKS);
        refuel(&mut self.store);
    }

    async fn run<P, R>(&mut self, export: &TypedFunc<P, R>, arguments: P) -> Result<R, CallError>
    where
        P: WasmParams + Sync,
        R: WasmResults + Sync,
    {
        run(&mut self.store, export, arguments).await.map_err(|error| classify(&error))
    }

    async fn hand_over(&mut self, bytes: &[u8]) -> Result<Placed, CallError> {
        memory::place(&mut self.store, bytes)
            .await
            .map_err(|error| classify(&error))?
            .ok_or(CallError::AllocationFailed { bytes: bytes.len() })
    }

    /// Reads the answer of `HandleRequest` (decision A4).
    fn response(&mut self, packed: i64) -> Result<GuestResponse, CallError> {
        let limit = self.store.data().tenant.host.policy.limits.response_bytes;
        let too_large = |bytes| CallError::ResponseTooLarge { bytes, limit };
        let (pointer, length) = abi::unpack(packed);
        if length == 0 {
            let call = &mut self.store.data_mut().call;
            return match (call.response.take(), call.failed_allocation) {
                (Some((_, body)), _) if body.len() > limit => Err(too_large(body.len())),
                (Some((status, body)), _) => responded(status, body),
                (None, Some(bytes)) => Err(CallError::NoAnswerAfterFailedAllocation { bytes }),
                (None, None) => Err(CallError::BadResponse(BadResponse::Empty)),
            };
        }
        let guest = self.store.data().guest.as_ref();
        let answer = guest
            .and_then(|guest| memory::view(&self.store, guest, pointer, length))
            .ok_or(CallError::AnswerOutOfBounds { pointer, length })?;
        if answer.len() > limit {
            return Err(too_large(answer.len()));
        }
        ResponseEnvelope::decode(answer).map_err(CallError::BadResponse)
    }
}

impl Inhabitant for GuestInstance {
    fn leave(self, why: Leaving, aside: Aside) {
        let tenant = Arc::clone(&self.store.data().tenant);
        tenant.metrics.left(why);
        // Nobody who waits for an answer should wait for this too.
        tokio::spawn(async move {
            let shutdown = self.shutdown();
            if let Err(error) = tenant.host.lanes.run(Lane::Prompt, shutdown).await {
                tracing::warn!(plugin = %tenant.name, %error, "Shutdown did not run to its end");
            }
            drop(aside);
        });
    }

    fn evicted(mut self) {
        self.store.data().tenant.metrics.evicted.increment(1);
        self.place.quietly();
    }
}

/// The response that `http_respond` set, held to the rule for envelopes: 0 is 200, otherwise
/// 200..=599.
fn responded(status: i32, body: Vec<u8>) -> Result<GuestResponse, CallError> {
    let status = match u16::try_from(status) {
        Ok(0) => 200,
        Ok(status @ 200..=599) => status,
        _ => return Err(CallError::BadResponse(BadResponse::StatusOutOfRange(status.into()))),
    };
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    Ok(GuestResponse { status, headers, body })
}

/// Gives a watched guest the instructions of a new call.
fn refuel(store: &mut Store<HostState>) {
    if let Some(watch) = &store.data().tenant.host.watch {
        let instructions = watch.instructions;
        store.set_fuel(instructions).expect("a watched engine counts instructions");
    }
}

/// Tells the witness what a call cost.
fn tell_spent(store: &Store<HostState>) {
    let Some(watch) = &store.data().tenant.host.watch else { return };
    let left = store.get_fuel().expect("a watched engine counts instructions");
    let guest = store.data().guest.as_ref();
    let memory_bytes = guest.map_or(0, |guest| guest.memory.data_size(store) as u64);
    let instructions = watch.instructions.saturating_sub(left);
    watch.witness.spent(Spent { instructions, memory_bytes });
}

/// Calls an export within the deadline of the store's call. Guest code is interrupted by the epoch;
/// what it waits for in a host function or in WASI ends here. However it ends, a transaction that
/// the guest left open ends with it.
async fn run<P, R>(
    store: &mut Store<HostState>,
    export: &TypedFunc<P, R>,
    arguments: P,
) -> wasmtime::Result<R>
where
    P: WasmParams + Sync,
    R: WasmResults + Sync,
{
    let deadline = store.data().call.deadline;
    let outcome = deadline.bound(export.call_async(&mut *store, arguments)).await;
    store.data().log.end_call();
    abandon(store.data_mut()).await;
    outcome.map_err(wasmtime::Error::from).flatten()
}

fn guest_memory(
    instance: &Instance,
    store: &mut Store<HostState>,
    shape: GuestShape,
) -> Result<GuestMemory, LoadError> {
    let memory = instance
        .get_memory(&mut *store, abi::MEMORY)
        .ok_or_else(|| LoadError::Instantiate("the memory vanished".into()))?;
    let allocator =
        shape.allocator.map(|name| Exports { instance, store }.get(name)).transpose()?;
    Ok(GuestMemory { memory, allocator })
}

/// Runs `_initialize`, then `Init` (decision A8).
async fn initialise(
    instance: &Instance,
    store: &mut Store<HostState>,
    shape: GuestShape,
) -> Result<(), LoadError> {
    if shape.initialize {
        let initialize = Exports { instance, store }.get::<(), ()>(abi::INITIALIZE)?;
        let outcome = run(store, &initialize, ()).await;
        outcome.map_err(|error| failed(abi::INITIALIZE, &error))?;
    }
    match shape.init {
        None => Ok(()),
        Some(InitShape::Silent) => {
            let init = Exports { instance, store }.get::<(), ()>(abi::INIT)?;
            run(store, &init, ()).await.map_err(|error| failed(abi::INIT, &error))
        }
        Some(InitShape::Status) => {
            let init = Exports { instance, store }.get::<(), i32>(abi::INIT)?;
            let outcome = run(store, &init, ()).await;
            match outcome.map_err(|error| failed(abi::INIT, &error))? {
                0 => Ok(()),
                status => Err(LoadError::InitRefused(status)),
            }
        }
    }
}

fn failed(export: &'static str, error: &wasmtime::Error) -> LoadError {
    LoadError::Initialise { export, source: Box::new(classify(error)) }
}

/// Looks exports up. Their types were checked when the module was loaded.
struct Exports<'a> {
    instance: &'a Instance,
    store: &'a mut Store<HostState>,
}

impl Exports<'_> {
    fn get<P, R>(&mut self, name: &str) -> Result<TypedFunc<P, R>, LoadError>
    where
        P: WasmParams,
        R: WasmResults,
    {
        self.instance
            .get_typed_func(&mut *self.store, name)
            .map_err(|error| LoadError::Instantiate(error.into()))
    }

    fn if_there<P, R>(
        &mut self,
        there: bool,
        name: &str,
    ) -> Result<Option<TypedFunc<P, R>>, LoadError>
    where
        P: WasmParams,
        R: WasmResults,
    {
        there.then(|| self.get(name)).transpose()
    }
}
