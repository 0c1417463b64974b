//! The rows of the table, and how they are printed.

use serde::{Deserialize, Serialize};

use crate::curves::Curves;

/// One ratio.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Row {
    /// The bench, or the part of the command, that asked.
    #[serde(default)]
    pub(crate) question: String,
    /// What is put into proportion to what.
    pub(crate) what: String,
    /// The median of the runs.
    pub(crate) ratio: f64,
    /// The lowest run.
    pub(crate) lowest: f64,
    /// The highest run.
    pub(crate) highest: f64,
    /// The budget: no more than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) at_most: Option<f64>,
    /// The budget: no less than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) at_least: Option<f64>,
    /// One call of the baseline at its best, where calls were timed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) baseline_ns: Option<f64>,
    /// One call of what is measured at its best.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) measured_ns: Option<f64>,
    /// Where it lies on a curve.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) point: Option<Point>,
}

/// A place on a curve.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Point {
    /// The curve.
    pub(crate) line: String,
    /// What grows.
    pub(crate) by: String,
    /// How much of it there was.
    pub(crate) x: usize,
}

impl Row {
    /// A row of the ratios of paired runs.
    pub(crate) fn of_runs(question: &str, what: &str, mut ratios: Vec<f64>) -> Self {
        ratios.sort_by(f64::total_cmp);
        let at = |index: usize| ratios.get(index).copied().unwrap_or(f64::NAN);
        Self {
            question: question.to_owned(),
            what: what.to_owned(),
            ratio: at(ratios.len() / 2),
            lowest: at(0),
            highest: at(ratios.len().saturating_sub(1)),
            at_most: None,
            at_least: None,
            baseline_ns: None,
            measured_ns: None,
            point: None,
        }
    }

    /// Whether the budget is met, where there is one.
    pub(crate) fn is_met(&self) -> Option<bool> {
        match (self.at_most, self.at_least) {
            (None, None) => None,
            (most, least) => Some(
                most.is_none_or(|most| self.ratio <= most)
                    && least.is_none_or(|least| self.ratio >= least),
            ),
        }
    }

    fn budget(&self) -> String {
        let verdict = if self.is_met() == Some(true) { "met" } else { "missed" };
        match (self.at_most, self.at_least) {
            (Some(most), _) => format!("at most {most}: {verdict}"),
            (_, Some(least)) => format!("at least {least}: {verdict}"),
            (None, None) => String::new(),
        }
    }

    fn time(&self) -> String {
        let Some(nanoseconds) = self.measured_ns else { return String::new() };
        match nanoseconds {
            short if short < 1e3 => format!("{short:.0} ns"),
            short if short < 1e6 => format!("{:.2} µs", short / 1e3),
            long => format!("{:.2} ms", long / 1e6),
        }
    }
}

/// Prints all rows, for people.
pub(crate) fn print(rows: &[Row]) {
    let width = rows.iter().map(|row| row.what.chars().count()).max().unwrap_or_default();
    let columns = ["ratio", "runs", "each", "budget"];
    println!(
        "{:<12} {:<width$} {:>9}  {:<18} {:>10}  {}",
        "question", "what", columns[0], columns[1], columns[2], columns[3]
    );
    for row in rows {
        let runs = format!("{:.2} to {:.2}", row.lowest, row.highest);
        let line = format!(
            "{:<12} {:<width$} {:>9.2}  {runs:<18} {:>10}  {}",
            row.question,
            row.what,
            row.ratio,
            row.time(),
            row.budget(),
        );
        println!("{}", line.trim_end());
    }
    println!(
        "ratio: the median of paired runs, in which both take turns; runs: the lowest and the highest of them; \
         each: one call of what is measured"
    );
}

/// The rows that are points of curves: one picture for each question, with the time of one call.
pub(crate) fn curves(rows: &[Row]) -> Vec<Curves> {
    let mut pictures: Vec<Curves> = Vec::new();
    for row in rows {
        let (Some(Point { line, by, x }), Some(ns)) = (&row.point, row.measured_ns) else {
            continue;
        };
        let point = (line.clone(), *x, ns / 1e3);
        match pictures.iter_mut().find(|picture| picture.file == row.question) {
            Some(picture) => picture.points.push(point),
            None => pictures.push(Curves {
                file: row.question.clone(),
                title: format!("{}, by {by}", row.question),
                x: by.clone(),
                y: "µs",
                points: vec![point],
            }),
        }
    }
    pictures
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_met_or_missed_by_the_median() {
        let mut row = Row::of_runs("http", "a / b", vec![0.9, 0.6, 0.7]);
        assert_eq!((row.lowest, row.ratio, row.highest), (0.6, 0.7, 0.9));
        assert_eq!(row.is_met(), None);
        row.at_least = Some(0.7);
        assert_eq!(row.is_met(), Some(true));
        row.at_least = Some(0.71);
        assert_eq!(row.is_met(), Some(false));
        row.at_least = None;
        row.at_most = Some(0.7);
        assert_eq!(row.is_met(), Some(true));
    }
}
