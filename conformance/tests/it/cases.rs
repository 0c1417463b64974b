//! Case files: what is refused, where, and with which suggestion; tables.

use hostproof::case::{Action, Feature, Identity, Need};
use serde_json::json;

use crate::support::{case_error, only_case, sources, zero_fixture};

const OK: &str = "{ status = 200 }";

/// A driven case with these steps and further lines.
fn driven(more: &str, steps: &str) -> String {
    format!(
        "[[case]]\nid = \"c-0001\"\nslug = \"things/x\"\ntitle = \"T\"\ncites = [\"s-aaaa\"]\n\
         profile = \"sandbox\"\ntier = \"driven\"\ndeadline = \"2s\"\n{more}\n{steps}\n"
    )
}

#[test]
fn unknown_fields_are_refused_with_line_and_suggestion() {
    let text = zero_fixture("c-0001", "/", OK, "").replace("title =", "titel =");
    let error = case_error(&text);
    assert!(error.starts_with("cases/things/a.toml:4: unknown field `titel`"), "{error}");
    assert!(error.ends_with("(did you mean `title`?)"), "{error}");

    let text = zero_fixture("c-0001", "/", "{ staus = 200 }", "");
    assert!(case_error(&text).contains("did you mean `status`?"), "{}", case_error(&text));

    let text = zero_fixture("c-0001", "/", OK, "").replace("zero-fixture", "zero-fixtures");
    let error = case_error(&text);
    assert!(
        error.contains("unknown tier `zero-fixtures` (did you mean `zero-fixture`?)"),
        "{error}"
    );
}

#[test]
fn several_broken_files_are_all_reported() {
    let mut files = sources(&zero_fixture("c-01", "/", OK, "")).cases;
    let mut other = files[0].clone();
    other.path = "cases/things/b.toml".to_owned();
    files.push(other);
    let errors = hostproof::case::load(&files).unwrap_err();
    assert_eq!(errors.len(), 2);
    assert!(
        errors[1].to_string().starts_with("cases/things/b.toml:1: `c-01` is no case id"),
        "{errors:?}"
    );
}

