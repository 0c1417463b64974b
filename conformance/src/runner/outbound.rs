//! Steps at the outbound server: what it is to send, and what reached it.

use bytes::Bytes;
use serde_json::Value;

use super::attempt::Attempt;
use super::judge::resolve;
use super::observe::{count, difference};
use crate::case::{AnswerSpec, SeenSpec};
use crate::evidence::Fact;
use crate::matcher::Matcher;
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

/// Judges the requests that came for a token.
pub(super) fn seen(attempt: &Attempt, spec: &SeenSpec, vars: &Vars) -> Result<Vec<Fact>, Trouble> {
    let outbound = attempt.world.outbound.as_ref().map_err(|e| Trouble::Blocked(e.clone()))?;
    let token = vars.text(&spec.token).map_err(|e| Trouble::Harness(e.to_string()))?;
    let seen = outbound.seen(&token);
    let count = count(spec.count.as_ref(), vars)?;
    let number = Value::from(seen.len());
    // Nothing came: that is no evidence, but it can be a difference.
    let Some(last) = seen.last() else {
        return match count.judge(Some(&number)) {
            Ok(()) => Ok(Vec::new()),
            Err(why) => {
                Err(difference(format!("requests that reached the outbound server: {why}")))
            }
        };
    };
    let mut facts = Vec::new();
    let mut check = |subject: &str, matcher: &Matcher, actual: Option<&Value>| {
        let fact = Fact::judge(&last.receipt, subject, matcher, actual).map_err(difference)?;
        facts.push(fact);
        Ok(())
    };
    check("requests that reached the outbound server", &count, Some(&number))?;
    let method = Value::from(last.method.as_str());
    let path = Value::from(last.path.as_str());
    let body = Value::from(String::from_utf8_lossy(&last.body).into_owned());
    let all =
        [("method", &spec.method, method), ("path", &spec.path, path), ("body", &spec.body, body)];
    for (subject, data, actual) in all {
        if let Some(data) = data {
            check(&format!("outbound {subject}"), &resolve(data, vars)?, Some(&actual))?;
        }
    }
    for (name, data) in &spec.headers {
        let actual = last.headers.get(&name.to_ascii_lowercase());
        check(&format!("outbound header {name}"), &resolve(data, vars)?, actual)?;
    }
    Ok(facts)
}
