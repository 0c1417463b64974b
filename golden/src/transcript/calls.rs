//! One host call in a transcript.

use std::fmt::Write as _;

use sandbox::watch::{HostCall, Passed};

use super::readable;
use crate::normalise;

/// A value up to this many characters stands on the line of its name.
const LINE: usize = 96;

pub(super) fn write(out: &mut String, number: usize, call: &HostCall) {
    let _ = writeln!(out, "  {number}. {}", call.function);
    for (name, passed) in &call.arguments {
        match (call.function, *name, passed) {
            ("log", "level", Passed::Number(level)) => value(out, name, level_name(*level)),
            // No parameters are as good as an empty list.
            (_, "params", Passed::Bytes(bytes)) if bytes.is_empty() => {}
            _ => value(out, name, &shown(passed)),
        }
    }
    for (name, passed) in &call.answers {
        match (*name, passed) {
            ("done", Passed::Number(1)) => value(out, "-> done", ""),
            ("done", Passed::Number(_)) => value(out, "-> refused", ""),
            ("holds", Passed::Number(holds)) => {
                value(out, "-> holds", if *holds == 1 { "yes" } else { "no" });
            }
            // Of a result and an error, one is always empty.
            ("error", Passed::Bytes(bytes)) if bytes.is_empty() => {}
            ("result", Passed::Bytes(bytes)) if bytes.is_empty() && failed(call) => {}
            ("affected", _) if failed(call) => {}
            _ => value(out, &format!("-> {name}"), &shown(passed)),
        }
    }
    // Where the guest reads the reason itself, it stands above.
    if !failed(call) {
        for reason in &call.refused {
            value(out, "   because", reason);
        }
    }
    if let Some(reason) = &call.broke_off {
        value(out, "-> broke off", reason);
    }
}

fn failed(call: &HostCall) -> bool {
    let error = call.answers.iter().find(|(name, _)| *name == "error");
    error.is_some_and(|(_, passed)| !matches!(passed, Passed::Bytes(bytes) if bytes.is_empty()))
}

fn value(out: &mut String, name: &str, text: &str) {
    if text.is_empty() {
        let _ = writeln!(out, "     {name}");
    } else if text.contains('\n') || normalise::width(text) > LINE {
        let _ = writeln!(out, "     {name}:");
        for line in text.lines() {
            let line = format!("       {line}");
            let _ = writeln!(out, "{}", line.trim_end());
        }
    } else {
        let _ = writeln!(out, "     {name}: {text}");
    }
}

fn shown(passed: &Passed) -> String {
    match passed {
        Passed::Bytes(bytes) if bytes.is_empty() => "(nothing)".to_owned(),
        Passed::Bytes(bytes) => readable(bytes),
        Passed::Number(number) => number.to_string(),
        Passed::OutOfBounds => "(outside the guest's memory)".to_owned(),
        Passed::NotWritten => "(nothing written)".to_owned(),
    }
}

fn level_name(level: i64) -> &'static str {
    match level {
        0 => "debug",
        1 => "info",
        2 => "warn",
        _ => "error",
    }
}
