//! WASI preview 1 (decision A3): clocks, randomness, a log, and nothing of the surroundings.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sandbox::CallError;

use crate::captured::logged;
use crate::guests::{data, handle, module};
use crate::world::{World, call, text};

/// The errno of a descriptor that there is not.
const BADF: u64 = 8;

/// Answers with the 8 bytes at 64, written as 16 letters `a` to `p`.
const ANSWER_HEX: &str = r"
  (func $answer_hex (result i64)
    (local $i i32) (local $byte i32)
    (loop $next
      (local.set $byte (i32.load8_u (i32.add (i32.const 64) (local.get $i))))
      (i32.store8 (i32.add (i32.const 128) (i32.shl (local.get $i) (i32.const 1)))
        (i32.add (i32.const 97) (i32.shr_u (local.get $byte) (i32.const 4))))
      (i32.store8 (i32.add (i32.const 129) (i32.shl (local.get $i) (i32.const 1)))
        (i32.add (i32.const 97) (i32.and (local.get $byte) (i32.const 15))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (i32.const 8))))
    (call $answer (i64.const 128) (i64.const 16)))
";

/// The number a guest answered through `$answer_hex`.
async fn number(world: &World, code: &str) -> u64 {
    let guest = module(&format!("{ANSWER_HEX} {}", handle(code)));
    let answer = text(&world.load(&guest).await, "").await;
    let half = |letter: u8| letter - b'a';
    let bytes: Vec<u8> =
        answer.as_bytes().chunks(2).map(|pair| (half(pair[0]) << 4) | half(pair[1])).collect();
    u64::from_le_bytes(bytes.try_into().unwrap())
}

/// A subscription of `poll_oneoff` to the monotonic clock, so many nanoseconds from now, at 256.
fn sleep(nanoseconds: u64) -> String {
    format!(
        "(i32.store8 (i32.const 264) (i32.const 0))
         (i32.store (i32.const 272) (i32.const 1))
         (i64.store (i32.const 280) (i64.const {nanoseconds}))
         (i32.store (i32.const 64)
           (call $poll_oneoff (i32.const 256) (i32.const 512) (i32.const 1) (i32.const 600)))"
    )
}

/// Stores what a function answered, its errno, where `$answer_hex` finds it.
fn errno_of(call: &str) -> String {
    format!("(i64.store (i32.const 64) (i64.extend_i32_u {call})) (call $answer_hex)")
}

#[tokio::test]
async fn the_wall_clock_is_the_hosts() {
    let code = "(drop (call $clock_time_get (i32.const 0) (i64.const 1) (i32.const 64)))
                (call $answer_hex)";
    let before = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
    let told = u128::from(number(&World::new(), code).await);
    let after = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
    assert!((before..=after).contains(&told), "{before} <= {told} <= {after}");
}

#[tokio::test]
async fn the_monotonic_clock_advances_over_a_sleep() {
    let code = format!(
        "(drop (call $clock_time_get (i32.const 1) (i64.const 1) (i32.const 96)))
         {}
         (drop (call $clock_time_get (i32.const 1) (i64.const 1) (i32.const 64)))
         (i64.store (i32.const 64) (i64.sub (i64.load (i32.const 64)) (i64.load (i32.const 96))))
         (call $answer_hex)",
        sleep(20_000_000)
    );
    let passed = number(&World::new(), &code).await;
    assert!(passed >= 20_000_000, "{passed}");
}

#[tokio::test]
async fn two_instances_draw_different_bytes() {
    let code = "(drop (call $random_get (i32.const 64) (i32.const 8))) (call $answer_hex)";
    let world = World::new();
    let drawn = [number(&world, code).await, number(&world, code).await];
    assert_ne!(drawn[0], drawn[1]);
    assert!(drawn.iter().all(|number| *number != 0));
}

