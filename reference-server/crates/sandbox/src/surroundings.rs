//! Clocks and randomness that are the same each time, for watched guests.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chacha20::ChaCha12Rng;
use chacha20::rand_core::SeedableRng as _;
use wasmtime_wasi::{HostMonotonicClock, HostWallClock, WasiCtxBuilder};

use crate::watch::Surroundings;

/// What a clock goes on by when it is read, in nanoseconds.
const STEP: u64 = 1_000;

/// The clock of one instance.
#[derive(Clone, Debug)]
pub(crate) struct FixedClock {
    began: Duration,
    /// Nanoseconds slept.
    slept: Arc<AtomicU64>,
    /// Nanoseconds that reading took.
    read: Arc<AtomicU64>,
}

impl FixedClock {
    pub(crate) fn new(surroundings: Surroundings) -> Self {
        Self { began: surroundings.now, slept: Arc::default(), read: Arc::default() }
    }

    /// Lets time pass.
    pub(crate) fn sleep(&self, nanoseconds: u64) {
        // Wraps after five hundred years.
        self.slept.fetch_add(nanoseconds, Ordering::Relaxed);
    }

    /// What the monotonic clock says, without going on.
    pub(crate) fn monotonic(&self) -> u64 {
        self.slept.load(Ordering::Relaxed).wrapping_add(self.read.load(Ordering::Relaxed))
    }

    /// What the wall clock says.
    pub(crate) fn wall(&self) -> Duration {
        self.began + Duration::from_nanos(self.slept.load(Ordering::Relaxed))
    }
}

impl HostWallClock for FixedClock {
    fn resolution(&self) -> Duration {
        Duration::from_nanos(STEP)
    }

    fn now(&self) -> Duration {
        self.wall()
    }
}

impl HostMonotonicClock for FixedClock {
    fn resolution(&self) -> u64 {
        STEP
    }

    fn now(&self) -> u64 {
        self.read.fetch_add(STEP, Ordering::Relaxed);
        self.monotonic()
    }
}

/// Gives a context the clock, and randomness that follows from the seed.
pub(crate) fn arrange(builder: &mut WasiCtxBuilder, clock: &FixedClock, seed: u64) {
    builder
        .wall_clock(clock.clone())
        .monotonic_clock(clock.clone())
        .secure_random(ChaCha12Rng::seed_from_u64(seed))
        .insecure_random(ChaCha12Rng::seed_from_u64(!seed))
        .insecure_random_seed(seed.into());
}
