//! `cargo xtask conformance`: the reference host, judged by the whole suite.
//!
//! [`crate::hosted`] says how it comes to its servers and programs.

pub(crate) mod faults;
mod pages;
mod target;

use std::{
    ffi::OsString,
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    ops::Range,
    path::Path,
    process::{self, Command, ExitCode, ExitStatus},
    sync::atomic::{AtomicU16, Ordering},
    time::{Duration, Instant, SystemTime},
};

use anyhow::{Context as _, Result, bail, ensure};
use nix::{sys::signal::kill, unistd::Pid};

use crate::{
    host::{Ground, Plan},
    hosted::{Common, SERVICES, SUITE, Stage},
    mutants,
    signals::Signals,
    tool::{self, announce},
    workspace,
};
pub(crate) use faults::Controlled;
pub(crate) use target::Target;

/// Judge the reference host.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(flatten)]
    pub(crate) mutants: mutants::Choice,
    /// How the suite serves its catalog; over https the host trusts the suite's authority for it.
    #[arg(long, value_name = "http|https", default_value = "http", value_parser = ["http", "https"])]
    catalog: String,
    /// Something the host does not have and the target file does not claim: nothing fails for it, and the
    /// cases that need it do not apply. Repeatable; what only a claim makes is not claimed.
    #[arg(long, value_name = "FEATURE", value_parser = target::FEATURES)]
    without: Vec<String>,
    /// Arguments for `hostproof run`, say `-- --filter 'routing/*'`.
    #[arg(last = true, value_name = "HOSTPROOF ARGUMENTS")]
    suite: Vec<OsString>,
}

impl Args {
    /// What was typed before the arguments for the suite.
    fn typed(&self) -> String {
        let mut line = "cargo xtask conformance".to_owned();
        if self.catalog != "http" {
            line.push_str(" --catalog ");
            line.push_str(&self.catalog);
        }
        for feature in &self.without {
            line.push_str(" --without ");
            line.push_str(feature);
        }
        line + " --"
    }
}

pub(crate) fn run(args: &Args, stage: &Stage) -> Result<ExitCode> {
    if args.mutants.wanted() {
        return mutants::run(&args.mutants, &args.common.servers.services, stage);
    }
    let began = Instant::now();
    let folder = workspace::target().join("conformance");
    let target = Target {
        tls: args.catalog == "https",
        without: args.without.clone(),
        ..meeting_place(stage.valkey.clone())?
    };
    make_authority(stage.program(SUITE)?, &target)?;
    announce("starting the reference host");
    let ground = Ground::new(folder)?;
    let plan = Plan {
        name: "host".to_owned(),
        environment: target.host_environment(stage.database()?.to_owned()),
        plugin_config: if target.has("config") { Target::plugin_config() } else { String::new() },
    };
    let mut controlled = Controlled::start(stage, &ground, plan)?;
    let url = controlled.host.url.clone();
    eprintln!("    {url} after {:.1} s", began.elapsed().as_secs_f32());
    if target.valkey.is_none() {
        eprintln!("    there is no Valkey here: the cases that observe one will be blocked");
    }
    let target_file = ground.folder().join("target.toml");
    let faults = controlled.section(stage.program(SERVICES)?, target.valkey.is_some());
    let faults = faults.filter(|_| target.has("faults"));
    if faults.is_none() {
        eprintln!("    the servers are not ours to take away: no cases of the fault tier");
    }
    std::fs::write(&target_file, target.render(&url, faults.as_deref()))?;

    announce("judging it");
    let mut suite = tool::tied(stage.program(SERVICES)?, stage.program(SUITE)?);
    suite
        .current_dir(workspace::root())
        .args(["run", "--target"])
        .arg(&target_file)
        .args(["--repeat-as", &args.typed()])
        .args(&args.suite);
    let judging = SystemTime::now();
    let status = attend(&mut suite, &stage.signals, &mut controlled)?;
    let host = &mut controlled.host;
    if let Some(ended) = host.ended()? {
        eprintln!("xtask: the host ended during the run ({ended}):\n{}", host.log_tail());
    }
    eprintln!("    the host's log: {}", host.log.display());
    pages::write(stage.program(SUITE)?, &args.suite, judging)?;
    Ok(tool::exit_code(status))
}

/// Where a host and the suite meet: addresses that nobody else uses.
pub(crate) fn meeting_place(valkey: Option<String>) -> Result<Target> {
    Ok(Target {
        catalog: free_address()?,
        outbound: free_address()?,
        tls: false,
        without: Vec::new(),
        // Outside of the host's folder, which is emptied for every run.
        authority: workspace::target().join("authority.pem"),
        valkey,
        modules: workspace::target().join("modules"),
    })
}

/// Has the suite make the authority of its servers, which the host trusts when it starts.
pub(crate) fn make_authority(hostproof: &Path, target: &Target) -> Result<()> {
    let mut command = Command::new(hostproof);
    command.arg("ca").arg(&target.authority).args(["--host", &target.catalog.ip().to_string()]);
    for host in Target::outbound_hosts() {
        command.args(["--host", host]);
    }
    let output = command.output().context("cannot run `hostproof ca`")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "`hostproof ca` ended with {}: {said}", output.status);
    Ok(())
}

/// Runs the suite to its end, passes on the signals that ask for an earlier one, and does to the host
/// what the suite wants done.
pub(crate) fn attend(
    command: &mut Command,
    signals: &Signals,
    controlled: &mut Controlled<'_>,
) -> Result<ExitStatus> {
    const LOOK_INTERVAL: Duration = Duration::from_millis(20);
    let mut child =
        command.spawn().with_context(|| format!("cannot run `{}`", tool::shown(command)))?;
    loop {
        if let Some(status) = child.try_wait().context("cannot wait for the suite")? {
            return Ok(status);
        }
        controlled.obey()?;
        if let Some(signal) = signals.within(LOOK_INTERVAL) {
            // It may have ended since we looked.
            let _ = kill(Pid::from_raw(child.id().cast_signed()), signal);
        }
    }
}

/// An address nobody listens on, and no other call has had. The suite's servers will; the host has to be
/// told before they do. The port is below those that systems give to whoever connects to something:
/// one of these may be gone before it is used.
fn free_address() -> Result<SocketAddr> {
    const PORTS: Range<u16> = 20_000..30_000;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let width = PORTS.len();
    // Other processes do the same, and begin elsewhere.
    let first = process::id() as usize * 97;
    for _ in PORTS {
        let number = (first + usize::from(NEXT.fetch_add(1, Ordering::Relaxed))) % width;
        let port = PORTS.start + u16::try_from(number)?;
        match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            Ok(listener) => return Ok(listener.local_addr()?),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
            Err(error) => return Err(error).context("cannot listen on this machine"),
        }
    }
    bail!("each of the ports {PORTS:?} of this machine is in use")
}
