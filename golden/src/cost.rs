//! What a step costs, and whether that is more than it was.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

/// What a step took. Every number is the same on every machine, save the time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Cost {
    /// Instructions of the guest.
    pub instructions: u64,
    /// Most bytes of linear memory.
    pub memory_bytes: u64,
    /// Host calls.
    pub host_calls: u64,
}

/// As it is written into a snapshot's header.
impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { instructions, memory_bytes, host_calls } = self;
        write!(f, "{instructions} instructions, {memory_bytes} bytes, {host_calls} host calls")
    }
}

/// A text that is no cost.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no cost")]
pub struct InvalidCost(String);

impl FromStr for Cost {
    type Err = InvalidCost;

    fn from_str(text: &str) -> Result<Self, InvalidCost> {
        let mut numbers = text.split(", ").map(|part| part.split(' ').next()?.parse().ok());
        let mut next = || numbers.next().flatten().ok_or_else(|| InvalidCost(text.to_owned()));
        Ok(Self { instructions: next()?, memory_bytes: next()?, host_calls: next()? })
    }
}

/// How much more instructions than accepted are too many: `10%`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Allowance(f64);

/// A text that is no allowance.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no percentage; write for example 10%")]
pub struct InvalidAllowance(String);

impl FromStr for Allowance {
    type Err = InvalidAllowance;

    fn from_str(text: &str) -> Result<Self, InvalidAllowance> {
        let number = text.trim().trim_end_matches('%').trim().parse::<f64>();
        match number {
            Ok(percent) if percent.is_finite() && percent >= 0.0 => Ok(Self(percent / 100.0)),
            _ => Err(InvalidAllowance(text.to_owned())),
        }
    }
}

impl Allowance {
    /// Whether `now` is more than is allowed over `accepted`.
    pub fn exceeded(self, accepted: Cost, now: Cost) -> bool {
        change(accepted, now).is_some_and(|change| change > self.0)
    }
}

/// By which part the instructions grew; negative when they shrank. `None` where there is nothing to
/// compare with.
#[expect(clippy::cast_precision_loss, reason = "a ratio for people")]
pub fn change(accepted: Cost, now: Cost) -> Option<f64> {
    let before = accepted.instructions;
    (before > 0).then(|| (now.instructions as f64 - before as f64) / before as f64)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_cost_survives_its_text() {
        let cost = Cost { instructions: 12_345, memory_bytes: 65_536, host_calls: 3 };
        assert_eq!(cost.to_string().parse::<Cost>().unwrap(), cost);
        assert!("fast".parse::<Cost>().is_err());
    }

    #[test]
    fn an_allowance_is_a_part_of_what_was_accepted() {
        let cost = |instructions| Cost { instructions, ..Cost::default() };
        let ten: Allowance = "10%".parse().unwrap();
        assert!(!ten.exceeded(cost(1000), cost(1100)));
        assert!(ten.exceeded(cost(1000), cost(1101)));
        assert!(!ten.exceeded(cost(1000), cost(10)));
        assert!(!ten.exceeded(cost(0), cost(10)), "nothing to compare with");
        assert!("-1%".parse::<Allowance>().is_err());
        assert!("ten".parse::<Allowance>().is_err());
    }
}
