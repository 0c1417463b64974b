//! Reference hosts as child processes: started, waited for, stopped, killed.

use std::{
    fs::{self, File},
    net::{SocketAddr, TcpListener},
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Child, ExitStatus, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use nix::{
    sys::{
        signal::{Signal, kill},
        statvfs::statvfs,
    },
    unistd::{AccessFlags, Pid, access},
};

use crate::{
    hosted::{HOST, SERVICES, Stage},
    signals::Signals,
    tool,
};

/// From start to serving: connect, make the tables, compile nothing. Long enough for a busy machine.
const READY_DEADLINE: Duration = Duration::from_mins(1);
/// For its own shutdown; the host gives running requests ten seconds by default.
const STOP_DEADLINE: Duration = Duration::from_secs(15);
/// What the store of plugins' files is called in a ground.
const STORE: &str = "plugins";
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// The folder of the hosts that share a database: their logs, and the store of their plugins' files,
/// which goes when this does.
///
/// The store is in memory if there is room: hosts make and remove thousands of small files, for which
/// a disk's file system takes a quarter of the processor. In the folder is a link to it then.
#[derive(Debug)]
pub(crate) struct Ground {
    folder: PathBuf,
    store: PathBuf,
    keep: AtomicBool,
}

impl Ground {
    /// An empty one.
    pub(crate) fn new(folder: PathBuf) -> Result<Self> {
        let link = folder.join(STORE);
        if let Ok(old) = fs::read_link(&link) {
            // That of a run that could not clean up.
            let _ = fs::remove_dir_all(old);
        }
        if folder.exists() {
            fs::remove_dir_all(&folder).with_context(|| format!("empty {}", folder.display()))?;
        }
        fs::create_dir_all(&folder).with_context(|| format!("create {}", folder.display()))?;
        let store = match memory() {
            None => link,
            Some(memory) => {
                let made = tempfile::Builder::new().prefix("hostproof-plugins-").tempdir_in(memory);
                let store = made.context("a folder in memory")?.keep();
                symlink(&store, &link).with_context(|| format!("make {}", link.display()))?;
                store
            }
        };
        Ok(Self { folder, store, keep: AtomicBool::new(false) })
    }

    /// Where it is.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Leaves the plugins' files where they are, as evidence.
    pub(crate) fn keep(&self) {
        self.keep.store(true, Ordering::Relaxed);
    }

    /// One of the folders with plugins' files: `backend`, `frontend`, `mcp`.
    pub(crate) fn tree(&self, tree: &str) -> PathBuf {
        self.store.join(tree)
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        if self.keep.load(Ordering::Relaxed) {
            return;
        }
        // Emptied at the next start in any case.
        let _ = fs::remove_dir_all(&self.store);
        let _ = fs::remove_file(self.folder.join(STORE));
    }
}

/// Where files are in memory, if there is room.
fn memory() -> Option<&'static Path> {
    const MEMORY: &str = "/dev/shm";
    const ENOUGH: u64 = 2 << 30;
    let free = statvfs(MEMORY).ok()?;
    let enough = free.blocks_available() * free.fragment_size() >= ENOUGH;
    let writable = access(MEMORY, AccessFlags::W_OK | AccessFlags::X_OK).is_ok();
    (enough && writable).then_some(Path::new(MEMORY))
}

/// A host to start.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// What its files in the folder are called by, among them `{name}.log`.
    pub(crate) name: String,
    /// Its environment.
    pub(crate) environment: Vec<(&'static str, String)>,
    /// What plugins may read with `config_get`: the text of its `PLUGINS_CONFIG_FILE`.
    pub(crate) plugin_config: String,
}

/// A host. Dropping it stops it.
#[derive(Debug)]
pub(crate) struct Host {
    child: Child,
    ready: PathBuf,
    /// Its base URL, once it serves.
    pub(crate) url: String,
    /// Its log, which stays, and goes on when a host of this name is started again.
    pub(crate) log: PathBuf,
}

impl Host {
    /// Starts a host and waits until it serves.
    pub(crate) fn start(stage: &Stage, ground: &Ground, plan: &Plan) -> Result<Self> {
        let mut host = Self::launch(stage, ground, plan)?;
        if let Some(status) = host.until_ready(&stage.signals)? {
            bail!("the host ended with {status} before it served:\n{}", host.log_tail());
        }
        Ok(host)
    }

    /// Starts a host.
    pub(crate) fn launch(stage: &Stage, ground: &Ground, plan: &Plan) -> Result<Self> {
        let Plan { name, environment, plugin_config } = plan;
        let file = |extension: &str| ground.folder.join(format!("{name}.{extension}"));
        let [log, ready, config_file] = ["log", "ready", "plugins.toml"].map(file);
        // That of an earlier process of this name.
        let _ = fs::remove_file(&ready);
        fs::write(&config_file, plugin_config)?;
        let output = File::options().create(true).append(true).open(&log)?;
        let mut command = tool::tied(stage.program(SERVICES)?, stage.program(HOST)?);
        command
            .arg("--ready-file")
            .arg(&ready)
            .env("PLUGINS_WASM_DIR", ground.tree("backend"))
            .env("PLUGINS_FRONTEND_DIR", ground.tree("frontend"))
            .env("PLUGINS_MCP_DIR", ground.tree("mcp"))
            .env("PLUGINS_CONFIG_FILE", config_file)
            // The log is a file.
            .env("NO_COLOR", "1")
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output);
        let child = command.spawn().context("cannot run the host")?;
        Ok(Self { child, ready, url: String::new(), log })
    }

    /// Waits until it serves; says how it ended if it ends before.
    pub(crate) fn until_ready(&mut self, signals: &Signals) -> Result<Option<ExitStatus>> {
        let deadline = Instant::now() + READY_DEADLINE;
        loop {
            if let Ok(url) = fs::read_to_string(&self.ready) {
                url.trim().clone_into(&mut self.url);
                return Ok(None);
            }
            if let Some(status) = self.ended()? {
                return Ok(Some(status));
            }
            if Instant::now() > deadline {
                bail!("the host does not serve after {READY_DEADLINE:?}:\n{}", self.log_tail());
            }
            signals.none_came()?;
            thread::sleep(POLL_INTERVAL);
        }
    }

    /// Its process: the program that ties it to us becomes the host.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Kills it, as the kernel would for want of memory.
    pub(crate) fn kill(&mut self) -> Result<()> {
        // One that is gone already is not signalled.
        self.child.kill().context("cannot kill the host")
    }

    /// Waits until it has ended; `None` when it lives on.
    pub(crate) fn until_ended(&mut self, patience: Duration) -> Result<Option<ExitStatus>> {
        let deadline = Instant::now() + patience;
        loop {
            let ended = self.ended()?;
            if ended.is_some() || Instant::now() > deadline {
                return Ok(ended);
            }
            thread::sleep(POLL_INTERVAL);
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
    }
}

/// The wanted address, or one nearby when somebody else is there already.
pub(crate) fn listen(wanted: SocketAddr) -> SocketAddr {
    match TcpListener::bind(wanted) {
        Ok(_) => wanted,
        Err(error) => {
            eprintln!("    {wanted}: {error}; taking a free port");
            SocketAddr::new(wanted.ip(), 0)
        }
    }
}
