//! The `services` program, as a shell sees it.

use std::process::{Command, Output};

fn services(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_services"))
        .args(arguments)
        .env_remove(services::DATABASE_URL_VARIABLE)
        .env_remove(services::VALKEY_URL_VARIABLE)
        .output()
        .unwrap()
}

#[test]
fn the_commands_exit_code_is_ours() {
    let output = services(&["exec", "--services", "local", "--", "sh", "-c", "exit 7"]);
    assert_eq!(output.status.code(), Some(7));
}

#[test]
fn without_valkey_there_is_no_variable_for_it() {
    let script = r#"test -n "$HOSTPROOF_DATABASE_URL" && test -z "$HOSTPROOF_VALKEY_URL""#;
    let output =
        services(&["exec", "--services", "local", "--no-valkey", "--", "sh", "-c", script]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn an_own_database_is_another_than_the_servers() {
    let script = r#"test -n "$HOSTPROOF_OWN_DATABASE_URL" &&
                    test "$HOSTPROOF_OWN_DATABASE_URL" != "$HOSTPROOF_DATABASE_URL""#;
    let output = services(&[
        "exec",
        "--services",
        "local",
        "--no-valkey",
        "--own-database",
        "--",
        "sh",
        "-c",
        script,
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_command_that_does_not_exist_is_named() {
    let output = services(&["exec", "--services", "local", "--", "/does/not/exist"]);
    assert_eq!(output.status.code(), Some(126));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("/does/not/exist"), "{said}");
}

#[test]
fn a_named_server_that_does_not_answer_is_an_error_and_no_other_is_tried() {
    // Port 1 is for a service nobody runs.
    let output = services(&["exec", "--services", "postgres://u@127.0.0.1:1/d", "--", "true"]);
    assert_eq!(output.status.code(), Some(126));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("explicit URL") && said.contains("apt-get install postgresql"), "{said}");
}

#[test]
fn without_an_engine_docker_is_an_error_that_says_what_would_help() {
    let output = Command::new(env!("CARGO_BIN_EXE_services"))
        .args(["exec", "--services", "docker", "--", "true"])
        .env("DOCKER_HOST", "unix:///nowhere/docker.sock")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(126));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("no engine answers") && said.contains("docker.io"), "{said}");
}

#[test]
fn a_database_answers_questions_in_json() {
    let script = r#"printf '%s\n' 'SELECT 1 AS one' 'SELECT nothing' |
                    "$0" query --url "$HOSTPROOF_OWN_DATABASE_URL_2""#;
    let output = services(&[
        "exec",
        "--services",
        "local",
        "--no-valkey",
        "--own-database=2",
        "--",
        "sh",
        "-c",
        script,
        env!("CARGO_BIN_EXE_services"),
    ]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines[0], r#"[{"one":1}]"#);
    assert!(lines[1].starts_with("error: "), "{said}");
}
