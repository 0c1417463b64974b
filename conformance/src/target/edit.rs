//! Setting a key of the commented target file: its line is uncommented, and what makes sense only with it.

use super::template::{Answers, render};
use crate::case::Feature;

/// Sections of which no key makes sense alone, with the keys that then stand there.
const WHOLE: [(&str, &[&str]); 5] = [
    ("admin", &["username", "password_env"]),
    ("catalog", &["listen", "url"]),
    (
        "outbound",
        &[
            "listen",
            "ca_file",
            "allowed_host",
            "other_host",
            "untrusted_host",
            "expired_host",
            "misnamed_host",
        ],
    ),
    ("valkey", &["url"]),
    ("config.branding", &["logo_url", "brand_name", "primary_color_light", "primary_color_dark"]),
];
/// Features that are claimed when a section of their name is written.
const CLAIMED: [Feature; 5] =
    [Feature::Catalog, Feature::Outbound, Feature::Valkey, Feature::Config, Feature::Faults];

/// The text of a target file, with further keys as `("limits.sql_rows", "500")`.
pub fn written(answers: &Answers, settings: &[(String, String)]) -> Result<String, String> {
    let mut answers = answers.clone();
    let section = |feature: &Feature| format!("{feature}.");
    let named =
        |feature: &Feature| settings.iter().any(|(key, _)| key.starts_with(&section(feature)));
    answers.also.extend(CLAIMED.iter().copied().filter(named));
    let mut lines: Vec<String> = render(&answers).lines().map(str::to_owned).collect();
    for (key, value) in settings {
        set(&mut lines, key, value)?;
    }
    Ok(lines.join("\n") + "\n")
}

/// A line with its place: the section it is in and its key, commented out or not.
struct Place {
    index: usize,
    section: String,
    /// `None` for the header of the section.
    key: Option<String>,
}

fn places(lines: &[String]) -> Vec<Place> {
    let mut section = String::new();
    let mut places = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let line = bare(line);
        let header = line.strip_prefix('[').and_then(|line| line.strip_suffix(']'));
        let key = line.split_once(" = ").map(|(key, _)| key);
        if let Some(name) = header.filter(|name| name.bytes().all(is_key)) {
            name.clone_into(&mut section);
            places.push(Place { index, section: section.clone(), key: None });
        } else if let Some(key) = key.filter(|key| key.bytes().all(is_key)) {
            places.push(Place { index, section: section.clone(), key: Some(key.to_owned()) });
        }
    }
    places
}

fn is_key(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._-".contains(&byte)
}

fn bare(line: &str) -> &str {
    line.strip_prefix("# ").unwrap_or(line)
}

fn set(lines: &mut [String], path: &str, value: &str) -> Result<(), String> {
    let (section, key) = path.rsplit_once('.').unwrap_or(("", path));
    let places = places(lines);
    let full = |place: &Place| match (&place.key, place.section.as_str()) {
        (Some(key), "") => Some(key.clone()),
        (Some(key), section) => Some(format!("{section}.{key}")),
        (None, _) => None,
    };
    let Some(at) = places.iter().find(|place| full(place).as_deref() == Some(path)) else {
        let known: Vec<String> = places.iter().filter_map(full).collect();
        let hint = crate::suggest::hint(path, known.iter().map(String::as_str));
        return Err(format!("a target file has no key `{path}`{hint}"));
    };
    let uncomment = |line: &mut String| *line = bare(line).to_owned();
    for place in places.iter().filter(|place| place.section == section && !section.is_empty()) {
        let whole =
            WHOLE.iter().find(|(name, _)| *name == section).map_or(&[][..], |(_, keys)| keys);
        if place.key.as_deref().is_none_or(|key| whole.contains(&key)) {
            uncomment(&mut lines[place.index]);
        }
    }
    // One instead of the other.
    if path == "admin.password" {
        let other =
            places.iter().find(|place| full(place).as_deref() == Some("admin.password_env"));
        if let Some(place) = other {
            lines[place.index] = format!("# {}", lines[place.index]);
        }
    }
    let line = &mut lines[at.index];
    let remark = line.rfind("  # ").map(|at| line[at..].trim_start().to_owned());
    let remark = remark.map(|remark| format!("   {remark}")).unwrap_or_default();
    *line = format!("{key} = {}{remark}", literal(value));
    Ok(())
}

/// A value as TOML, or else as a text.
fn literal(value: &str) -> String {
    let parses =
        format!("value = {value}").parse::<toml::Table>().is_ok_and(|table| table.len() == 1);
    if parses { value.to_owned() } else { toml::Value::from(value).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(written: &[(&str, &str)]) -> Vec<(String, String)> {
        written.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn target(written_: &[(&str, &str)]) -> Result<crate::target::Target, String> {
        let answers =
            Answers { name: "host".to_owned(), url: "http://x".to_owned(), ..Answers::default() };
        let text = written(&answers, &settings(written_))?;
        crate::target::Target::parse("t.toml", &text).map_err(|e| format!("{e}\n{text}"))
    }

    #[test]
    fn every_key_of_the_file_can_be_set() {
        let target = target(&[
            ("baseline", "known.toml"),
            ("host.name", "other"),
            ("host.owned", "true"),
            ("claims.profiles", "[\"sandbox\"]"),
            ("admin.password", "secret"),
            ("catalog.url", "https://suite.test"),
            ("catalog.ca_file", "ca.pem"),
            ("outbound.allowed_host", "a.test"),
            ("valkey.url", "redis://v:1"),
            ("config.values", "{ A = \"1\" }"),
            ("config.empty_keys", "[\"B\"]"),
            ("config.secret_keys", "[\"C\"]"),
            ("config.granted", "{ key = \"D\", value = \"d\", plugin = \"com.hostproof.d\" }"),
            ("config.branding.logo_url", ""),
            ("config.branding.brand_name", "Mine"),
            ("config.branding.primary_color_light", "#111111"),
            ("config.branding.primary_color_dark", "#222222"),
            ("faults.host.kill", "[\"kill\"]"),
            ("faults.host.start", "[\"start\"]"),
            ("limits.sql_rows", "5"),
            ("limits.call_duration", "7s"),
        ])
        .unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(target.host.name, "other");
        assert!(target.host.owned && target.baseline.is_some());
        assert_eq!(target.admin.map(|admin| admin.password()), Some(Ok("secret".to_owned())));
        assert!(target.catalog.is_some_and(|catalog| catalog.ca_file.is_some()));
        assert_eq!(
            target.outbound.map(|outbound| outbound.allowed_host),
            Some("a.test".to_owned())
        );
        assert_eq!((target.limits.sql_rows, target.limits.sql_params), (5, 10_000));
        for feature in CLAIMED {
            assert!(
                target.claims.features.contains(&feature),
                "{feature} is described and claimed"
            );
        }
    }

    #[test]
    fn what_is_no_key_is_refused_with_the_nearest() {
        let error = target(&[("limits.sql_row", "5")]).expect_err("no such key");
        assert_eq!(
            error,
            "a target file has no key `limits.sql_row` (did you mean `limits.sql_rows`?)"
        );
        let error = target(&[("limits.sql_rows", "many")]).expect_err("no number");
        assert!(error.contains("invalid type"), "{error}");
    }
}
