//! What steps cost, against what they cost when they were accepted.

use golden::Options;
use golden::report::Verdict;

use crate::folder::{Folder, Guest};

/// A loop of so many rounds.
fn busy(rounds: u32) -> Guest {
    Guest {
        code: format!(
            "(global.set $next (i32.const {rounds}))
             (loop $again
               (global.set $next (i32.sub (global.get $next) (i32.const 1)))
               (br_if $again (global.get $next)))
             (global.set $next (i32.const 16384))"
        ),
        ..Guest::default()
    }
}

fn denying(percent: &str) -> Options {
    Options { deny_regressions: Some(percent.parse().unwrap()), ..Options::default() }
}

#[tokio::test]
async fn more_instructions_than_allowed_fail_and_fewer_never_do() {
    let folder = Folder::accepted(&busy(10_000)).await;
    folder.build(&busy(10_500));
    let report = folder.test(&denying("10%")).await.unwrap();
    assert!(report.passed(), "{report:#?}");
    folder.build(&busy(12_000));
    assert!(folder.run().await.passed(), "costs are not compared unless somebody asks");
    let report = folder.test(&denying("10%")).await.unwrap();
    let scenario = &report.scenarios[0];
    assert_eq!(scenario.verdict, Verdict::Failed);
    let failure = &scenario.failures[0];
    assert_eq!(failure.step.as_deref(), Some("GET /notes"));
    assert!(failure.message.contains("were accepted"), "{}", failure.message);
    folder.build(&busy(10));
    assert!(folder.test(&denying("0%")).await.unwrap().passed());
}

#[tokio::test]
async fn the_report_has_the_costs_of_both_runs() {
    let folder = Folder::accepted(&busy(10_000)).await;
    folder.build(&busy(20_000));
    let scenario = folder.scenario().await;
    let step = &scenario.steps[1];
    assert_eq!((step.name.as_str(), step.cost.host_calls), ("GET /notes", 2));
    assert_eq!(step.cost.memory_bytes, 2 * 65_536);
    let accepted = step.accepted.unwrap().instructions;
    assert!(step.cost.instructions > accepted + 10_000, "{step:?}");
}

#[tokio::test]
async fn what_no_scenario_makes_use_of_is_listed() {
    let mut folder = Folder::accepted(&Guest::default()).await;
    let unused = folder.run().await.unused.unwrap();
    assert_eq!(unused.routes, [""; 0]);
    assert_eq!(unused.permissions, ["events:emit"]);
    assert_eq!(unused.event_subscriptions, ["task.deleted"]);
    folder.manifest["backend"]["routes"]
        .as_array_mut()
        .unwrap()
        .push(serde_json::json!({"method": "GET", "path": "/other", "middlewares": []}));
    folder.write_manifest();
    assert_eq!(folder.run().await.unused.unwrap().routes, ["GET /other"]);
    // Of a part nobody can say what the rest does.
    folder.write("golden/second.toml", "[[steps]]\nevent = \"task.deleted\"\n");
    let options = Options { filters: vec!["notes".to_owned()], ..Options::default() };
    assert!(folder.test(&options).await.unwrap().unused.is_none());
}