#[test]
fn what_no_type_can_say_is_checked_too() {
    let request = "[[case.steps]]\nrequest = { method = \"GET\", path = \"/\" }\n";
    let cases = [
        (driven("", ""), "a case has `steps`"),
        (driven("", request), "asserts nothing"),
        (driven("", &format!("{request}probe = []\n")), "one action, not request and probe"),
        (driven("", "[[case.steps]]\nname = \"x\"\n"), "a step has an action"),
        (
            driven("lane = \"exclusive\"", "[[case.steps]]\nfault = { host = \"kill\" }\n"),
            "tier = \"fault\"",
        ),
        (
            driven("", "[[case.steps]]\nfault = { host = \"kill\", valkey = \"stop\" }\n"),
            "one change of one part",
        ),
        (driven("", "[[case.steps]]\nabandon = \"b\"\n"), "no background step `b`"),
        (
            driven("", "[[case.steps]]\nrelease = {}\ntimes = 2\n"),
            "`times` belongs to a `request` or a `probe`",
        ),
        (driven("", &request.replace("\"/\"", "\"/{plugni}\"")), "`{plugni}` is no variable here"),
        (
            driven("", &format!("{request}expect = {{ json = {{ \"x\" = 1 }} }}\n")),
            "no JSON pointer",
        ),
        (
            driven("", &format!("{request}expect = {{ body = {{ matches = \"(\" }} }}\n")),
            "no regular expression",
        ),
        (
            driven(
                "",
                &format!("on = \"k\"\n{request}").replacen(
                    "on = \"k\"\n[[case.steps]]",
                    "[[case.steps]]\non = \"k\"",
                    1,
                ),
            ),
            "no plugin of `also` has the key `k`",
        ),
        (driven("", "[[case.steps]]\ncatalog = \"down\"\n"), "lane = \"exclusive\""),
        (
            driven("", "[[case.steps]]\njoin = \"b\"\nexpect = { status = 200 }\n"),
            "no background step `b`",
        ),
        (
            driven("", &format!("{request}background = \"b\"\n")),
            "the background step `b` is never joined",
        ),
        (
            driven(
                "negative = true\ntwin = \"c-0002\"",
                &format!("{request}expect = {{ body = \"x\" }}\n"),
            ),
            "names the reason",
        ),
        (
            driven("", &format!("{request}meanwhile = {{ upgrade = {{}} }}\n")),
            "meanwhile: it is a `request` or a `probe`",
        ),
        (driven("", &format!("{request}meanwhile = {{ probe = [] }}\n")), "it has an expectation"),
        (
            driven(
                "",
                &format!(
                    "{request}retry = \"1s\"\nmeanwhile = {{ probe = [], expect = {{ status = 200 }} }}\n"
                ),
            ),
            "beside one action",
        ),
        (
            driven(
                "",
                &format!(
                    "{request}meanwhile = {{ probe = [], retry = \"1s\", expect = {{ status = 200 }} }}\n"
                ),
            ),
            "neither `background`, `retry`",
        ),
        (
            driven("", &format!("{request}capture = {{ x = \"etag\" }}\n")),
            "no `cookie:` or `header:` with a name",
        ),
        (driven("[case.plugin]\nfixture = \"prob\"", request), "`prob` is no artifact"),
        (driven("[case.plugin]\narchive = \"symlnk\"", request), "did you mean `symlink`?"),
        (driven("[case.plugin]\nwasm_text = \"(modul)\"", request), "wasm_text"),
        (driven("[case.plugin]\n", request).replace("driven", "zero-fixture"), "asserts nothing"),
        (zero_fixture("c-0001", "/", OK, "needs = [\"project\"]"), "nothing but a URL"),
        (
            zero_fixture("c-0001", "/", OK, "").replace("things/c-0001", "other/x"),
            "does not begin with the folder",
        ),
    ];
    for (text, expected) in cases {
        let error = case_error(&text);
        assert!(error.contains(expected), "expected {expected:?} in {error:?} of\n{text}");
    }
}

#[test]
fn requests_at_once_are_in_the_background_and_all_joined() {
    let request = "[[case.steps]]\nrequest = { method = \"GET\", path = \"/\" }\n";
    let cases = [
        (driven("", &format!("{request}at_once = 2\n")), "`at_once` belongs to"),
        (
            driven(
                "",
                "[[case.steps]]\nupgrade = {}\nbackground = \"b\"\nat_once = 2\n\
                 [[case.steps]]\njoin = \"b\"\nexpect = { status = 200 }\n",
            ),
            "`at_once` belongs to",
        ),
        (driven("", &format!("{request}answers = 2\n")), "`answers` belongs to a `join`"),
        (
            driven(
                "",
                &format!(
                    "{request}background = \"b\"\nat_once = 2\n\
                     [[case.steps]]\njoin = \"b\"\nanswers = 1\nexpect = {{ status = 200 }}\n"
                ),
            ),
            "the background step `b` is never joined",
        ),
    ];
    for (text, expected) in cases {
        let error = case_error(&text);
        assert!(error.contains(expected), "expected {expected:?} in {error:?} of\n{text}");
    }
}

#[test]
fn features_identities_and_needs_follow_from_what_a_case_does() {
    let case = only_case(&driven(
        "needs = [\"task\"]\n[case.plugin]\nmanifest = { backend = { allowedOutboundDomains = [\"{allowed_host}\"] } }",
        "[[case.steps]]\nas = \"member-key\"\nrequest = { method = \"GET\", path = \"/{outsider_user}\" }\nexpect = { status = 200 }\n",
    ));
    let features = [
        Feature::Catalog,
        Feature::Outbound,
        Feature::CoreResources,
        Feature::Tasks,
        Feature::ApiKeys,
    ];
    assert_eq!(case.features.iter().copied().collect::<Vec<_>>(), features);
    let identities = [Identity::Admin, Identity::MemberKey, Identity::Outsider];
    assert_eq!(case.identities.iter().copied().collect::<Vec<_>>(), identities);
    assert_eq!(case.needs.iter().copied().collect::<Vec<_>>(), [Need::Project, Need::Task]);
}

