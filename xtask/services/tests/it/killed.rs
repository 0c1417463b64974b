//! Whatever becomes of the starter, its servers go.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::leftovers::{Server, process_runs, wait_until};

/// `services exec` around a command that sleeps, with what it started.
struct Running {
    starter: Child,
    command: u32,
    postgres: Server,
    valkey: Server,
}

impl Running {
    async fn start() -> Self {
        let script = "echo $HOSTPROOF_DATABASE_URL; echo $HOSTPROOF_VALKEY_URL; echo $$; \
                      exec sleep 600";
        let mut starter = Command::new(env!("CARGO_BIN_EXE_services"))
            .args(["exec", "--services", "local", "--", "sh", "-c", script])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(starter.stdout.take().unwrap()).lines();
        let mut line = || lines.next().expect("the command runs and says where").unwrap();
        let (postgres, valkey, command) = (line(), line(), line().parse().unwrap());
        let postgres = Server::of_postgres(&postgres).await;
        let valkey = Server::of_valkey(&valkey);
        assert!(postgres.runs() && valkey.runs() && process_runs(command));
        Self { starter, command, postgres, valkey }
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.starter.id().cast_signed()), signal).unwrap();
    }
}

#[tokio::test]
async fn nothing_is_left_of_a_killed_run() {
    let mut running = Running::start().await;
    running.signal(Signal::SIGKILL);
    running.starter.wait().unwrap();
    running.postgres.wait_until_gone();
    running.valkey.wait_until_gone();
    wait_until("the command ended with its starter", || !process_runs(running.command));
}

#[tokio::test]
async fn a_terminated_run_passes_the_signal_on_and_removes_its_servers_before_it_ends() {
    let mut running = Running::start().await;
    running.signal(Signal::SIGTERM);
    let status = running.starter.wait().unwrap();
    // What a shell reports for a command that ended by SIGTERM.
    assert_eq!(status.code(), Some(128 + 15));
    assert!(!running.postgres.runs() && !running.postgres.directory.exists());
    assert!(!running.valkey.runs() && !running.valkey.directory.exists());
    assert!(!process_runs(running.command));
}

#[tokio::test]
async fn an_interrupted_run_outside_a_terminal_does_the_same() {
    let mut running = Running::start().await;
    running.signal(Signal::SIGINT);
    assert_eq!(running.starter.wait().unwrap().code(), Some(128 + 2));
    assert!(!running.postgres.directory.exists() && !running.valkey.directory.exists());
}

#[tokio::test]
async fn servers_go_when_their_handle_is_dropped() {
    let request = services::Request {
        choice: services::Choice::Local,
        postgres: true,
        valkey: services::Want::Required,
    };
    let running = tokio::task::spawn_blocking(|| services::start(request)).await.unwrap().unwrap();
    let postgres = Server::of_postgres(&running.postgres().unwrap().url).await;
    let valkey = Server::of_valkey(&running.valkey().unwrap().url);
    assert!(postgres.runs() && valkey.runs());
    drop(running);
    assert!(!process_runs(postgres.process) && !postgres.directory.exists());
    assert!(!process_runs(valkey.process) && !valkey.directory.exists());
}
