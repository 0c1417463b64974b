//! A host of another make: in Python, by the text of the specification. The suite gives it full marks for
//! what applies to it, and notices each of its mistakes.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use hostproof::case::Tier;
use hostproof::evidence::VerdictKind as V;
use hostproof::exit;
use hostproof::report::Report;
use hostproof::sources::Sources;
use hostproof::suite::Suite;
use hostproof::target::Target;

use crate::support::run;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/hosts/minimal");

pub(crate) struct Minimal {
    process: Child,
    pub(crate) url: String,
}

impl Minimal {
    pub(crate) fn start(mistake: Option<&str>) -> Self {
        let mut command = Command::new("python3");
        command.arg(format!("{FOLDER}/host.py")).stdout(Stdio::piped());
        command.args(mistake.into_iter().flat_map(|mistake| ["--mistake", mistake]));
        let mut process = command.spawn().unwrap();
        let mut url = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut url).unwrap();
        Self { process, url: url.trim().to_owned() }
    }

    async fn judge(&self, suite: &Suite) -> Report {
        let mut target = Target::read(&Path::new(FOLDER).join("target.toml")).unwrap();
        target.host.url = self.url.parse().unwrap();
        run(suite, &target).await
    }
}

impl Drop for Minimal {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn suite() -> Suite {
    Suite::load(&Sources::embedded()).unwrap()
}

/// Names of all mistakes, as the host itself lists them.
fn mistakes() -> Vec<String> {
    let text = std::fs::read_to_string(format!("{FOLDER}/host.py")).unwrap();
    let (_, table) = text.split_once("MISTAKES = {\n").unwrap();
    let (table, _) = table.split_once("\n}").unwrap();
    table.lines().map(|line| line.split('"').nth(1).unwrap().to_owned()).collect()
}

#[tokio::test]
async fn it_gets_full_marks_for_what_applies_and_nothing_else_applies() {
    let report = Minimal::start(None).judge(&suite()).await;
    let applicable: Vec<_> =
        report.cases.iter().filter(|case| case.verdict != V::NotApplicable).collect();
    let wrong: Vec<_> = applicable
        .iter()
        .filter(|case| case.verdict != V::Pass)
        .map(|case| (&case.slug, &case.failure, &case.reason))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(applicable.len() >= 35, "{}", applicable.len());
    assert!(applicable.iter().all(|case| case.tier == Tier::ZeroFixture));
    // Of the zero-fixture cases only those about metrics, which it does not claim, do not apply.
    let left: Vec<_> = report
        .cases
        .iter()
        .filter(|case| case.tier == Tier::ZeroFixture && case.verdict != V::Pass)
        .map(|case| case.slug.as_str())
        .collect();
    assert_eq!(
        left,
        ["http/ready-names-both-stores", "http/metrics-are-in-prometheus-text-format"]
    );
    assert_eq!(report.footer.exit_code, exit::CONFORMANT);
}

#[tokio::test]
async fn each_of_its_mistakes_is_noticed_and_by_cases_of_its_own() {
    let mistakes = mistakes();
    assert!(mistakes.len() >= 12, "{mistakes:?}");
    let (suite, mut noticed) = (suite(), BTreeMap::new());
    for mistake in &mistakes {
        let report = Minimal::start(Some(mistake)).judge(&suite).await;
        assert_eq!(report.footer.exit_code, exit::NOT_CONFORMANT, "{mistake} was not noticed");
        let failed: Vec<_> = report
            .cases
            .iter()
            .filter(|case| case.verdict == V::Fail)
            .map(|case| (case.id.clone(), case.failure.clone().map(|failure| failure.messages)))
            .collect();
        assert!(report.count(V::Pass) > 0, "{mistake} broke everything, which proves nothing");
        // Of two that look the same, a failure would not tell which it was.
        if let Some(other) = noticed.insert(failed, mistake) {
            panic!("{mistake} looks like {other}");
        }
    }
}
