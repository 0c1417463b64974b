//! Catalogs, good, partly good and no catalogs at all.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use contract::catalog::{ArtifactKind, Catalog};
use contract::name::PluginName;
use serde_json::{Value, json};

fn entry(name: &str) -> Value {
    json!({
        "name": name, "display_name": "X", "description": "x", "version": "1.2.3",
        "artifacts": {"manifest_tar_gz_url": "https://a.example/m.tar.gz"}
    })
}

fn parse(plugins: &[Value]) -> Catalog {
    let document = json!({"schema_version": 1, "source": "x", "plugins": plugins});
    Catalog::parse(document.to_string().as_bytes()).unwrap()
}

#[test]
fn a_bad_entry_hides_itself_only() {
    let with = |change: fn(&mut Value)| {
        let mut entry = entry("com.example.bad");
        change(&mut entry);
        entry
    };
    let bad = [
        (json!(7), "invalid type"),
        (with(|e| e["name"] = json!("../x")), "name"),
        (with(|e| e["name"] = json!(null)), "name"),
        (with(|e| e["version"] = json!(" ")), "version"),
        (with(|e| drop(e.as_object_mut().unwrap().remove("version"))), "version"),
        (with(|e| e["artifacts"] = json!({})), "manifest_tar_gz_url"),
        (with(|e| e["artifacts"]["manifest_tar_gz_url"] = json!("")), "manifest_tar_gz_url"),
        (with(|e| e["artifacts"]["backend_tar_gz_url"] = json!(7)), "artifacts.backend_tar_gz_url"),
        (
            with(|e| {
                e["artifacts"]["mcp_tar_gz_url"] = json!("https://a.example/x");
                e["artifacts"]["mcp_tar_gz_sha256"] = json!("abc");
            }),
            "mcp_tar_gz_sha256",
        ),
    ];
    for (bad, reason) in bad {
        let catalog = parse(&[entry("com.example.a"), bad.clone(), entry("com.example.b")]);
        let names: Vec<_> = catalog.entries.iter().map(|entry| entry.name.as_str()).collect();
        assert_eq!(names, ["com.example.a", "com.example.b"], "{bad}");
        assert_eq!(catalog.rejected.len(), 1, "{bad}");
        assert_eq!(catalog.rejected[0].index, 1);
        assert!(catalog.rejected[0].reason.contains(reason), "{bad}: {:?}", catalog.rejected);
    }
}

#[test]
fn the_first_of_a_name_counts() {
    let mut second = entry("com.example.a");
    second["version"] = json!("9.9.9");
    let catalog = parse(&[entry("com.example.a"), second]);
    let name = PluginName::parse("com.example.a").unwrap();
    assert_eq!(catalog.find(&name).unwrap().version, "1.2.3");
    assert_eq!(catalog.rejected[0].reason, "an earlier entry has the same name");
}

#[test]
fn artifacts_come_with_their_digests() {
    let digest = "0123456789abcdef".repeat(4);
    let mut offered = entry("com.example.a");
    offered["artifacts"]["backend_tar_gz_url"] = json!("https://a.example/b");
    offered["artifacts"]["backend_tar_gz_sha256"] = json!(digest);
    offered["artifacts"]["frontend_tar_gz_url"] = json!("");
    offered["artifacts"]["skills_tar_gz_url"] = json!("https://a.example/s");
    let catalog = parse(&[offered]);
    let artifacts = &catalog.entries[0].artifacts;
    assert_eq!(
        artifacts.get(ArtifactKind::Backend),
        Some(("https://a.example/b", Some(digest.as_str())))
    );
    assert_eq!(artifacts.get(ArtifactKind::Manifest), Some(("https://a.example/m.tar.gz", None)));
    assert_eq!(artifacts.get(ArtifactKind::Frontend), None);
    assert_eq!(artifacts.get(ArtifactKind::Migrations), None);
}

#[test]
fn what_is_no_catalog() {
    for text in ["", "<html>", "[]", "{}", r#"{"plugins":{}}"#, r#"{"plugins":null}"#] {
        assert!(Catalog::parse(text.as_bytes()).is_err(), "{text}");
    }
    assert_eq!(parse(&[]).entries, []);
}
