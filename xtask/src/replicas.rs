//! `cargo xtask replicas`: several hosts on one database, of which all but one are killed again and
//! again.
//!
//! The first host is never killed. Its clients ask without pause for the plugin's code, a file and the
//! list, and none of them may be failed, or answered an older version than before. Meanwhile the plugin
//! is upgraded again and again, through each host in turn; the others have to serve each version within
//! a second. The other hosts are killed at random instants and started again, and have to serve the
//! newest version from their first answer on. Tasks are made through all hosts, and the plugin, which
//! writes down what it is told, must have been told of each: twice only when a host died between the
//! call and its note of it.

mod killer;
mod report;
mod scene;
mod tasks;
mod upgrades;
mod watch;

use std::{
    fs,
    path::PathBuf,
    process::ExitCode,
    sync::atomic::Ordering,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use serde_json::json;

use crate::{
    api::{self, Client},
    catalog::Catalog,
    database::Database,
    host::{Ground, Host, Plan},
    hosted::{Common, Stage},
    random::Random,
    tool::announce,
    workspace,
};
use killer::Kills;
use report::Run;
use scene::{Mortal, PLUGIN, Scene};
use upgrades::Upgrades;
use watch::Wanted;

/// Kill all hosts of one database but one, again and again, and look whether anybody notices.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) common: Common,
    /// How long, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    seconds: u64,
    /// Hosts, of which one is never killed.
    #[arg(long, value_name = "COUNT", default_value_t = 2)]
    replicas: usize,
    /// What the instants of the kills are drawn from.
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// Also write the figures to a file, as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

impl Args {
    /// What can be known to be wrong before anything is built.
    pub(crate) fn check(&self) -> Result<()> {
        ensure!(self.replicas >= 2, "--replicas: one survives, and at least one is killed");
        Ok(())
    }
}

pub(crate) fn run(args: &Args, stage: &Stage) -> Result<ExitCode> {
    let seed = args.seed.unwrap_or_else(Random::any_seed);
    let ground = Ground::new(workspace::target().join("replicas"))?;
    let catalog = Catalog::start()?;
    announce(&format!("starting {} hosts", args.replicas));
    let plans: Vec<Plan> = (1..=args.replicas)
        .map(|number| plan(number, stage, &ground, &catalog))
        .collect::<Result<_>>()?;
    let mut hosts: Vec<Host> =
        plans.iter().map(|plan| Host::start(stage, &ground, plan)).collect::<Result<_>>()?;
    let admin = Client::sign_in(&hosts[0].url)?;
    upgrades::sample(1).publish(&catalog)?;
    let id = admin.install(PLUGIN).with_context(|| hosts[0].log_tail())?;
    let project = admin.make("/projects", &json!({ "name": "Events" }))?;

    for host in &hosts {
        upgrades::served(&admin.at(&host.url), 1, Instant::now(), || true)?;
    }
    let mortals = plans.into_iter().zip(&hosts).skip(1);
    let mortals = mortals.map(|(plan, host)| Mortal::new(plan, admin.at(&host.url))).collect();
    let scene = Scene::new(stage, &ground, &catalog, admin, mortals, id, 1);
    announce(&format!("{} s of requests, upgrades, tasks and kills, seed {seed}", args.seconds));
    let time = Duration::from_secs(args.seconds);
    let run = act(&scene, &mut hosts[1..], &project, time, Random::new(seed))?;

    announce("looking at what is left");
    let mut database = Database::open(stage, stage.database()?)?;
    let told = tasks::told(&mut database, &run.kills.at, |what| scene.fail(what))?;
    if let Err(error) = tasks::settled(&mut database) {
        scene.fail(format!("{error:#}"));
    }
    if let Some(status) = hosts[0].ended()? {
        scene.fail(format!("the survivor ended with {status}:\n{}", hosts[0].log_tail()));
    }
    let failures = scene.into_failures();
    println!("\n{}", run.to_text(&told));
    println!("{} failures, seed {seed}", failures.len());
    if let Some(file) = &args.json {
        let figures = serde_json::to_string_pretty(&run.to_json(&told, seed, &failures))?;
        fs::write(file, figures).with_context(|| format!("write {}", file.display()))?;
    }
    if failures.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    ground.keep();
    println!("the hosts' logs: {}", ground.folder().display());
    Ok(ExitCode::FAILURE)
}

fn plan(number: usize, stage: &Stage, ground: &Ground, catalog: &Catalog) -> Result<Plan> {
    let mut environment = api::environment("127.0.0.1:0", stage, stage.database()?, catalog);
    let modules = ground.folder().join("modules").display().to_string();
    environment.push(("PLUGINS_MODULE_CACHE_DIR", modules));
    let name = format!("host-{number}");
    // Else the machine's, which they share.
    environment.push(("EVENTS_HOST_NAME", name.clone()));
    Ok(Plan { name, environment, plugin_config: String::new() })
}

/// Has everybody work for so long.
fn act(
    scene: &Scene<'_>,
    hosts: &mut [Host],
    project: &str,
    time: Duration,
    mut random: Random,
) -> Result<Run> {
    let mut kills = Kills::default();
    let (seen, upgrades) = thread::scope(|scope| {
        let watching =
            Wanted::ALL.map(|wanted| (wanted, scope.spawn(move || watch::watch(scene, wanted))));
        let upgrading = scope.spawn(|| Upgrades::run(scene));
        scope.spawn(|| tasks::make(scene, project));
        // On this thread, with whose end the hosts would end.
        let outcome = kills.run(scene, hosts, time, &mut random);
        scene.over.store(true, Ordering::SeqCst);
        let upgrades = upgrading.join().ok().context("the thread of the upgrades")?;
        let mut seen = Vec::new();
        for (wanted, thread) in watching {
            seen.push((wanted, thread.join().ok().context("a client's thread")?));
        }
        scene.stage.signals.none_came()?;
        if let Err(error) = outcome {
            scene.fail(format!("{error:#}"));
        }
        anyhow::Ok((seen, upgrades))
    })?;
    for client in scene.mortals.iter().filter_map(Mortal::client) {
        let newest = scene.newest.load(Ordering::SeqCst);
        for wanted in Wanted::ALL {
            match wanted.ask(&client.0) {
                Ok(number) if number == newest => {}
                other => scene.fail(format!("in the end {wanted:?} is {other:?}, not {newest}")),
            }
        }
    }
    Ok(Run { time, seen, upgrades, kills })
}
