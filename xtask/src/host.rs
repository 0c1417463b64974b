//! The reference host as a child process: started, waited for, stopped.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::{signals::Signals, tool};

/// From start to serving: connect, make the tables, compile nothing. Long enough for a busy machine.
const READY_DEADLINE: Duration = Duration::from_mins(1);
/// For its own shutdown; the host gives running requests ten seconds by default.
const STOP_DEADLINE: Duration = Duration::from_secs(15);
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// A host to start.
#[derive(Debug)]
pub(crate) struct Plan<'a> {
    /// The `reference-server` program.
    pub(crate) program: &'a Path,
    /// The `services` program, which ties the host's life to ours.
    pub(crate) services: &'a Path,
    /// Folder for its files; emptied first.
    pub(crate) folder: &'a Path,
    /// Its environment.
    pub(crate) environment: Vec<(&'static str, String)>,
    /// What plugins may read with `config_get`: the text of its `PLUGINS_CONFIG_FILE`.
    pub(crate) plugin_config: String,
}

/// A running host. Dropping it stops it.
#[derive(Debug)]
pub(crate) struct Host {
    child: Child,
    /// Its base URL.
    pub(crate) url: String,
    /// Its log, which stays.
    pub(crate) log: PathBuf,
    /// Its plugins' files, which go with it.
    plugins: PathBuf,
}

impl Host {
    /// Starts the host and waits until it serves.
    pub(crate) fn start(plan: &Plan<'_>, signals: &Signals) -> Result<Self> {
        let Plan { program, services, folder, environment, plugin_config } = plan;
        if folder.exists() {
            fs::remove_dir_all(folder).with_context(|| format!("empty {}", folder.display()))?;
        }
        fs::create_dir_all(folder).with_context(|| format!("create {}", folder.display()))?;
        let [log, ready, plugins] = ["host.log", "ready", "plugins"].map(|name| folder.join(name));
        let config_file = folder.join("plugins.toml");
        fs::write(&config_file, plugin_config)?;
        let output = File::create(&log)?;
        let mut command = tool::tied(services, program);
        command
            .arg("--ready-file")
            .arg(&ready)
            .env("PLUGINS_WASM_DIR", plugins.join("backend"))
            .env("PLUGINS_FRONTEND_DIR", plugins.join("frontend"))
            .env("PLUGINS_MCP_DIR", plugins.join("mcp"))
            .env("PLUGINS_CONFIG_FILE", config_file)
            // The log is a file.
            .env("NO_COLOR", "1")
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output);
        let child = command.spawn().context("cannot run the host")?;
        let mut host = Self { child, url: String::new(), log, plugins };
        let deadline = Instant::now() + READY_DEADLINE;
        loop {
            if let Ok(url) = fs::read_to_string(&ready) {
                url.trim().clone_into(&mut host.url);
                return Ok(host);
            }
            if let Some(status) = host.ended()? {
                bail!("the host ended with {status} before it served:\n{}", host.log_tail());
            }
            if Instant::now() > deadline {
                bail!("the host does not serve after {READY_DEADLINE:?}:\n{}", host.log_tail());
            }
            if let Some(signal) = signals.within(POLL_INTERVAL) {
                bail!("stopped by {signal} before the host served");
            }
        }
    }

    /// How the host ended, if it has.
    pub(crate) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// The last lines of its log.
    pub(crate) fn log_tail(&self) -> String {
        const LINES: usize = 20;
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let tail = lines[lines.len().saturating_sub(LINES)..].join("\n");
        format!("{tail}\n({})", self.log.display())
    }

    fn stop(&mut self) -> Result<()> {
        if self.ended()?.is_some() {
            return Ok(());
        }
        kill(Pid::from_raw(self.child.id().cast_signed()), Signal::SIGTERM)?;
        let deadline = Instant::now() + STOP_DEADLINE;
        while self.ended()?.is_none() {
            if Instant::now() > deadline {
                eprintln!("xtask: the host ignores SIGTERM for {STOP_DEADLINE:?}; killing it");
                self.child.kill()?;
                self.child.wait()?;
                break;
            }
            thread::sleep(POLL_INTERVAL);
        }
        Ok(())
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        if let Err(error) = self.stop() {
            eprintln!("xtask: cannot stop the host: {error:#}");
        }
        // Emptied at the next start in any case.
        let _ = fs::remove_dir_all(&self.plugins);
    }
}
