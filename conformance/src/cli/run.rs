//! `hostproof run`: judge a host, write the reports.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::authorities::{Provided, provide};
use super::{Failed, SourceArgs, chain, print, repeat};
use crate::baseline::Baseline;
use crate::case::{Feature, Profile, Tier};
use crate::client::Client;
use crate::exit;
use crate::report::{self, BaselineReport, Format, Header, Report, SelectionReport, Style};
use crate::runner::{self, RunOptions, Selection, Shard};
use crate::target::{Admin, Target};
use crate::world::{Naming, Stop, World};

/// Least time between requests to a host that is not the user's own.
const STRANGERS_PACE: Duration = Duration::from_millis(50);

/// Judge a host.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The target file; `hostproof init` writes one.
    #[arg(long, value_name = "FILE", required_unless_present = "url")]
    target: Option<PathBuf>,
    /// The host's URL, instead of the target file's. Without a target file only the zero-fixture cases
    /// apply.
    #[arg(long)]
    url: Option<Url>,
    /// The host's name in reports, instead of the target file's.
    #[arg(long)]
    name: Option<String>,
    /// The administrator's name, instead of the target file's; the password is in
    /// `HOSTPROOF_ADMIN_PASSWORD`.
    #[arg(long, value_name = "NAME")]
    admin_username: Option<String>,
    /// Failures that are known, instead of the target file's `baseline`; `hostproof baseline` writes one.
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Folder for the reports.
    #[arg(long, value_name = "DIR", default_value = "hostproof-report")]
    out: PathBuf,
    /// Only these views of the report. Repeatable; default: all.
    #[arg(long, value_name = "FORMAT")]
    report: Vec<Format>,
    /// Cases under way at once, and three times as many of those that mostly wait for a limit of the
    /// host; default: four times the number of cores. With 1, each comes with one that waits.
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: Option<u16>,
    /// Only cases whose id, slug, area or cited sentence matches, with `*` and `?`. Repeatable.
    #[arg(long, value_name = "GLOB")]
    filter: Vec<String>,
    /// Only cases of this tier. Repeatable.
    #[arg(long)]
    tier: Vec<Tier>,
    /// Only cases of this profile. Repeatable.
    #[arg(long)]
    profile: Vec<Profile>,
    /// Only one part of the cases, `2/5` for the second of five; `hostproof merge` joins the reports.
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
    /// End the run with the first assertion that fails; nothing is tried a second time.
    #[arg(long)]
    fail_fast: bool,
    /// Seed of the order of cases and of what they make up; default: random.
    #[arg(long)]
    seed: Option<u64>,
    /// The four characters that are part of every name the run creates; default: fresh ones, so that it
    /// meets nothing that an earlier run left. With those of an earlier run and its seed, on a host that
    /// never saw it, every request is the same.
    #[arg(long, value_name = "ID")]
    run: Option<String>,
    /// For a command that makes the target file and calls this one: what its user types to repeat the run,
    /// up to the arguments that are passed on.
    #[arg(long, value_name = "COMMAND")]
    repeat_as: Option<String>,
    /// For the whole run.
    #[arg(long, value_name = "TIME", default_value = "15m", value_parser = humantime::parse_duration)]
    deadline: Duration,
    /// Print the JSON report instead of the summary.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    sources: SourceArgs,
}

