//! Clients, and what they saw.

use std::{
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use ureq::Agent;

use super::neighbours::{MEASURED, NEIGHBOUR, Neighbour};

/// Requests before the first that counts: instances are made, connections opened.
const WARM_UP: usize = 50;

/// How long the measured plugin's answers took.
#[derive(Debug)]
pub(crate) struct Sample {
    /// Sorted.
    times: Vec<Duration>,
    /// Requests that the neighbour was sent meanwhile.
    neighbour: usize,
}

impl Sample {
    fn at(&self, share: f64) -> f64 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            clippy::cast_sign_loss,
            reason = "an index into a list that fits memory"
        )]
        let index = (self.times.len().saturating_sub(1) as f64 * share) as usize;
        self.times.get(index).map_or(0.0, |time| time.as_secs_f64() * 1000.0)
    }

    pub(crate) fn to_line(&self, alone: &Self) -> String {
        let (median, p99, slowest) = (self.at(0.5), self.at(0.99), self.at(1.0));
        format!(
            "{:>8} {median:>8.2} {p99:>8.2} {slowest:>8.2} {:>9} {:>6.1}x {:>5.1}x",
            self.times.len(),
            self.neighbour,
            median / alone.at(0.5),
            p99 / alone.at(0.99),
        )
    }

    pub(crate) fn to_json(&self, beside: &str, alone: &Self) -> Value {
        json!({
            "beside": beside,
            "requests": self.times.len(),
            "median_ms": self.at(0.5),
            "p99_ms": self.at(0.99),
            "slowest_ms": self.at(1.0),
            "neighbour_requests": self.neighbour,
            "median_ratio": self.at(0.5) / alone.at(0.5),
            "p99_ratio": self.at(0.99) / alone.at(0.99),
        })
    }
}

/// Asks the measured plugin for `time`, beside so many clients of the neighbour.
pub(crate) fn measure(
    url: &str,
    time: Duration,
    neighbour: Option<&Neighbour>,
    clients: usize,
) -> Result<Sample> {
    let stop = AtomicBool::new(false);
    let sent = AtomicUsize::new(0);
    thread::scope(|scope| {
        let nuisance = neighbour.map(|neighbour| {
            (0..clients).map(|_| scope.spawn(|| bother(url, neighbour, &stop, &sent))).collect()
        });
        let nuisance: Vec<_> = nuisance.unwrap_or_default();
        let times = ask(url, time);
        stop.store(true, Ordering::Relaxed);
        for client in nuisance {
            // A panic in a client is a bug here, and says so itself.
            client.join().unwrap_or(Ok(()))?;
        }
        Ok(Sample { times: times?, neighbour: sent.load(Ordering::Relaxed) })
    })
}

fn ask(url: &str, time: Duration) -> Result<Vec<Duration>> {
    let agent = agent();
    let url = format!("{url}/api/v1/plugins/{MEASURED}/echo");
    let mut times = Vec::new();
    let mut until = Instant::now() + time;
    for number in 0.. {
        let began = Instant::now();
        if number == WARM_UP {
            until = began + time;
            times.clear();
        } else if began >= until {
            break;
        }
        let mut response = agent.post(&url).send("hello").context("the measured plugin")?;
        let answer = response.body_mut().read_to_string()?;
        times.push(began.elapsed());
        ensure!(response.status() == 200, "the measured plugin answered {}", response.status());
        ensure!(answer.contains("hello"), "the measured plugin answered {answer:?}");
    }
    times.sort_unstable();
    Ok(times)
}

fn bother(url: &str, neighbour: &Neighbour, stop: &AtomicBool, sent: &AtomicUsize) -> Result<()> {
    let agent = agent();
    let url = format!("{url}/api/v1/plugins/{NEIGHBOUR}/run");
    let body = format!(r#"{{"ops":{}}}"#, neighbour.ops);
    while !stop.load(Ordering::Relaxed) {
        let mut response = agent.post(&url).send(body.as_str()).context("the neighbour")?;
        let status = response.status().as_u16();
        response.body_mut().read_to_vec()?;
        sent.fetch_add(1, Ordering::Relaxed);
        ensure!(neighbour.statuses.contains(&status), "the neighbour was answered {status}");
    }
    Ok(())
}

fn agent() -> Agent {
    // A refusal is an answer like any other here.
    Agent::config_builder().http_status_as_error(false).build().into()
}
