//! What belongs to one instance: whose it is, what bounds it, and what the running call knows.

use std::sync::Arc;

use contract::envelope::RequestEnvelope;
use contract::manifest::{Backend, Manifest};
use contract::name::PluginName;
use policy::Policy;

use crate::deadline::Deadline;
use crate::host_functions::{LogBudget, Verdicts};
use crate::limits::Limits;
use crate::memory::GuestMemory;
use crate::outbound::Outbound;
use crate::services::Services;

/// What every instance of a plugin shares.
pub(crate) struct Tenant {
    pub(crate) name: PluginName,
    pub(crate) manifest: Arc<Manifest>,
    pub(crate) host: Arc<Host>,
}

/// What every plugin of a sandbox shares.
pub(crate) struct Host {
    pub(crate) policy: Arc<Policy>,
    pub(crate) services: Arc<dyn Services>,
    pub(crate) outbound: Arc<dyn Outbound>,
    pub(crate) verdicts: Verdicts,
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
}

impl HostState {
    pub(crate) fn new(tenant: Arc<Tenant>, deadline: Deadline) -> Self {
        let limits = &tenant.host.policy.limits;
        let call = CallState::new(deadline, limits);
        Self { limits: Limits::new(limits), tenant, guest: None, call }
    }
}

/// The data of one call. A new one replaces it for every call, so nothing leaks from one request
/// into the next.
pub(crate) struct CallState {
    /// When the call is over.
    pub(crate) deadline: Deadline,
    /// The request being served; absent while an event is handled or the guest initialises.
    pub(crate) request: Option<RequestEnvelope>,
    /// What `http_respond` set last: status and body.
    pub(crate) response: Option<(i32, Vec<u8>)>,
    /// The size of the last piece of host data that the guest could not take (decision A2).
    pub(crate) failed_allocation: Option<usize>,
    /// How much the guest may still log.
    pub(crate) log: LogBudget,
}

impl CallState {
    /// A call without a request.
    pub(crate) fn new(deadline: Deadline, limits: &policy::Limits) -> Self {
        Self {
            deadline,
            request: None,
            response: None,
            failed_allocation: None,
            log: LogBudget::new(limits),
        }
    }
}
