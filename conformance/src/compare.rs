//! Two reports side by side: what got worse first, then what got better, then what else is different.

mod markdown;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use crate::aliases::Aliases;
use crate::evidence::VerdictKind;
use crate::report::{CaseReport, Report};

/// What a difference means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// It passed, and does not any more; or it fails, and did not.
    Regression,
    /// It did not pass, and does now.
    Fix,
    /// It is in the later report only.
    New,
    /// It is in the earlier report only.
    Gone,
    /// Another verdict, neither better nor worse.
    Changed,
    /// It passes at once where it was flaky, or the other way round.
    Flakiness,
}

impl Kind {
    /// All kinds, in the order in which they are shown.
    pub const ALL: [Self; 6] =
        [Self::Regression, Self::Fix, Self::New, Self::Gone, Self::Changed, Self::Flakiness];

    /// Its heading.
    pub fn heading(self) -> &'static str {
        match self {
            Self::Regression => "regressions",
            Self::Fix => "fixes",
            Self::New => "new cases",
            Self::Gone => "cases that are gone",
            Self::Changed => "other verdicts",
            Self::Flakiness => "flakiness",
        }
    }
}

/// One case of which the reports say different things.
#[derive(Debug, Serialize)]
pub struct Difference {
    /// What it means.
    pub kind: Kind,
    /// The case's id in the later report, or in the earlier one where it is gone.
    pub id: String,
    /// Its id in the earlier report, if it was another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub former: Option<String>,
    /// Its slug.
    pub slug: String,
    /// The sentences it judges.
    pub cites: Vec<String>,
    /// The earlier verdict.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<VerdictKind>,
    /// The later one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<VerdictKind>,
    /// What the later report says about it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub why: Vec<String>,
}

/// Two reports, compared.
#[derive(Debug, Serialize)]
pub struct Comparison {
    /// Where the reports are about different things.
    pub remarks: Vec<String>,
    /// All differences, regressions first.
    pub differences: Vec<Difference>,
    /// How many cases have the same verdict in both.
    pub same: usize,
}

impl Comparison {
    /// The differences of one kind.
    pub fn of(&self, kind: Kind) -> impl Iterator<Item = &Difference> {
        self.differences.iter().filter(move |difference| difference.kind == kind)
    }

    /// Whether anything got worse.
    pub fn regressed(&self) -> bool {
        self.of(Kind::Regression).next().is_some()
    }

    /// For people at a terminal.
    pub fn readable(&self) -> String {
        let mut out = String::new();
        for remark in &self.remarks {
            let _ = writeln!(out, "note: {remark}");
        }
        for kind in Kind::ALL {
            let count = self.of(kind).count();
            if count > 0 {
                let _ = writeln!(out, "\n{count} {}", kind.heading());
            }
            for Difference { id, slug, former, why, .. } in self.of(kind) {
                let _ = writeln!(out, "  {id} {slug}: {}", self.verdicts(kind, id));
                if let Some(former) = former {
                    let _ = writeln!(out, "         it was called {former}");
                }
                for message in why {
                    let _ = writeln!(out, "         {message}");
                }
            }
        }
        let _ = writeln!(out, "\n{}", self.headline());
        out
    }

    fn verdicts(&self, kind: Kind, id: &str) -> String {
        let of = self.of(kind).find(|difference| difference.id == id);
        let (before, after) = of.map_or((None, None), |of| (of.before, of.after));
        match (before, after) {
            (Some(before), Some(after)) => format!("{} → {}", before.as_str(), after.as_str()),
            (None, Some(only)) | (Some(only), None) => only.as_str().to_owned(),
            (None, None) => String::new(),
        }
    }

    fn headline(&self) -> String {
        let counts = Kind::ALL.map(|kind| format!("{} {}", self.of(kind).count(), kind.heading()));
        format!("{}; {} cases as before", counts.join(", "), self.same)
    }
}

