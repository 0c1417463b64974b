//! Requests over loopback from as many connections as asked for, and how long their answers took.
//!
//! Writes requests that were formatted beforehand and reads nothing of an answer but its status, its
//! length and its bytes: on a machine with two cores, whatever the client computes is taken from the
//! server.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rand::distr::weighted::WeightedIndex;
use rand::rngs::SmallRng;
use rand::{Rng as _, SeedableRng as _};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::prompt::Error;

/// A request without an answer for so long has failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// What to ask, and for how long.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Where the server listens.
    pub address: SocketAddr,
    /// The requests, as they are written.
    pub requests: Vec<Vec<u8>>,
    /// How the requests are distributed: the n-th is asked for in proportion to 1/nˢ, where this is s;
    /// 0 asks for all alike.
    pub skew: f64,
    /// Connections, each with one request at a time.
    pub connections: usize,
    /// For how long.
    pub duration: Duration,
    /// Requests per second of all connections together; as many as are answered where there is none.
    /// With a rate, times are counted from when a request was due: a server that stalls is charged for
    /// all that waited meanwhile.
    pub rate: Option<f64>,
    /// What every answer's body has to be, if it matters.
    pub expected: Option<Vec<u8>>,
}

/// What came of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Measured {
    /// Answers with a status of 200 and the expected body.
    pub answered: u64,
    /// Other answers, and requests without one.
    pub failed: u64,
    /// The first failure in words.
    pub first_failure: Option<String>,
    /// Answers per second.
    pub per_second: f64,
    /// Half of the answers took no longer, in milliseconds.
    pub median_ms: f64,
    /// Nine out of ten.
    pub p90_ms: f64,
    /// Ninety-nine out of a hundred.
    pub p99_ms: f64,
    /// 999 out of a thousand.
    pub p999_ms: f64,
    /// The slowest.
    pub slowest_ms: f64,
}

/// Sends the plan's requests. Connections are opened before the clock starts.
///
/// # Errors
/// No connection could be made, or the plan has no requests.
pub async fn run(plan: &Plan) -> Result<Measured, Error> {
    let weights = (1..=plan.requests.len()).map(|rank| {
        #[expect(clippy::cast_precision_loss, reason = "a rank among the requests")]
        let rank = rank as f64;
        rank.powf(-plan.skew)
    });
    let picks = WeightedIndex::new(weights)?;
    let mut clients = Vec::new();
    for number in 0..plan.connections {
        clients.push(Client::connect(plan, &picks, number).await?);
    }
    let began = Instant::now();
    let seen = futures_util::future::join_all(
        clients.into_iter().enumerate().map(|(number, client)| client.ask(began, number)),
    )
    .await;
    let took = began.elapsed();
    let mut total = Seen::default();
    for seen in seen {
        total.times.extend(seen.times);
        total.failed += seen.failed;
        total.first_failure = total.first_failure.or(seen.first_failure);
    }
    Ok(total.measured(took))
}

struct Client<'a> {
    plan: &'a Plan,
    picks: &'a WeightedIndex<f64>,
    random: SmallRng,
    connection: Connection,
    seen: Seen,
}

impl<'a> Client<'a> {
    async fn connect(
        plan: &'a Plan,
        picks: &'a WeightedIndex<f64>,
        number: usize,
    ) -> Result<Self, Error> {
        Ok(Self {
            plan,
            picks,
            // The same requests in every run.
            random: SmallRng::seed_from_u64(number as u64),
            connection: Connection::open(plan.address).await?,
            seen: Seen::default(),
        })
    }

