//! Small suites from text, and runs of them.

use std::sync::Arc;
use std::time::Duration;

use hostproof::case::Case;
use hostproof::client::Client;
use hostproof::ledger::{Ledger, bless};
use hostproof::report::{Header, Report, SelectionReport, Silent};
use hostproof::runner::{self, RunOptions, RunResult, Selection};
use hostproof::sources::{SourceFile, Sources};
use hostproof::suite::Suite;
use hostproof::target::Target;
use hostproof::world::{Naming, World};

/// A chapter with two sentences, for suites that need something to cite.
pub(crate) const CHAPTER: &str = "---\ntitle: Things\nprofile: sandbox\n---\n# Things\n
- **s-aaaa** MUST: The host is healthy.
- **s-bbbb** MUST: The host refuses
  what it must refuse.\n";

/// A suite of `CHAPTER`, locked, and these cases.
pub(crate) fn sources(cases: &str) -> Sources {
    let mut sources = Sources {
        chapters: vec![SourceFile::new("spec/things.md", CHAPTER)],
        lock: None,
        cases: vec![SourceFile::new("cases/things/a.toml", cases)],
        aliases: Vec::new(),
    };
    let lock = bless(&Ledger::parse(&sources).unwrap());
    sources.lock = Some(SourceFile::new("spec/ledger.toml", lock));
    sources
}

/// A suite whose gate is not asked.
pub(crate) fn suite(cases: &str) -> Suite {
    Suite::read(&sources(cases)).unwrap()
}

/// The only error of a case file.
pub(crate) fn case_error(cases: &str) -> String {
    let errors = hostproof::case::load(&sources(cases).cases).unwrap_err();
    assert_eq!(errors.len(), 1, "{errors:?}");
    errors[0].to_string()
}

/// The only case of a case file.
pub(crate) fn only_case(cases: &str) -> Case {
    let mut cases = hostproof::case::load(&sources(cases).cases).unwrap();
    assert_eq!(cases.len(), 1);
    cases.remove(0)
}

/// A zero-fixture case that asks for a path and expects something.
pub(crate) fn zero_fixture(id: &str, path: &str, expect: &str, more: &str) -> String {
    format!(
        "[[case]]\nid = \"{id}\"\nslug = \"things/{id}\"\ntitle = \"A case\"\ncites = [\"s-aaaa\"]\n\
         profile = \"sandbox\"\ntier = \"zero-fixture\"\ndeadline = \"2s\"\n{more}\n\
         [[case.steps]]\nrequest = {{ method = \"GET\", path = \"{path}\" }}\nexpect = {expect}\n\n"
    )
}

/// Where all tests find the authority of the outbound server; the first of them makes it.
pub(crate) const AUTHORITY: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/outbound-ca.pem");

/// A target that claims everything, with every server of the suite on a free port.
pub(crate) fn target(url: &str) -> Target {
    let text = format!(
        "[host]\nname = \"test\"\nurl = \"{url}\"\nowned = true\n\
         [claims]\nfeatures = [\"catalog\", \"outbound\", \"config\", \"core-resources\", \"tasks\", \"api-keys\", \"stale-password\"]\n\
         [admin]\nusername = \"admin\"\npassword = \"a password of length\"\n\
         [catalog]\nlisten = \"127.0.0.1:0\"\nurl = \"http://127.0.0.1:1\"\n\
         [outbound]\nlisten = \"127.0.0.1:0\"\nca_file = \"{AUTHORITY}\"\nallowed_host = \"allowed.test\"\nother_host = \"other.test\"\n\
         untrusted_host = \"untrusted.test\"\nexpired_host = \"expired.test\"\nmisnamed_host = \"misnamed.test\"\n\
         [config]\nvalues = {{ KEY = \"value\" }}\nempty_keys = [\"EMPTY\"]\nsecret_keys = [\"SECRET\"]\n\
         granted = {{ key = \"GRANTED\", value = \"g\", plugin = \"com.hostproof.granted\" }}\n\
         branding = {{ logo_url = \"\", brand_name = \"Test\", primary_color_light = \"#111111\", primary_color_dark = \"#222222\" }}\n"
    );
    Target::parse("target.toml", &text).unwrap()
}

/// Runs all cases of a suite against a host, with little patience.
pub(crate) async fn run(suite: &Suite, target: &Target) -> Report {
    run_with(suite, target, Duration::from_mins(1)).await
}

/// The same with a deadline for the whole run.
pub(crate) async fn run_with(suite: &Suite, target: &Target, deadline: Duration) -> Report {
    let (header, result) = result_within(suite, target, deadline).await;
    Report::new(header, &suite.ledger, &result)
}

/// The same, before it is a report.
pub(crate) async fn result_of<'a>(suite: &'a Suite, target: &Target) -> (Header, RunResult<'a>) {
    result_within(suite, target, Duration::from_mins(1)).await
}

async fn result_within<'a>(
    suite: &'a Suite,
    target: &Target,
    deadline: Duration,
) -> (Header, RunResult<'a>) {
    let client = Client::new(target.host.url.clone(), None).unwrap();
    let mut world = World::start(target.clone(), client, Naming::fresh(7)).await;
    world.patience = Duration::from_millis(1500);
    let world = Arc::new(world);
    let plans = runner::plan(suite, &Selection::default(), target).unwrap();
    let options = RunOptions { jobs: 4, deadline, seed: 7, fail_fast: false };
    let selection = SelectionReport::default();
    let header = Header::new(suite, target, &world.run, 7, 4, selection);
    world.knock().await;
    (header, runner::run(&world, plans, options, &Silent).await)
}
