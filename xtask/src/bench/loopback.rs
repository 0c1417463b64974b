//! The whole host over loopback, beside a bare server: both run, and are asked in turn.

use std::time::Duration;

use anyhow::{Context as _, Result};

use super::{
    guests::{self, ECHO, SDK},
    peers::Peer,
    server::Server,
    table::Row,
};
use crate::{
    api::{self, Client},
    catalog::Catalog,
    curves::Curves,
    host::{Ground, Host, Plan},
    hosted::{BARE, Stage},
    load::{Load, Measured},
    process, workspace,
};

/// The question's name in the table.
const LOOPBACK: &str = "loopback";
/// What is sent: as much as a form sends.
const BODY: &str = r#"{"title":"Write the benches","done":false}"#;

/// As many as one client, a busy page, and a crowd.
const CONNECTIONS: [usize; 5] = [1, 4, 16, 64, 256];

/// A guest, what a host does around it, and the path of the bare server that does the same.
const PAIRS: [(&str, &str, &str); 2] =
    [(ECHO, "an echo through a plugin", "/echo"), (SDK, "an echo by the guest SDK", "/handled")];

/// The host and the bare server, both running.
pub(crate) struct Servers<'a> {
    stage: &'a Stage,
    host: Host,
    token: String,
    bare: Server,
    ground: Ground,
    _catalog: Catalog,
}

/// Starts both, and installs the plugins.
pub(crate) fn start(stage: &Stage) -> Result<Servers<'_>> {
    let catalog = Catalog::start()?;
    guests::publish(&catalog)?;
    let ground = Ground::new(workspace::target().join("bench"))?;
    let environment = api::environment("127.0.0.1:0", stage, stage.database()?, &catalog);
    let plan = Plan { name: "host".to_owned(), environment, plugin_config: String::new() };
    let host = Host::start(stage, &ground, &plan)?;
    let admin = Client::sign_in(&host.url)?;
    for plugin in [ECHO, SDK] {
        admin.install(plugin).with_context(|| host.log_tail())?;
    }
    let bare = Server::start(stage, stage.program(BARE)?, &[], ground.folder())?;
    Ok(Servers { stage, host, token: admin.token, bare, ground, _catalog: catalog })
}

impl Servers<'_> {
    /// Compares them, in so many paired runs; and with peers, if there are any.
    pub(crate) fn measure(&self, runs: usize, time: Duration, peers: &[Peer]) -> Result<Vec<Row>> {
        let mut rows = Vec::new();
        for (plugin, what, path) in PAIRS {
            eprintln!("    {what}: {runs} runs of {time:?} each");
            let pairs = self.pairs(runs, &self.bare(path, time), &self.through(plugin, time))?;
            rows.extend(beside_bare(what, &pairs));
        }
        for Peer { what, plugin, path, at_least, program, module } in peers {
            eprintln!("    {what}: {runs} runs of {time:?} each");
            let server = Server::start(self.stage, program, &[module], self.ground.folder())?;
            let (load, pid) = self.through(plugin, time);
            let peer = Load { url: format!("{}{path}", server.url), ..load.clone() };
            let pairs = self.pairs(runs, &(peer, server.pid()), &(load, pid))?;
            let [mut throughput, p99, cost] = compared(what, &pairs);
            throughput.at_least = *at_least;
            rows.extend([throughput, p99, cost]);
        }
        Ok(rows)
    }

    /// Answers a second and their p99, as connections grow.
    pub(crate) fn by_connections(&self, time: Duration) -> Result<[Curves; 2]> {
        let mut curves =
            [("throughput", "answers a second"), ("p99", "ms")].map(|(file, y)| Curves {
                file: format!("connections-{file}"),
                title: format!("An echo over loopback, {file}, by connections"),
                x: "connections".to_owned(),
                y,
                points: Vec::new(),
            });
        for connections in CONNECTIONS {
            eprintln!("    {connections} connections");
            for (name, (load, _)) in
                [("bare axum", self.bare("/echo", time)), ("host", self.through(ECHO, time))]
            {
                let measured = Load { connections, ..load }.run(self.stage)?;
                curves[0].points.push((name.to_owned(), connections, measured.per_second));
                curves[1].points.push((name.to_owned(), connections, measured.p99_ms));
            }
        }
        Ok(curves)
    }

    fn through(&self, plugin: &str, time: Duration) -> (Load, u32) {
        let url = format!("{}/api/v1/plugins/{plugin}/echo", self.host.url);
        (Load::closed(url, &self.token, BODY, time), self.host.pid())
    }

    fn bare(&self, path: &str, time: Duration) -> (Load, u32) {
        let url = format!("{}{path}", self.bare.url);
        (Load::closed(url, &self.token, BODY, time), self.bare.pid())
    }

    fn pairs(
        &self,
        runs: usize,
        baseline: &(Load, u32),
        measured: &(Load, u32),
    ) -> Result<Vec<(Sample, Sample)>> {
        // Opens connections, makes instances, warms caches.
        for (load, _) in [baseline, measured] {
            Load { time: load.time / 4, ..load.clone() }.run(self.stage)?;
        }
        let pairs = (0..runs).map(|_| {
            self.stage.signals.none_came()?;
            Ok((Sample::take(self.stage, baseline)?, Sample::take(self.stage, measured)?))
        });
        pairs.collect::<Result<_>>().with_context(|| self.host.log_tail())
    }
}

/// What a run saw.
struct Sample {
    measured: Measured,
    /// Processor time that the server took for an answer, in microseconds.
    cost_us: f64,
}

impl Sample {
    fn take(stage: &Stage, (load, pid): &(Load, u32)) -> Result<Self> {
        let before = process::processor_time(*pid)?;
        let measured = load.run(stage)?;
        let spent = process::processor_time(*pid)?.saturating_sub(before);
        #[expect(clippy::cast_precision_loss, reason = "a count of answers")]
        let cost_us = spent.as_secs_f64() * 1e6 / measured.answered as f64;
        Ok(Self { measured, cost_us })
    }
}

/// The budgets of the host beside a bare server.
fn beside_bare(what: &str, pairs: &[(Sample, Sample)]) -> [Row; 3] {
    let what = format!("{what} / bare axum, same JSON work");
    let [mut throughput, mut p99, cost] = compared(&what, pairs);
    throughput.at_least = Some(0.7);
    p99.at_most = Some(2.0);
    [throughput, p99, cost]
}

/// Throughput, p99 and processor time, the second of each pair by the first.
fn compared(what: &str, pairs: &[(Sample, Sample)]) -> [Row; 3] {
    let row = |of: &str, value: fn(&Sample) -> f64| {
        let ratios = pairs.iter().map(|(base, host)| value(host) / value(base)).collect();
        let median = |values: Vec<f64>| Row::of_runs(LOOPBACK, "", values).ratio;
        eprintln!(
            "    {of}: {:.2} and {:.2}",
            median(pairs.iter().map(|(base, _)| value(base)).collect()),
            median(pairs.iter().map(|(_, host)| value(host)).collect()),
        );
        Row::of_runs(LOOPBACK, &format!("{what}: {of}"), ratios)
    };
    [
        row("answers a second", |sample| sample.measured.per_second),
        row("p99", |sample| sample.measured.p99_ms),
        row("processor time of the server", |sample| sample.cost_us),
    ]
}
