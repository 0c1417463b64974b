//! What the threads of a run have in common.

use std::{
    fmt::Display,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
    },
};

use crate::{
    api::Client,
    catalog::Catalog,
    host::{Ground, Plan},
    hosted::Stage,
};

/// The plugin.
pub(crate) const PLUGIN: &str = "com.example.replicas";

/// Everything that is there.
pub(crate) struct Scene<'a> {
    pub(crate) stage: &'a Stage,
    pub(crate) ground: &'a Ground,
    pub(crate) catalog: &'a Catalog,
    /// The administrator, asking the host that is never killed.
    pub(crate) survivor: Client,
    /// The hosts that are killed, in turn.
    pub(crate) mortals: Vec<Mortal>,
    /// The installed plugin's id.
    pub(crate) id: String,
    /// The run is over.
    pub(crate) over: AtomicBool,
    /// The newest version that is certainly installed.
    pub(crate) newest: AtomicU32,
    /// The newest version whose upgrade the survivor answered.
    pub(crate) floor: AtomicU32,
    failures: Mutex<Vec<String>>,
}

/// A host that is killed and started again.
pub(crate) struct Mortal {
    /// How it is started.
    pub(crate) plan: Plan,
    /// Who asks it, while it serves.
    client: Mutex<Option<Client>>,
    /// Counts its lives.
    life: AtomicU64,
}

impl<'a> Scene<'a> {
    pub(crate) fn new(
        stage: &'a Stage,
        ground: &'a Ground,
        catalog: &'a Catalog,
        survivor: Client,
        mortals: Vec<Mortal>,
        id: String,
        number: u32,
    ) -> Self {
        Self {
            stage,
            ground,
            catalog,
            survivor,
            mortals,
            id,
            over: AtomicBool::new(false),
            newest: AtomicU32::new(number),
            floor: AtomicU32::new(number),
            failures: Mutex::default(),
        }
    }

    /// Notes that something was not as it has to be.
    pub(crate) fn fail(&self, what: impl Display) {
        // The rest is like the first.
        const SHOWN: usize = 20;
        let mut failures = lock(&self.failures);
        if failures.len() < SHOWN {
            eprintln!("    FAILED: {what}");
        }
        failures.push(what.to_string());
    }

    /// Whether the run goes on.
    pub(crate) fn goes_on(&self) -> bool {
        !self.over.load(Ordering::SeqCst)
    }

    /// What went wrong.
    pub(crate) fn into_failures(self) -> Vec<String> {
        self.failures.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Mortal {
    pub(crate) fn new(plan: Plan, client: Client) -> Self {
        Self { plan, client: Mutex::new(Some(client)), life: AtomicU64::new(0) }
    }

    /// Who asks it, and in which of its lives; nobody while it is dead.
    pub(crate) fn client(&self) -> Option<(Client, u64)> {
        let client = lock(&self.client).clone()?;
        Some((client, self.life.load(Ordering::SeqCst)))
    }

    /// Whether it lives on since.
    pub(crate) fn lives_since(&self, life: u64) -> bool {
        self.life.load(Ordering::SeqCst) == life
    }

    /// It is about to be killed, or is back.
    pub(crate) fn now(&self, client: Option<Client>) {
        if client.is_none() {
            self.life.fetch_add(1, Ordering::SeqCst);
        }
        *lock(&self.client) = client;
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
