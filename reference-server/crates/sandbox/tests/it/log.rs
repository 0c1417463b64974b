//! `log`: lines reach the host's log with the plugin's name and level, and not without end.

use crate::captured;
use crate::guests::{BODY, handle, module};
use crate::world::World;

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

async fn logged(world: &World, body: &str) -> Vec<String> {
    let plugin = world.load(&logger()).await;
    let (lines, outcome) = captured::logged(&plugin, body).await;
    outcome.unwrap();
    lines
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
