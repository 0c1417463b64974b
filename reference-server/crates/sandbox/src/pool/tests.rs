//! Pools and their room, without guests: any sequence of calls, ends, evictions and closings.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::room::{Place, Room};
use super::{Aside, Bounds, Caller, Inhabitant, Lease, Leaving, NoLease, Pool, Seat};

const RUNNING: usize = 3;
const CALLS: usize = 6;
const IDLE: usize = 2;
const SLOTS: usize = 5;
const BYTES: usize = 8;
/// Longer than any test.
const EVER: Duration = Duration::from_hours(1);

/// Takes the place of a guest.
struct Puppet {
    place: Place,
    told: Arc<AtomicUsize>,
}

impl Inhabitant for Puppet {
    fn leave(self, _why: Leaving, aside: Aside) {
        self.told.fetch_add(1, Ordering::Relaxed);
        drop((self, aside));
    }

    fn evicted(mut self) {
        self.place.quietly();
    }
}

type Waiting = Pin<Box<dyn Future<Output = Result<Lease<Puppet>, NoLease>>>>;

/// One plugin of the test.
struct Plugin {
    pool: Arc<Pool<Puppet>>,
    running: Vec<(Lease<()>, Puppet)>,
    waiting: Vec<(Caller, Waiting)>,
    told: Arc<AtomicUsize>,
    /// How often it let go of what only a plugin in use needs.
    cooled: Arc<AtomicUsize>,
    closed: bool,
}

impl Plugin {
    fn new(room: &Arc<Room>) -> Self {
        let bounds = Bounds { running: RUNNING, calls: CALLS, idle: IDLE, first_bytes: 1 };
        let cooled = Arc::<AtomicUsize>::default();
        let when_cold = Arc::clone(&cooled);
        Self {
            pool: Pool::new(bounds, Arc::clone(room), move || {
                when_cold.fetch_add(1, Ordering::Relaxed);
            }),
            running: Vec::new(),
            waiting: Vec::new(),
            told: Arc::default(),
            cooled,
            closed: false,
        }
    }

    fn begins(&mut self, lease: Lease<Puppet>) {
        let puppet = match lease.seat {
            Seat::Warm(puppet) => puppet,
            Seat::Empty(place) => Puppet { place, told: Arc::clone(&self.told) },
        };
        self.running.push((Lease { seat: Seat::Warm(()), turn: lease.turn }, puppet));
    }

    /// Lets whoever got something have it; whether anybody did.
    async fn progress(&mut self) -> bool {
        let waiting = std::mem::take(&mut self.waiting);
        let mut progress = false;
        for (caller, mut call) in waiting {
            match futures_util::poll!(call.as_mut()) {
                Poll::Pending => self.waiting.push((caller, call)),
                Poll::Ready(Ok(lease)) => {
                    self.begins(lease);
                    progress = true;
                }
                Poll::Ready(Err(NoLease::Closed)) => assert!(self.closed),
                Poll::Ready(Err(other)) => panic!("refused while it waited: {other:?}"),
            }
        }
        progress
    }
}

#[derive(Clone, Debug)]
enum Step {
    /// A call comes.
    Call { plugin: usize, bus: bool },
    /// A call ends in order.
    End { plugin: usize, which: usize },
    /// A call ends otherwise.
    Trap { plugin: usize, which: usize },
    /// A guest's memory grows.
    Grow { plugin: usize, which: usize, bytes: usize },
    /// Somebody does not wait any more.
    GiveUp { plugin: usize, which: usize },
    /// Time passes.
    Shrink,
    /// So many plugins stay warm.
    Cool { warm: usize },
    /// A plugin is unloaded.
    Close { plugin: usize },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let plugin = 0..3_usize;
    let which = 0..8_usize;
    let step = prop_oneof![
        8 => (plugin.clone(), prop::bool::weighted(0.1))
            .prop_map(|(plugin, bus)| Step::Call { plugin, bus }),
        5 => (plugin.clone(), which.clone()).prop_map(|(plugin, which)| Step::End { plugin, which }),
        1 => (plugin.clone(), which.clone()).prop_map(|(plugin, which)| Step::Trap { plugin, which }),
        2 => (plugin.clone(), which.clone(), 1..4_usize)
            .prop_map(|(plugin, which, bytes)| Step::Grow { plugin, which, bytes }),
        1 => (plugin.clone(), which).prop_map(|(plugin, which)| Step::GiveUp { plugin, which }),
        1 => Just(Step::Shrink),
        1 => (0..4_usize).prop_map(|warm| Step::Cool { warm }),
        1 => plugin.prop_map(|plugin| Step::Close { plugin }),
    ];
    prop::collection::vec(step, 1..120)
}

