//! What a host does not have, or nobody arranged, is never a failure of it: the cases that need it are not
//! applicable or blocked, say what is missing and what to provide, and no other case is touched.

use std::collections::BTreeSet;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hostproof::case::{Case, Feature, Identity, Tier};
use hostproof::evidence::{Verdict, VerdictKind as V};
use hostproof::runner::decided;
use hostproof::sources::Sources;
use hostproof::suite::Suite;
use hostproof::target::Target;
use serde_json::{Value, json};

use crate::command::{folder, hostproof, stderr, stdout};
use crate::hosts::{Host, reply, start};

const REFERENCE: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/targets/reference-server.toml"));
/// Commands for every fault that a case makes.
const FAULTS: &str = "
[faults.host]
kill = [\"true\"]
start = [\"true\"]
[faults.postgres]
stop = [\"true\"]
start = [\"true\"]
pause = [\"true\"]
resume = [\"true\"]
[faults.valkey]
stop = [\"true\"]
start = [\"true\"]
pause = [\"true\"]
resume = [\"true\"]
";

fn suite() -> Suite {
    Suite::load(&Sources::embedded()).unwrap()
}

/// A target file that has everything, as a table to take things out of.
fn whole() -> toml::Table {
    let mut table: toml::Table = format!("{REFERENCE}{FAULTS}").parse().unwrap();
    let features = Feature::ALL.iter().map(|feature| feature.as_str().into());
    table["claims"]["features"] = toml::Value::Array(features.collect());
    table
}

fn target(table: &toml::Table) -> Target {
    Target::parse("t.toml", &table.to_string()).unwrap()
}

/// The cases that the target file settles, with their verdicts.
fn settled<'a>(suite: &'a Suite, target: &Target) -> Vec<(&'a Case, Verdict)> {
    suite.cases.iter().filter_map(|case| Some((case, decided(case, target)?))).collect()
}

/// That exactly these cases are settled, all with this verdict and a reason that says all this.
fn assert_settled(
    suite: &Suite,
    target: &Target,
    kind: V,
    says: &[&str],
    of: &dyn Fn(&Case) -> bool,
) {
    let settled = settled(suite, target);
    let ids = |case: &Case| case.id.clone();
    let expected: BTreeSet<_> = suite.cases.iter().filter(|case| of(case)).map(ids).collect();
    let found: BTreeSet<_> = settled.iter().map(|(case, _)| ids(case)).collect();
    assert!(!expected.is_empty(), "no case needs what {says:?} is about");
    assert_eq!(found, expected, "{says:?}");
    for (case, verdict) in settled {
        let reason = verdict.reason().unwrap_or_default();
        assert_eq!(verdict.kind(), kind, "{}: {reason}", case.slug);
        assert!(says.iter().all(|text| reason.contains(text)), "{}: {reason}", case.slug);
    }
}

fn needs(feature: Feature) -> impl Fn(&Case) -> bool {
    move |case| case.features.contains(&feature)
}

#[test]
fn nothing_is_settled_where_nothing_is_missing() {
    let (suite, whole) = (suite(), target(&whole()));
    assert!(settled(&suite, &whole).is_empty());
}

#[test]
fn what_is_not_claimed_is_not_applicable_and_the_reason_says_what_would_be_judged() {
    let suite = suite();
    for feature in Feature::ALL {
        let mut table = whole();
        let claimed = table["claims"]["features"].as_array_mut().unwrap();
        claimed.retain(|claimed| claimed.as_str() != Some(feature.as_str()));
        let says = [feature.as_str(), feature.means()];
        assert_settled(&suite, &target(&table), V::NotApplicable, &says, &needs(*feature));
    }
}

#[test]
fn what_is_claimed_and_not_described_is_blocked_and_the_reason_says_what_to_write() {
    let suite = suite();
    for feature in [Feature::Catalog, Feature::Outbound, Feature::Valkey, Feature::Faults] {
        let mut table = whole();
        table.remove(feature.as_str());
        let section = format!("[{feature}]");
        let says = [section.as_str(), feature.means()];
        assert_settled(&suite, &target(&table), V::Blocked, &says, &needs(feature));
    }
    // Configuration that is half described is no target file at all.
    let mut table = whole();
    table.remove("config");
    let error = Target::parse("t.toml", &table.to_string()).unwrap_err().to_string();
    assert!(error.contains("the feature `config` is claimed, and [config] has no"), "{error}");
}

#[test]
fn a_service_that_cannot_be_taken_away_blocks_the_cases_that_take_it() {
    let suite = suite();
    let mut table = whole();
    table["faults"]["postgres"].as_table_mut().unwrap().remove("pause");
    let target = target(&table);
    let settled = settled(&suite, &target);
    assert!(
        !settled.is_empty()
            && settled.len() < suite.cases.iter().filter(|case| case.tier == Tier::Fault).count()
    );
    for (case, verdict) in settled {
        assert_eq!(verdict.kind(), V::Blocked, "{}", case.slug);
        let reason = verdict.reason().unwrap_or_default();
        assert!(reason.contains("[faults.postgres] of the target file has no `pause`"), "{reason}");
    }
}

#[test]
fn without_an_administrator_what_needs_one_is_blocked() {
    let suite = suite();
    let mut table = whole();
    table.remove("admin");
    let of = |case: &Case| case.identities.iter().any(|identity: &Identity| identity.needs_admin());
    let says = ["no [admin]", "an administrator of the host with all permissions"];
    assert_settled(&suite, &target(&table), V::Blocked, &says, &of);
}

#[test]
fn a_host_that_is_not_ones_own_gets_zero_fixture_cases_only() {
    let suite = suite();
    let mut table = whole();
    table["host"]["owned"] = false.into();
    let of = |case: &Case| case.tier != Tier::ZeroFixture;
    assert_settled(&suite, &target(&table), V::NotApplicable, &["`owned`"], &of);
}

#[tokio::test]
async fn list_says_the_same_of_a_target_file() {
    let folder = tempfile::tempdir().unwrap();
    let mut table = whole();
    table.remove("valkey");
    std::fs::write(folder.path().join("t.toml"), table.to_string()).unwrap();
    let list = hostproof(folder.path(), &["list", "--target", "t.toml", "--json"]).await;
    let list: Vec<Value> = serde_json::from_str(&stdout(&list)).unwrap();
    let (blocked, free): (Vec<_>, Vec<_>) =
        list.iter().partition(|case| case["verdict"] == "blocked");
    let valkey = |case: &&Value| case["features"].as_array().unwrap().contains(&json!("valkey"));
    assert!(!blocked.is_empty() && blocked.iter().all(valkey) && !free.iter().any(valkey));
    assert!(free.iter().all(|case| case.get("verdict").is_none()));
    let list = stdout(&hostproof(folder.path(), &["list", "--target", "t.toml"]).await);
    let count = list.lines().last().unwrap();
    assert!(
        count.contains(&format!("{} blocked: ", blocked.len())) && count.contains("[valkey]"),
        "{count}"
    );
}

/// A host that signs in anybody and answers for its marketplace without having read a catalog, as one does
/// that fetches from public addresses only.
async fn refuses_private_addresses() -> Host {
    let claims = URL_SAFE_NO_PAD.encode(r#"{"sub":"00000000-0000-4000-8000-000000000001"}"#);
    let signed_in = json!({ "data": { "access_token": format!("e30.{claims}.e30") } }).to_string();
    start(move |head, _| match head.uri.path() {
        "/api/v1/auth/login" => reply(200, "application/json", signed_in.clone()),
        "/api/healthz" => reply(200, "application/json", r#"{"status":"ok"}"#),
        _ => reply(
            502,
            "application/json",
            r#"{"success":false,"error_code":"MARKETPLACE_UNAVAILABLE"}"#,
        ),
    })
    .await
}

#[tokio::test]
async fn a_host_that_does_not_ask_for_the_catalog_is_not_blamed_and_its_owner_told_what_to_provide()
{
    let host = refuses_private_addresses().await;
    let cases = "[[case]]\nid = \"c-0001\"\nslug = \"things/a\"\ntitle = \"A\"\ncites = [\"s-aaaa\", \"s-bbbb\"]\n\
         profile = \"sandbox\"\ntier = \"driven\"\ndeadline = \"2s\"\n[case.plugin]\n\
         [[case.steps]]\nprobe = []\nexpect = { status = 200 }\n";
    let folder = folder(cases);
    write_target(folder.path(), &host.url());
    let run = ["run", "--root", ".", "--target", "t.toml", "--json"];
    let run = hostproof(folder.path(), &run).await;
    let report: Value = serde_json::from_str(&stdout(&run)).unwrap();
    let case = &report["cases"][0];
    assert_eq!(case["verdict"], "blocked", "{case}");
    let reason = case["reason"].as_str().unwrap();
    for says in
        ["did not ask for the suite's catalog", "/catalog.json", "`ca_file`", "public `url`"]
    {
        assert!(reason.contains(says), "{reason}");
    }
    assert_eq!(run.status.code(), Some(4), "{}", stderr(&run));
}

fn write_target(folder: &Path, url: &str) {
    let text = format!(
        "[host]\nname = \"test\"\nurl = \"{url}\"\nowned = true\n[claims]\nfeatures = [\"catalog\"]\n\
         [admin]\nusername = \"a\"\npassword = \"p\"\n\
         [catalog]\nlisten = \"127.0.0.1:0\"\nurl = \"http://127.0.0.1:1\"\n"
    );
    std::fs::write(folder.join("t.toml"), text).unwrap();
}
