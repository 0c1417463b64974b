//! `poll_oneoff` for watched guests: a guest that only sleeps has slept, and its clocks say so.

use contract::abi::WASI_MODULE;
use wasmtime::{Caller, Extern, Linker};

use crate::memory::{CalledTooEarly, view};
use crate::state::HostState;

/// Sizes of WASI's `subscription` and `event`.
const SUBSCRIPTION: u32 = 48;
const EVENT: u32 = 32;
/// Guests subscribe to one or two things at a time; more goes to the real function.
const MOST: u32 = 16;
const MONOTONIC: u32 = 1;

pub(super) fn link(linker: &mut Linker<HostState>) -> wasmtime::Result<()> {
    let real = linker.clone();
    linker.func_wrap_async(
        WASI_MODULE,
        "poll_oneoff",
        move |mut caller: Caller<'_, HostState>,
              (input, output, count, number_at): (i32, i32, i32, i32)| {
            let real = real.clone();
            Box::new(async move {
                let places = [input, output, count, number_at].map(i32::cast_unsigned);
                if slept(&mut caller, places)? {
                    return Ok(0);
                }
                let Extern::Func(real) = real.get(&mut caller, WASI_MODULE, "poll_oneoff")? else {
                    return Err(wasmtime::Error::msg("a WASI function is a function"));
                };
                let real = real.typed::<(i32, i32, i32, i32), i32>(&caller)?;
                real.call_async(&mut caller, (input, output, count, number_at)).await
            })
        },
    )?;
    Ok(())
}

/// What a guest waits for: a clock.
struct Alarm {
    userdata: [u8; 8],
    /// Nanoseconds until it rings.
    after: u64,
}

/// Lets the time pass until the first alarm and says that it rang. False when the guest waits for
/// something else than a clock.
fn slept(
    caller: &mut Caller<'_, HostState>,
    [input, output, count, number_at]: [u32; 4],
) -> wasmtime::Result<bool> {
    if !(1..=MOST).contains(&count) {
        return Ok(false);
    }
    let Some(clock) = caller.data().clock.clone() else { return Ok(false) };
    let guest = caller.data().guest.clone().ok_or(CalledTooEarly)?;
    let mut first: Option<Alarm> = None;
    for at in 0..count {
        let place = input.wrapping_add(at.wrapping_mul(SUBSCRIPTION));
        let Some(subscription) = view(&*caller, &guest, place, SUBSCRIPTION) else {
            return Ok(false);
        };
        let Some(alarm) = alarm(subscription, clock.monotonic(), clock.wall().as_nanos()) else {
            return Ok(false);
        };
        if first.as_ref().is_none_or(|first| alarm.after < first.after) {
            first = Some(alarm);
        }
    }
    let Some(first) = first else { return Ok(false) };
    let mut event = [0; EVENT as usize];
    event[..8].copy_from_slice(&first.userdata);
    let written = guest.memory.write(&mut *caller, output as usize, &event);
    let counted = guest.memory.write(&mut *caller, number_at as usize, &1u32.to_le_bytes());
    if written.is_err() || counted.is_err() {
        return Ok(false);
    }
    clock.sleep(first.after);
    Ok(true)
}

/// Reads a subscription; `None` when it is none to a clock.
fn alarm(subscription: &[u8], monotonic: u64, wall: u128) -> Option<Alarm> {
    let userdata = subscription.get(..8)?.try_into().ok()?;
    if *subscription.get(8)? != 0 {
        return None;
    }
    let clock = u32::from_le_bytes(subscription.get(16..20)?.try_into().ok()?);
    let timeout = u64::from_le_bytes(subscription.get(24..32)?.try_into().ok()?);
    let absolute = subscription.get(40)? & 1 == 1;
    let now = if clock == MONOTONIC { monotonic } else { u64::try_from(wall).unwrap_or(u64::MAX) };
    let after = if absolute { timeout.saturating_sub(now) } else { timeout };
    Some(Alarm { userdata, after })
}
