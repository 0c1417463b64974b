//! The log of one call, as lines.

use std::io;
use std::sync::{Arc, Mutex};

use sandbox::{CallError, Plugin};
use tracing_subscriber::fmt::MakeWriter;

use crate::world::call;

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Captured {
    fn lines(&self) -> Vec<String> {
        let bytes = self.0.lock().unwrap();
        String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect()
    }
}

impl io::Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Captured {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// What a call leaves in the log, and what came of it, on a runtime of one thread, so that the
/// subscriber sees it.
pub(crate) async fn logged(plugin: &Plugin, body: &str) -> (Vec<String>, Result<(), CallError>) {
    let captured = Captured::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::DEBUG)
        .with_ansi(false)
        .without_time()
        .with_writer(captured.clone())
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    let outcome = call(plugin, body).await.map(drop);
    drop(guard);
    let lines = captured.lines();
    (lines.iter().filter_map(|line| without_spans(line)).collect(), outcome)
}

/// A line without the spans it was written in; the host's own line about the call is left out.
fn without_spans(line: &str) -> Option<String> {
    let (level, rest) = line.trim_start().split_once(' ')?;
    let (_, message) = rest.split_once("}: ").unwrap_or(("", rest));
    (!message.starts_with("sandbox::observe")).then(|| format!("{level} {message}"))
}
