//! Scenarios of a plugin, run side by side and compared with what was accepted.

mod compare;
mod select;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use policy::Policy;
use sandbox::watch::WatchedEngine;
use sandbox::{LoadError, SandboxConfig, SandboxError};

use crate::cassette::{Cassette, Replay};
use crate::cost::Allowance;
use crate::coverage::Coverage;
use crate::plugin::{Plugin, PluginError};
use crate::report::{Report, ScenarioReport, Verdict, milliseconds};
use crate::run::Running;
use crate::snapshot::InvalidSnapshot;
use crate::stage::Database;

use self::select::Read;
pub(crate) use self::select::scenarios;

/// What runs golden tests: an engine that every plugin and every scenario shares.
#[derive(Clone, Debug)]
pub struct Kit {
    engine: WatchedEngine,
}

/// How scenarios are run.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where the wasm is, if not in the usual place.
    pub wasm: Option<PathBuf>,
    /// Scenarios whose name contains one of these; all of them when empty.
    pub filters: Vec<String>,
    /// How many run at a time.
    pub jobs: usize,
    /// What becomes of a transcript that differs.
    pub update: Update,
    /// How much more instructions than accepted a step may take.
    pub deny_regressions: Option<Allowance>,
}

/// What becomes of a transcript that differs from the accepted one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Update {
    /// Nothing is written.
    Never,
    /// It waits to be accepted.
    Propose,
    /// It is accepted, if everything else held.
    Accept,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            wasm: None,
            filters: Vec::new(),
            jobs: std::thread::available_parallelism().map_or(1, usize::from),
            update: Update::Never,
            deny_regressions: None,
        }
    }
}

