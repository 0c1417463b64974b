//! One instance's place in the room, from when it is given until it is free again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::Room;

/// What one plugin has of the room.
#[derive(Debug, Default)]
pub(crate) struct Member {
    pub(super) instances: AtomicUsize,
    pub(super) bytes: AtomicUsize,
}

/// One instance's place. It is free again when this is dropped, so an instance drops its memory
/// before.
pub(crate) struct Place {
    room: Arc<Room>,
    holding: Arc<Holding>,
    quiet: bool,
}

/// The memory of one instance.
#[derive(Debug)]
struct Holding {
    member: Arc<Member>,
    bytes: AtomicUsize,
}

/// Tells the room how an instance's memory grows.
pub(crate) struct Growth {
    room: Arc<Room>,
    holding: Arc<Holding>,
}

impl Member {
    /// Linear memory of its instances.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }
}

impl Place {
    /// One that was counted in the room, and begins with so many bytes.
    pub(super) fn new(room: Arc<Room>, member: Arc<Member>, bytes: usize) -> Self {
        let holding = Arc::new(Holding { member, bytes: AtomicUsize::new(bytes) });
        Self { room, holding, quiet: false }
    }

    /// For whoever sees the memory grow.
    pub(crate) fn growth(&self) -> Growth {
        Growth { room: Arc::clone(&self.room), holding: Arc::clone(&self.holding) }
    }

    /// Lets nobody know when it is free: whoever ends an instance for its place looks anyway.
    pub(crate) fn quietly(&mut self) {
        self.quiet = true;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Holding { member, bytes } = &*self.holding;
        let bytes = bytes.load(Ordering::Relaxed);
        self.room.bytes.fetch_sub(bytes, Ordering::Relaxed);
        member.bytes.fetch_sub(bytes, Ordering::Relaxed);
        let mut state = self.room.state();
        state.slots -= 1;
        member.instances.fetch_sub(1, Ordering::Relaxed);
        drop(state);
        if !self.quiet {
            self.room.settle();
        }
    }
}

impl Growth {
    /// The instance's memory has this size now.
    pub(crate) fn reached(&self, bytes: usize) {
        // Memory of a guest never shrinks; what it begins with was counted with the place.
        let before = self.holding.bytes.fetch_max(bytes, Ordering::Relaxed);
        let more = bytes.saturating_sub(before);
        self.holding.member.bytes.fetch_add(more, Ordering::Relaxed);
        self.room.bytes.fetch_add(more, Ordering::Relaxed);
        self.room.settle();
    }
}
