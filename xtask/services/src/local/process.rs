//! One server process: its directory, its user, its log, its end.

use std::{
    fs::{self, File},
    io,
    net::{Ipv4Addr, TcpListener},
    os::unix::{fs::chown, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use nix::{
    sys::{signal::Signal, statvfs::statvfs},
    unistd::{AccessFlags, Gid, Uid, User, access},
};

use crate::{guard, running::Owned};

/// How long a server may take until it answers. Generous: a cold disk and a busy machine are
/// no failure.
pub(crate) const START_DEADLINE: Duration = Duration::from_mins(1);

/// How often a starting server is asked whether it answers yet.
pub(crate) const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// A free port is found by letting the system choose one and giving it back; somebody else may
/// take it before the server does. That often in a row nobody is so unlucky.
pub(crate) const PORT_ATTEMPTS: usize = 5;

/// A port nobody listened on a moment ago.
pub(crate) fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// The user a server runs as when we are root: Postgres refuses to run as root, and nothing here
/// needs it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unprivileged {
    user: Uid,
    group: Gid,
}

impl Unprivileged {
    /// `None` when we are not root and run servers as ourselves.
    pub(crate) fn needed() -> io::Result<Option<Self>> {
        if !Uid::effective().is_root() {
            return Ok(None);
        }
        for name in ["postgres", "nobody"] {
            if let Some(user) = User::from_name(name)? {
                return Ok(Some(Self { user: user.uid, group: user.gid }));
            }
        }
        Err(io::Error::other("running as root, and there is neither a user postgres nor nobody"))
    }

    pub(crate) fn apply(self, command: &mut Command) {
        command.uid(self.user.as_raw()).gid(self.group.as_raw());
    }
}

/// Where throw-away data goes: into memory, if there is room. A database of plugins makes and drops
/// thousands of files, for which a disk's file system takes as long as the database for all the rest.
fn throw_away_parent() -> PathBuf {
    const MEMORY: &str = "/dev/shm";
    const ENOUGH: u64 = 4 << 30;
    let free = statvfs(MEMORY).map(|at| at.blocks_available() * at.fragment_size());
    let writable = access(MEMORY, AccessFlags::W_OK | AccessFlags::X_OK).is_ok();
    if writable && free.is_ok_and(|free| free >= ENOUGH) {
        return PathBuf::from(MEMORY);
    }
    std::env::temp_dir()
}

/// A new directory for one server, which the guard deletes and `unprivileged` owns.
pub(crate) fn directory(
    owned: &mut Owned,
    unprivileged: Option<Unprivileged>,
) -> io::Result<PathBuf> {
    // Canonical, because the guard compares it with what the system says of the process.
    let parent = throw_away_parent().canonicalize()?;
    let directory = tempfile::Builder::new().prefix(guard::DIRECTORY_PREFIX).tempdir_in(parent)?;
    owned.guard.directory(directory.path())?;
    let directory = directory.keep();
    if let Some(Unprivileged { user, group }) = unprivileged {
        chown(&directory, Some(user.as_raw()), Some(group.as_raw()))?;
    }
    Ok(directory)
}

/// Starts `command` inside `directory`, with its output in `directory/log`, and announces it to
/// the guard, who will end it with `signal`.
pub(crate) fn spawn(
    owned: &mut Owned,
    mut command: Command,
    directory: &Path,
    unprivileged: Option<Unprivileged>,
    signal: Signal,
) -> io::Result<Child> {
    let log = File::create(log_file(directory))?;
    command
        .current_dir(directory)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        // Ctrl-C is for us; we end the server when we are done with it.
        .process_group(0);
    if let Some(user) = unprivileged {
        user.apply(&mut command);
    }
    end_with_parent(&mut command, signal);
    let child = command.spawn()?;
    owned.guard.process(child.id(), signal, directory)?;
    Ok(child)
}

/// Asks the kernel to send `signal` to the process of `command` when the thread that starts it
/// ends. The guard sees to servers as well; this covers the case that it was killed with us. Does
/// nothing where the kernel offers no such thing.
#[cfg(target_os = "linux")]
pub fn end_with_parent(command: &mut Command, signal: Signal) {
    #[expect(unsafe_code, reason = "the closure makes one system call and allocates nothing")]
    // SAFETY: between fork and exec only async-signal-safe calls are allowed; prctl is one. It
    // comes after the change of user, which would undo it.
    unsafe {
        command.pre_exec(move || Ok(nix::sys::prctl::set_pdeathsig(signal)?));
    }
}

/// Does nothing: this kernel offers no such thing.
#[cfg(not(target_os = "linux"))]
pub fn end_with_parent(_command: &mut Command, _signal: Signal) {}

fn log_file(directory: &Path) -> PathBuf {
    directory.join("log")
}

/// The last lines a server wrote, for an error message.
pub(crate) fn log_tail(directory: &Path) -> String {
    const LINES: usize = 8;
    let log = fs::read(log_file(directory)).unwrap_or_default();
    let log = String::from_utf8_lossy(&log);
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}
