//! A guest that calls one host function again and again.

use std::fmt::Write as _;

use contract::abi::{HOST_FUNCTIONS, MODULE, ValType};

use crate::prompt::CONFIG_KEY;

/// How often a request has the guest call its function.
pub const CALLS: u32 = 100;

/// Where results are placed: their pointer here, their length four bytes on.
const OUT: i64 = 16;
/// Where the error's pair is placed.
const ERROR: i64 = 32;
/// Where texts lie, one after the other.
const TEXTS: i64 = 1024;

/// One argument, or two, of a call.
#[derive(Clone, Copy, Debug)]
pub enum Argument {
    /// A text: pointer and length.
    Text(&'static str),
    /// A statement whose last eight characters are digits that count upwards.
    Counting(&'static str),
    /// Out-pointers of a result.
    Out,
    /// Out-pointers of an error.
    Error,
    /// The address of a number that is written.
    Number,
    /// An `i32`.
    I32(i32),
}

use Argument::{Counting, Error, I32, Number, Out, Text};

/// A host function with the arguments of an ordinary call.
pub type Call = (&'static str, &'static [Argument]);

/// An id that nothing has.
const ID: &str = "5f0c2c7e-3f5c-4c0e-9f7e-1d2b3c4d5e6f";
const SELECT: &str = "SELECT id, title FROM items WHERE done = $1 ORDER BY id LIMIT 00000020";

/// One function of each family, and both where reading and writing differ.
pub const FAMILIES: &[Call] = &[
    ("log", &[I32(0), Text("a line that nobody reads")]),
    ("http_respond", &[I32(200), Text("{}")]),
    ("http_request_body", &[]),
    ("config_get", &[Text(CONFIG_KEY), Out]),
    ("settings_get", &[Out]),
    ("storage_get", &[Text("a key"), Out]),
    ("storage_set", &[Text("a key"), Text("a value of thirty-two characters")]),
    ("cache_get", &[Text("a key"), Out]),
    ("cache_set", &[Text("a key"), Text("a value of thirty-two characters"), I32(60)]),
    ("db_query", &[Text(SELECT), Text("[false]"), Out]),
    ("db_exec", &[Text("DELETE FROM items WHERE id = $1"), Text("[1]"), Number, Error]),
    ("event_emit", &[Text("item.done"), Text(r#"{\"id\":1}"#)]),
    ("tasks_list", &[Text(ID)]),
    ("permission_check", &[Text("tasks.read")]),
    ("fetch", &[Text(r#"{\"url\":\"https://example.com/\"}"#), Out]),
];

/// The same statement every time: its verdict is remembered.
pub const STATEMENT_KNOWN: Call = ("db_query", &[Text(SELECT), Text("[false]"), Out]);
/// Another statement every time: each has to be judged.
pub const STATEMENT_NEW: Call = ("db_query", &[Counting(SELECT), Text("[false]"), Out]);

/// The guest that makes this call [`CALLS`] times per request, and answers with what it was asked.
///
/// # Panics
/// The ABI has no such function.
pub fn guest((function, arguments): Call) -> String {
    let signature = HOST_FUNCTIONS.iter().find(|known| known.name == function);
    let signature = signature.expect("a function of the ABI").signature;
    let types = |types: &[ValType]| {
        let names = types.iter().map(|kind| if *kind == ValType::I64 { "i64" } else { "i32" });
        names.collect::<Vec<_>>().join(" ")
    };
    let (params, results) = (types(signature.params), types(signature.results));
    let drops = "(drop)".repeat(signature.results.len());
    let (texts, counted, pushed) = placed(arguments);
    format!(
        r#"(module
  (import "{MODULE}" "{function}" (func $host (param {params}) (result {results})))
  (memory (export "memory") 4)
  {texts}
  ;; Results of the host overwrite each other.
  (func (export "paca_malloc") (param $n i32) (result i32) i32.const 65536)
  (func $count (param $at i32)
    (local $digit i32)
    (loop $next
      (local.set $digit (i32.load8_u (local.get $at)))
      (if (i32.eq (local.get $digit) (i32.const 57))
        (then
          (i32.store8 (local.get $at) (i32.const 48))
          (local.set $at (i32.sub (local.get $at) (i32.const 1)))
          (br $next))
        (else (i32.store8 (local.get $at) (i32.add (local.get $digit) (i32.const 1)))))))
  (func (export "HandleRequest") (param $at i32) (param $n i32) (result i64)
    (local $left i32)
    (local.set $left (i32.const {CALLS}))
    (loop $again
      {counted}
      {pushed} (call $host) {drops}
      (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    i64.const {answer}))"#,
        answer = (i64::from(ANSWER_AT) << 32) | i64::try_from(ANSWER.len()).unwrap_or_default(),
    )
}

const ANSWER: &str = r#"{"status":204}"#;
const ANSWER_AT: i32 = 512;

/// The texts as data, what changes them before each call, and the arguments as pushed.
fn placed(arguments: &[Argument]) -> (String, String, String) {
    let (mut texts, mut counted, mut pushed) = (String::new(), String::new(), String::new());
    let answer = ANSWER.replace('"', "\\\"");
    let _ = write!(texts, r#"(data (i32.const {ANSWER_AT}) "{answer}")"#);
    let mut at = TEXTS;
    for argument in arguments {
        let values: &[String] = &match argument {
            Text(text) | Counting(text) => {
                let length = text.replace('\\', "").len();
                let _ = write!(texts, r#" (data (i32.const {at}) "{text}")"#);
                if let Counting(_) = argument {
                    let last = at + i64::try_from(length).unwrap_or_default() - 1;
                    let _ = write!(counted, "(call $count (i32.const {last}))");
                }
                let values = vec![format!("i64.const {at}"), format!("i64.const {length}")];
                at += 1024;
                values
            }
            Out => [OUT, OUT + 4].map(|at| format!("i64.const {at}")).into(),
            Error => [ERROR, ERROR + 4].map(|at| format!("i64.const {at}")).into(),
            Number => vec![format!("i64.const {OUT}")],
            I32(value) => vec![format!("i32.const {value}")],
        };
        for value in values {
            let _ = write!(pushed, "({value}) ");
        }
    }
    (texts, counted, pushed)
}
