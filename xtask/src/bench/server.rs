//! A server that is compared with the host: says where it listens in a file, once it serves.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};

use crate::{
    hosted::{SERVICES, Stage},
    tool,
};

/// From its start to its file with the URL; one of them compiles a guest first.
const READY_DEADLINE: Duration = Duration::from_mins(1);

/// A running one. Dropping it stops it.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    /// Its base URL.
    pub(crate) url: String,
}

impl Server {
    /// Starts one and waits until it serves.
    pub(crate) fn start(
        stage: &Stage,
        program: &Path,
        arguments: &[&PathBuf],
        folder: &Path,
    ) -> Result<Self> {
        let ready = folder.join("server.ready");
        // That of an earlier one.
        let _ = fs::remove_file(&ready);
        let mut command = tool::tied(stage.program(SERVICES)?, program);
        command.arg("--ready-file").arg(&ready).args(arguments).stdin(Stdio::null());
        let name = tool::shown(&command);
        let child = command.spawn().with_context(|| format!("cannot run `{name}`"))?;
        let mut server = Self { child, url: String::new() };
        let deadline = Instant::now() + READY_DEADLINE;
        loop {
            if let Ok(url) = fs::read_to_string(&ready) {
                url.trim().clone_into(&mut server.url);
                return Ok(server);
            }
            if let Some(status) = server.child.try_wait()? {
                bail!("`{name}` ended with {status}");
            }
            if Instant::now() > deadline {
                bail!("`{name}` does not serve after {READY_DEADLINE:?}");
            }
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Its process: the program that ties it to us becomes the server.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.child.kill().is_ok() {
            let _ = self.child.wait();
        }
    }
}
