//! Verdicts that cannot be had for nothing.
//!
//! The chain of types: a [`Receipt`] can only be made from something that came from the host over the
//! network (a `hyper` body that is being received, a message of its event channel, an entry of its streams); a [`Fact`] only by
//! a matcher that held for a value on a receipt; a [`Pass`] only from at least one fact. So no path
//! through the runner, however wrong, turns silence into a pass.

use hyper::body::Incoming;
use serde::Serialize;
use serde_json::Value;

use crate::baseline::Known;
use crate::matcher::Matcher;

/// Proof that the host sent something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    origin: Origin,
    exchange: Option<usize>,
}

/// How it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// A response to a request of the suite.
    Response,
    /// A request of the host to one of the suite's servers.
    Request,
    /// A message on the host's event channel, an entry of its streams, or of its cache.
    Event,
}

impl Origin {
    /// All origins.
    pub const ALL: [Self; 3] = [Self::Response, Self::Request, Self::Event];
}

impl Receipt {
    /// For a response whose body is being received. `exchange` is its number in the transcript.
    pub fn of_response(_response: &http::Response<Incoming>, exchange: usize) -> Self {
        Self { origin: Origin::Response, exchange: Some(exchange) }
    }

    /// For a request that one of the suite's servers is receiving.
    pub fn of_request(_request: &http::Request<Incoming>) -> Self {
        Self { origin: Origin::Request, exchange: None }
    }

    /// For a message that arrived on the event channel.
    pub fn of_event(_message: &redis::Msg) -> Self {
        Self { origin: Origin::Event, exchange: None }
    }

    /// For an entry that the host wrote to a stream.
    pub fn of_entry(_entry: &redis::streams::StreamId) -> Self {
        Self { origin: Origin::Event, exchange: None }
    }

    /// For a value that the host keeps in Valkey.
    pub fn of_value(_value: &[u8]) -> Self {
        Self { origin: Origin::Event, exchange: None }
    }

    /// For what Valkey knows of the host's reading of a stream.
    pub fn of_group(_group: &redis::streams::StreamInfoGroup) -> Self {
        Self { origin: Origin::Event, exchange: None }
    }
}

/// Something that was asserted of what the host sent, and holds.
#[derive(Debug, Clone)]
pub struct Fact {
    /// The assertion in words: `status: 404`.
    statement: String,
    origin: Origin,
    /// Number of the exchange in the case's transcript.
    exchange: Option<usize>,
}

impl Fact {
    /// Judges `actual`, which was received with `receipt`. The error says in what it differs.
    pub fn judge(
        receipt: &Receipt,
        subject: &str,
        matcher: &Matcher,
        actual: Option<&Value>,
    ) -> Result<Self, String> {
        matcher.judge(actual).map_err(|difference| format!("{subject}: {difference}"))?;
        let statement = format!("{subject}: {matcher}");
        Ok(Self { statement, origin: receipt.origin, exchange: receipt.exchange })
    }

    /// The assertion in words.
    pub fn statement(&self) -> &str {
        &self.statement
    }

    /// How that of which it is asserted came.
    pub fn origin(&self) -> Origin {
        self.origin
    }

    /// Number of the exchange in the case's transcript.
    pub fn exchange(&self) -> Option<usize> {
        self.exchange
    }
}

/// A pass, with the facts it rests on.
#[derive(Debug, Clone)]
pub struct Pass {
    facts: Vec<Fact>,
}

/// A case ended without a failure and without a fact: the case, or the suite, is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the case asserted nothing of what the host sent")]
pub struct NoEvidence;

impl Pass {
    /// A pass resting on `facts`.
    pub fn new(facts: Vec<Fact>) -> Result<Self, NoEvidence> {
        if facts.is_empty() { Err(NoEvidence) } else { Ok(Self { facts }) }
    }

    /// What it rests on; never empty.
    pub fn facts(&self) -> &[Fact] {
        &self.facts
    }
}

/// Why a case failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What kind of failure.
    pub kind: FailureKind,
    /// The step's number from 1, and its name.
    pub step: Option<String>,
    /// Every expectation that did not hold.
    pub messages: Vec<String>,
    /// Number of the exchange in the transcript.
    pub exchange: Option<usize>,
}

/// Kinds of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// An expectation of the case did not hold.
    Assertion,
    /// A fixture that every conformant host makes could not be made.
    Preparation,
    /// The host sent no response.
    Transport,
    /// The case's deadline passed.
    Deadline,
}

impl FailureKind {
    /// All kinds.
    pub const ALL: [Self; 4] =
        [Self::Assertion, Self::Preparation, Self::Transport, Self::Deadline];
}

impl Failure {
    /// A failure with one message and without a place.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, step: None, messages: vec![message.into()], exchange: None }
    }
}

