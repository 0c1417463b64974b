//! The exit codes of `hostproof`. Scripts may rely on them: a code never changes its meaning.
//!
//! When several apply the first of this order wins: usage, harness error, not conformant,
//! unreachable or blocked, stale baseline, conformant.

/// Every applicable case passed (cases that passed only when run again alone are *flaky*: shown, and no
/// failure), but for those that the baseline says fail.
pub const CONFORMANT: u8 = 0;
/// At least one applicable case failed that the baseline does not cover.
pub const NOT_CONFORMANT: u8 = 1;
/// The command line or the target file is wrong; nothing was judged.
pub const USAGE: u8 = 2;
/// The suite itself is at fault: the ledger's gate is shut, a case is malformed, a report cannot be written.
pub const HARNESS: u8 = 3;
/// Nothing failed, but not everything applicable could be judged: the host is unreachable or died, a
/// case is blocked, inconclusive or not run, the run was interrupted, or no case applied at all.
pub const UNREACHABLE_OR_BLOCKED: u8 = 4;
/// A line of the baseline matched nothing, covers a case that passed, or has expired.
pub const STALE_BASELINE: u8 = 5;