struct World {
    room: Arc<Room>,
    plugins: Vec<Plugin>,
}

impl World {
    fn new() -> Self {
        let room = Room::new(SLOTS, BYTES);
        let plugins = (0..3).map(|_| Plugin::new(&room)).collect();
        Self { room, plugins }
    }

    async fn take(&mut self, step: Step) {
        match step {
            Step::Call { plugin, bus } => {
                let plugin = &mut self.plugins[plugin];
                let caller = if bus { Caller::Bus } else { Caller::Client };
                let there = plugin.running.len() + plugin.waiting.len();
                let pool = Arc::clone(&plugin.pool);
                let mut call: Waiting = Box::pin(async move { pool.lease(caller, EVER).await });
                match futures_util::poll!(call.as_mut()) {
                    Poll::Pending => plugin.waiting.push((caller, call)),
                    Poll::Ready(Ok(lease)) => plugin.begins(lease),
                    Poll::Ready(Err(NoLease::Full(calls))) => {
                        assert!(!bus && calls == there && calls >= CALLS);
                    }
                    Poll::Ready(Err(refused)) => {
                        assert!(refused == NoLease::Closed && plugin.closed, "{refused:?}");
                    }
                }
            }
            Step::End { plugin, which } => {
                let plugin = &mut self.plugins[plugin];
                if let Some((lease, puppet)) = take(&mut plugin.running, which) {
                    plugin.pool.give_back(puppet, Instant::now());
                    drop(lease);
                }
            }
            Step::Trap { plugin, which } => drop(take(&mut self.plugins[plugin].running, which)),
            Step::Grow { plugin, which, bytes } => {
                let running = &self.plugins[plugin].running;
                if let Some((_, puppet)) = running.get(which % running.len().max(1)) {
                    puppet.place.growth().reached(bytes);
                }
            }
            Step::GiveUp { plugin, which } => drop(take(&mut self.plugins[plugin].waiting, which)),
            Step::Shrink => self.room.shrink(Instant::now()),
            Step::Cool { warm } => {
                self.room.cool(warm, Instant::now());
                let still = self.plugins.iter().filter(|plugin| room_idle(plugin) > 0).count();
                assert!(still <= warm, "{still} plugins have idle instances");
            }
            Step::Close { plugin } => {
                let plugin = &mut self.plugins[plugin];
                plugin.closed = true;
                drop(plugin.pool.close());
            }
        }
        while self.progress().await {}
        self.check();
    }

    async fn progress(&mut self) -> bool {
        let mut progress = false;
        for plugin in &mut self.plugins {
            progress |= plugin.progress().await;
        }
        progress
    }

    fn check(&self) {
        let full = self.room.fullness();
        let (mut slots, mut bytes) = (0, 0);
        for plugin in &self.plugins {
            let idle = room_idle(plugin);
            assert!(plugin.running.len() <= RUNNING);
            assert!(idle <= IDLE);
            assert!(!plugin.closed || (idle == 0 && plugin.waiting.is_empty()));
            slots += plugin.running.len() + idle;
            bytes += plugin.pool.member.bytes();
            // Nobody waits for what is there.
            let held_up = plugin.running.len() < RUNNING && !plugin.waiting.is_empty();
            assert!(!held_up || idle == 0, "an idle instance, and a call that waits for one");
            assert!(!held_up || full.slots == SLOTS || full.bytes + 1 > BYTES);
            // Each gets one, whatever the memory.
            let has_none = plugin.running.is_empty() && held_up;
            assert!(!has_none || full.slots == SLOTS, "a plugin without any instance waits");
            if held_up {
                let idle: usize = self.plugins.iter().map(room_idle).sum();
                assert_eq!(idle, 0, "a call waits for room that idle instances have");
            }
        }
        assert_eq!((full.slots, full.bytes), (slots, bytes));
        assert!(full.slots <= SLOTS);
        let idle: usize = self.plugins.iter().map(room_idle).sum();
        assert!(full.bytes <= BYTES || idle == 0, "beyond the budget nothing idles");
    }

