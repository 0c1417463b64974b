//! What belongs to one instance: whose it is, what bounds it, and what the running call knows.

use std::sync::Arc;

use contract::envelope::RequestEnvelope;
use contract::manifest::{Backend, Manifest};
use contract::name::PluginName;
use policy::Policy;
use sync_wrapper::SyncWrapper;
use wasmtime_wasi::p1::WasiP1Ctx;

use crate::deadline::Deadline;
use crate::guest_log::GuestLog;
use crate::host_functions::{Notes, Verdicts};
use crate::lanes::Lanes;
use crate::limits::Limits;
use crate::memory::GuestMemory;
use crate::metrics::PluginMetrics;
use crate::outbound::Outbound;
use crate::pool::room::{Growth, Room};
use crate::services::{DbTransaction, Services};
use crate::surroundings::FixedClock;
use crate::watch::Watch;

/// What every instance of a plugin shares.
pub(crate) struct Tenant {
    pub(crate) name: PluginName,
    pub(crate) manifest: Arc<Manifest>,
    pub(crate) metrics: PluginMetrics,
    pub(crate) host: Arc<Host>,
}

/// What every plugin of a sandbox shares.
pub(crate) struct Host {
    pub(crate) policy: Arc<Policy>,
    pub(crate) services: Arc<dyn Services>,
    pub(crate) outbound: Arc<dyn Outbound>,
    pub(crate) verdicts: Arc<Verdicts>,
    pub(crate) lanes: Lanes,
    /// Slots and memory that all guests share.
    pub(crate) room: Arc<Room>,
    /// Who is told what guests do; nobody, in a host that serves.
    pub(crate) watch: Option<Watch>,
}

impl Tenant {
    /// The manifest's backend; a module may be loaded for a manifest without one.
    pub(crate) fn backend(&self) -> Option<&Backend> {
        self.manifest.backend.as_ref()
    }
}

/// The data of an instance's store.
pub(crate) struct HostState {
    pub(crate) tenant: Arc<Tenant>,
    pub(crate) limits: Limits,
    /// Known once the module is instantiated; a start function runs before that.
    pub(crate) guest: Option<GuestMemory>,
    pub(crate) call: CallState,
    /// Where the guest's lines go.
    pub(crate) log: Arc<GuestLog>,
    /// Made when the guest first calls a function of WASI.
    /// Wrapped because host functions share their caller's data across awaits, and parts of the
    /// context may not be shared; it is only ever borrowed exclusively.
    pub(crate) wasi: Option<Box<SyncWrapper<WasiP1Ctx>>>,
    /// What host functions say of themselves, while somebody watches.
    pub(crate) notes: Notes,
    /// A watched guest's clock.
    pub(crate) clock: Option<FixedClock>,
}

impl HostState {
    pub(crate) fn new(tenant: Arc<Tenant>, deadline: Deadline, growth: Growth) -> Self {
        let limits = &tenant.host.policy.limits;
        let dropped = tenant.metrics.log_lines_dropped.clone();
        let log = Arc::new(GuestLog::new(tenant.name.clone(), limits, dropped));
        let call = CallState::new(deadline);
        let clock = tenant.host.watch.as_ref().map(|watch| FixedClock::new(watch.surroundings));
        Self {
            limits: Limits::new(limits, &tenant.metrics.memory, growth),
            tenant,
            guest: None,
            call,
            log,
            wasi: None,
            notes: Notes::default(),
            clock,
        }
    }

    /// Forgets the call before, so that nothing leaks from one into the next.
    pub(crate) fn begin_call(&mut self, request: Option<RequestEnvelope>) {
        let deadline = Deadline::after(self.tenant.host.policy.limits.call_duration);
        self.call = CallState { request, ..CallState::new(deadline) };
        self.log.begin_call();
    }
}

/// The data of one call. A new one replaces it for every call.
pub(crate) struct CallState {
    /// When the call is over.
    pub(crate) deadline: Deadline,
    /// The request being served; absent while an event is handled or the guest initialises.
    pub(crate) request: Option<RequestEnvelope>,
    /// What `http_respond` set last: status and body.
    pub(crate) response: Option<(i32, Vec<u8>)>,
    /// What `db_tx_begin` opened and nothing has ended yet. Ends with the guest's export.
    pub(crate) transaction: Option<Box<dyn DbTransaction>>,
    /// The guest's allocator is running, for a host function or for the call's own data.
    pub(crate) allocating: bool,
    /// The size of the last piece of host data that the guest could not take (decision A2).
    pub(crate) failed_allocation: Option<usize>,
}

impl CallState {
    /// A call without a request.
    pub(crate) fn new(deadline: Deadline) -> Self {
        Self {
            deadline,
            request: None,
            response: None,
            transaction: None,
            allocating: false,
            failed_allocation: None,
        }
    }
}
