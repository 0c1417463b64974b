//! The views of a report: each is what its readers take it for. `tests/consumers` reads them with the
//! programs that others read them with.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use hostproof::baseline::Baseline;
use hostproof::evidence::VerdictKind;
use hostproof::report::{Format, Report, render, write};
use hostproof::site::{Findings, Site, read_mutants};
use hostproof::sources::Sources;
use hostproof::suite::Suite;
use pulldown_cmark::{Event, Options, Parser, TagEnd};
use serde_json::{Value, json};

use crate::hosts::{reply, start};
use crate::reports::varied;
use crate::support::{result_of, run, run_with, suite, target, zero_fixture};
use crate::verified::looked;

/// The one file of a view.
fn view(report: &Report, format: Format) -> String {
    render(report, format, None).unwrap().remove(0).1
}

/// The whole suite against a host that has the right answer for one question only.
async fn wrong() -> Report {
    let host = start(|head, _| match head.uri.path() {
        "/api/healthz" => reply(200, "application/json", r#"{"status":"ok"}"#),
        _ => reply(
            200,
            "application/json",
            r#"{"success":true,"data":{"id":"x","access_token":"x.y.z","note":"`|</td>*"}}"#,
        ),
    })
    .await;
    run(&Suite::read(&Sources::embedded()).unwrap(), &target(&host.url())).await
}

/// A run that ended while a case waited.
async fn stopped() -> Report {
    let host = start(|head, _| match head.uri.path() {
        "/never" => None,
        _ => reply(200, "application/json", "{}"),
    })
    .await;
    let expect = "{ status = 200 }";
    let cases = zero_fixture("c-0001", "/x", expect, "")
        + &zero_fixture("c-0002", "/never", expect, "").replace("\"2s\"", "\"60s\"");
    run_with(&suite(&cases), &target(&host.url()), Duration::from_secs(1)).await
}

/// A run with a baseline that is right about one case, wrong about another, and about nothing in its last line.
async fn excused() -> Report {
    let host = start(|head, _| match head.uri.path() {
        "/bad" => reply(500, "application/json", "{}"),
        _ => reply(200, "application/json", "{}"),
    })
    .await;
    let expect = "{ status = 200 }";
    let cases = [("c-0001", "/bad"), ("c-0002", "/x"), ("c-0003", "/x")];
    let cases = cases.map(|(id, path)| zero_fixture(id, path, expect, ""));
    let suite = suite(&cases.concat());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("baseline.toml");
    let lines = ["c-0001", "c-0002", "c-0009"]
        .map(|id| format!("[[known-failing]]\ncases = \"{id}\"\nreason = \"known # of old\"\n"));
    std::fs::write(&path, lines.concat()).unwrap();
    let baseline = Baseline::read(&path).unwrap();
    let (mut header, mut result) = result_of(&suite, &target(&host.url())).await;
    header.baseline = Some((&baseline).into());
    result.stale = baseline.apply(&suite, &mut result.outcomes, time::Date::MIN);
    Report::new(header, &suite.ledger, &result)
}

#[tokio::test]
async fn what_the_baseline_says_is_in_every_view() {
    let report = excused().await;
    let verdicts: Vec<_> = report.cases.iter().map(|case| case.verdict).collect();
    let expected = [VerdictKind::KnownFailing, VerdictKind::UnexpectedPass, VerdictKind::Pass];
    assert_eq!(verdicts, expected);
    let tap = view(&report, Format::Tap);
    assert!(tap.contains("not ok 1 - c-0001 things/c-0001 # TODO known \\# of old\n"), "{tap}");
    assert!(tap.contains("\nnot ok 2 - c-0002 things/c-0002\n"), "{tap}");
    let sarif: Value = serde_json::from_str(&view(&report, Format::Sarif)).unwrap();
    let results = &sarif["runs"][0]["results"];
    assert_eq!(results[0]["suppressions"][0]["justification"], "known # of old");
    assert!(results[1].get("suppressions").is_none());
    let markdown = view(&report, Format::Markdown);
    let stale = report.footer.stale_baseline.len();
    assert_eq!((stale, markdown.matches("baseline.toml:").count()), (2, stale + 2), "{markdown}");
}

#[tokio::test]
async fn sarif_is_sarif_and_points_at_sentences() {
    let (report, _host) = varied().await;
    let sarif: Value = serde_json::from_str(&view(&report, Format::Sarif)).unwrap();
    let schema: Value = serde_json::from_str(include_str!("../schemas/sarif-2.1.0.json")).unwrap();
    let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
    let errors: Vec<_> =
        validator.iter_errors(&sarif).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    let mut broken = sarif.clone();
    broken["runs"][0]["results"][0]["level"] = json!("fatal");
    assert!(!validator.is_valid(&broken), "the schema judges");

    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let of = |verdict: &str| {
        results.iter().filter(|r| r["properties"]["verdict"] == verdict).collect::<Vec<_>>()
    };
    let failed = of("fail");
    assert_eq!((failed.len(), failed[0]["kind"].as_str()), (1, Some("fail")));
    assert_eq!(failed[0]["level"], "error", "the sentence says MUST");
    assert_eq!(failed[0]["ruleId"], "s-aaaa");
    let location = &failed[0]["locations"][0]["physicalLocation"];
    assert_eq!(location["artifactLocation"]["uri"], "conformance/spec/things.md");
    assert_eq!(location["region"]["startLine"], 7);
    let related = &failed[0]["relatedLocations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    assert_eq!(related, "conformance/cases/things/a.toml");
    for unjudged in ["blocked", "inconclusive", "harness-error"] {
        assert_eq!(of(unjudged)[0]["kind"], "open", "{unjudged}");
    }
    assert!(of("pass").is_empty() && of("not-applicable").is_empty());
    let rules = sarif["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    assert_eq!(rules.len(), report.sentences.len());
    assert!(rules[0].get("helpUri").is_none(), "nobody said where the pages are");
    let base = "https://example.org/spec/".parse().unwrap();
    let linked = render(&report, Format::Sarif, Some(&base)).unwrap().remove(0).1;
    assert!(linked.contains("\"helpUri\": \"https://example.org/spec/things.html#s-aaaa\""));
}

/// What a Markdown reader sees: rows of the table, `<details>` opened and closed.
fn seen(markdown: &str) -> (usize, usize, usize) {
    let (mut rows, mut opened, mut closed) = (0, 0, 0);
    for event in Parser::new_ext(markdown, Options::ENABLE_TABLES) {
        match event {
            Event::End(TagEnd::TableRow) => rows += 1,
            Event::Html(html) => {
                opened += html.matches("<details>").count();
                closed += html.matches("</details>").count();
            }
            _ => {}
        }
    }
    (rows, opened, closed)
}

#[tokio::test]
async fn markdown_folds_what_did_not_pass() {
    let (report, _host) = varied().await;
    let markdown = view(&report, Format::Markdown);
    // One area; flaky, fail, inconclusive, blocked, harness-error.
    assert_eq!(seen(&markdown), (1, 5, 5), "{markdown}");
    let position = |text: &str| markdown.find(text).unwrap_or_else(|| panic!("{text}\n{markdown}"));
    assert!(position("<b>fail</b> <code>c-0003</code>") < position("<b>blocked</b>"));
    assert!(
        markdown.starts_with("## test: the suite is at fault\n\n**2/6 applicable cases passed")
    );
    assert!(markdown.contains("curl --path-as-is"));
}

#[tokio::test]
async fn markdown_of_a_thousand_failures_fits_a_comment_and_says_what_it_leaves_out() {
    let report = wrong().await;
    let markdown = view(&report, Format::Markdown);
    assert!(markdown.len() < 64 * 1024, "{}", markdown.len());
    let (_, opened, closed) = seen(&markdown);
    assert_eq!(opened, closed, "nothing is cut in the middle");
    let quiet = [VerdictKind::Pass, VerdictKind::NotApplicable];
    let total = report.cases.iter().filter(|case| !quiet.contains(&case.verdict)).count();
    let left =
        format!("**{} more of {total} cases that did not pass are left out here**", total - opened);
    assert!(opened > 10 && markdown.contains(&left), "{left}");
}

#[tokio::test]
async fn badges_flatter_nobody() {
    let (report, _host) = varied().await;
    let stopped = stopped().await;
    let wrong = wrong().await;
    let message = |report: &Report| {
        let badge: Value = serde_json::from_str(&view(report, Format::Badge)).unwrap();
        assert_eq!(
            (badge["schemaVersion"].as_u64(), badge["isError"].as_bool()),
            (Some(1), Some(true))
        );
        badge["message"].as_str().unwrap().to_owned()
    };
    assert_eq!(message(&report), "the suite is at fault");
    assert_eq!(message(&stopped), "could not be judged");
    let passed = wrong.count(VerdictKind::Pass);
    assert!(passed > 0, "it has the right answer for one question");
    assert_eq!(message(&wrong), format!("{passed}/{}", wrong.footer.applicable));
}

#[tokio::test]
async fn html_holds_the_document_and_forbids_everything_else() {
    let (report, _host) = varied().await;
    let html = view(&report, Format::Html);
    let (_, rest) = html.split_once("<script type=\"application/json\" id=\"report\">").unwrap();
    let (data, _) = rest.split_once("</script>").unwrap();
    let mut document: Value = serde_json::from_str(data).unwrap();
    for case in document["cases"].as_array_mut().unwrap() {
        for exchange in case["exchanges"].as_array_mut().unwrap() {
            let curl = exchange.as_object_mut().unwrap().remove("curl").unwrap();
            assert!(curl.as_str().unwrap().starts_with("curl "));
        }
    }
    let written: Value = serde_json::from_str(&report.to_json().unwrap()).unwrap();
    assert_eq!(document, written);
    assert!(html.contains("content=\"default-src 'none'; style-src 'sha256-"));
    assert!(!html.contains("unsafe-inline") && !html.contains("{{"));
}

#[test]
fn every_sentence_has_its_place_in_the_pages() {
    let sources = Sources::embedded();
    let suite = Suite::read(&sources).unwrap();
    let whole = Site { sources: &sources, suite: &suite, findings: None, mutants: None };
    let pages = whole.pages();
    let all: String = pages.iter().map(|(_, text)| text.as_str()).collect();
    for sentence in suite.ledger.sentences() {
        let anchor = format!("<li class=\"sentence\" id=\"{}\">", sentence.id);
        assert_eq!(all.matches(&anchor).count(), 1, "{}", sentence.id);
    }
    let named: BTreeSet<_> = pages.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(named.len(), suite.ledger.chapters.len() + 1);
    assert!(named.contains("index.html") && !all.contains("{{"));
}

#[test]
fn a_list_of_mutants_that_is_none_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mutants.json");
    assert!(read_mutants(&path).unwrap_err().to_string().starts_with("cannot read "));
    std::fs::write(&path, "[]").unwrap();
    assert!(read_mutants(&path).unwrap_err().to_string().contains("is no list of mutants"));
}

/// Reports of five runs and the specification's pages, for the consumers to read.
async fn write_all(folder: &Path) {
    let (varied, _host) = varied().await;
    let wrong = wrong().await;
    let (stopped, excused) = (stopped().await, excused().await);
    let (looked, _) = looked().await;
    let reports = [
        ("varied", &varied),
        ("stopped", &stopped),
        ("excused", &excused),
        ("wrong", &wrong),
        ("looked", &looked),
    ];
    for (name, report) in reports {
        let folder = folder.join(name);
        std::fs::create_dir_all(&folder).unwrap();
        write(report, &[], &folder, None).unwrap();
    }
    let kinds: BTreeSet<_> =
        reports.iter().flat_map(|(_, report)| &report.cases).map(|case| case.verdict).collect();
    assert_eq!(kinds, VerdictKind::ALL.into_iter().collect(), "every verdict is in one of them");

    let sources = Sources::embedded();
    let suite = Suite::read(&sources).unwrap();
    let chapter = suite.ledger.chapters.iter().find(|c| c.path == "spec/http.md").unwrap();
    let [first, second, ..] = chapter.sentences.as_slice() else { panic!("{chapter:?}") };
    let killer = suite.cases.iter().find(|case| case.cites.contains(&first.id)).unwrap();
    let mutants = json!({ "mutants": [
        { "name": "envelope-renamed", "kind": "value", "what": "`data` is called `result`.",
          "sentences": [first.id], "outcome": "killed", "killed_by": [killer.id] },
        { "name": "code-forgotten", "kind": "value", "what": "No `error_code`.",
          "sentences": [second.id], "outcome": "survived", "killed_by": [] },
    ]});
    let spec = folder.join("spec");
    std::fs::create_dir_all(&spec).unwrap();
    write(&wrong, &[Format::Html], &spec, None).unwrap();
    let list = folder.join("mutants.json");
    std::fs::write(&list, mutants.to_string()).unwrap();
    let findings = Some(Findings::new(&wrong));
    let mutants = Some(read_mutants(&list).unwrap());
    Site { sources: &sources, suite: &suite, findings, mutants }.write(&spec).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs node and Chromium; `cargo xtask consumers` runs it"]
async fn consumers_read_what_is_written() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("views");
    let _ = std::fs::remove_dir_all(&folder);
    Box::pin(write_all(&folder)).await;
    let status = tokio::task::spawn_blocking(move || {
        Command::new("node")
            .args(["--test", "--test-reporter=spec"])
            .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/consumers"))
            .env("HOSTPROOF_VIEWS", folder)
            .status()
            .unwrap()
    });
    assert!(status.await.unwrap().success());
}
