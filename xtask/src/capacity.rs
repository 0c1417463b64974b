//! `cargo xtask capacity`: a host full of plugins.
//!
//! Three questions, one host after the other on one database. *Idle*: as plugins grow to a thousand,
//! each with code of its own, what do memory, start, an installation and a request of one of them take?
//! *Active*: when a hundred of them are asked at once, some far more than others, is every request
//! answered, and does memory stay where it was? *Large*: what becomes of the memory of a plugin whose
//! instances take 20 MiB each, once nobody calls it any more?

mod active;
mod idle;
mod large;
mod plugins;

use std::{path::PathBuf, process::ExitCode, time::Duration};

use anyhow::{Result, ensure};
use serde::Serialize;

use crate::{
    api,
    catalog::Catalog,
    host::{Ground, Host, Plan},
    hosted::{Servers, Stage},
    tool::announce,
    workspace,
};

/// Fill a host with plugins, idle and busy, and look at memory, start and latency.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) servers: Servers,
    /// A short form, unoptimised, for CI: 20 plugins, 10 of them active for 5 s, and no judgement of
    /// memory and times.
    #[arg(long, conflicts_with_all = ["installed", "active", "seconds", "rate"])]
    pub(crate) quick: bool,
    /// Plugins to install. Figures are taken at every power of ten on the way.
    #[arg(long, value_name = "COUNT", default_value_t = 1_000)]
    installed: usize,
    /// Plugins that are asked at the same time; number n in proportion to 1/n.
    #[arg(long, value_name = "COUNT", default_value_t = 100)]
    active: usize,
    /// For how long they are asked.
    #[arg(long, default_value_t = 600)]
    seconds: u64,
    /// Requests a second, of all of them together.
    #[arg(long, value_name = "PER SECOND", default_value_t = 1_000.0)]
    rate: f64,
    /// The most that a host with a thousand idle plugins may take; of fewer or more, as much less or more.
    #[arg(long, value_name = "MIB", default_value_t = 300)]
    budget: u64,
    /// Print the figures as JSON.
    #[arg(long)]
    json: bool,
    /// Write the curves to a folder, as CSV.
    #[arg(long, value_name = "FOLDER")]
    curves: Option<PathBuf>,
}

/// All figures.
#[derive(Debug, Serialize)]
struct Report {
    idle: Vec<idle::Figures>,
    active: active::Figures,
    large: large::Figures,
    /// What is not as it should be.
    problems: Vec<String>,
}

impl Args {
    /// What can be known to be wrong before anything is built.
    pub(crate) fn check(&self) -> Result<()> {
        ensure!(self.installed > 0 && self.active > 0, "a host without plugins is no question");
        ensure!(self.active <= self.installed, "only installed plugins can be active");
        ensure!(self.rate > 0.0, "the rate has to be above 0");
        Ok(())
    }

    fn shortened(&self) -> (usize, usize, Duration, f64) {
        if self.quick {
            return (20, 10, Duration::from_secs(5), 50.0);
        }
        (self.installed, self.active, Duration::from_secs(self.seconds), self.rate)
    }
}

pub(crate) fn run(args: &Args, stage: &Stage) -> Result<ExitCode> {
    let (installed, active, time, rate) = args.shortened();
    let catalog = Catalog::start()?;
    let ground = Ground::new(workspace::target().join("capacity"))?;
    let mut environment = api::environment("127.0.0.1:0", stage, stage.database()?, &catalog);
    let modules = ground.folder().join("modules");
    environment.push(("PLUGINS_MODULE_CACHE_DIR", modules.display().to_string()));
    // Well within the time after which memory is to have settled.
    environment.push(("SANDBOX_IDLE_DURATION", "2s".to_owned()));
    let scene = Scene {
        stage,
        plan: Plan { name: "host".to_owned(), environment, plugin_config: String::new() },
        ground,
        catalog,
    };
    let idle = idle::measure(&scene, installed)?;
    let host = scene.start()?;
    announce(&format!("{active} active plugins, {rate} requests a second, {time:?}"));
    let active = active::measure(&scene, &host, active, time, rate)?;
    announce("a plugin whose instances take 20 MiB each");
    let large = large::measure(&scene, &host)?;
    let problems = if args.quick {
        active.failures()
    } else {
        [idle::problems(&idle, args.budget), active.problems(), large.problems()].concat()
    };
    let report = Report { idle, active, large, problems };
    if let Some(folder) = &args.curves {
        idle::write_curves(&report.idle, folder)?;
    }
    if args.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        report.print();
    }
    for problem in &report.problems {
        eprintln!("capacity: {problem}");
    }
    Ok(if report.problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What all parts work with.
struct Scene<'a> {
    stage: &'a Stage,
    plan: Plan,
    ground: Ground,
    catalog: Catalog,
}

impl Scene<'_> {
    /// Starts a host on what earlier ones left.
    fn start(&self) -> Result<Host> {
        Host::start(self.stage, &self.ground, &self.plan)
    }
}

impl Report {
    fn print(&self) {
        println!("\nplugins   start    memory   an installation   a request: median     p99");
        for figures in &self.idle {
            figures.print();
        }
        println!();
        self.active.print();
        self.large.print();
    }
}

/// Bytes as mebibytes.
#[expect(clippy::cast_precision_loss, reason = "for display, and ratios of such")]
fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
