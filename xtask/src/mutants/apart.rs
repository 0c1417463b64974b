//! A mutant before the cases that take stores and host away. It is judged by a process of its own, which
//! has servers of its own to take away: so several can be at it side by side.

use std::{
    env,
    fs::{self, File},
    path::Path,
    process::{Child, ExitStatus},
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use super::{catalogue::Mutant, hearing, lane::Ground, report::Judged};
use crate::{
    conformance::faults,
    hosted::{self, SERVICES, Stage},
    tool, workspace,
};

/// The mutant, as the other process reads it.
const ASKED: &str = "mutant.json";
/// What became of it, as the other process writes it; `null` where servers are not its own.
const ANSWER: &str = "judged.json";

/// Whether servers that are started as ours were can be taken away.
pub(crate) fn is_possible() -> bool {
    faults::servers_are_ours()
}

/// Has another process judge a mutant, with servers from where ours come from.
pub(crate) fn judge(stage: &Stage, services: &str, mutant: &Mutant) -> Result<Option<Judged>> {
    stage.signals.none_came()?;
    let folder = workspace::target().join("mutants/apart").join(&mutant.name);
    fs::create_dir_all(&folder).with_context(|| format!("create {}", folder.display()))?;
    let (asked, answer) = (folder.join(ASKED), folder.join(ANSWER));
    fs::write(&asked, serde_json::to_vec(mutant)?)?;
    // What an earlier run found is no answer.
    fs::write(&answer, "")?;
    let program = stage.program(SERVICES)?;
    let mut command = tool::tied(program, program);
    command.args(["exec", "--own-database=1", "--optional-valkey", "--services", services, "--"]);
    command.arg(env::current_exe()?).args(stage.second_half());
    command.args(["conformance", "--services", services, "--lanes=1", "--apart"]).arg(&folder);
    hosted::forget_servers(&mut command);
    let log = folder.join("log");
    let said = File::create(&log)?;
    let child = command.stdout(said.try_clone()?).stderr(said).spawn();
    let child = child.with_context(|| format!("cannot run `{}`", tool::shown(&command)))?;
    let status = until_ended(child, stage)?;
    let tail = || fs::read_to_string(&log).unwrap_or_default();
    ensure!(status.success(), "judging it apart ended with {status}:\n{}", tail());
    serde_json::from_slice(&fs::read(&answer)?).context("the answer of the process that judged it")
}

/// How it ended; no later than we are to end.
fn until_ended(mut child: Child, stage: &Stage) -> Result<ExitStatus> {
    const LOOK_INTERVAL: Duration = Duration::from_millis(50);
    loop {
        if let Some(status) = child.try_wait().context("cannot wait for it")? {
            return Ok(status);
        }
        if let Err(wish) = stage.signals.none_came() {
            // It may have ended since we looked.
            let _ = kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGTERM);
            child.wait()?;
            return Err(wish);
        }
        thread::sleep(LOOK_INTERVAL);
    }
}

/// The other process: judges the mutant that the folder names, and answers there.
pub(crate) fn answer(stage: &Stage, folder: &Path) -> Result<()> {
    let mutant: Mutant = serde_json::from_slice(&fs::read(folder.join(ASKED))?)?;
    let ground = Ground::prepare(stage, folder.join("lanes"))?;
    let judged = hearing::with_faults(&ground.lane(1)?, &mutant)?;
    Ok(fs::write(folder.join(ANSWER), serde_json::to_vec(&judged)?)?)
}