pub(super) fn run(args: &Args) -> Result<u8, Failed> {
    let suite = args.sources.suite()?;
    let target = target(args)?;
    let baseline = target.baseline.as_deref().map(Baseline::read).transpose();
    let baseline = baseline.map_err(|e| Failed::usage(chain(&e)))?;
    let selection = Selection {
        filters: args.filter.clone(),
        tiers: args.tier.iter().copied().collect(),
        profiles: args.profile.iter().copied().collect(),
        shard: args.shard,
    };
    let plans =
        runner::plan(&suite, &selection, &target).map_err(|e| Failed::usage(e.to_string()))?;
    let seed = args.seed.unwrap_or_else(|| rand::random_range(0..1_000_000));
    let naming = match &args.run {
        Some(run) => Naming::of_run(seed, run).map_err(Failed::usage)?,
        None => Naming::fresh(seed),
    };
    let jobs = args.jobs.map_or_else(default_jobs, usize::from);
    let jobs = if target.host.owned { jobs } else { 1 };
    // Before anything is done to the host: a report that cannot be written is found out now.
    std::fs::create_dir_all(&args.out)
        .map_err(|e| Failed::usage(format!("cannot create {}: {e}", args.out.display())))?;

    announce_authorities(&target)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|e| Failed::harness(format!("cannot start: {e}")))?;
    let report = runtime.block_on(async {
        let pace = (!target.host.owned).then_some(STRANGERS_PACE);
        let client =
            Client::new(target.host.url.clone(), pace).map_err(|e| Failed::usage(chain(&e)))?;
        let mut world = World::start(target.clone(), client, naming).await;
        world.knock().await;
        if plans.iter().any(|plan| plan.decided.is_none() && plan.needs(Feature::Catalog)) {
            world.introduce_catalog().await;
        }
        let world = Arc::new(world);
        let chosen = SelectionReport {
            filters: selection.filters.clone(),
            tiers: selection.tiers.clone(),
            profiles: selection.profiles.clone(),
            shard: selection.shard,
        };
        let mut header = Header::new(&suite, &target, &world.run, seed, jobs, chosen);
        header.baseline = baseline.as_ref().map(BaselineReport::from);
        let again = repeat::commands(std::env::args().skip(1), seed, args.repeat_as.as_deref());
        (header.repeat, header.repeat_case) = (Some(again.run), Some(again.case));
        let progress = report::progress();
        let options = RunOptions { jobs, deadline: args.deadline, seed, fail_fast: args.fail_fast };
        let run = async {
            let mut result = runner::run(&world, plans, options, progress.as_ref()).await;
            if let Some(baseline) = &baseline {
                let today = time::OffsetDateTime::now_utc().date();
                result.stale = baseline.apply(&suite, &mut result.outcomes, today);
            }
            result
        };
        tokio::select! {
            result = run => Ok(Report::new(header, &suite.ledger, &result)),
            () = interrupted_twice(&world) => Err(Failed {
                code: exit::UNREACHABLE_OR_BLOCKED,
                message: left_at_once(&world),
            }),
        }
    })?;
    let written = report::write(&report, &args.report, &args.out, None)
        .map_err(|e| Failed::harness(chain(&e)))?;
    if args.json {
        let json = report.to_json().map_err(|e| Failed::harness(e.to_string()))?;
        print(&format!("{json}\n"))?;
    } else {
        use std::io::IsTerminal as _;
        let style = Style::detect(std::io::stdout().is_terminal());
        let summary = report::summary(&report, style);
        print(&format!("{summary}{}", report::places(&written)))?;
    }
    Ok(report.footer.exit_code)
}

/// A host that was started before an authority was made cannot trust it.
fn announce_authorities(target: &Target) -> Result<(), Failed> {
    for Provided { path, hosts, .. } in provide(target.authorities())?.iter().filter(|it| it.made) {
        eprintln!("made {}: the host has to trust it for {}", path.display(), hosts.join(", "));
    }
    Ok(())
}

fn default_jobs() -> usize {
    // Cases wait for the host most of the time.
    (std::thread::available_parallelism().map_or(2, std::num::NonZero::get) * 4).min(32)
}

fn target(args: &Args) -> Result<Target, Failed> {
    let mut target = match (&args.target, &args.url) {
        (Some(path), _) => Target::read(path).map_err(|e| Failed::usage(chain(&e)))?,
        (None, Some(url)) => Target::stranger(url.clone()),
        (None, None) => return Err(Failed::usage("either --target or --url is needed")),
    };
    if let Some(url) = &args.url {
        target.host.url = url.clone();
    }
    if let Some(baseline) = &args.baseline {
        target.baseline = Some(baseline.clone());
    }
    if let Some(name) = &args.name {
        target.host.name.clone_from(name);
    }
    if let Some(username) = &args.admin_username {
        let password = std::env::var("HOSTPROOF_ADMIN_PASSWORD").map_err(|_| {
            Failed::usage("--admin-username needs the password in HOSTPROOF_ADMIN_PASSWORD")
        })?;
        target.admin = Some(Admin::new(username.clone(), password));
    }
    Ok(target)
}

fn left_at_once(world: &World) -> String {
    let remains = format!("names beginning with com.hostproof.{} may remain", world.run);
    match world.away.describe() {
        None => format!("left at once; {remains}"),
        Some(away) => format!("left at once; {remains}, and these are still away: {away}"),
    }
}

/// The first interrupt ends the run in order: clean up, write reports. The second ends it at once.
async fn interrupted_twice(world: &World) {
    interrupted().await;
    eprintln!("interrupted: removing what the run created; once more to leave at once");
    world.stop(Stop::Interrupted);
    interrupted().await;
}

async fn interrupted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}
