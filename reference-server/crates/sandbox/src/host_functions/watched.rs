//! The host functions as a watched guest calls them: each reads what it was given, lets the real one
//! do its work, reads what was answered, and tells the witness.

mod notes;
mod shapes;
mod sleep;

use std::sync::Arc;

use contract::abi::{self, HostFunction};
use wasmtime::{Caller, Engine, Extern, FuncType, Linker, Val, ValType};

pub(crate) use notes::Notes;

use self::shapes::{Part, Results, Shape};
use crate::memory::{CalledTooEarly, Span, view};
use crate::state::HostState;
use crate::wasi;
use crate::watch::{HostCall, Passed};

/// Links every host function in its watched form, and WASI with sleeping that takes no time.
pub(crate) fn link(engine: &Engine) -> wasmtime::Result<Linker<HostState>> {
    let real = Arc::new(super::link(engine)?);
    let mut linker = Linker::new(engine);
    wasi::link(&mut linker)?;
    linker.allow_shadowing(true);
    sleep::link(&mut linker)?;
    linker.allow_shadowing(false);
    for function in abi::HOST_FUNCTIONS {
        let shape = shapes::of(function.name)
            .ok_or_else(|| wasmtime::Error::msg(format!("no shape of '{}'", function.name)))?;
        let real = Arc::clone(&real);
        linker.func_new_async(
            abi::MODULE,
            function.name,
            function_type(engine, function),
            move |caller, params, results| {
                Box::new(call(Arc::clone(&real), function.name, shape, caller, params, results))
            },
        )?;
    }
    Ok(linker)
}

fn function_type(engine: &Engine, function: &HostFunction) -> FuncType {
    let types = |types: &'static [abi::ValType]| {
        types.iter().map(|ty| match ty {
            abi::ValType::I32 => ValType::I32,
            abi::ValType::I64 => ValType::I64,
        })
    };
    FuncType::new(engine, types(function.signature.params), types(function.signature.results))
}

async fn call(
    real: Arc<Linker<HostState>>,
    function: &'static str,
    shape: &'static Shape,
    mut caller: Caller<'_, HostState>,
    params: &[Val],
    results: &mut [Val],
) -> wasmtime::Result<()> {
    let numbers: Vec<i64> = params.iter().map(number).collect();
    let arguments = arguments(&caller, shape, &numbers)?;
    caller.data().notes.begin();
    let Extern::Func(real) = real.get(&mut caller, abi::MODULE, function)? else {
        return Err(wasmtime::Error::msg("a host function is a function"));
    };
    let outcome = real.call_async(&mut caller, params, results).await;
    let notes = caller.data().notes.end();
    let answers = match &outcome {
        Ok(()) => answers(&caller, shape, &numbers, results, &notes.answered)?,
        Err(_) => Vec::new(),
    };
    let broke_off = outcome.as_ref().err().map(|error| error.root_cause().to_string());
    if let Some(watch) = &caller.data().tenant.host.watch {
        let refused = notes.refused;
        watch.witness.host_call(HostCall { function, arguments, answers, refused, broke_off });
    }
    outcome
}

fn number(value: &Val) -> i64 {
    match value {
        Val::I32(number) => i64::from(*number),
        Val::I64(number) => *number,
        _ => 0,
    }
}

/// What the parameters that carry something to the host hold.
fn arguments(
    caller: &Caller<'_, HostState>,
    shape: &Shape,
    numbers: &[i64],
) -> wasmtime::Result<Vec<(&'static str, Passed)>> {
    let mut arguments = Vec::new();
    let mut at = 0;
    for part in shape.params {
        match part {
            Part::Data(name) => arguments.push((*name, read(caller, pair(numbers, at))?)),
            Part::Number(name) => arguments.push((*name, Passed::Number(one(numbers, at)))),
            Part::OutData(_) | Part::OutNumber(_) => {}
        }
        at += part.width();
    }
    Ok(arguments)
}

/// What the out-pointers and the results hold.
fn answers(
    caller: &Caller<'_, HostState>,
    shape: &Shape,
    numbers: &[i64],
    results: &[Val],
    answered: &[u32],
) -> wasmtime::Result<Vec<(&'static str, Passed)>> {
    let mut answers = Vec::new();
    let mut at = 0;
    for part in shape.params {
        let place = Span::new(one(numbers, at), 0).pointer();
        let written = answered.contains(&place);
        match part {
            Part::OutData(name) if written => {
                let length_at = Span::new(one(numbers, at + 1), 0).pointer();
                let span = (word(caller, place)?, word(caller, length_at)?);
                answers.push((*name, read(caller, span)?));
            }
            Part::OutNumber(name) if written => {
                answers.push((*name, read_number(caller, place)?));
            }
            Part::OutData(name) | Part::OutNumber(name) => {
                answers.push((*name, Passed::NotWritten));
            }
            Part::Data(_) | Part::Number(_) => {}
        }
        at += part.width();
    }
    let results: Vec<i64> = results.iter().map(number).collect();
    match shape.results {
        Results::None => {}
        Results::Number(name) => answers.push((name, Passed::Number(one(&results, 0)))),
        Results::Data(name) => answers.push((name, read(caller, pair(&results, 0))?)),
    }
    Ok(answers)
}

fn one(numbers: &[i64], at: usize) -> i64 {
    numbers.get(at).copied().unwrap_or_default()
}

fn pair(numbers: &[i64], at: usize) -> (i64, i64) {
    (one(numbers, at), one(numbers, at + 1))
}

fn read(caller: &Caller<'_, HostState>, (pointer, length): (i64, i64)) -> wasmtime::Result<Passed> {
    let span = Span::new(pointer, length);
    if span.length() == 0 {
        return Ok(Passed::Bytes(Vec::new()));
    }
    let guest = caller.data().guest.as_ref().ok_or(CalledTooEarly)?;
    let bytes = view(caller, guest, span.pointer(), span.length());
    Ok(bytes.map_or(Passed::OutOfBounds, |bytes| Passed::Bytes(bytes.to_vec())))
}

/// A pointer or a length that the host wrote.
fn word(caller: &Caller<'_, HostState>, at: u32) -> wasmtime::Result<i64> {
    let guest = caller.data().guest.as_ref().ok_or(CalledTooEarly)?;
    let bytes = view(caller, guest, at, 4).and_then(|bytes| bytes.try_into().ok());
    Ok(bytes.map_or(0, |bytes| i64::from(u32::from_le_bytes(bytes))))
}

fn read_number(caller: &Caller<'_, HostState>, at: u32) -> wasmtime::Result<Passed> {
    let guest = caller.data().guest.as_ref().ok_or(CalledTooEarly)?;
    let bytes = view(caller, guest, at, 8).and_then(|bytes| bytes.try_into().ok());
    Ok(bytes.map_or(Passed::OutOfBounds, |bytes| Passed::Number(i64::from_le_bytes(bytes))))
}
