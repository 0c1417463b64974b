//! Tests of the suite itself: that what it reads is checked, that its verdicts cannot be had for
//! nothing, and that no host, however strange, makes it hang or lie.

#![expect(clippy::unwrap_used, reason = "a test says what it expects by failing")]

mod abilities;
mod aliases;
mod archives;
mod baselines;
mod cases;
mod command;
mod compared;
mod doctor;
mod driven;
mod embedded;
mod hosts;
#[cfg(unix)]
mod init_asks;
mod lanes;
mod ledger;
mod matchers;
mod minimal_host;
mod null_hosts;
mod outbound;
mod peers;
mod recorded;
mod repeated;
mod reports;
mod runs;
mod shards;
mod support;
mod targets;
mod tools;
mod vars;
mod verified;
mod views;