/// Why nothing could be run.
#[derive(Debug, thiserror::Error)]
pub enum KitError {
    /// The plugin folder cannot be used.
    #[error(transparent)]
    Plugin(#[from] PluginError),
    /// The engine cannot be set up.
    #[error("the wasm engine cannot be set up")]
    Engine(#[from] SandboxError),
    /// The wasm does not compile.
    #[error("{}: {source}", path.display())]
    Compile {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: LoadError,
    },
    /// There is nothing to run.
    #[error("{0}: there are no scenarios; `golden init {0}` writes a first one")]
    NoScenarios(String),
    /// No scenario has such a name.
    #[error("no scenario's name contains {filters}; there are: {names}")]
    NothingSelected {
        /// What was asked for.
        filters: String,
        /// What there is.
        names: String,
    },
    /// A file cannot be written.
    #[error("{}: {source}", path.display())]
    Write {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A file is no snapshot.
    #[error(transparent)]
    Snapshot(#[from] InvalidSnapshot),
}

impl Kit {
    /// Sets up the engine. Compiled modules are kept in the user's cache, so that a plugin is compiled
    /// once per build of it.
    pub fn new() -> Result<Self, KitError> {
        let engine = |module_cache_dir| {
            let config = SandboxConfig {
                max_idle_instances: 1,
                module_cache_dir,
                ..SandboxConfig::default()
            };
            WatchedEngine::new(config, &Policy::default())
        };
        let named = variable("GOLDEN_CACHE_DIR").map(PathBuf::from);
        let engine = match (named, users_cache()) {
            (Some(folder), _) => engine(Some(folder))?,
            // A home that nobody can write to, in a container: every run compiles.
            (None, cache) => engine(cache).or_else(|_| engine(None))?,
        };
        Ok(Self { engine })
    }

    /// The engine.
    pub(crate) fn engine(&self) -> &WatchedEngine {
        &self.engine
    }

    /// Runs the scenarios of the plugin that `path` belongs to: all of a folder's, or the one file.
    /// `ended` is told of each scenario that has ended.
    pub async fn test(
        &self,
        path: &Path,
        options: &Options,
        ended: impl Fn(usize),
    ) -> Result<Report, KitError> {
        let plugin = Arc::new(Plugin::open(path, options.wasm.as_deref())?);
        let (scenarios, complete) = scenarios(&plugin, path, &options.filters)?;
        let began = Instant::now();
        let compiled = self.engine.compile(plugin.wasm.clone()).await;
        let _compiled = compiled
            .map_err(|source| KitError::Compile { path: plugin.wasm_path.clone(), source })?;
        let compiling = began.elapsed();
        let began = Instant::now();
        let total = scenarios.len();
        ended(total);
        let mut running = futures_util::stream::iter(scenarios)
            .map(|read| {
                let (kit, plugin, options) = (self.clone(), Arc::clone(&plugin), options.clone());
                let one = async move { kit.one(&plugin, read, &options).await };
                async move { tokio::spawn(one).await.expect("a scenario does not panic") }
            })
            .buffer_unordered(options.jobs.max(1));
        let mut coverage = Coverage::default();
        let mut reports = BTreeMap::new();
        while let Some(done) = running.next().await {
            let (report, used) = done?;
            coverage.add(&used);
            reports.insert(report.name.clone(), report);
            ended(total - reports.len());
        }
        let broken = reports.values().any(|report| report.verdict == Verdict::Broken);
        let unused = (complete && !broken).then(|| coverage.unused(&plugin.manifest));
        Ok(Report {
            plugin: plugin.manifest.id.as_str().to_owned(),
            folder: shown(&plugin.root),
            scenarios: reports.into_values().collect(),
            unused,
            elapsed_ms: began.elapsed().as_millis(),
            compile_ms: compiling.as_millis(),
        })
    }

    async fn one(
        &self,
        plugin: &Arc<Plugin>,
        read: Read,
        options: &Options,
    ) -> Result<(ScenarioReport, Coverage), KitError> {
        let scenario = match read {
            Ok(scenario) => scenario,
            Err((file, diagnostic)) => {
                let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                let report = ScenarioReport::broken(name, shown(&file), diagnostic.to_string());
                return Ok((report, Coverage::default()));
            }
        };
        let began = Instant::now();
        let path = Cassette::path(&plugin.golden(), &scenario.name);
        let cassette = match Cassette::read(&path) {
            Ok(cassette) => cassette,
            Err(error) => {
                let text =
                    format!("{}: {error}\nrecord the scenario again: golden record", shown(&path));
                let file = shown(&scenario.file);
                let report = ScenarioReport::broken(scenario.name.clone(), file, text);
                return Ok((report, Coverage::default()));
            }
        };
        let database = Database::Replay(Replay::new(cassette));
        let ran = Running::new(&self.engine, Arc::clone(plugin), Arc::clone(&scenario), database)
            .run()
            .await;
        let report = compare::judge(plugin, &scenario, &ran, options, began.elapsed())?;
        Ok((report, ran.coverage))
    }
}

/// A path as people wrote it: from where they are, if it is below.
pub(crate) fn shown(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let short = path.strip_prefix(&here).unwrap_or(path);
    if short.as_os_str().is_empty() { ".".to_owned() } else { short.display().to_string() }
}

/// Where compiled modules are kept unless `GOLDEN_CACHE_DIR` says where.
fn users_cache() -> Option<PathBuf> {
    let user = variable("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(variable("HOME")?).join(".cache")))?;
    Some(user.join("golden").join("modules"))
}

fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// Runs every scenario of a plugin, for `cargo test`. Panics with the report when one does not pass.
///
/// ```no_run
/// #[test]
/// fn golden() {
///     golden::assert_golden(env!("CARGO_MANIFEST_DIR"));
/// }
/// ```
///
/// With `GOLDEN_UPDATE=1` in the environment what differs waits to be reviewed: `golden review`.
pub fn assert_golden(folder: impl AsRef<Path>) {
    let update = std::env::var_os("GOLDEN_UPDATE").is_some_and(|value| value == "1");
    let update = if update { Update::Propose } else { Update::Never };
    let options = Options { update, ..Options::default() };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("the system gives threads");
    let report = runtime.block_on(async {
        let kit = Kit::new()?;
        kit.test(folder.as_ref(), &options, |_| {}).await
    });
    match report {
        Ok(report) if report.passed() => {}
        Ok(report) => panic!("{}", crate::report::terminal(&report, false, false)),
        Err(error) => panic!("{}", crate::run::chain(&error)),
    }
}

/// How long a scenario took, for the report.
pub(crate) fn took(elapsed: Duration) -> f64 {
    milliseconds(elapsed)
}