#[tokio::test]
async fn there_are_no_arguments_no_environment_and_no_files() {
    let world = World::new();
    for sizes in ["args_sizes_get", "environ_sizes_get"] {
        let code =
            format!("(drop (call ${sizes} (i32.const 64) (i32.const 68))) (call $answer_hex)");
        assert_eq!(number(&world, &code).await, 0, "{sizes}");
    }
    let prestat = errno_of("(call $fd_prestat_get (i32.const 3) (i32.const 96))");
    assert_eq!(number(&world, &prestat).await, BADF);
    let open = format!(
        "(i32.store8 (i32.const 96) (i32.const 47)) {}",
        errno_of(
            "(call $path_open (i32.const 3) (i32.const 0) (i32.const 96) (i32.const 1)
               (i32.const 0) (i64.const 0) (i64.const 0) (i32.const 0) (i32.const 100))"
        )
    );
    assert_eq!(number(&world, &open).await, BADF);
}

#[tokio::test]
async fn a_sleep_beyond_the_limit_is_a_timeout() {
    const LIMIT: Duration = Duration::from_millis(300);
    let world = World::limited(|limits| limits.call_duration = LIMIT);
    let guest = module(&handle(&format!("{} (i64.const 0)", sleep(3_600_000_000_000))));
    let plugin = world.load(&guest).await;
    let error = call(&plugin, "").await.unwrap_err();
    assert!(matches!(error, CallError::Timeout { limit: LIMIT }), "{error:?}");
}

#[tokio::test]
async fn an_exit_is_a_trap_whatever_its_status() {
    for status in [0, 1] {
        let guest =
            module(&handle(&format!("(call $proc_exit (i32.const {status})) (i64.const 0)")));
        let plugin = World::new().load(&guest).await;
        let error = call(&plugin, "").await.unwrap_err();
        assert!(matches!(error, CallError::Trapped(_)), "{error:?}");
    }
}

/// Writes the text at 1024 to a stream.
fn print(fd: u32, text: &str) -> String {
    module(&format!(
        "{} {}",
        data(1024, text),
        handle(&format!(
            "(i32.store (i32.const 16) (i32.const 1024))
             (i32.store (i32.const 20) (i32.const {}))
             (drop (call $fd_write (i32.const {fd}) (i32.const 16) (i32.const 1) (i32.const 24)))
             (call $answer (i64.const 0) (i64.const 1))",
            text.len()
        ))
    ))
}

#[tokio::test(flavor = "current_thread")]
async fn standard_output_and_error_are_lines_of_the_log() {
    let world = World::new();
    for (fd, level) in [(1, "INFO"), (2, "WARN")] {
        let plugin = world.load(&print(fd, "one\ntwo\n\x07three")).await;
        let (lines, outcome) = logged(&plugin, "").await;
        outcome.unwrap();
        assert_eq!(lines.len(), 3, "{lines:#?}");
        for (line, text) in lines.iter().zip(["one", "two", "\\u{7}three"]) {
            assert!(line.starts_with(level), "{line}");
            assert!(line.ends_with(&format!("plugin: {text} plugin=com.example.guest")), "{line}");
        }
    }
}

#[tokio::test(flavor = "current_thread")]
async fn standard_output_counts_against_the_log_of_a_call() {
    let world = World::limited(|limits| {
        limits.log_messages_per_call = 2;
        limits.log_message_bytes = 4;
    });
    let plugin = world.load(&print(1, "aaaaaa\nb\nc\nd\n")).await;
    let (lines, outcome) = logged(&plugin, "").await;
    outcome.unwrap();
    assert_eq!(lines.len(), 3, "{lines:#?}");
    assert!(lines[0].contains("aaaa … [6 bytes in all]"), "{lines:#?}");
    assert!(lines[2].contains("the rest is dropped"), "{lines:#?}");
}

#[tokio::test]
async fn a_function_of_wasi_imported_with_another_type_fails_the_load() {
    let guest = r#"(module (import "wasi_snapshot_preview1" "proc_exit" (func (param i64)))
                     (memory (export "memory") 1))"#;
    let error = World::new().try_load(guest).await.unwrap_err().to_string();
    assert!(
        error.contains("'wasi_snapshot_preview1.proc_exit' as (i64) -> (), expected (i32) -> ()"),
        "{error}"
    );
}
