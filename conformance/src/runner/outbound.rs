//! Steps that tell the outbound server what to send.

use bytes::Bytes;

use super::attempt::Attempt;
use crate::case::AnswerSpec;
use crate::evidence::Fact;
use crate::peers::{End, Script};
use crate::vars::Vars;
use crate::world::Trouble;

/// Tells the server what to send for a token.
pub(super) fn answer(
    attempt: &Attempt,
    spec: &AnswerSpec,
    vars: &Vars,
) -> Result<Vec<Fact>, Trouble> {
    let outbound = attempt.world.outbound.as_ref().map_err(|e| Trouble::Blocked(e.clone()))?;
    let text = |text: &str| vars.text(text).map_err(|e| Trouble::Harness(e.to_string()));
    let script = Script {
        send: Bytes::from(text(&spec.send)?),
        repeat: Bytes::from(text(&spec.repeat)?),
        times: spec.times,
        tail: Bytes::from(text(&spec.tail)?),
        pause: spec.pause.map(|pause| pause.0),
        end: spec.end.unwrap_or(End::Close),
        gate: spec.held.then(|| attempt.gate.clone()),
    };
    outbound.script(text(&spec.token)?, script);
    Ok(Vec::new())
}