    /// All calls end, and so does everything else.
    async fn end(mut self) {
        loop {
            let running = self.plugins.iter().position(|plugin| !plugin.running.is_empty());
            let Some(plugin) = running else { break };
            self.take(Step::End { plugin, which: 0 }).await;
        }
        for plugin in 0..self.plugins.len() {
            assert!(self.plugins[plugin].waiting.is_empty(), "somebody was forgotten");
            self.take(Step::Close { plugin }).await;
            self.plugins[plugin].pool.wait_until_unused().await;
        }
        let full = self.room.fullness();
        assert_eq!((full.slots, full.bytes, full.waiting), (0, 0, 0));
    }
}

fn room_idle(plugin: &Plugin) -> usize {
    super::room::Tenant::idle(&*plugin.pool)
}

fn take<T>(list: &mut Vec<T>, which: usize) -> Option<T> {
    (!list.is_empty()).then(|| list.remove(which % list.len()))
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
}

proptest! {
    #[test]
    fn whatever_happens_bounds_hold_and_nobody_waits_for_what_is_there(steps in steps()) {
        block_on(async {
            let mut world = World::new();
            for step in steps {
                world.take(step).await;
            }
            world.end().await;
        });
    }
}

#[test]
fn of_those_that_wait_for_room_the_plugin_with_the_fewest_instances_is_next() {
    block_on(async {
        let mut world = World::new();
        // One takes all it may, a second the rest, and both want more; the third has nothing.
        for plugin in [0, 0, 0, 1, 1] {
            world.take(Step::Call { plugin, bus: false }).await;
        }
        world.take(Step::Call { plugin: 1, bus: false }).await;
        world.take(Step::Call { plugin: 2, bus: false }).await;
        assert_eq!(world.plugins[2].running.len(), 0);
        world.take(Step::Trap { plugin: 0, which: 0 }).await;
        assert_eq!(world.plugins[2].running.len(), 1, "it came later and had nothing");
        assert_eq!(world.plugins[1].running.len(), 2);
        world.end().await;
    });
}

#[test]
fn a_first_instance_beyond_the_budget_takes_the_place_of_an_idle_one() {
    block_on(async {
        let mut world = World::new();
        for plugin in [1, 1, 2] {
            world.take(Step::Call { plugin, bus: false }).await;
        }
        world.take(Step::Grow { plugin: 1, which: 0, bytes: BYTES - 2 }).await;
        world.take(Step::End { plugin: 1, which: 0 }).await;
        assert_eq!(world.room.fullness().bytes, BYTES);
        assert_eq!(room_idle(&world.plugins[1]), 1);
        world.take(Step::Call { plugin: 0, bus: false }).await;
        assert_eq!(world.plugins[0].running.len(), 1);
        assert_eq!(room_idle(&world.plugins[1]), 0);
        world.end().await;
    });
}

#[test]
fn those_that_were_used_last_stay_warm() {
    block_on(async {
        let mut world = World::new();
        for plugin in [0, 1, 2] {
            world.take(Step::Call { plugin, bus: false }).await;
        }
        let began = Instant::now();
        for plugin in [1, 2, 0] {
            world.take(Step::End { plugin, which: 0 }).await;
        }
        let warm = |world: &World| world.plugins.iter().map(room_idle).collect::<Vec<_>>();
        world.room.cool(1, began);
        assert_eq!(warm(&world), [1, 1, 1], "all were used since then");
        world.room.cool(2, Instant::now());
        assert_eq!(warm(&world), [1, 0, 1]);
        world.room.cool(1, Instant::now());
        assert_eq!(warm(&world), [1, 0, 0]);
        let counts = |of: fn(&Plugin) -> &AtomicUsize| {
            world
                .plugins
                .iter()
                .map(|plugin| of(plugin).load(Ordering::Relaxed))
                .collect::<Vec<_>>()
        };
        assert_eq!(counts(|plugin| &plugin.told), [0, 0, 0], "nobody is told");
        assert_eq!(counts(|plugin| &plugin.cooled), [0, 1, 1], "their code goes, too, and once");
        assert_eq!(world.room.fullness().slots, 1);
        world.end().await;
    });
}

#[test]
fn a_turn_that_is_handed_to_somebody_who_left_goes_on_to_the_next() {
    block_on(async {
        let mut world = World::new();
        for _ in 0..RUNNING + 2 {
            world.take(Step::Call { plugin: 0, bus: false }).await;
        }
        // The turn is handed over, and the call is dropped before it looks.
        let (lease, puppet) = world.plugins[0].running.remove(0);
        world.plugins[0].pool.give_back(puppet, Instant::now());
        drop(lease);
        drop(world.plugins[0].waiting.remove(0));
        while world.progress().await {}
        assert_eq!(world.plugins[0].running.len(), RUNNING);
        world.end().await;
    });
}
