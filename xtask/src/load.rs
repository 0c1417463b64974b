//! Asks a server for a while by the program `load`, and reads what it saw.

use std::{
    io::Read as _,
    process::{Child, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::{
    hosted::{LOAD, SERVICES, Stage},
    tool,
};

/// What to ask for; see `load --help`.
#[derive(Clone, Debug)]
pub(crate) struct Load {
    /// Whom; `{n}` is a number.
    pub(crate) url: String,
    /// Numbers to put there.
    pub(crate) spread: usize,
    /// How unlike their shares are.
    pub(crate) skew: f64,
    /// Who asks: a bearer token, or nobody when empty.
    pub(crate) token: String,
    /// What is sent, and has to come back.
    pub(crate) body: String,
    /// Connections at the same time.
    pub(crate) connections: usize,
    /// For how long.
    pub(crate) time: Duration,
    /// Requests per second; as many as are answered where there is none.
    pub(crate) rate: Option<f64>,
}

/// What came of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Measured {
    /// Answers as they should be.
    pub(crate) answered: u64,
    /// All others.
    pub(crate) failed: u64,
    /// The first of those in words.
    pub(crate) first_failure: Option<String>,
    /// Answers per second.
    pub(crate) per_second: f64,
    /// Half of the answers took no longer.
    pub(crate) median_ms: f64,
    /// Ninety-nine of a hundred.
    pub(crate) p99_ms: f64,
    /// The slowest.
    pub(crate) slowest_ms: f64,
}

impl Load {
    /// As many requests as are answered, of this body.
    pub(crate) fn closed(url: String, token: &str, body: &str, time: Duration) -> Self {
        Self {
            url,
            spread: 1,
            skew: 0.0,
            token: token.to_owned(),
            body: body.to_owned(),
            connections: 16,
            time,
            rate: None,
        }
    }

    /// Begins to ask.
    pub(crate) fn start(&self, stage: &Stage) -> Result<Running> {
        let mut command = tool::tied(stage.program(SERVICES)?, stage.program(LOAD)?);
        command
            .arg(&self.url)
            .args(["--echoes", "--body", &self.body])
            .args(["--header", "Content-Type: application/json"])
            .args(["--header", "Accept: application/json, text/plain, */*"])
            .args(["--header", "Accept-Encoding: gzip, deflate, br"])
            .args(["--header", "User-Agent: Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101"])
            .args(["--spread", &self.spread.to_string(), "--skew", &self.skew.to_string()])
            .args(["--connections", &self.connections.to_string()])
            .args(["--seconds", &self.time.as_secs_f64().to_string()]);
        if !self.token.is_empty() {
            command.args(["--header", &format!("Authorization: Bearer {}", self.token)]);
        }
        if let Some(rate) = self.rate {
            command.args(["--rate", &rate.to_string()]);
        }
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
        Ok(Running { child: child.context("cannot run `load`")? })
    }

    /// Asks to the end; every answer has to be as it should.
    pub(crate) fn run(&self, stage: &Stage) -> Result<Measured> {
        let measured = self.start(stage)?.end()?;
        ensure!(
            measured.failed == 0 && measured.answered > 0,
            "{} requests to {} failed, {} were answered; the first: {}",
            measured.failed,
            self.url,
            measured.answered,
            measured.first_failure.as_deref().unwrap_or("none"),
        );
        Ok(measured)
    }
}

/// A load that is on its way. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
}

impl Running {
    /// Whether it is over.
    pub(crate) fn is_over(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_some())
    }

    /// Waits for it, and reads what it saw.
    pub(crate) fn end(mut self) -> Result<Measured> {
        let mut text = String::new();
        self.child.stdout.take().context("its output")?.read_to_string(&mut text)?;
        let status = self.child.wait()?;
        ensure!(status.success(), "`load` ended with {status}");
        serde_json::from_str(&text).context("the output of `load`")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // One that has ended cannot be killed, and was waited for.
        if self.child.kill().is_ok() {
            let _ = self.child.wait();
        }
    }
}
