//! Parts of the suite: every case in one of them, and one report of all.

use std::sync::LazyLock;

use hostproof::report::{MergeError, Recorded, Report, merge};
use hostproof::runner::Shard;
use hostproof::sources::Sources;
use hostproof::suite::Suite;
use proptest::prelude::*;

use crate::recorded::some_report;

static SUITE: LazyLock<Suite> = LazyLock::new(|| Suite::read(&Sources::embedded()).unwrap());

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn however_many_parts_every_case_is_in_one_of_them_beside_its_twin(count in 1_u64..200) {
        let suite = &*SUITE;
        let shards: Vec<_> = Shard::new(1, count).unwrap().siblings().collect();
        for case in &suite.cases {
            let of: Vec<_> = shards.iter().filter(|shard| shard.contains(case)).collect();
            prop_assert_eq!(of.len(), 1, "{}", case.id);
            if let Some(twin) = &case.twin {
                prop_assert!(of[0].contains(suite.case(twin).unwrap()), "{}", case.id);
            }
        }
    }
}

#[test]
fn a_part_is_written_as_two_numbers() {
    for text in ["2/5", "1/1"] {
        assert_eq!(text.parse::<Shard>().unwrap().to_string(), text);
    }
    for text in ["0/5", "6/5", "2", "a/b", "2/5/7", "-1/5"] {
        assert!(text.parse::<Shard>().unwrap_err().contains("is no part"), "{text}");
    }
}

/// A report as if its cases had been run in two parts.
async fn halves() -> (Report, Vec<(String, Report)>) {
    let whole = some_report().await;
    let suite = |report: &Report, index: u64| {
        let mut part: serde_json::Value = serde_json::to_value(report).unwrap();
        part["header"]["selection"]["shard"] = format!("{index}/2").into();
        let cases = part["cases"].as_array_mut().unwrap();
        cases.retain(|case| (case["id"] == "c-0001") == (index == 1));
        let part = Recorded::parse("part", &part.to_string()).unwrap().report;
        (format!("{index}.json"), part)
    };
    let parts = vec![suite(&whole, 1), suite(&whole, 2)];
    (whole, parts)
}

#[tokio::test]
async fn parts_become_the_whole_again_in_whatever_order() {
    let (whole, mut parts) = halves().await;
    parts.reverse();
    let merged = merge(parts, false).unwrap();
    assert_eq!(merged.footer.counts, whole.footer.counts);
    assert_eq!(merged.footer.exit_code, whole.footer.exit_code);
    let ids = |report: &Report| report.cases.iter().map(|c| c.id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(&merged), ids(&whole));
    assert_eq!(merged.header.merged.len(), 2);
    let read = Recorded::parse("merged", &merged.to_json().unwrap()).unwrap();
    assert_eq!(read.problems, Vec::<String>::new());
}

#[tokio::test]
async fn what_is_no_whole_is_refused() {
    let (whole, parts) = halves().await;
    let refused = |parts: Vec<(String, Report)>| merge(parts, false).unwrap_err().to_string();
    assert_eq!(merge(Vec::new(), false).unwrap_err(), MergeError::Nothing);
    assert!(refused(vec![("whole.json".to_owned(), whole)]).contains("whole.json is no part"));
    assert!(refused(vec![parts[0].clone()]).starts_with("missing: 2/2"));
    let twice = refused(vec![parts[0].clone(), parts[0].clone()]);
    assert_eq!(twice, "1.json and 1.json are both of part 1/2");
    let mut other = parts.clone();
    other[1].1.header.suite.cases = "000000000000".to_owned();
    assert!(refused(other).starts_with("2.json is about the cases `000000000000`"));
    let mut other = parts.clone();
    other[1].1.header.host.name = "another".to_owned();
    assert!(refused(other).starts_with("2.json is about the host `another`"));
    let partial = merge(vec![parts[0].clone()], true).unwrap();
    assert!(!partial.footer.complete);
    assert_eq!(partial.footer.stopped.as_deref(), Some("missing: 2/2"));
    assert_eq!(partial.footer.exit_code, hostproof::exit::UNREACHABLE_OR_BLOCKED);
}
