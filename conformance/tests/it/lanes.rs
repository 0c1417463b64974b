//! Which cases run beside which.

use std::sync::Mutex;

use hostproof::evidence::VerdictKind;
use hostproof::report::Report;

use crate::hosts::{reply, start};
use crate::support::{run, suite, target};

/// As many as run side by side in these tests.
const JOBS: usize = 4;

/// A case that asks for a path until it is there.
fn case(id: &str, lane: &str, deadline: &str, path: &str) -> String {
    format!(
        "[[case]]\nid = \"{id}\"\nslug = \"things/{id}\"\ntitle = \"A case\"\ncites = [\"s-aaaa\"]\n\
         profile = \"sandbox\"\ntier = \"adversarial\"\nlane = \"{lane}\"\ndeadline = \"{deadline}\"\n\
         [[case.steps]]\nretry = \"500ms\"\nrequest = {{ method = \"GET\", path = \"{path}\" }}\n\
         expect = {{ status = 200 }}\n\n"
    )
}

/// Cases that wait for a gate, as many as there are places, and one that opens it; `lane` is that of
/// those who wait. They have the longer deadline, and so they begin.
async fn gate(lane: &str) -> Report {
    let open = Mutex::new(false);
    let host = start(move |head, _| {
        let mut open = open.lock().unwrap();
        *open |= head.uri.path() == "/open";
        let shut = head.uri.path() == "/gate" && !*open;
        reply(if shut { 404 } else { 200 }, "application/json", "{}")
    })
    .await;
    let waiting: String =
        (0..JOBS).map(|number| case(&format!("c-000{number}"), lane, "4s", "/gate")).collect();
    let suite = suite(&(waiting + &case("c-0009", "shared", "3s", "/open")));
    run(&suite, &target(&host.url())).await
}

#[tokio::test]
async fn cases_that_wait_take_no_place_of_the_others() {
    let report = gate("waiting").await;
    assert_eq!(report.count(VerdictKind::Pass), JOBS + 1, "{:?}", report.footer.counts);
}

#[tokio::test]
async fn cases_of_one_lane_wait_for_their_turn() {
    let report = gate("shared").await;
    // The first that gave up made room for the one that opens the gate; its second attempt found it open.
    let (flaky, pass) = (report.count(VerdictKind::Flaky), report.count(VerdictKind::Pass));
    assert!(flaky >= 1, "{:?}", report.footer.counts);
    assert_eq!(flaky + pass, JOBS + 1, "{:?}", report.footer.counts);
}

#[tokio::test]
async fn an_exclusive_case_begins_when_all_others_have_ended() {
    let seen: Mutex<Vec<String>> = Mutex::default();
    let host = start(move |head, _| {
        let mut seen = seen.lock().unwrap();
        let path = head.uri.path().to_owned();
        // `/late` is there at the third time of asking.
        let late = path == "/late" && seen.iter().filter(|other| **other == path).count() < 2;
        let early = path == "/alone" && seen.iter().filter(|other| *other == "/late").count() < 3;
        seen.push(path);
        reply(if late || early { 404 } else { 200 }, "application/json", "{}")
    })
    .await;
    let alone = case("c-0001", "exclusive", "9s", "/alone").replace("retry = \"500ms\"\n", "");
    let suite = suite(&(alone + &case("c-0002", "waiting", "3s", "/late")));
    let report = run(&suite, &target(&host.url())).await;
    assert_eq!(report.count(VerdictKind::Pass), 2, "{:?}", report.footer.counts);
}
