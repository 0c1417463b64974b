//! `hostproof init` on a terminal: what it asks, what it takes for an answer, and what it writes.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use hostproof::case::Feature;
use hostproof::target::Target;

use crate::hosts::{dead_url, reply, start};

/// For a program of ours to say something, on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// The command on a terminal of its own.
struct Asked {
    child: Child,
    keyboard: File,
    screen: Receiver<Vec<u8>>,
    seen: String,
}

impl Asked {
    fn init(folder: &Path, args: &[&str]) -> Self {
        let terminal = nix::pty::openpty(None, None).unwrap();
        let end = || terminal.slave.try_clone().unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_hostproof"))
            .arg("init")
            .args(args)
            .current_dir(folder)
            .stdin(end())
            .stdout(end())
            .stderr(end())
            .spawn()
            .unwrap();
        let keyboard = File::from(terminal.master);
        let mut reader = keyboard.try_clone().unwrap();
        let (send, screen) = channel();
        // Ends with the last of the other ends.
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut bytes) {
                if send.send(bytes[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self { child, keyboard, screen, seen: String::new() }
    }

    /// Waits for a question, and types the answer.
    fn answer(&mut self, question: &str, answer: &str) {
        while !self.seen.contains(question) {
            let bytes = self.screen.recv_timeout(PATIENCE);
            let bytes = bytes.unwrap_or_else(|_| panic!("no `{question}` in {}", self.seen));
            self.seen.push_str(&String::from_utf8_lossy(&bytes));
        }
        let (_, rest) = self.seen.split_once(question).unwrap();
        self.seen = rest.to_owned();
        writeln!(self.keyboard, "{answer}").unwrap();
    }

    /// Everything it says after the last question, once it has ended, with its exit code.
    fn end(mut self) -> (String, Option<i32>) {
        let code = self.child.wait().unwrap().code();
        while let Ok(bytes) = self.screen.recv_timeout(PATIENCE) {
            self.seen.push_str(&String::from_utf8_lossy(&bytes));
        }
        (self.seen, code)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_of_ones_own_is_asked_about_and_tried() {
    let host = start(|_, _| reply(200, "application/json", r#"{"status":"ok"}"#)).await;
    let (folder, url) = (tempfile::tempdir().unwrap(), host.url());
    let mut asked = Asked::init(folder.path(), &["t.toml"]);
    asked.answer("URL of the host [http://127.0.0.1:8080]: ", &url);
    asked.answer("Name for reports [my-host]: ", "a host");
    asked.answer("(yes/no) [no]: ", "yes");
    asked.answer("Administrator's name [admin]: ", "");
    asked.answer("the suite's catalog (or none) [127.0.0.1:8790]: ", "127.0.0.1:9001");
    asked.answer("outbound server (or none) [127.0.0.1:8791]: ", "none");
    let (said, code) = asked.end();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains(&format!("{url}/ answers 200")), "{said}");
    let target = Target::read(&folder.path().join("t.toml")).unwrap();
    assert_eq!((target.host.name.as_str(), target.host.owned), ("a host", true));
    assert_eq!(target.admin.unwrap().username, "admin");
    assert_eq!(target.catalog.unwrap().listen.port(), 9001);
    assert!(target.outbound.is_none() && !target.claims.features.contains(&Feature::Outbound));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_strangers_host_is_asked_little_about_and_a_dead_one_is_written_down_all_the_same() {
    let (folder, url) = (tempfile::tempdir().unwrap(), dead_url().await);
    let mut asked = Asked::init(folder.path(), &["t.toml", "--name", "theirs"]);
    asked.answer("URL of the host [http://127.0.0.1:8080]: ", &url);
    asked.answer("(yes/no) [no]: ", "");
    let (said, code) = asked.end();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains(&format!("{url}/ does not answer yet: ")), "{said}");
    let target = Target::read(&folder.path().join("t.toml")).unwrap();
    assert!(!target.host.owned && target.admin.is_none() && target.catalog.is_none());
}
