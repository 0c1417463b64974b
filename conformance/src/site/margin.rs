//! The margin of a sentence: its cases with their last verdicts, its mutants, or why it has no case.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::mutants::{Mutant, Outcome};
use super::{Findings, stem};
use crate::case::Case;
use crate::evidence::VerdictKind;
use crate::ledger::Sentence;
use crate::page::escape;
use crate::suite::Suite;

/// More cases than these are folded.
const UNFOLDED: usize = 4;

/// What all margins are made of.
pub(super) struct Margin<'a> {
    suite: &'a Suite,
    findings: Option<&'a Findings>,
    sentences: BTreeMap<&'a str, &'a Sentence>,
    cases: BTreeMap<&'a str, Vec<&'a Case>>,
    mutants: BTreeMap<&'a str, Vec<&'a Mutant>>,
    hunted: bool,
}

impl<'a> Margin<'a> {
    pub(super) fn new(
        suite: &'a Suite,
        findings: Option<&'a Findings>,
        hunted: Option<&'a [Mutant]>,
    ) -> Self {
        let (mut cases, mut mutants) = (BTreeMap::<_, Vec<_>>::new(), BTreeMap::<_, Vec<_>>::new());
        for case in &suite.cases {
            for id in &case.cites {
                cases.entry(id.as_str()).or_default().push(case);
            }
        }
        for mutant in hunted.unwrap_or_default() {
            for id in &mutant.sentences {
                mutants.entry(id.as_str()).or_default().push(mutant);
            }
        }
        let sentences = suite.ledger.sentences().map(|one| (one.id.as_str(), one)).collect();
        Self { suite, findings, sentences, cases, mutants, hunted: hunted.is_some() }
    }

