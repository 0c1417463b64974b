//! `load`: asks a server over HTTP and prints, as JSON, how many answers came and how long they took.

use std::net::{SocketAddr, ToSocketAddrs as _};
use std::time::Duration;

use benches::load::{self, Plan};
use benches::prompt::Error;
use clap::Parser;
use url::Url;

/// Ask a server for a while, and print as JSON how many answers came and how long they took.
#[derive(Debug, Parser)]
#[command(max_term_width = 100)]
struct Args {
    /// Whom to ask: `http://ADDRESS:PORT/PATH`. `{n}` in the path is a number, see `--spread`.
    url: String,
    /// Numbers to put in the place of `{n}`: 0 and so on, this many.
    #[arg(long, value_name = "COUNT", default_value_t = 1)]
    spread: usize,
    /// How unlike the numbers' shares are: number n is asked for in proportion to 1/(n+1)^SKEW. 0 is
    /// all alike; 1 is Zipf's.
    #[arg(long, value_name = "SKEW", default_value_t = 0.0)]
    skew: f64,
    /// The method.
    #[arg(long, default_value = "POST")]
    method: String,
    /// A header, as `NAME: VALUE`.
    #[arg(long = "header", value_name = "HEADER")]
    headers: Vec<String>,
    /// What is sent.
    #[arg(long, default_value = "")]
    body: String,
    /// Demand that every answer is what was sent.
    #[arg(long)]
    echoes: bool,
    /// Connections at the same time, each with one request at a time.
    #[arg(long, value_name = "COUNT", default_value_t = 16)]
    connections: usize,
    /// For how long.
    #[arg(long, default_value_t = 5.0)]
    seconds: f64,
    /// Requests per second, all connections together; as many as are answered unless given.
    #[arg(long, value_name = "PER SECOND")]
    rate: Option<f64>,
}

fn main() -> Result<(), Error> {
    let plan = Args::parse().plan()?;
    // One thread: the other core is the server's.
    let measured = benches::runtime().block_on(load::run(&plan))?;
    println!("{}", serde_json::to_string(&measured)?);
    Ok(())
}

impl Args {
    fn plan(self) -> Result<Plan, Error> {
        let url = Url::parse(&self.url.replace("{n}", "0"))?;
        let address = address(&url)?;
        let headers = self.headers.iter().map(|header| {
            let split =
                header.split_once(':').ok_or_else(|| format!("{header:?} is no NAME: VALUE"));
            split.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
        });
        let headers: Vec<_> = headers.collect::<Result<_, _>>()?;
        let requests = (0..self.spread.max(1)).map(|number| {
            let url = Url::parse(&self.url.replace("{n}", &number.to_string()))?;
            let path = &url[url::Position::BeforePath..];
            Ok(load::request(&self.method, address, path, &headers, self.body.as_bytes()))
        });
        Ok(Plan {
            address,
            requests: requests.collect::<Result<_, url::ParseError>>()?,
            skew: self.skew,
            connections: self.connections.max(1),
            duration: Duration::from_secs_f64(self.seconds),
            rate: self.rate,
            expected: self.echoes.then(|| self.body.into_bytes()),
        })
    }
}

fn address(url: &Url) -> Result<SocketAddr, Error> {
    let host = url.host_str().ok_or("the URL names no host")?;
    let port = url.port_or_known_default().ok_or("the URL names no port")?;
    Ok((host, port).to_socket_addrs()?.next().ok_or("the URL's host has no address")?)
}
