//! Looking for what the host did where no answer of it tells: at the suite's servers, and in the store that
//! the suite shares with the host.

use serde_json::{Value, json};

use super::attempt::Attempt;
use super::judge::facts;
use crate::case::{Action, EntrySpec, Step};
use crate::evidence::{Fact, Receipt};
use crate::expectation::Checks;
use crate::peers::{Bus, BusError, BusMessage, SeenRequest};
use crate::sighting::{Asked, Sighting};
use crate::vars::Vars;
use crate::world::Trouble;

/// What a step found: how many, and the last of them with the proof that the host sent it.
struct Found {
    count: usize,
    last: Option<(Receipt, Value)>,
}

/// Looks for what a step asks for, keeps what there is in the transcript, and judges it.
pub(super) async fn observe(
    attempt: &Attempt,
    step: &Step,
    label: &str,
    vars: &Vars,
) -> Result<Vec<Fact>, Trouble> {
    let asked = Asked::of(&step.action, step.on.as_deref());
    let asked = asked.ok_or_else(|| nothing_to_look_for(step))?;
    let found = find(attempt, step, vars).await?;
    let last = found.last.as_ref().map(|(_, last)| last);
    attempt.transcript.saw(Sighting::new(label, found.count, last));
    let checks = asked.checks(found.count, last, vars).map_err(Trouble::Harness)?;
    let receipt = found.last.as_ref().map(|(receipt, _)| receipt);
    facts(receipt, Checks { checks, differences: Vec::new() }, None)
}

async fn find(attempt: &Attempt, step: &Step, vars: &Vars) -> Result<Found, Trouble> {
    let world = &attempt.world;
    Ok(match &step.action {
        Action::OutboundSeen(seen) => {
            let outbound = world.outbound.as_ref().map_err(|e| Trouble::Blocked(e.clone()))?;
            requests(outbound.seen(&text(vars, &seen.token)?))
        }
        Action::DownloadSeen(download) => {
            let catalog = world.catalog.as_ref().map_err(|e| Trouble::Blocked(e.clone()))?;
            let plugin = attempt.plugin(step.on.as_deref())?;
            receipts(catalog.asked(plugin.name(), download.artifact))
        }
        Action::ObserveEvent(event) => messages(bus(attempt)?.of_type(&text(vars, &event.r#type)?)),
        Action::CoreEvent(event) => {
            let (topic, containing) = (text(vars, &event.r#type)?, text(vars, &event.containing)?);
            let found = bus(attempt)?.core_events(&topic, &containing).await;
            messages(found.map_err(|e| away(&e))?)
        }
        Action::DeadLetter(letter) => {
            let found = bus(attempt)?.dead_letters(&text(vars, &letter.entry)?).await;
            messages(found.map_err(|e| away(&e))?)
        }
        Action::ObserveActivity(activity) => {
            let found = bus(attempt)?.activities(&text(vars, &activity.r#type)?).await;
            messages(found.map_err(|e| away(&e))?)
        }
        Action::Entry(entry) => group(attempt, entry, vars).await?,
        Action::CacheEntry(key) => {
            // By the name that the specification gives it.
            let plugin = attempt.plugin(step.on.as_deref())?.name().to_owned();
            let name = format!("plugin:{}:{plugin}:{}", plugin.len(), text(vars, key)?);
            let found = bus(attempt)?.value(&name).await.map_err(|e| away(&e))?;
            receipts(found.into_iter().collect())
        }
        _ => return Err(nothing_to_look_for(step)),
    })
}

fn nothing_to_look_for(step: &Step) -> Trouble {
    Trouble::Harness(format!("`{}` looks for nothing", step.action.name()))
}

fn messages(mut messages: Vec<BusMessage>) -> Found {
    let count = messages.len();
    Found { count, last: messages.pop().map(|last| (last.receipt, last.value)) }
}

fn receipts(mut receipts: Vec<Receipt>) -> Found {
    let count = receipts.len();
    Found { count, last: receipts.pop().map(|last| (last, json!({}))) }
}

fn requests(mut requests: Vec<SeenRequest>) -> Found {
    let count = requests.len();
    let last = requests.pop().map(|last| {
        let SeenRequest { method, path, headers, body, receipt } = last;
        let body = String::from_utf8_lossy(&body);
        (receipt, json!({ "method": method, "path": path, "headers": headers, "body": body }))
    });
    Found { count, last }
}

/// What the host's group knows of an entry.
async fn group(attempt: &Attempt, spec: &EntrySpec, vars: &Vars) -> Result<Found, Trouble> {
    let id = text(vars, &spec.id)?;
    let bus = bus(attempt)?;
    let Some((receipt, pending)) = bus.pending(&id).await.map_err(|e| away(&e))? else {
        return Ok(Found { count: 0, last: None });
    };
    let mut last = json!({ "pending": pending });
    if spec.consumers.is_some() {
        last["consumers"] = bus.consumers().await.map_err(|e| away(&e))?;
    }
    Ok(Found { count: 1, last: Some((receipt, last)) })
}

pub(super) fn bus(attempt: &Attempt) -> Result<&Bus, Trouble> {
    attempt.world.bus.as_ref().map_err(|e| Trouble::Blocked(e.clone()))
}

pub(super) fn away(error: &BusError) -> Trouble {
    Trouble::Blocked(error.to_string())
}

pub(super) fn text(vars: &Vars, template: &str) -> Result<String, Trouble> {
    vars.text(template).map_err(|e| Trouble::Harness(e.to_string()))
}
