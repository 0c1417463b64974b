//! `cargo xtask interference`: what one plugin's misbehaviour costs the requests of another.
//!
//! A client asks a well-behaved plugin again and again and notes how long each answer takes: first
//! with nobody else there, then beside an honest neighbour that is asked by many clients at once,
//! then beside the same number of clients that make the neighbour misbehave in one way after the
//! other. All in one run and against one host, so that the ratios mean something; the honest
//! neighbour is the measure, since any work on the same cores costs something.

mod load;
mod neighbours;

use std::{process::ExitCode, time::Duration};

use anyhow::{Context as _, Result};

use crate::{
    api::{self, Client},
    catalog::Catalog,
    host::{Ground, Host, Plan},
    hosted::{Common, Stage},
    tool::announce,
    workspace,
};
use load::Sample;
use neighbours::NEIGHBOURS;

/// Measure what a misbehaving plugin costs the requests of another one.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Time for each neighbour, in seconds. The longest misbehaviour lasts five.
    #[arg(long, value_name = "SECONDS", default_value_t = 6)]
    seconds: u64,
    /// Clients of the neighbour at the same time.
    #[arg(long, value_name = "COUNT", default_value_t = 16)]
    clients: usize,
    /// Print the figures as JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args, stage: &Stage) -> Result<ExitCode> {
    announce("starting the reference host");
    let catalog = Catalog::start()?;
    neighbours::publish(&catalog)?;
    let ground = Ground::new(workspace::target().join("interference"))?;
    let environment = api::environment("127.0.0.1:0", stage, stage.database()?, &catalog);
    let plan = Plan { name: "host".to_owned(), environment, plugin_config: String::new() };
    let host = Host::start(stage, &ground, &plan)?;
    let admin = Client::sign_in(&host.url)?;
    for plugin in [neighbours::MEASURED, neighbours::NEIGHBOUR] {
        admin.install(plugin).with_context(|| host.log_tail())?;
    }

    let Args { seconds, clients, json, .. } = *args;
    let time = Duration::from_secs(seconds);
    announce(&format!("{} neighbours, {seconds} s and {clients} clients each", NEIGHBOURS.len()));
    let mut rows = vec![("nobody", load::measure(&host.url, time, None, 0)?)];
    for neighbour in NEIGHBOURS {
        eprintln!("    {}", neighbour.name);
        let sample = load::measure(&host.url, time, Some(neighbour), clients)
            .with_context(|| format!("beside {}\n{}", neighbour.name, host.log_tail()))?;
        rows.push((neighbour.name, sample));
        stage.signals.none_came()?;
    }
    print(&rows, json)?;
    Ok(ExitCode::SUCCESS)
}

fn print(rows: &[(&str, Sample)], json: bool) -> Result<()> {
    let Some((_, alone)) = rows.first() else { return Ok(()) };
    if json {
        let rows: Vec<_> = rows.iter().map(|(name, sample)| sample.to_json(name, alone)).collect();
        println!("{}", serde_json::to_string_pretty(&rows)?);
        return Ok(());
    }
    println!(
        "{:<42} {:>8} {:>8} {:>8} {:>8} {:>9} {:>7} {:>6}",
        "beside", "requests", "median", "p99", "slowest", "neighbour", "median", "p99"
    );
    for (name, sample) in rows {
        println!("{name:<42} {}", sample.to_line(alone));
    }
    println!(
        "times in ms; 'neighbour': its requests in the same time; last columns: ratio to 'nobody'"
    );
    Ok(())
}
