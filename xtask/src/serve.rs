//! `cargo xtask serve`: the reference host, or several on one database, with the demo plugin, to try
//! by hand.

mod demo;

use std::{env, net::SocketAddr, num::NonZeroUsize, process::ExitCode, time::Duration};

use anyhow::{Context as _, Result, bail, ensure};

use crate::{
    api,
    catalog::Catalog,
    host::{self, Ground, Host, Plan},
    hosted::{Common, Stage},
    tool::announce,
    workspace,
};

/// Run the reference host with the demo plugin installed.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Where the host serves; a free port if this one is taken. Further hosts take free ports.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Hosts on one database, one store and, where there is one, one Valkey.
    #[arg(long, value_name = "COUNT", default_value_t = NonZeroUsize::MIN)]
    replicas: NonZeroUsize,
    /// Where plugins' files are: in folders of this machine, or in the bucket of `STORAGE_BUCKET`,
    /// reached as the variables `AWS_*` say.
    #[arg(long, value_enum, default_value = "local")]
    store: Store,
    /// Send the printed requests, with several hosts also a change to one that all have to serve;
    /// demand that everything succeeds, and stop.
    #[arg(long)]
    check: bool,
}

/// Kinds of store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Store {
    Local,
    S3,
}

impl Args {
    /// What can be known to be wrong before anything is built.
    pub(crate) fn check(&self) -> Result<()> {
        let bucket = env::var("STORAGE_BUCKET").unwrap_or_default();
        ensure!(
            self.store == Store::Local || !bucket.is_empty(),
            "--store s3 takes the bucket from STORAGE_BUCKET, which is not set; how it is reached is \
             said by AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, and AWS_ENDPOINT_URL for \
             anything but Amazon's own"
        );
        Ok(())
    }

    fn plan(&self, number: usize, stage: &Stage, catalog: &Catalog) -> Result<Plan> {
        let first = number == 1;
        let listen = if first { self.listen } else { SocketAddr::new(self.listen.ip(), 0) };
        let listen = host::listen(listen).to_string();
        let mut environment = api::environment(&listen, stage, stage.database()?, catalog);
        let store = if self.store == Store::S3 { "s3" } else { "local" };
        environment.push(("PLUGINS_STORE", store.to_owned()));
        let name = if first { "host".to_owned() } else { format!("host-{number}") };
        // Else the machine's, which they share.
        environment.push(("EVENTS_HOST_NAME", name.clone()));
        Ok(Plan { name, environment, plugin_config: String::new() })
    }
}

pub(crate) fn run(args: &Args, stage: &Stage) -> Result<ExitCode> {
    let catalog = Catalog::start()?;
    catalog.publish(&demo::entry()?)?;
    let ground = Ground::new(workspace::target().join("serve"))?;
    let mut hosts: Vec<Host> = Vec::new();
    for number in 1..=args.replicas.get() {
        announce(&format!("starting reference host {number} of {}", args.replicas));
        hosts.push(Host::start(stage, &ground, &args.plan(number, stage, &catalog)?)?);
    }
    announce("installing the demo plugin");
    let first = &hosts[0];
    let demo = demo::install(&first.url).with_context(|| first.log_tail())?;
    println!("\n{}", demo.describe(&hosts));
    if args.check {
        check(&demo, &hosts)?;
        return Ok(ExitCode::SUCCESS);
    }
    loop {
        const LOOK_INTERVAL: Duration = Duration::from_millis(200);
        if let Some(signal) = stage.signals.within(LOOK_INTERVAL) {
            announce(&format!("{signal}: stopping"));
            return Ok(ExitCode::SUCCESS);
        }
        for host in &mut hosts {
            if let Some(status) = host.ended()? {
                bail!("the host at {} ended with {status}:\n{}", host.url, host.log_tail());
            }
        }
    }
}

fn check(demo: &demo::Demo, hosts: &[Host]) -> Result<()> {
    let logs = || hosts.iter().map(Host::log_tail).collect::<Vec<_>>().join("\n");
    if hosts.len() > 1 {
        announce("changing the plugin on one host, asking all");
        demo.check_shared(hosts).with_context(logs)?;
    }
    for host in hosts {
        announce(&format!("trying the three requests on {}", host.url));
        demo.check(&host.url).with_context(logs)?;
    }
    Ok(())
}
