//! Files and environments that load, and those that are refused by name.

#![expect(clippy::unwrap_used, reason = "a failed load is the test's failure")]

use std::{io::Write as _, time::Duration};

use super::*;

const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn environment(extra: &[(&str, &str)]) -> Vec<(String, String)> {
    [("DATABASE_URL", "postgres://db"), ("JWT_SECRET", SECRET)]
        .iter()
        .chain(extra)
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn load_file(text: &str, extra: &[(&str, &str)]) -> (Result<Config, ConfigError>, String) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    let path = file.path().display().to_string();
    (Config::load(Some(file.path()), &environment(extra)), path)
}

fn problems(result: Result<Config, ConfigError>) -> Vec<ConfigProblem> {
    match result.unwrap_err() {
        ConfigError::Invalid(problems) => problems,
        other @ ConfigError::Unreadable { .. } => panic!("{other}"),
    }
}

#[test]
fn defaults_need_only_database_and_secret() {
    let config = Config::load(None, &environment(&[])).unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.limits.call_duration, Duration::from_secs(5));
    assert_eq!(config.limits.memory_pages, 1024);
    assert_eq!(config.marketplace.timeout, Duration::from_secs(20));
}

#[test]
fn what_is_missing_is_reported_at_once() {
    let problems = problems(Config::load(None, &[]));
    let keys: Vec<_> = problems.iter().map(|p| (p.key.as_str(), p.origin.as_str())).collect();
    assert_eq!(keys, [("database.url", "DATABASE_URL"), ("auth.jwt_secret", "JWT_SECRET")]);
}

#[test]
fn environment_wins_over_file_wins_over_default() {
    let file = "listen = \"127.0.0.1:1\"\n[limits]\nmemory_pages = 7\n[plugins]\nwasm_dir = \"/w\"";
    let (config, _) = load_file(file, &[("LISTEN", "127.0.0.1:2")]);
    let config = config.unwrap();
    assert_eq!(config.listen.port(), 2);
    assert_eq!(config.limits.memory_pages, 7);
    assert_eq!(config.plugins.wasm_dir, Path::new("/w"));
}

#[test]
fn text_that_looks_like_a_number_stays_a_password() {
    let config = Config::load(
        None,
        &environment(&[
            ("ADMIN_USERNAME", "admin"),
            ("ADMIN_PASSWORD", "1234567890"),
            ("PLUGINS_MAX_MEMORY_PAGES", "16"),
            ("COOKIE_SECURE", "true"),
        ]),
    )
    .unwrap();
    assert_eq!(config.admin.password.unwrap().expose(), "1234567890");
    assert_eq!(config.limits.memory_pages, 16);
    assert!(config.auth.cookie_secure);
}

#[test]
fn every_unknown_key_is_named_with_its_file() {
    let text = "lisen = 1\nlimits.memory_page = 1\n[plugin]\nstore = \"local\"\n[listen]\nx = 1";
    let (result, path) = load_file(text, &[]);
    let problems = problems(result);
    let keys: Vec<_> = problems.iter().map(|problem| problem.key.as_str()).collect();
    assert_eq!(keys, ["limits.memory_page", "lisen", "plugin"]);
    for problem in &problems {
        assert_eq!(problem.origin, path);
    }
    assert!(
        problems[1].message.contains("listen, shutdown_grace, readiness_timeout"),
        "{problems:?}"
    );
    assert!(problems[0].message.contains("memory_pages"), "{problems:?}");
}

#[test]
fn a_section_in_place_of_a_value_is_refused() {
    let (result, path) = load_file("[listen]\nx = 1", &[]);
    let problems = problems(result);
    assert_eq!((problems[0].key.as_str(), &problems[0].origin), ("listen", &path));
}

#[test]
fn a_wrong_value_names_its_variable() {
    for (variable, value, key) in [
        ("LISTEN", "here", "listen"),
        ("PLUGINS_MAX_MEMORY_PAGES", "many", "limits.memory_pages"),
        ("PLUGINS_MAX_CALL_DURATION", "soon", "limits.call_duration"),
        ("PLUGINS_MAX_CALL_DURATION", "0s", "limits.call_duration"),
        ("PLUGINS_OUTBOUND_TEST_HOSTS", "a.test", "plugins.outbound_test_hosts"),
        ("PLUGINS_STORE", "s3", "plugins.bucket"),
        ("PLUGINS_STORE", "tape", "plugins.store"),
        ("LOG_FORMAT", "xml", "log.format"),
        ("JWT_SECRET", "short", "auth.jwt_secret"),
        ("ADMIN_PASSWORD", "long enough", "admin.username"),
    ] {
        let problems = problems(Config::load(None, &environment(&[(variable, value)])));
        assert_eq!(problems.len(), 1, "{variable}={value}: {problems:?}");
        assert_eq!(problems[0].key, key);
        let named = match key {
            "admin.username" => "ADMIN_USERNAME",
            "plugins.bucket" => "STORAGE_BUCKET",
            _ => variable,
        };
        assert_eq!(problems[0].origin, named, "{problems:?}");
    }
}

#[test]
fn a_file_that_is_not_toml_or_not_there_is_named() {
    let (result, path) = load_file("listen = ", &[]);
    assert_eq!(problems(result)[0].origin, path);
    let error = Config::load(Some(Path::new("/nowhere/x.toml")), &environment(&[])).unwrap_err();
    assert!(error.to_string().contains("/nowhere/x.toml"), "{error}");
}

#[test]
fn misspelt_variables_are_noticed() {
    let environment = environment(&[
        ("PLUGINS_MAX_CAL_DURATION", "5s"),
        ("PLUGINS_STORE", "local"),
        ("PLUGIN_CONFIG_X", "y"),
    ]);
    assert_eq!(unknown_variables(&environment), ["PLUGINS_MAX_CAL_DURATION"]);
}

#[test]
fn secrets_are_shown_nowhere() {
    let config = Config::load(
        None,
        &environment(&[
            ("VALKEY_URL", "redis://:hunter22@v"),
            ("ADMIN_USERNAME", "admin"),
            ("ADMIN_PASSWORD", "hunter22hunter22"),
            ("DATABASE_URL", "postgres://u:hunter22@db"),
        ]),
    )
    .unwrap();
    for shown in [format!("{config:?}"), toml::to_string(&config).unwrap()] {
        assert!(!shown.contains("hunter22"), "{shown}");
        assert!(!shown.contains(SECRET), "{shown}");
    }
}
