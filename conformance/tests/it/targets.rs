//! Target files.

use hostproof::case::Feature;
use hostproof::target::{Answers, Target, render};

fn error(text: &str) -> String {
    Target::parse("t.toml", text).unwrap_err().to_string()
}

#[test]
fn unknown_keys_are_refused_with_line_and_suggestion() {
    let text = "[host]\nname = \"x\"\nulr = \"http://x\"\n";
    assert!(error(text).starts_with("t.toml:3: unknown field `ulr`"), "{}", error(text));
    let text = "[host]\nname = \"x\"\nurl = \"http://x\"\n[claims]\nfeatures = [\"valky\"]\n";
    assert!(
        error(text).contains("t.toml:5: unknown feature `valky` (did you mean `valkey`?)"),
        "{}",
        error(text)
    );
    assert!(error("[host]\nname = \"x\"\nurl = \"ftp://x\"\n").contains("no http or https URL"));
    let text = "[host]\nname = \"x\"\nurl = \"http://x\"\n[admin]\nusername = \"a\"\n";
    assert!(error(text).contains("either `password` or `password_env`"));
}

#[test]
fn what_init_writes_can_be_read() {
    let bare = Answers {
        name: "a \"quoted\" host".to_owned(),
        url: "http://127.0.0.1:8080".to_owned(),
        owned: false,
        admin: None,
        password_env: "PASSWORD".to_owned(),
        catalog_listen: None,
        outbound_listen: None,
    };
    let target = Target::parse("t.toml", &render(&bare)).unwrap();
    assert_eq!(target.host.name, "a \"quoted\" host");
    assert!(target.admin.is_none() && target.catalog.is_none() && !target.host.owned);

    let full = Answers {
        owned: true,
        admin: Some("root".to_owned()),
        catalog_listen: Some("127.0.0.1:9001".to_owned()),
        outbound_listen: Some("127.0.0.1:9002".to_owned()),
        ..bare
    };
    let text = render(&full);
    let target = Target::parse("t.toml", &text).unwrap();
    assert_eq!(target.catalog.unwrap().url.as_str(), "http://127.0.0.1:9001/");
    assert_eq!(target.outbound.unwrap().listen.port(), 9002);
    assert!(target.claims.features.contains(&Feature::Outbound));

    // Every commented line is a line one may uncomment.
    let uncommented: Vec<_> = text
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(rest)
                if rest.starts_with('[')
                    || rest.split_once(" = ").is_some_and(|(key, _)| !key.contains(' ')) =>
            {
                rest
            }
            _ => line,
        })
        .collect();
    let target = Target::parse("t.toml", &uncommented.join("\n")).unwrap();
    assert!(target.valkey.is_some());
    assert_eq!(target.config.values["HOSTPROOF_SAMPLE"], "blue");
}

#[test]
fn a_claim_of_configuration_needs_all_of_it() {
    let text = "[host]\nname = \"x\"\nurl = \"http://x\"\n[claims]\nfeatures = [\"config\"]\n\
                [config]\nvalues = { A = \"1\" }\nsecret_keys = [\"B\"]\n";
    assert!(error(text).contains("[config] has no `empty_keys`"), "{}", error(text));
}
