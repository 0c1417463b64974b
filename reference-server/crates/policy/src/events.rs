//! How often and when an event is given to a subscriber again (decision E1).

use std::time::Duration;

/// Event decisions.
#[derive(Clone, Debug)]
pub struct EventPolicy {
    /// Deliveries to one subscriber, the first included, before the event is set aside for it: a
    /// guest that fails five times over some seconds fails for a reason that waiting does not mend,
    /// and its later events wait behind this one.
    pub deliveries: u32,
    /// The pause after the first failed delivery. Hosts choose it; the specification has it grow.
    pub first_pause: Duration,
    /// The pause after the failed delivery of that number, counted from 1.
    pub pause: fn(first_pause: Duration, delivery: u32) -> Duration,
}

/// What follows a failed delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The event is given again after this time.
    Again(Duration),
    /// The event is set aside.
    SetAside,
}

impl EventPolicy {
    /// What follows when the delivery of this number, counted from 1, has failed.
    pub fn after_failure(&self, delivery: u32) -> Next {
        if delivery >= self.deliveries {
            return Next::SetAside;
        }
        Next::Again((self.pause)(self.first_pause, delivery))
    }
}

impl Default for EventPolicy {
    fn default() -> Self {
        Self { deliveries: 5, first_pause: Duration::from_millis(200), pause: doubled }
    }
}

/// Each pause is twice as long as the one before.
fn doubled(first_pause: Duration, delivery: u32) -> Duration {
    let doublings = delivery.saturating_sub(1);
    first_pause.saturating_mul(1_u32.checked_shl(doublings).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_growing_pauses_then_the_event_is_set_aside() {
        let policy = EventPolicy { first_pause: Duration::from_secs(1), ..EventPolicy::default() };
        let after: Vec<Next> = (1..=6).map(|delivery| policy.after_failure(delivery)).collect();
        let again = |seconds| Next::Again(Duration::from_secs(seconds));
        let expected = [again(1), again(2), again(4), again(8), Next::SetAside, Next::SetAside];
        assert_eq!(after, expected);
    }

    #[test]
    fn a_pause_of_any_delivery_exists() {
        let policy = EventPolicy { deliveries: u32::MAX, ..EventPolicy::default() };
        let Next::Again(long) = policy.after_failure(1_000) else { panic!("set aside") };
        assert!(long > Duration::from_hours(1));
    }
}
