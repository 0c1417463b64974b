//! Variables in case texts.

use hostproof::vars::{Vars, names};
use serde_json::json;

fn vars() -> Vars {
    let mut vars = Vars::default();
    vars.set("plugin", "com.x");
    vars.set("count", 7);
    vars
}

#[test]
fn variables_are_replaced_and_other_braces_are_text() {
    let cases = [
        ("/{plugin}/x", "/com.x/x"),
        ("{plugin}{plugin}", "com.xcom.x"),
        ("n={count}", "n=7"),
        ("{{plugin}}", "{plugin}"),
        (
            "a{4} {} {1,2} {\"plugin\":1} {Plugin} { plugin }",
            "a{4} {} {1,2} {\"plugin\":1} {Plugin} { plugin }",
        ),
        ("\\{plugin\\}", "\\{plugin\\}"),
        ("{", "{"),
        ("", ""),
        ("ü{plugin}ü", "ücom.xü"),
    ];
    for (text, expected) in cases {
        assert_eq!(vars().text(text).unwrap(), expected, "{text}");
    }
}

#[test]
fn a_lone_variable_keeps_its_type_and_keys_are_replaced_too() {
    let value = json!({ "{plugin}": ["{count}", "{count} of"] });
    assert_eq!(vars().value(&value).unwrap(), json!({ "com.x": [7, "7 of"] }));
}

#[test]
fn an_unknown_variable_is_an_error_with_a_suggestion() {
    let error = vars().text("{pluign}").unwrap_err().to_string();
    assert!(error.contains("`{pluign}` is no variable here (did you mean `plugin`?)"), "{error}");
    assert_eq!(names("{a} {{b}} {c_1} {D}").collect::<Vec<_>>(), ["a", "c_1"]);
}