/// Compares an earlier report with a later one. Former ids stand for what they are called now.
pub fn compare(before: &Report, after: &Report, aliases: &Aliases) -> Comparison {
    fn by_id<'a>(report: &'a Report, aliases: &'a Aliases) -> BTreeMap<&'a str, &'a CaseReport> {
        report.cases.iter().map(|case| (aliases.resolve(&case.id), case)).collect()
    }
    let (old, new) = (by_id(before, aliases), by_id(after, aliases));
    let mut differences = Vec::new();
    let mut same = 0;
    for (id, case) in &new {
        let earlier = old.get(id).copied();
        match kind(earlier.map(|case| case.verdict), Some(case.verdict)) {
            Some(kind) => differences.push(difference(kind, earlier, Some(case), case)),
            None => same += 1,
        }
    }
    let gone = old.iter().filter(|(id, _)| !new.contains_key(*id));
    differences.extend(gone.map(|(_, case)| difference(Kind::Gone, Some(case), None, case)));
    differences.sort_by(|a, b| (a.kind, &a.slug).cmp(&(b.kind, &b.slug)));
    Comparison { remarks: remarks(before, after), differences, same }
}

/// Whether a case with this verdict showed what it asserts.
fn shown(verdict: VerdictKind) -> bool {
    matches!(verdict, VerdictKind::Pass | VerdictKind::Flaky | VerdictKind::UnexpectedPass)
}

fn kind(before: Option<VerdictKind>, after: Option<VerdictKind>) -> Option<Kind> {
    use VerdictKind as V;
    let (before, after) = match (before, after) {
        (None, _) => return Some(Kind::New),
        (_, None) => return Some(Kind::Gone),
        (Some(before), Some(after)) if before == after => return None,
        (Some(before), Some(after)) => (before, after),
    };
    Some(match (shown(before), shown(after)) {
        (true, true) if V::Flaky == before || V::Flaky == after => Kind::Flakiness,
        (true, false) if after != V::NotApplicable => Kind::Regression,
        (false, true) if before != V::NotApplicable => Kind::Fix,
        (false, false) if after == V::Fail && before != V::KnownFailing => Kind::Regression,
        // A host that claims less is judged less: to be seen, and no failure of the host. What failed
        // before, too, has another baseline now.
        _ => Kind::Changed,
    })
}

fn difference(
    kind: Kind,
    before: Option<&CaseReport>,
    after: Option<&CaseReport>,
    case: &CaseReport,
) -> Difference {
    let former = before.map(|before| before.id.clone()).filter(|id| *id != case.id);
    let messages = after.and_then(|after| after.failure.as_ref()).map(|f| f.messages.clone());
    let reason = after.and_then(|after| after.reason.clone());
    Difference {
        kind,
        id: case.id.clone(),
        former,
        slug: case.slug.clone(),
        cites: case.cites.clone(),
        before: before.map(|case| case.verdict),
        after: after.map(|case| case.verdict),
        why: messages.unwrap_or_default().into_iter().chain(reason).collect(),
    }
}

/// What has to be known before the differences are believed.
fn remarks(before: &Report, after: &Report) -> Vec<String> {
    let (a, b) = (&before.header, &after.header);
    let mut remarks = Vec::new();
    let mut say = |what: &str, then: &str, now: &str| {
        if then != now {
            remarks.push(format!("{what}: {then} before, {now} now"));
        }
    };
    say("another host", &a.host.name, &b.host.name);
    say("another version of the suite", &a.suite.version, &b.suite.version);
    say("another edition of the specification", &a.suite.ledger, &b.suite.ledger);
    say("another edition of the cases", &a.suite.cases, &b.suite.cases);
    let words =
        |list: Vec<&str>| if list.is_empty() { "nothing".to_owned() } else { list.join(" ") };
    let claims = |report: &Report| {
        let host = &report.header.host;
        let profiles = host.profiles.iter().map(|profile| profile.as_str());
        words(profiles.chain(host.features.iter().map(|feature| feature.as_str())).collect())
    };
    say("other claims", &claims(before), &claims(after));
    let selection =
        |report: &Report| serde_json::to_string(&report.header.selection).unwrap_or_default();
    say("another selection", &selection(before), &selection(after));
    for (report, which) in [(before, "earlier"), (after, "later")] {
        if let Some(why) = &report.footer.stopped {
            remarks.push(format!("the {which} run ended early: {why}"));
        }
    }
    remarks
}
