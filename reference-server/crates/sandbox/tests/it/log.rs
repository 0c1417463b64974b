//! `log`: lines reach the host's log with the plugin's name and level, and not without end.

use std::io;
use std::sync::{Arc, Mutex};

use tracing_subscriber::fmt::MakeWriter;

use crate::guests::{BODY, handle, module};
use crate::world::{World, text};

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

/// Logs the body five times, at levels 0 to 4.
fn logger() -> String {
    module(&handle(&format!(
        "(local $level i32) {BODY}
         (loop $next
           (call $log (local.get $level) (local.get $p) (local.get $q))
           (local.set $level (i32.add (local.get $level) (i32.const 1)))
           (br_if $next (i32.lt_u (local.get $level) (i32.const 5))))
         (call $answer (i64.const 0) (i64.const 1))"
    )))
}

/// What a call leaves in the log, on a runtime of one thread, so that the subscriber sees it.
async fn logged(world: &World, body: &str) -> Vec<String> {
    let captured = Captured::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::DEBUG)
        .with_ansi(false)
        .without_time()
        .with_writer(captured.clone())
        .finish();
    let plugin = world.load(&logger()).await;
    let guard = tracing::subscriber::set_default(subscriber);
    text(&plugin, body).await;
    drop(guard);
    captured.lines().into_iter().map(|line| line.trim_start().to_owned()).collect()
}

#[tokio::test(flavor = "current_thread")]
async fn lines_carry_level_and_plugin() {
    let lines = logged(&World::new(), "hello\nINFO forged").await;
    let rest = "plugin: hello\\nINFO forged plugin=com.example.guest";
    assert_eq!(
        lines,
        ["DEBUG", "INFO", "WARN", "ERROR", "ERROR"].map(|level| format!("{level} {rest}"))
    );
}

#[tokio::test(flavor = "current_thread")]
async fn one_call_logs_only_so_much() {
    let world = World::limited(|limits| limits.log_messages_per_call = 2);
    let lines = logged(&world, "hello").await;
    assert_eq!(lines.len(), 3, "{lines:#?}");
    assert!(lines[2].contains("the rest is dropped"), "{lines:#?}");
}