/// The outcome of a case.
#[derive(Debug, Clone)]
pub enum Verdict {
    /// What it asserted holds.
    Pass(Pass),
    /// It failed, and passed when run again alone.
    Flaky {
        /// The first failure.
        first: Failure,
        /// The pass afterwards.
        pass: Pass,
    },
    /// The host does otherwise than the specification says.
    Fail(Failure),
    /// It failed, or said nothing because its twin failed, and the baseline says that it does.
    KnownFailing {
        /// The failure; absent where it said nothing.
        failure: Option<Failure>,
        /// Why it said nothing.
        why: Option<String>,
        /// What the baseline says.
        known: Known,
    },
    /// It passed, and the baseline says that it fails.
    UnexpectedPass {
        /// The pass.
        pass: Pass,
        /// What the baseline says.
        known: Known,
    },
    /// The host does not claim what the case judges.
    NotApplicable(String),
    /// The host claims it, but something the case needs is missing around it.
    Blocked(String),
    /// Nothing can be said, for instance because the positive twin did not pass.
    Inconclusive(String),
    /// The suite is at fault.
    HarnessError(String),
    /// It was not begun, or not finished, because the run ended.
    NotRun(String),
}

/// The names of verdicts, for counting and reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum VerdictKind {
    /// See [`Verdict::Pass`].
    Pass,
    /// See [`Verdict::Flaky`].
    Flaky,
    /// See [`Verdict::Fail`].
    Fail,
    /// See [`Verdict::KnownFailing`].
    KnownFailing,
    /// See [`Verdict::UnexpectedPass`].
    UnexpectedPass,
    /// See [`Verdict::Blocked`].
    Blocked,
    /// See [`Verdict::Inconclusive`].
    Inconclusive,
    /// See [`Verdict::HarnessError`].
    HarnessError,
    /// See [`Verdict::NotRun`].
    NotRun,
    /// See [`Verdict::NotApplicable`].
    NotApplicable,
}

impl VerdictKind {
    /// All kinds, in the order of summaries.
    pub const ALL: [Self; 10] = [
        Self::Pass,
        Self::Flaky,
        Self::Fail,
        Self::KnownFailing,
        Self::UnexpectedPass,
        Self::Blocked,
        Self::Inconclusive,
        Self::HarnessError,
        Self::NotRun,
        Self::NotApplicable,
    ];

    /// Its name in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Flaky => "flaky",
            Self::Fail => "fail",
            Self::KnownFailing => "known-failing",
            Self::UnexpectedPass => "unexpected-pass",
            Self::Blocked => "blocked",
            Self::Inconclusive => "inconclusive",
            Self::HarnessError => "harness-error",
            Self::NotRun => "not-run",
            Self::NotApplicable => "not-applicable",
        }
    }
}

impl Verdict {
    /// Its kind.
    pub fn kind(&self) -> VerdictKind {
        match self {
            Self::Pass(_) => VerdictKind::Pass,
            Self::Flaky { .. } => VerdictKind::Flaky,
            Self::Fail(_) => VerdictKind::Fail,
            Self::KnownFailing { .. } => VerdictKind::KnownFailing,
            Self::UnexpectedPass { .. } => VerdictKind::UnexpectedPass,
            Self::NotApplicable(_) => VerdictKind::NotApplicable,
            Self::Blocked(_) => VerdictKind::Blocked,
            Self::Inconclusive(_) => VerdictKind::Inconclusive,
            Self::HarnessError(_) => VerdictKind::HarnessError,
            Self::NotRun(_) => VerdictKind::NotRun,
        }
    }

    /// Whether the case passed, at once or alone.
    pub fn passed(&self) -> bool {
        matches!(self, Self::Pass(_) | Self::Flaky { .. } | Self::UnexpectedPass { .. })
    }

    /// The reason, for verdicts that have one and are no failure.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::NotApplicable(reason)
            | Self::Blocked(reason)
            | Self::Inconclusive(reason)
            | Self::HarnessError(reason)
            | Self::NotRun(reason) => Some(reason),
            Self::KnownFailing { why, known, .. } => Some(why.as_ref().unwrap_or(&known.reason)),
            Self::UnexpectedPass { known, .. } => Some(&known.reason),
            Self::Pass(_) | Self::Flaky { .. } | Self::Fail(_) => None,
        }
    }

    /// The failure, also that of a flaky case.
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Fail(failure) | Self::Flaky { first: failure, .. } => Some(failure),
            Self::KnownFailing { failure, .. } => failure.as_ref(),
            _ => None,
        }
    }

    /// What the baseline says of it.
    pub fn known(&self) -> Option<&Known> {
        match self {
            Self::KnownFailing { known, .. } | Self::UnexpectedPass { known, .. } => Some(known),
            _ => None,
        }
    }

    /// The pass, also that of a flaky case.
    pub fn pass(&self) -> Option<&Pass> {
        match self {
            Self::Pass(pass) | Self::Flaky { pass, .. } | Self::UnexpectedPass { pass, .. } => {
                Some(pass)
            }
            _ => None,
        }
    }
}
