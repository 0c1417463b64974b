//! The same in containers. Ignored by default, because it needs a Docker engine that has the images;
//! `.ci/with-engine` provides one, and CI runs this there.

use std::{
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
};

use crate::leftovers::wait_until;

/// The containers of this project that exist, running or not.
fn containers() -> Vec<String> {
    let asked = Command::new("docker")
        .args(["ps", "--all", "--quiet", "--filter", "label=hostproof=services"])
        .output()
        .unwrap();
    assert!(asked.status.success(), "{}", String::from_utf8_lossy(&asked.stderr));
    String::from_utf8(asked.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
#[ignore = "needs a Docker engine with the images; `.ci/with-engine` runs it"]
fn a_killed_run_had_a_real_valkey_and_leaves_no_containers() {
    let before = containers();
    let script = r#"exec 3<>"/dev/tcp/127.0.0.1/${HOSTPROOF_VALKEY_URL##*:}"
                    printf 'INFO server\r\nQUIT\r\n' >&3
                    grep '^valkey_version:' <&3; exec sleep 600"#;
    let mut starter = Command::new(env!("CARGO_BIN_EXE_services"))
        .args(["exec", "--services", "docker", "--", "bash", "-c", script])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let said = BufReader::new(starter.stdout.take().unwrap()).lines().next();
    let during = containers().len();
    starter.kill().unwrap();
    starter.wait().unwrap();
    let version = said.expect("servers in containers").unwrap();
    assert!(version.starts_with("valkey_version:"), "{version}");
    assert_eq!(during, before.len() + 2);
    wait_until("its containers are removed", || containers() == before);
}
