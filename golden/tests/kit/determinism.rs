//! The same scenario has the same transcript and the same costs, each time and beside others.

use golden::{Kit, Options, Update};

use crate::folder::{Folder, Guest, NOTES};

const SCENARIOS: usize = 40;
const RUNS: usize = 20;

#[tokio::test(flavor = "multi_thread")]
async fn twenty_runs_of_many_scenarios_side_by_side_are_the_same() {
    let folder = Folder::new(&Guest { emits: "notes.read", ..Guest::default() });
    for number in 0..SCENARIOS {
        folder.write(&format!("golden/s{number:03}.toml"), "[[steps]]\nrequest = \"GET /notes\"\n");
        folder.write(&format!("golden/cassettes/s{number:03}.toml"), NOTES);
    }
    let kit = Kit::new().unwrap();
    let accept = Options { update: Update::Accept, jobs: 8, ..Options::default() };
    assert!(kit.test(folder.path(), &accept, |_| {}).await.unwrap().passed());
    let exact =
        Options { deny_regressions: Some("0%".parse().unwrap()), jobs: 8, ..Options::default() };
    for _ in 0..RUNS {
        let report = kit.test(folder.path(), &exact, |_| {}).await.unwrap();
        assert!(report.passed(), "{}", golden::report::terminal(&report, false, false));
        for scenario in &report.scenarios {
            for step in &scenario.steps {
                assert_eq!(Some(step.cost), step.accepted, "{}", scenario.name);
            }
        }
    }
}

/// A Go program has a scheduler, a garbage collector and maps in random order.
#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_in_go_is_the_same_each_time() {
    let fixture = fixtures_plugins::fixture("go_notes").unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("golden")).unwrap();
    std::fs::write(folder.path().join("plugin.json"), fixture.manifest.unwrap()).unwrap();
    std::fs::write(folder.path().join("plugin.wasm"), fixture.wasm).unwrap();
    let steps: Vec<_> = requests(fixture.manifest.unwrap())
        .iter()
        .map(|request| format!("[[steps]]\nrequest = \"{request}\"\nas = \"alice\"\n"))
        .collect();
    let steps = steps.join("\n");
    let scenario = format!(
        "[users.alice]\npermissions = [\"*\"]\n[projects.apollo.members.alice]\n\
         permissions = [\"*\"]\n\n{steps}"
    );
    std::fs::write(folder.path().join("golden/all.toml"), scenario).unwrap();
    let kit = Kit::new().unwrap();
    let run = async || {
        let report = kit.test(folder.path(), &Options::default(), |_| {}).await.unwrap();
        let scenario = &report.scenarios[0];
        let steps: Vec<_> = scenario.steps.iter().map(|it| (it.name.clone(), it.cost)).collect();
        let failures: Vec<_> = scenario.failures.iter().map(|it| it.message.clone()).collect();
        (steps, failures)
    };
    let first = run().await;
    assert!(first.0.len() > 1 && first.0[1].1.instructions > 0, "{first:?}");
    for _ in 0..5 {
        assert_eq!(run().await, first);
    }
}

/// `GET /projects/{apollo}/notes` for each route with GET.
fn requests(manifest: &str) -> Vec<String> {
    let manifest: serde_json::Value = serde_json::from_str(manifest).unwrap();
    let routes = manifest["backend"]["routes"].as_array().unwrap();
    routes
        .iter()
        .filter(|route| route["method"] == "GET")
        .map(|route| {
            let path = route["path"].as_str().unwrap();
            let segments =
                path.split('/').map(|it| if it.starts_with(':') { "{apollo}" } else { it });
            format!("GET {}", segments.collect::<Vec<_>>().join("/"))
        })
        .collect()
}
