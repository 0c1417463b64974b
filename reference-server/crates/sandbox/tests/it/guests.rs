//! Guests as WebAssembly text.

use std::fmt::Write as _;

/// Host functions that guests of these tests import, with their types.
const IMPORTS: &[(&str, &str)] = &[
    ("http_request_body", "(result i64 i64)"),
    ("http_request_headers", "(result i64 i64)"),
    ("http_caller_identity", "(result i64 i64)"),
    ("http_respond", "(param i32 i64 i64)"),
    ("log", "(param i32 i64 i64)"),
    ("storage_get", "(param i64 i64 i64 i64)"),
    ("storage_set", "(param i64 i64 i64 i64) (result i32)"),
    ("storage_delete", "(param i64 i64) (result i32)"),
    ("config_get", "(param i64 i64 i64 i64)"),
    ("fetch", "(param i64 i64 i64 i64)"),
    ("event_emit", "(param i64 i64 i64 i64) (result i32)"),
    ("event_subscribe", "(param i64 i64) (result i32)"),
    ("db_query", "(param i64 i64 i64 i64 i64 i64)"),
    ("db_query2", "(param i64 i64 i64 i64 i64 i64 i64 i64)"),
    ("db_exec", "(param i64 i64 i64 i64 i64 i64 i64)"),
    ("db_tx_begin", "(result i32)"),
    ("db_tx_commit", "(result i32)"),
    ("db_tx_rollback", "(result i32)"),
    ("cache_get", "(param i64 i64 i64 i64)"),
    ("cache_set", "(param i64 i64 i64 i64 i32) (result i32)"),
    ("cache_delete", "(param i64 i64) (result i32)"),
    ("tasks_list", "(param i64 i64) (result i64 i64)"),
    ("task_get", "(param i64 i64) (result i64 i64)"),
    ("project_get", "(param i64 i64) (result i64 i64)"),
    ("members_list", "(param i64 i64) (result i64 i64)"),
    ("activity_record", "(param i64 i64) (result i32)"),
    ("settings_get", "(param i64 i64)"),
    ("send_email", "(param i64 i64 i64 i64)"),
    ("password_set_token_issue", "(param i64 i64 i64 i64)"),
    ("permission_check", "(param i64 i64) (result i32)"),
];

/// Functions of WASI that guests of these tests import, with their types.
const WASI_IMPORTS: &[(&str, &str)] = &[
    ("args_sizes_get", "(param i32 i32) (result i32)"),
    ("clock_time_get", "(param i32 i64 i32) (result i32)"),
    ("environ_sizes_get", "(param i32 i32) (result i32)"),
    ("fd_prestat_get", "(param i32 i32) (result i32)"),
    ("fd_write", "(param i32 i32 i32 i32) (result i32)"),
    ("path_open", "(param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)"),
    ("poll_oneoff", "(param i32 i32 i32 i32) (result i32)"),
    ("proc_exit", "(param i32)"),
    ("random_get", "(param i32 i32) (result i32)"),
];

/// An allocator over the first two pages, emptied after every call.
pub(crate) const ALLOCATOR: &str = r#"
  (global $next (mut i32) (i32.const 8192))
  (func (export "paca_malloc") (param $n i32) (result i32)
    (local $p i32)
    (local.set $p (global.get $next))
    (if (i32.gt_u (i32.add (local.get $p) (local.get $n)) (i32.const 131072))
      (then (return (i32.const 0))))
    (global.set $next (i32.add (local.get $p) (local.get $n)))
    (local.get $p))
  (func (export "ResetAllocator") (global.set $next (i32.const 8192)))
"#;

/// A module with two pages of memory, [`ALLOCATOR`] and the given fields. Every host function whose
/// name occurs as `$name` is imported.
pub(crate) fn module(fields: &str) -> String {
    bare(&format!("(memory (export \"memory\") 2) {ALLOCATOR} {HELPERS} {fields}"))
}

/// A module of these fields and the imports they use, nothing else.
pub(crate) fn bare(fields: &str) -> String {
    let mut imports = String::new();
    for (from, functions) in [("paca", IMPORTS), ("wasi_snapshot_preview1", WASI_IMPORTS)] {
        for (name, ty) in functions {
            if fields.contains(&format!("${name}")) {
                write!(imports, "(import \"{from}\" \"{name}\" (func ${name} {ty}))").unwrap();
            }
        }
    }
    format!("(module {imports} {fields})")
}

/// `$pack`: pointer and length as a result. `$answer`: responds with `n` bytes at `p`.
/// `$answer_out`: responds with what the out-pointers at 0 and 4 name.
const HELPERS: &str = r"
  (func $pack (param $p i64) (param $n i64) (result i64)
    (i64.or (i64.shl (local.get $p) (i64.const 32)) (local.get $n)))
  (func $answer (param $p i64) (param $n i64) (result i64)
    (call $http_respond (i32.const 200) (local.get $p) (local.get $n))
    (i64.const 0))
  (func $answer_out (result i64)
    (call $answer (i64.load32_u (i32.const 0)) (i64.load32_u (i32.const 4))))
";

/// A field that exports `HandleRequest`; `$at` and `$n` are the envelope's place, `$p` and `$q` are
/// i64 locals.
pub(crate) fn handle(code: &str) -> String {
    format!(
        "(func $handle (export \"HandleRequest\") (param $at i32) (param $n i32) (result i64)
           (local $p i64) (local $q i64) {code})"
    )
}

/// A field that places text in memory.
pub(crate) fn data(at: usize, text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        write!(escaped, "\\{byte:02x}").unwrap();
    }
    format!("(data (i32.const {at}) \"{escaped}\")")
}

/// Answers with the envelope itself: read as a response it has status 200 and the request's body.
pub(crate) fn echo() -> String {
    module(&handle(
        "(call $pack (i64.extend_i32_u (local.get $at)) (i64.extend_i32_u (local.get $n)))",
    ))
}

/// Puts the request's body into `$p` (pointer) and `$q` (length).
pub(crate) const BODY: &str = "(call $http_request_body) (local.set $q) (local.set $p)";

/// A guest that does as the body's first byte says: `s` spins, `t` traps, `r` recurses without end,
/// `l` logs without end, `g` gets a key without end; anything else answers how many calls this
/// instance has served, one digit.
pub(crate) fn moody() -> String {
    let on = |letter: char, code: &str| {
        format!("(if (i32.eq (local.get $mood) (i32.const {})) (then {code}))", u32::from(letter))
    };
    let moods = [
        on('s', "(loop $forever (br $forever))"),
        on('t', "(unreachable)"),
        on('r', "(call $recurse)"),
        on(
            'l',
            "(loop $forever (call $log (i32.const 1) (i64.const 0) (i64.const 4)) (br $forever))",
        ),
        on(
            'g',
            "(loop $forever
               (call $storage_get (i64.const 0) (i64.const 4) (i64.const 16) (i64.const 20))
               (br $forever))",
        ),
    ]
    .concat();
    module(&format!(
        r"{}
        (global $served (mut i32) (i32.const 48))
        (func $recurse (call $recurse) (call $recurse))
        {}",
        data(0, "some"),
        handle(&format!(
            r"(local $mood i32)
            (global.set $served (i32.add (global.get $served) (i32.const 1)))
            {BODY}
            (if (i64.ne (local.get $q) (i64.const 0))
              (then (local.set $mood (i32.load8_u (i32.wrap_i64 (local.get $p))))))
            {moods}
            (i32.store8 (i32.const 64) (global.get $served))
            (call $answer (i64.const 64) (i64.const 1))"
        ))
    ))
}