    pub(super) fn sentence(&self, id: &str) -> Option<&'a Sentence> {
        self.sentences.get(id).copied()
    }

    /// The margin as an `<aside>`.
    pub(super) fn html(&self, sentence: &Sentence) -> String {
        let mut out =
            format!("<aside class=\"margin\" aria-label=\"What guards {}\">", sentence.id);
        if let Some(cases) = self.cases.get(sentence.id.as_str()) {
            self.cases(&mut out, cases);
        } else {
            let reason = self.uncased(&sentence.id);
            let _ = write!(out, "<p class=\"uncased\"><b>No case.</b> {}</p>", code(reason));
        }
        if self.hunted {
            self.mutants(&mut out, self.mutants.get(sentence.id.as_str()).map(Vec::as_slice));
        }
        out.push_str("</aside>");
        out
    }

    fn uncased(&self, id: &str) -> &str {
        let entry = self.suite.ledger.lock.entries.get(id);
        entry.and_then(|entry| entry.uncased.as_deref()).unwrap_or("No reason is written down.")
    }

    fn cases(&self, out: &mut String, cases: &[&Case]) {
        let mut list = "<ul>".to_owned();
        for case in cases {
            let verdict = self.verdict(&case.id);
            let id = self.link(&case.id);
            let slug =
                escape(case.slug.split_once('/').map_or(case.slug.as_str(), |(_, rest)| rest));
            let title = escape(&case.title);
            let seen = verdict.map(mark).unwrap_or_default();
            let _ = write!(list, "<li>{seen}{id} <span title=\"{title}\">{slug}</span></li>");
        }
        list.push_str("</ul>");
        let count = format!("{} case{}", cases.len(), if cases.len() == 1 { "" } else { "s" });
        let tally = self.tally(cases);
        if cases.len() > UNFOLDED {
            let _ = write!(out, "<details><summary>{count}{tally}</summary>{list}</details>");
        } else {
            let _ = write!(out, "<p>{count}{tally}</p>{list}");
        }
    }

    /// `: 12 pass, 1 fail`, with a report.
    fn tally(&self, cases: &[&Case]) -> String {
        if self.findings.is_none() {
            return String::new();
        }
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for case in cases {
            *counts.entry(self.verdict(&case.id).unwrap_or("not in the report")).or_default() += 1;
        }
        let parts: Vec<_> = counts
            .iter()
            .map(|(kind, count)| {
                format!(
                    "<span class=\"seen\" data-verdict=\"{0}\">{count} {0}</span>",
                    escape(kind)
                )
            })
            .collect();
        format!(": {}", parts.join(", "))
    }

    fn mutants(&self, out: &mut String, mutants: Option<&[&Mutant]>) {
        let Some(mutants) = mutants else {
            out.push_str("<p class=\"quiet\">no mutant</p>");
            return;
        };
        let killed = mutants.iter().filter(|mutant| mutant.outcome == Outcome::Killed).count();
        let all = killed == mutants.len();
        let verdict = if all { "pass" } else { "fail" };
        let _ = write!(
            out,
            "<details><summary><span class=\"seen\" data-verdict=\"{verdict}\">{killed}/{}</span> mutants killed</summary><ul>",
            mutants.len()
        );
        for mutant in mutants {
            let verdict = match mutant.outcome {
                Outcome::Killed => "pass",
                Outcome::Survived => "fail",
                Outcome::Other(_) => "not-applicable",
            };
            let _ = write!(
                out,
                "<li><code>{}</code> <span class=\"seen\" data-verdict=\"{verdict}\">{}</span>{}<br>{}</li>",
                escape(&mutant.name),
                escape(mutant.outcome.as_str()),
                self.killers(mutant),
                code(&mutant.what),
            );
        }
        out.push_str("</ul></details>");
    }

    fn killers(&self, mutant: &Mutant) -> String {
        let names = mutant.killed_by.iter().map(|id| self.link(id));
        let names: Vec<_> = names.take(3).collect();
        if names.is_empty() { String::new() } else { format!(" by {}", names.join(", ")) }
    }

    /// The case's id, with its evidence behind it where the report has any.
    fn link(&self, case: &str) -> String {
        let id = escape(case);
        match self.verdict(case) {
            Some(_) => format!("<a href=\"report.html#{id}\"><code>{id}</code></a>"),
            None => format!("<code>{id}</code>"),
        }
    }

    fn verdict(&self, case: &str) -> Option<&'a str> {
        self.findings?.verdicts.get(case).map(String::as_str)
    }

    /// The sentence in the overview: a square in the colour of its worst verdict.
    pub(super) fn square(&self, sentence: &Sentence, page: &str) -> String {
        let cases = self.cases.get(sentence.id.as_str()).map(Vec::as_slice).unwrap_or_default();
        let worst = cases
            .iter()
            .filter_map(|case| self.verdict(&case.id))
            .min_by_key(|verdict| gravity(verdict));
        let words = worst.unwrap_or(if cases.is_empty() { "no case" } else { "not in the report" });
        let verdict = worst.map(|v| format!(" data-verdict=\"{}\"", escape(v))).unwrap_or_default();
        let guarded = if cases.is_empty() { "" } else { " cased" };
        format!(
            "<a class=\"square{guarded}\" tabindex=\"-1\" href=\"{page}.html#{id}\"{verdict} title=\"{id} {words}: {text}\" aria-label=\"{id}, {words}\"></a>",
            id = sentence.id,
            page = stem(page),
            words = escape(words),
            text = escape(&sentence.text),
        )
    }

    /// Killed mutants of these sentences, and all of them.
    pub(super) fn score(&self, sentences: &[Sentence]) -> (usize, usize) {
        let mut seen = BTreeMap::new();
        for sentence in sentences {
            for mutant in self.mutants.get(sentence.id.as_str()).into_iter().flatten() {
                seen.insert(mutant.name.as_str(), mutant.outcome == Outcome::Killed);
            }
        }
        (seen.values().filter(|killed| **killed).count(), seen.len())
    }
}

/// A dot in the verdict's colour, and the word for those who do not see it.
fn mark(verdict: &str) -> String {
    let verdict = escape(verdict);
    format!(
        "<span class=\"dot\" data-verdict=\"{verdict}\" role=\"img\" aria-label=\"{verdict}\" title=\"{verdict}\"></span>"
    )
}

/// What is worst comes first; a kind that is new here is worse than any.
fn gravity(verdict: &str) -> usize {
    use VerdictKind as V;
    let order = [
        V::HarnessError,
        V::Fail,
        V::Inconclusive,
        V::Blocked,
        V::NotRun,
        V::Flaky,
        V::Pass,
        V::NotApplicable,
    ];
    order.iter().position(|kind| kind.as_str() == verdict).map_or(0, |at| at + 1)
}

/// Text in which `code` is code.
fn code(text: &str) -> String {
    let mut out = String::new();
    for (at, part) in text.split('`').enumerate() {
        let part = escape(part);
        let _ =
            if at % 2 == 1 { write!(out, "<code>{part}</code>") } else { write!(out, "{part}") };
    }
    out
}