#[test]
fn defaults_go_under_every_case() {
    let text = format!(
        "[defaults]\ntier = \"adversarial\"\nlane = \"exclusive\"\n{}",
        driven("", "[[case.steps]]\nprobe = []\nexpect = { status = 200 }\n")
    );
    let case = only_case(&text);
    assert_eq!(case.tier.as_str(), "driven");
    assert_eq!(case.lane.as_str(), "exclusive");
}

const TABLE: &str = r#"
[defaults]
profile = "sandbox"
tier = "driven"
deadline = "2s"
[[table]]
[table.template]
slug = "things/${name}"
title = "Asks ${name} ${count} times"
cites = ["s-aaaa"]
[[table.template.steps]]
probe = [{ op = "${name}", count = "${count}", list = "${list}" }]
expect = { status = "${status}" }
"#;

#[test]
fn a_table_makes_a_case_of_every_row() {
    let rows = r#"
[[table.row]]
id = "c-0001"
name = "one"
count = 3
list = [1, "{plugin}"]
status = { one_of = [200, 204] }
[[table.row]]
id = "c-0002"
title = "Its own title"
name = "two"
count = 4
list = []
status = 404
"#;
    let cases = hostproof::case::load(&sources(&format!("{TABLE}{rows}")).cases).unwrap();
    let titles: Vec<_> =
        cases.iter().map(|case| (case.slug.as_str(), case.title.as_str())).collect();
    assert_eq!(titles, [("things/one", "Asks one 3 times"), ("things/two", "Its own title")]);
    let Action::Probe(ops) = &cases[0].steps[0].action else { panic!("no probe") };
    assert_eq!(ops[0], json!({ "op": "one", "count": 3, "list": [1, "{plugin}"] }));
    assert_eq!(
        cases[0].steps[0].expect.status.as_ref().unwrap().0,
        json!({ "one_of": [200, 204] })
    );
    assert!(cases[1].line > cases[0].line);
}

#[test]
fn a_row_that_does_not_fit_its_template_is_refused() {
    let row =
        "[[table.row]]\nid = \"c-0001\"\nname = \"one\"\ncount = 3\nlist = []\nstatus = 200\n";
    let line = TABLE.lines().count() + 1;
    let missing = format!("{TABLE}{}", row.replace("count = 3\n", ""));
    assert_eq!(
        case_error(&missing),
        format!("cases/things/a.toml:{line}: the template uses `${{count}}`, which this row lacks")
    );
    let surplus = format!("{TABLE}{row}titel = \"x\"\n");
    assert!(
        case_error(&surplus)
            .contains("nothing in the template uses the row's `titel` (did you mean `title`?)")
    );
    let inside = format!("{TABLE}{}", row.replace("count = 3", "count = [3]"));
    assert!(case_error(&inside).contains("inside a string"), "{}", case_error(&inside));
    let unknown = format!("{TABLE}{row}").replace("cites =", "cite =");
    assert!(case_error(&unknown).contains("unknown field `cite`"), "{}", case_error(&unknown));
}

#[test]
fn null_is_written_as_json() {
    let case = only_case(&driven(
        "",
        "[[case.steps]]\nrequest = { method = \"POST\", path = \"/\", json = { a = { \"$json\" = 'null' } } }\nexpect = { status = 200 }\n",
    ));
    let Action::Request(request) = &case.steps[0].action else { panic!("no request") };
    assert_eq!(request.json.as_ref().unwrap().0, json!({ "a": null }));
}
