//! How many connections to the database a plugin needs: the same load on hosts that give it more and
//! more of them.

use std::{fs, time::Duration};

use anyhow::{Context as _, Result};

use crate::{
    api::{self, Client},
    catalog::Catalog,
    curves::Curves,
    host::{Ground, Host, Plan},
    hosted::Stage,
    load::Load,
    tool::announce,
    workspace,
};

/// The plugin, whose guest makes one query for each request.
const QUERY: &str = "com.hostproof.query";
const BODY: &str = r#"{"title":"Write the benches","done":false}"#;
/// Connections for the plugin, around the default of 5.
const CONNECTIONS: [usize; 6] = [1, 2, 3, 5, 10, 20];

/// Answers a second and their p99, as connections grow.
pub(crate) fn measure(stage: &Stage, time: Duration) -> Result<[Curves; 2]> {
    announce("a plugin's connections to the database");
    let catalog = Catalog::start()?;
    let guest = fs::read_to_string(workspace::root().join("benches/src/query.wat"))?;
    catalog.offer(QUERY, &wat::parse_str(guest)?)?;
    let ground = Ground::new(workspace::target().join("bench"))?;
    let mut curves = [("throughput", "answers a second"), ("p99", "ms")].map(|(file, y)| Curves {
        file: format!("database-{file}"),
        title: format!("Requests that make a query, {file}, by the plugin's connections"),
        x: "connections".to_owned(),
        y,
        points: Vec::new(),
    });
    for connections in CONNECTIONS {
        let mut environment = api::environment("127.0.0.1:0", stage, stage.database()?, &catalog);
        environment.push(("DATABASE_PLUGIN_CONNECTIONS_EACH", connections.to_string()));
        let plan = Plan { name: "host".to_owned(), environment, plugin_config: String::new() };
        let host = Host::start(stage, &ground, &plan)?;
        let admin = Client::sign_in(&host.url)?;
        // Installed by the first of them, and loaded by the others.
        if connections == CONNECTIONS[0] {
            admin.install(QUERY).with_context(|| host.log_tail())?;
        }
        let url = format!("{}/api/v1/plugins/{QUERY}/echo", host.url);
        let load = Load::closed(url, &admin.token, BODY, time);
        Load { time: time / 4, ..load.clone() }.run(stage)?;
        let measured = load.run(stage).with_context(|| host.log_tail())?;
        eprintln!(
            "    {connections:>2} connections: {:.0} answers a second, p99 {:.1} ms",
            measured.per_second, measured.p99_ms
        );
        for (curves, value) in curves.iter_mut().zip([measured.per_second, measured.p99_ms]) {
            curves.points.push(("16 clients".to_owned(), connections, value));
        }
    }
    Ok(curves)
}
