//! Judging an answer by a step's expectation: all of it, so that a failure says everything at once.

use std::time::Instant;

use crate::case::Expect;
use crate::client::Answer;
use crate::evidence::{Fact, Failure, FailureKind, Receipt};
use crate::expectation::{Check, Checks, Seen};
use crate::vars::Vars;
use crate::world::Trouble;

/// Judges `answer`. `previous` is when the answer of the step before had been received.
pub(super) fn judge(
    answer: &Answer,
    expect: &Expect,
    vars: &Vars,
    previous: Option<Instant>,
) -> Result<Vec<Fact>, Trouble> {
    let headers = answer.headers.iter();
    let seen = Seen {
        status: answer.status,
        headers: headers
            .map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes())))
            .collect(),
        body: &answer.body,
        length: answer.body.len(),
        elapsed: answer.elapsed,
        after_previous: previous.is_some_and(|previous| answer.ended > previous),
    };
    let asked = Checks::of(&seen, expect, vars).map_err(Trouble::Harness)?;
    facts(Some(&answer.receipt), asked, Some(answer.exchange))
}

/// The facts of what came with `receipt`, when all that is asked of it holds. Where nothing came there are
/// none, and what is asked can differ all the same.
pub(super) fn facts(
    receipt: Option<&Receipt>,
    asked: Checks,
    exchange: Option<usize>,
) -> Result<Vec<Fact>, Trouble> {
    let (mut facts, mut differences) = (Vec::new(), Vec::new());
    for Check { subject, matcher, actual } in asked.checks {
        let judged = match receipt {
            Some(receipt) => Fact::judge(receipt, &subject, &matcher, actual.as_ref())
                .map(|fact| facts.push(fact)),
            None => matcher.judge(actual.as_ref()).map_err(|why| format!("{subject}: {why}")),
        };
        differences.extend(judged.err());
    }
    differences.extend(asked.differences);
    if differences.is_empty() {
        return Ok(facts);
    }
    Err(Trouble::Failed(Failure {
        kind: FailureKind::Assertion,
        step: None,
        messages: differences,
        exchange,
    }))
}
