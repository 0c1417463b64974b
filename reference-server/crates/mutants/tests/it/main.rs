//! The catalogue of mutants, and that each decision of it is another than the specification's.

mod decisions;
mod form;
mod outbound;
mod statements;

use mutants::find;
use policy::Policy;

/// The policy of a mutant.
fn mutant(name: &str) -> Policy {
    let mut policy = Policy::default();
    find(name).unwrap_or_else(|| panic!("{name} is no mutant")).apply(&mut policy);
    policy
}

/// Asserts what the specification answers, and what the mutant does.
fn differ(name: &str, ask: impl Fn(&Policy) -> String, specification: &str, wrong: &str) {
    assert_eq!(ask(&Policy::default()), specification, "the specification, beside {name}");
    assert_eq!(ask(&mutant(name)), wrong, "{name}");
    assert_ne!(specification, wrong, "{name}");
}
