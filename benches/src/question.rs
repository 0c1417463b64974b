//! A question with its ratios: measured, printed, and written down for `cargo xtask bench`.

use std::{env, fmt::Write as _, fs, path::PathBuf};

use serde::Serialize;

use crate::ratio;

/// Names the folder where the answers go, a file for each question.
pub const ANSWERS_VARIABLE: &str = "HOSTPROOF_BENCH_ANSWERS";

/// What is asked by one file of benches.
#[derive(Debug)]
pub struct Question {
    name: &'static str,
    measures: bool,
    answers: Vec<Answer>,
}

/// One line of the table.
#[derive(Clone, Debug, Serialize)]
pub struct Answer {
    /// What is put into proportion to what.
    pub what: String,
    /// How many times as long it takes: the median of five runs' medians.
    pub ratio: f64,
    /// The lowest run's median.
    pub lowest: f64,
    /// The highest run's median.
    pub highest: f64,
    /// One call of the baseline, in nanoseconds, at its best.
    pub baseline_ns: f64,
    /// One call of what is measured, in nanoseconds, at its best.
    pub measured_ns: f64,
    /// The budget, if there is one: the ratio is to be at most this.
    pub at_most: Option<f64>,
    /// The budget, if there is one: the ratio is to be at least this.
    pub at_least: Option<f64>,
    /// Where it lies on a curve, if it is part of one.
    pub point: Option<Point>,
}

/// A place on a curve: how much there was of what grows.
#[derive(Clone, Debug, Serialize)]
pub struct Point {
    /// The curve.
    pub line: String,
    /// What grows.
    pub by: String,
    /// How much of it there was.
    pub x: usize,
}

/// What was just asked; nothing in a trial.
#[derive(Debug)]
pub struct Asked<'a>(Option<&'a mut Answer>);

impl Asked<'_> {
    /// Makes it a point of a curve.
    pub fn at(self, line: &str, by: &str, x: usize) {
        if let Some(answer) = self.0 {
            answer.point = Some(Point { line: line.to_owned(), by: by.to_owned(), x });
        }
    }
}

impl Question {
    /// A question, by its file's name.
    pub fn new(name: &'static str) -> Self {
        // Cargo says so to a bench that is to be measured; a test's trial or a listing only has to show
        // that it runs.
        let measures = env::args().any(|argument| argument == "--bench");
        Self { name, measures, answers: Vec::new() }
    }

    /// Asks how many times as long `measured` takes as `baseline`.
    pub fn ask(&mut self, what: &str, baseline: impl FnMut(), measured: impl FnMut()) -> Asked<'_> {
        self.put(what, (None, None), baseline, measured)
    }

    /// The same, where that is to be at most `budget`.
    pub fn ask_within(
        &mut self,
        budget: f64,
        what: &str,
        baseline: impl FnMut(),
        measured: impl FnMut(),
    ) {
        self.put(what, (Some(budget), None), baseline, measured);
    }

    /// The same, where that is to be at least `budget`: `measured` is somebody else.
    pub fn ask_at_least(
        &mut self,
        budget: f64,
        what: &str,
        baseline: impl FnMut(),
        measured: impl FnMut(),
    ) {
        self.put(what, (None, Some(budget)), baseline, measured);
    }

    fn put(
        &mut self,
        what: &str,
        (at_most, at_least): (Option<f64>, Option<f64>),
        mut baseline: impl FnMut(),
        mut measured: impl FnMut(),
    ) -> Asked<'_> {
        if !self.measures {
            baseline();
            measured();
            return Asked(None);
        }
        let ratio = ratio(baseline, measured);
        let answer = Answer {
            what: what.to_owned(),
            ratio: ratio.median,
            lowest: ratio.lowest,
            highest: ratio.highest,
            baseline_ns: ratio.baseline_ns,
            measured_ns: ratio.measured_ns,
            at_most,
            at_least,
            point: None,
        };
        println!("{}: {}", self.name, answer.line());
        self.answers.push(answer);
        Asked(self.answers.last_mut())
    }

    /// Writes the answers down where `HOSTPROOF_BENCH_ANSWERS` says.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn answered(self) -> std::io::Result<()> {
        let Some(folder) = env::var_os(ANSWERS_VARIABLE).map(PathBuf::from) else { return Ok(()) };
        if !self.measures {
            return Ok(());
        }
        fs::create_dir_all(&folder)?;
        let text = serde_json::to_string_pretty(&self.answers)?;
        fs::write(folder.join(format!("{}.json", self.name)), text)
    }
}

impl Answer {
    fn line(&self) -> String {
        let Self { what, ratio, lowest, highest, .. } = self;
        let mut line = format!("{what:<58} {ratio:>8.2} ({lowest:.2} to {highest:.2})");
        if let Some(budget) = self.at_most {
            let _ = write!(line, ", at most {budget}");
        }
        if let Some(budget) = self.at_least {
            let _ = write!(line, ", at least {budget}");
        }
        line
    }
}
