//! Showing that a run goes on: a bar on a terminal, lines elsewhere. Always on stderr, so that stdout
//! holds nothing but the report.

use std::io::IsTerminal as _;
use std::sync::atomic::{AtomicUsize, Ordering};

use indicatif::{ProgressBar, ProgressStyle};

use crate::evidence::VerdictKind;
use crate::runner::{Outcome, Progress};

/// A bar where stderr is a terminal, lines where it is not.
pub fn progress() -> Box<dyn Progress> {
    if std::io::stderr().is_terminal() { Box::new(Bar::new()) } else { Box::new(Lines::default()) }
}

/// A progress bar.
#[derive(Debug)]
pub struct Bar {
    bar: ProgressBar,
    failed: AtomicUsize,
}

impl Bar {
    fn new() -> Self {
        let bar = ProgressBar::new(0);
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed} {wide_msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self { bar, failed: AtomicUsize::new(0) }
    }
}

impl Progress for Bar {
    fn begin(&self, total: usize) {
        self.bar.set_length(u64::try_from(total).unwrap_or(u64::MAX));
        self.bar.enable_steady_tick(std::time::Duration::from_millis(200));
    }

    fn done(&self, outcome: &Outcome<'_>) {
        let kind = outcome.verdict.kind();
        if kind != VerdictKind::Pass {
            self.failed.fetch_add(1, Ordering::Relaxed);
            self.bar.println(format!("{:>14} {}", kind.as_str(), outcome.case.slug));
        }
        let failed = self.failed.load(Ordering::Relaxed);
        self.bar.inc(1);
        self.bar.set_message(format!("{failed} not passed · {}", outcome.case.slug));
    }

    fn phase(&self, what: &str) {
        self.bar.set_message(what.to_owned());
    }

    fn end(&self) {
        self.bar.finish_and_clear();
    }
}

/// A line per case that did not pass, and one for every tenth of the run.
#[derive(Debug, Default)]
pub struct Lines {
    total: AtomicUsize,
    done: AtomicUsize,
}

impl Progress for Lines {
    fn begin(&self, total: usize) {
        self.total.store(total, Ordering::Relaxed);
        eprintln!("{total} cases to run");
    }

    fn done(&self, outcome: &Outcome<'_>) {
        let kind = outcome.verdict.kind();
        if kind != VerdictKind::Pass {
            eprintln!("{:>14} {}", kind.as_str(), outcome.case.slug);
        }
        let (total, done) =
            (self.total.load(Ordering::Relaxed), self.done.fetch_add(1, Ordering::Relaxed) + 1);
        if done * 10 / total.max(1) > (done - 1) * 10 / total.max(1) {
            eprintln!("{done}/{total} cases");
        }
    }

    fn phase(&self, what: &str) {
        eprintln!("{what}");
    }

    fn end(&self) {}
}

/// Nothing at all.
#[derive(Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _total: usize) {}
    fn done(&self, _outcome: &Outcome<'_>) {}
    fn phase(&self, _what: &str) {}
    fn end(&self) {}
}
