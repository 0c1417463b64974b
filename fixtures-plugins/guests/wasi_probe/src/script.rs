//! The operations, and how one is carried out.

use std::fmt::{Display, Write as _};
use std::io::{self, Read as _, Write as _};
use std::{env, fs, net, process, thread};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::clocks::{self, Clock};
use crate::{descriptors, sys};

/// One line of a script, by its `op`. An unknown argument is refused, so that a typo is no silent success.
#[derive(Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Op {
    /// Result: the clock's reading in nanoseconds, as text.
    Clock { clock: Clock },
    /// Result: whether the reading grew within some thousand readings.
    Advances { clock: Clock },
    /// Result: by how many seconds the wall clock and the database's clock differ.
    OffFromDatabase {},
    /// Result: that many random bytes in hexadecimal digits.
    Random { bytes: usize },
    /// Result: how many variables and arguments there are.
    Environment {},
    /// Result: the file's length.
    ReadFile { path: String },
    /// Result: null; the file would hold one line.
    WriteFile { path: String },
    /// Result: how many entries the directory has.
    ReadDirectory { path: String },
    /// Result: the numbers of the descriptors that are directories opened beforehand.
    Preopened {},
    /// Result: the numbers of the descriptors on which anything of a socket works.
    Sockets {},
    /// Result: null; connects to the address.
    Connect { address: String },
    /// Result: the bytes written.
    Print { stream: Stream, text: String },
    /// Result: what standard input holds.
    ReadInput {},
    /// Result: the milliseconds that passed meanwhile, by the monotonic clock.
    Sleep { ms: u64 },
    /// Result: null; gives way to others.
    Yield {},
    /// Result: null; starts a thread and waits for it.
    Spawn {},
    /// Ends the call: exits with this code.
    Exit { code: i32 },
    /// Ends the call: aborts.
    Abort {},
    /// Ends the call: panics with this message.
    Panic { message: String },
    /// Ends the call: reads the clock for ever.
    SpinClock {},
}

/// Where to print.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Stream {
    Stdout,
    Stderr,
}

/// What came of an operation.
#[derive(Serialize)]
pub(crate) struct Outcome {
    result: Value,
    error: Option<String>,
}

impl<E: Display> From<Result<Value, E>> for Outcome {
    fn from(outcome: Result<Value, E>) -> Self {
        match outcome {
            Ok(result) => Self { result, error: None },
            Err(error) => Self { result: Value::Null, error: Some(error.to_string()) },
        }
    }
}

impl From<Value> for Outcome {
    fn from(result: Value) -> Self {
        Self { result, error: None }
    }
}

impl Op {
    pub(crate) fn run(self) -> Outcome {
        match self {
            Self::Clock { clock } => clock.read().map(|reading| json!(reading.to_string())).into(),
            Self::Advances { clock } => clock.advances().map(Value::from).into(),
            Self::OffFromDatabase {} => clocks::off_from_database().map(Value::from).into(),
            Self::Random { bytes } => sys::random(bytes).map(|bytes| json!(hex(&bytes))).into(),
            Self::Environment {} => {
                json!({ "variables": env::vars_os().count(), "arguments": env::args_os().count() })
                    .into()
            }
            Self::ReadFile { path } => fs::read(path).map(|bytes| json!(bytes.len())).into(),
            Self::WriteFile { path } => fs::write(path, "written\n").map(|()| Value::Null).into(),
            Self::ReadDirectory { path } => {
                fs::read_dir(path).map(|entries| json!(entries.count())).into()
            }
            Self::Preopened {} => json!(descriptors::preopened()).into(),
            Self::Sockets {} => json!(descriptors::sockets()).into(),
            Self::Connect { address } => {
                net::TcpStream::connect(address).map(|_| Value::Null).into()
            }
            Self::Print { stream, text } => print(&stream, &text).map(Value::from).into(),
            Self::ReadInput {} => {
                let mut input = String::new();
                io::stdin().read_to_string(&mut input).map(|_| json!(input)).into()
            }
            Self::Sleep { ms } => clocks::sleep(ms).map(Value::from).into(),
            Self::Yield {} => {
                thread::yield_now();
                Value::Null.into()
            }
            Self::Spawn {} => thread::Builder::new().spawn(|| ()).map(|_| Value::Null).into(),
            Self::Exit { code } => exit(code),
            Self::Abort {} => process::abort(),
            Self::Panic { message } => panic!("{message}"),
            Self::SpinClock {} => loop {
                let _ = Clock::Monotonic.read();
            },
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "to see what a host makes of it")]
fn exit(code: i32) -> ! {
    process::exit(code)
}

fn print(stream: &Stream, text: &str) -> io::Result<usize> {
    match stream {
        Stream::Stdout => io::stdout().write_all(text.as_bytes())?,
        Stream::Stderr => io::stderr().write_all(text.as_bytes())?,
    }
    io::stdout().flush()?;
    Ok(text.len())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