    async fn ask(mut self, began: Instant, number: usize) -> Seen {
        let ends = began + self.plan.duration;
        // Connections share the rate and take turns.
        let pace = self.plan.rate.map(|rate| {
            let count = u32::try_from(self.plan.connections).unwrap_or(u32::MAX);
            Duration::from_secs_f64(f64::from(count) / rate)
        });
        let turn = u32::try_from(number).unwrap_or_default();
        let count = u32::try_from(self.plan.connections).unwrap_or(1);
        let mut due = began + pace.map_or(Duration::ZERO, |pace| pace / count * turn);
        loop {
            match pace {
                Some(_) => tokio::time::sleep_until(due.into()).await,
                None => due = Instant::now(),
            }
            if due >= ends || Instant::now() >= ends {
                return self.seen;
            }
            let request = &self.plan.requests[self.random.sample(self.picks)];
            let expected = self.plan.expected.as_deref();
            let answer = tokio::time::timeout(PATIENCE, self.connection.ask(request, expected));
            match answer.await.unwrap_or_else(|_| Err(format!("no answer in {PATIENCE:?}"))) {
                Ok(()) => self.seen.took(due.elapsed()),
                Err(failure) => {
                    self.seen.failed += 1;
                    self.seen.first_failure.get_or_insert(failure);
                    // What is left of a broken answer must not be read as the next one.
                    match Connection::open(self.plan.address).await {
                        Ok(connection) => self.connection = connection,
                        Err(_) => return self.seen,
                    }
                }
            }
            due += pace.unwrap_or_default();
        }
    }
}

/// One connection, kept alive.
struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    async fn open(address: SocketAddr) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(16 * 1024) })
    }

    async fn ask(&mut self, request: &[u8], expected: Option<&[u8]>) -> Result<(), String> {
        self.stream.write_all(request).await.map_err(|error| error.to_string())?;
        self.buffer.clear();
        let head = loop {
            self.more().await?;
            if let Some(head) = head(&self.buffer)? {
                break head;
            }
        };
        while self.buffer.len() < head.length + head.body {
            self.more().await?;
        }
        let body = &self.buffer[head.length..];
        if head.status != 200 {
            return Err(format!("{}: {}", head.status, String::from_utf8_lossy(body)));
        }
        match expected {
            Some(expected) if expected != body => {
                Err(format!("another body: {}", String::from_utf8_lossy(body)))
            }
            _ => Ok(()),
        }
    }

    async fn more(&mut self) -> Result<(), String> {
        match self.stream.read_buf(&mut self.buffer).await {
            Ok(0) => Err("the connection was closed".to_owned()),
            Ok(_) => Ok(()),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// The head of an answer.
struct Head {
    status: u16,
    length: usize,
    body: usize,
}

fn head(bytes: &[u8]) -> Result<Option<Head>, String> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut response = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(length) =
        response.parse(bytes).map_err(|error| error.to_string())?
    else {
        return Ok(None);
    };
    let status = response.code.unwrap_or_default();
    let body =
        response.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
    let body = match body {
        Some(header) => std::str::from_utf8(header.value).ok().and_then(|text| text.parse().ok()),
        None if status == 204 => Some(0),
        None => None,
    };
    let body = body.ok_or("an answer without a length")?;
    Ok(Some(Head { status, length, body }))
}

/// What one connection saw.
#[derive(Default)]
struct Seen {
    /// In microseconds, all of them: a million take four megabytes.
    times: Vec<u32>,
    failed: u64,
    first_failure: Option<String>,
}

impl Seen {
    fn took(&mut self, time: Duration) {
        self.times.push(u32::try_from(time.as_micros()).unwrap_or(u32::MAX));
    }

    fn measured(mut self, took: Duration) -> Measured {
        self.times.sort_unstable();
        let answered = self.times.len();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            clippy::cast_sign_loss,
            reason = "a share of a count that fits memory"
        )]
        let at = |share: f64| {
            let index = (answered.saturating_sub(1) as f64 * share) as usize;
            self.times.get(index).map_or(0.0, |time| f64::from(*time) / 1000.0)
        };
        #[expect(clippy::cast_precision_loss, reason = "a count for display")]
        let per_second = answered as f64 / took.as_secs_f64();
        Measured {
            answered: answered as u64,
            failed: self.failed,
            per_second,
            median_ms: at(0.5),
            p90_ms: at(0.9),
            p99_ms: at(0.99),
            p999_ms: at(0.999),
            slowest_ms: at(1.0),
            first_failure: self.first_failure,
        }
    }
}

/// A request as it is written.
pub fn request(
    method: &str,
    host: SocketAddr,
    path: &str,
    headers: &[(String, String)],
    body: &[u8],
) -> Vec<u8> {
    let mut text = format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\n");
    for (name, value) in headers {
        // Writing to a String cannot fail.
        let _ = write!(text, "{name}: {value}\r\n");
    }
    let _ = write!(text, "content-length: {}\r\n\r\n", body.len());
    [text.as_bytes(), body].concat()
}
