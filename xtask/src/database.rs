//! Questions to a database, asked by way of `services query`: we link no client of Postgres.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, ChildStdin, ChildStdout, Stdio},
};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::{
    hosted::{SERVICES, Stage},
    tool,
};

/// A session with a database. Ends when dropped.
#[derive(Debug)]
pub(crate) struct Database {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Database {
    /// Begins a session.
    pub(crate) fn open(stage: &Stage, url: &str) -> Result<Self> {
        let services = stage.program(SERVICES)?;
        let mut command = tool::tied(services, services);
        command.args(["query", "--url", url]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().context("cannot run `services query`")?;
        let questions = child.stdin.take().context("its input")?;
        let answers = BufReader::new(child.stdout.take().context("its output")?);
        Ok(Self { child, questions, answers })
    }

    /// The rows of a query, each as an object.
    pub(crate) fn rows(&mut self, query: &str) -> Result<Vec<Value>> {
        // One line is one query.
        let query = query.split_whitespace().collect::<Vec<_>>().join(" ");
        writeln!(self.questions, "{query}").context("`services query` takes no questions")?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer).context("`services query` does not answer")?;
        match serde_json::from_str(&answer) {
            Ok(rows) => Ok(rows),
            Err(_) => bail!("{query}: {answer}"),
        }
    }

    /// The only column of a query's rows, as texts.
    pub(crate) fn texts(&mut self, query: &str) -> Result<Vec<String>> {
        let text = |row: Value| {
            let value = row.as_object()?.values().next()?.clone();
            Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
        };
        Ok(self.rows(query)?.into_iter().filter_map(text).collect())
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // It may be gone already, and is not waited for in vain.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
