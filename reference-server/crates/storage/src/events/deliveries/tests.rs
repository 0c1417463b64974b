//! The rules of the bookkeeping, against a model, under every interleaving proptest thinks of.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use proptest::prelude::*;
use proptest::sample::Index;

use super::*;

/// What can happen to the bookkeeping.
#[derive(Clone, Debug)]
enum Happens {
    /// An event comes, for the subscribers whose bits are set.
    Event(u8),
    /// Deliveries begin, as many as may.
    Begin,
    /// One of the running deliveries is settled.
    Settle(Index),
}

fn happenings() -> impl Strategy<Value = Vec<Happens>> {
    let one = prop_oneof![
        2 => (0_u8..16).prop_map(Happens::Event),
        2 => Just(Happens::Begin),
        3 => any::<Index>().prop_map(Happens::Settle),
    ];
    proptest::collection::vec(one, 0..200)
}

/// The same, said slowly.
#[derive(Default)]
struct Model {
    /// Per subscriber, what it has still to get.
    expected: BTreeMap<String, VecDeque<String>>,
    /// Per event, who has not settled it.
    unsettled: BTreeMap<String, BTreeSet<String>>,
    running: Vec<Delivery>,
    completed: Vec<String>,
}

impl Model {
    fn event(&mut self, deliveries: &mut Deliveries, number: usize, bits: u8) {
        let entry: Arc<str> = format!("{number}-0").into();
        let subscribers: Vec<Arc<str>> =
            (0..4).filter(|bit| bits >> bit & 1 == 1).map(|bit| format!("s{bit}").into()).collect();
        let complete = deliveries.add(&entry, subscribers.iter().cloned());
        assert_eq!(complete, subscribers.is_empty());
        for subscriber in &subscribers {
            let queue = self.expected.entry(subscriber.to_string()).or_default();
            queue.push_back(entry.to_string());
        }
        if complete {
            self.complete(deliveries, &entry);
        } else {
            let names = subscribers.iter().map(ToString::to_string).collect();
            self.unsettled.insert(entry.to_string(), names);
        }
    }

    fn begin(&mut self, deliveries: &mut Deliveries) {
        while let Some(delivery) = deliveries.begin() {
            let busy = self.running.iter().any(|one| one.subscriber == delivery.subscriber);
            assert!(!busy, "two deliveries of one subscriber at a time");
            let next = self.expected.get_mut(&*delivery.subscriber).and_then(VecDeque::pop_front);
            assert_eq!(next.as_deref(), Some(&*delivery.entry), "out of order");
            self.running.push(delivery);
        }
        let idle = self.expected.iter().filter(|(name, waiting)| {
            !waiting.is_empty() && !self.running.iter().any(|one| *one.subscriber == ***name)
        });
        assert_eq!(idle.count(), 0, "somebody waits and nothing keeps them from it");
    }

    fn settle(&mut self, deliveries: &mut Deliveries, which: Index) {
        if !self.running.is_empty() {
            let delivery = self.running.remove(which.index(self.running.len()));
            self.settle_one(deliveries, &delivery);
        }
    }

    fn settle_one(&mut self, deliveries: &mut Deliveries, delivery: &Delivery) {
        let complete = deliveries.settle(delivery);
        let unsettled = self.unsettled.get_mut(&*delivery.entry).expect("it is open");
        assert!(unsettled.remove(&*delivery.subscriber), "settled twice");
        assert_eq!(complete, unsettled.is_empty());
        assert!(deliveries.is_open(&delivery.entry), "open until it is put away");
        if complete {
            self.complete(deliveries, &delivery.entry);
        }
    }

    fn complete(&mut self, deliveries: &mut Deliveries, entry: &str) {
        self.unsettled.remove(entry);
        assert!(!self.completed.iter().any(|done| done == entry), "complete twice");
        self.completed.push(entry.to_owned());
        deliveries.close(entry);
        assert!(!deliveries.is_open(entry));
    }
}

proptest! {
    #[test]
    fn order_turns_and_completion_hold_whatever_happens(happenings in happenings()) {
        let mut deliveries = Deliveries::default();
        let mut model = Model::default();
        let mut events = 0;
        for happens in happenings {
            match happens {
                Happens::Event(bits) => {
                    model.event(&mut deliveries, events, bits);
                    events += 1;
                }
                Happens::Begin => model.begin(&mut deliveries),
                Happens::Settle(which) => model.settle(&mut deliveries, which),
            }
            prop_assert_eq!(deliveries.open().len(), model.unsettled.len());
        }
        // In the end everybody gets everything.
        loop {
            model.begin(&mut deliveries);
            let Some(delivery) = model.running.pop() else { break };
            model.settle_one(&mut deliveries, &delivery);
        }
        prop_assert_eq!(model.completed.len(), events);
        prop_assert_eq!(deliveries.open().len(), 0);
        prop_assert!(deliveries.queues.is_empty(), "nothing is left behind");
    }
}
