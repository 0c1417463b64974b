//! A report for people.

use std::fmt::Write as _;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use owo_colors::{OwoColorize as _, Style};

use super::{Report, ScenarioReport, StepReport, Verdict};
use crate::cost;
use crate::coverage::Unused;

/// Instructions that grew by less are not worth a line.
const NOTABLE: f64 = 0.01;

/// A bar for as long as scenarios run; hidden where nobody looks.
pub fn progress(scenarios: usize) -> ProgressBar {
    let bar = ProgressBar::new(scenarios as u64);
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} scenarios {msg}");
    bar.set_style(style.expect("a constant template"));
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

/// How it is shown.
#[derive(Clone, Copy, Debug)]
struct Look {
    colour: bool,
}

impl Look {
    fn paint(self, text: &str, style: Style) -> String {
        if self.colour { text.style(style).to_string() } else { text.to_owned() }
    }
}

/// The report of one plugin. `costs` lists what every step cost.
pub fn terminal(report: &Report, colour: bool, costs: bool) -> String {
    let look = Look { colour };
    let mut out = String::new();
    for scenario in &report.scenarios {
        self::scenario(&mut out, scenario, look);
        if costs {
            self::costs(&mut out, scenario);
        }
    }
    if !costs {
        for scenario in &report.scenarios {
            grown(&mut out, scenario);
        }
    }
    for (what, list) in report.unused.iter().flat_map(Unused::lists) {
        for entry in list {
            let _ = writeln!(out, "never exercised: {what}: {entry}");
        }
    }
    summary(&mut out, report, look);
    out
}

fn scenario(out: &mut String, scenario: &ScenarioReport, look: Look) {
    let (word, style) = match scenario.verdict {
        Verdict::Passed => ("pass", Style::new().green()),
        Verdict::Failed => ("FAIL", Style::new().red().bold()),
        Verdict::New => ("new", Style::new().yellow().bold()),
        Verdict::Broken => ("BROKEN", Style::new().red().bold()),
    };
    let calls: u64 = scenario.steps.iter().map(|step| step.cost.host_calls).sum();
    let word = look.paint(&format!("{word:>6}"), style);
    let _ = write!(out, "{word} {}", scenario.name);
    if scenario.verdict == Verdict::Broken {
        out.push('\n');
    } else {
        let _ = writeln!(out, " ({calls} host calls, {:.1} ms)", scenario.elapsed_ms);
    }
    for failure in &scenario.failures {
        match (&failure.step, failure.line) {
            (Some(step), Some(line)) => {
                let _ = writeln!(out, "       {}:{line}: {step}", scenario.file);
            }
            (Some(step), None) => {
                let _ = writeln!(out, "       {step}");
            }
            (None, _) => {}
        }
        for line in failure.message.lines() {
            let _ = writeln!(out, "         {line}");
        }
    }
    if let Some(difference) = &scenario.difference {
        for line in difference.lines() {
            let style = match line.chars().next() {
                Some('-') => Style::new().red(),
                Some('+') => Style::new().green(),
                Some('@') => Style::new().cyan(),
                _ => Style::new(),
            };
            let _ = writeln!(out, "       {}", look.paint(line, style));
        }
    }
    if scenario.unplayed_answers > 0 {
        let count = scenario.unplayed_answers;
        let _ = writeln!(
            out,
            "       {count} recorded answer(s) nobody asked for; `golden record` leaves them out"
        );
    }
}

fn costs(out: &mut String, scenario: &ScenarioReport) {
    for step in &scenario.steps {
        let _ = writeln!(
            out,
            "       {:>14} instructions {:>10} bytes {:>4} host calls  {}{}",
            step.cost.instructions,
            step.cost.memory_bytes,
            step.cost.host_calls,
            step.name,
            grown_by(step).map(|by| format!(" ({by})")).unwrap_or_default(),
        );
    }
}

/// Steps that cost notably more or less than when they were accepted.
fn grown(out: &mut String, scenario: &ScenarioReport) {
    for step in &scenario.steps {
        if let Some(by) = grown_by(step) {
            let _ = writeln!(out, "cost: {}: {}: {by}", scenario.name, step.name);
        }
    }
}

fn grown_by(step: &StepReport) -> Option<String> {
    let accepted = step.accepted?;
    let change = cost::change(accepted, step.cost)?;
    let memory = step.cost.memory_bytes != accepted.memory_bytes;
    if change.abs() < NOTABLE && !memory {
        return None;
    }
    let mut text = format!(
        "{} -> {} instructions ({:+.1}%)",
        accepted.instructions,
        step.cost.instructions,
        change * 100.0
    );
    if memory {
        let _ = write!(text, ", {} -> {} bytes", accepted.memory_bytes, step.cost.memory_bytes);
    }
    Some(text)
}

fn summary(out: &mut String, report: &Report, look: Look) {
    let total = report.scenarios.len();
    let passed = report.count(Verdict::Passed);
    let style = if report.passed() { Style::new().green() } else { Style::new().red() };
    let words = look.paint(&format!("{passed}/{total} scenarios passed"), style);
    let _ = writeln!(
        out,
        "{}: {words} in {} ms (compiled in {} ms)",
        report.plugin, report.elapsed_ms, report.compile_ms
    );
    let waiting = report.scenarios.iter().filter(|it| it.pending.is_some()).count();
    if waiting > 0 {
        let _ = writeln!(
            out,
            "{waiting} snapshot(s) wait: `golden review {0}` shows them, `golden accept {0}` takes them all",
            report.folder
        );
    }
}
