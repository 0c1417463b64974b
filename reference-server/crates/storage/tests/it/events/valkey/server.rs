//! A server that keeps what it has when it is killed, on one port.

use std::time::Duration;

use tempfile::TempDir;
use tokio::process::{Child, Command};

use super::super::support::PATIENCE;

pub(super) struct KeptServer {
    folder: TempDir,
    port: u16,
    child: Child,
}

impl KeptServer {
    pub(super) async fn start() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let folder = tempfile::tempdir().unwrap();
        let child = spawn(&folder, port);
        let server = Self { folder, port, child };
        server.answers().await;
        server
    }

    pub(super) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub(super) async fn kill(&mut self) {
        self.child.kill().await.unwrap();
    }

    pub(super) async fn restart(&mut self) {
        self.child = spawn(&self.folder, self.port);
        self.answers().await;
    }

    async fn answers(&self) {
        let client = redis::Client::open(self.url()).unwrap();
        let waiting = async {
            loop {
                if let Ok(mut connection) = client.get_multiplexed_async_connection().await
                    && redis::cmd("PING").exec_async(&mut connection).await.is_ok()
                {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.expect("the server does not answer");
    }
}

fn spawn(folder: &TempDir, port: u16) -> Child {
    let program = services::find_valkey().expect("valkey-server or redis-server on this machine");
    Command::new(program)
        .args(["--bind", "127.0.0.1", "--port", &port.to_string()])
        .args(["--appendonly", "yes", "--appendfsync", "always", "--save", ""])
        .arg("--dir")
        .arg(folder.path())
        .stdout(std::process::Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}
