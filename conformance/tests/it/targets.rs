//! Target files.

use hostproof::case::{Change, Feature, Part};
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
    let text = "[host]\nname = \"x\"\nurl = \"http://x\"\n[catalog]\nlisten = \"127.0.0.1:1\"\n\
                url = \"http://c\"\nca_file = \"ca.pem\"\n";
    assert!(error(text).contains("its url `http://c/` is not https"), "{}", error(text));
    let text = "[host]\nname = \"x\"\nurl = \"http://x\"\n[admin]\nusername = \"a\"\n";
    assert!(error(text).contains("either `password` or `password_env`"));
}

#[test]
fn what_init_writes_can_be_read() {
    let bare = Answers {
        name: "a \"quoted\" host".to_owned(),
        url: "http://127.0.0.1:8080".to_owned(),
        owned: false,
        password_env: "PASSWORD".to_owned(),
        ..Answers::default()
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

    // Every commented line is a line one may uncomment, but for two that stand for another.
    let instead = ["password", "ca_file = \"hostproof"];
    let uncommented: Vec<_> = text
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(rest)
                if rest.starts_with('[')
                    || rest.split_once(" = ").is_some_and(|(key, _)| !key.contains(' '))
                        && !instead.iter().any(|key| rest.starts_with(key)) =>
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

#[test]
fn what_is_taken_away_can_be_brought_back() {
    let target = |faults: &str| {
        format!("[host]\nname = \"x\"\nurl = \"http://x\"\n[faults.postgres]\n{faults}\n")
    };
    let both =
        target("stop = [\"docker\", \"stop\", \"db\"]\nstart = [\"docker\", \"start\", \"db\"]");
    let faults = Target::parse("t.toml", &both).unwrap().faults.unwrap();
    let stop = faults.command(Part::Postgres, Change::Stop).unwrap();
    assert_eq!(stop, ["docker", "stop", "db"]);
    assert!(faults.command(Part::Postgres, Change::Pause).is_none());
    assert!(faults.command(Part::Valkey, Change::Stop).is_none());

    let one_way = error(&target("stop = [\"true\"]"));
    assert!(one_way.contains("[faults.postgres] has `stop` and no `start`"), "{one_way}");
    let empty = error(&target("start = []"));
    assert!(empty.contains("[faults.postgres] start: a program and its arguments"), "{empty}");
    let unknown = error(&target("halt = [\"true\"]"));
    assert!(unknown.contains("unknown change `halt`"), "{unknown}");
    let nowhere = error(&both.replace("postgres", "postgras"));
    assert!(nowhere.contains("unknown part `postgras` (did you mean `postgres`?)"), "{nowhere}");
}

#[test]
fn the_faults_that_init_explains_can_be_used_as_they_stand() {
    let bare = Answers {
        name: "host".to_owned(),
        url: "http://127.0.0.1:8080".to_owned(),
        owned: false,
        password_env: "PASSWORD".to_owned(),
        ..Answers::default()
    };
    let text = render(&bare);
    let after = text.split_once("# [faults.host]").unwrap().1;
    let section = after.lines().skip(1).take_while(|line| line.starts_with('#'));
    let section: Vec<_> = section.map(|line| line.trim_start_matches("# ")).collect();
    let text = format!("{text}\n[faults.host]\n{}\n", section.join("\n"));
    let faults = Target::parse("t.toml", &text).unwrap().faults.unwrap();
    for part in [Part::Postgres, Part::Valkey] {
        for change in [Change::Stop, Change::Start, Change::Pause, Change::Resume] {
            assert!(faults.command(part, change).is_some(), "{part} {change}");
        }
    }
    assert!(faults.command(Part::Host, Change::Kill).is_some());
}
