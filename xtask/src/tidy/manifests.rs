//! What every member's `Cargo.toml` has in common.

use anyhow::{Context as _, Result};
use cargo_metadata::Metadata;
use toml::{Table, Value};

const INHERITED: [&str; 5] = ["version", "edition", "rust-version", "license", "publish"];

pub(super) fn check(metadata: &Metadata) -> Result<Vec<String>> {
    let mut violations = Vec::new();
    for package in metadata.workspace_packages() {
        let path = &package.manifest_path;
        let text = std::fs::read_to_string(path).with_context(|| format!("read {path}"))?;
        let manifest: Table = text.parse().with_context(|| format!("parse {path}"))?;
        violations.extend(of_one(&manifest).into_iter().map(|said| format!("{path}: {said}")));
    }
    Ok(violations)
}

fn of_one(manifest: &Table) -> Vec<String> {
    let mut violations = Vec::new();
    if !from_workspace(manifest.get("lints")) {
        violations.push("lacks `[lints] workspace = true`".to_owned());
    }
    let package = manifest.get("package").and_then(Value::as_table);
    for key in INHERITED {
        if !from_workspace(package.and_then(|package| package.get(key))) {
            violations.push(format!("lacks `{key}.workspace = true` in [package]"));
        }
    }
    for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
        let table = manifest.get(kind).and_then(Value::as_table).into_iter().flatten();
        for (name, _) in table.filter(|(_, dependency)| !from_workspace(Some(dependency))) {
            violations.push(format!(
                "[{kind}] {name}: its version belongs into the workspace's table, so that there is one"
            ));
        }
    }
    violations
}

fn from_workspace(value: Option<&Value>) -> bool {
    value.and_then(|value| value.get("workspace")).and_then(Value::as_bool) == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_inherits() {
        let good = "[package]\nname = \"x\"\nversion.workspace = true\nedition.workspace = true\n\
                    rust-version.workspace = true\nlicense.workspace = true\n\
                    publish.workspace = true\n[dependencies]\n\
                    serde = { workspace = true, features = [] }\n[lints]\nworkspace = true\n";
        let check = |text: &str| of_one(&text.parse().expect("TOML"));
        assert_eq!(check(good), Vec::<String>::new());
        assert_eq!(
            check(&good.replace("serde = { workspace = true", "serde = { version = \"1\"")).len(),
            1
        );
        assert_eq!(check(&good.replace("[lints]\nworkspace = true\n", "")).len(), 1);
        assert_eq!(check(&good.replace("edition.workspace = true", "edition = \"2024\"")).len(), 1);
    }
}
