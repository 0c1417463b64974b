//! Instruments that end by themselves: whatever way a call ends, what it began is counted off.

use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

use metrics::{Counter, Gauge, Histogram, Label, counter};

/// Counters of one name that differ in `N` labels, whose values are texts of the program.
#[derive(Debug)]
pub(crate) struct Counters<const N: usize> {
    name: &'static str,
    /// What all of them share.
    labels: Vec<Label>,
    varying: [&'static str; N],
    /// A dozen at most, so that a walk is quicker than a hash.
    made: RwLock<Vec<([&'static str; N], Counter)>>,
}

impl<const N: usize> Counters<N> {
    pub(crate) fn new(name: &'static str, labels: Vec<Label>, varying: [&'static str; N]) -> Self {
        Self { name, labels, varying, made: RwLock::default() }
    }

    /// Registers the counters of these values, so that they are there before anything is counted.
    pub(crate) fn with(self, known: impl IntoIterator<Item = [&'static str; N]>) -> Self {
        for values in known {
            let counter = self.register(values);
            self.made.write().unwrap_or_else(PoisonError::into_inner).push((values, counter));
        }
        self
    }

    /// Adds one to the counter of these values, which is registered the first time.
    pub(crate) fn increment(&self, values: [&'static str; N]) {
        let made = self.made.read().unwrap_or_else(PoisonError::into_inner);
        let found = made.iter().find(|(known, _)| *known == values);
        if let Some((_, counter)) = found {
            return counter.increment(1);
        }
        drop(made);
        // Two that come here at once get the same counter, and the second entry is never found.
        let counter = self.register(values);
        counter.increment(1);
        self.made.write().unwrap_or_else(PoisonError::into_inner).push((values, counter));
    }

    fn register(&self, values: [&'static str; N]) -> Counter {
        let varying = self.varying.iter().zip(values).map(|(name, value)| Label::new(*name, value));
        let labels: Vec<Label> = self.labels.iter().cloned().chain(varying).collect();
        counter!(self.name, labels)
    }
}

/// One piece of work: counted by its outcome and timed when it ends, or is dropped.
#[derive(Debug)]
pub(crate) struct Watch<'a, const N: usize> {
    counters: &'a Counters<N>,
    seconds: &'a Histogram,
    began: Instant,
    /// The last one is the outcome.
    values: [&'static str; N],
}

impl<'a, const N: usize> Watch<'a, N> {
    /// Begins. The last of `values` is the outcome should nobody name one.
    pub(crate) fn new(
        counters: &'a Counters<N>,
        seconds: &'a Histogram,
        values: [&'static str; N],
    ) -> Self {
        Self { counters, seconds, began: Instant::now(), values }
    }

    /// Ends with an outcome; the time it took.
    pub(crate) fn end(mut self, outcome: &'static str) -> Duration {
        if let Some(last) = self.values.last_mut() {
            *last = outcome;
        }
        self.began.elapsed()
    }
}

impl<const N: usize> Drop for Watch<'_, N> {
    fn drop(&mut self) {
        self.counters.increment(self.values);
        self.seconds.record(self.began.elapsed());
    }
}

/// One more of something, for as long as this lives.
#[derive(Debug)]
pub(crate) struct Level(Gauge);

impl Level {
    pub(crate) fn enter(gauge: &Gauge) -> Self {
        gauge.increment(1.0);
        Self(gauge.clone())
    }
}

impl Drop for Level {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}

/// An amount that one owner adds to a gauge, and takes away again when it goes.
#[derive(Debug)]
pub(crate) struct Meter {
    gauge: Gauge,
    amount: usize,
}

impl Meter {
    pub(crate) fn new(gauge: &Gauge) -> Self {
        Self { gauge: gauge.clone(), amount: 0 }
    }

    /// Replaces the owner's amount.
    #[expect(clippy::cast_precision_loss, reason = "memory sizes stay far below 2^53")]
    pub(crate) fn set(&mut self, amount: usize) {
        self.gauge.increment(amount as f64 - self.amount as f64);
        self.amount = amount;
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.set(0);
    }
}
