//! What reached the suite by way of the store that it shares with the host: events, and entries of
//! its streams.

use serde_json::{Value, json};

use super::attempt::Attempt;
use super::judge::resolve;
use crate::case::{CoreEventSpec, Data, DeadLetterSpec, EntrySpec, EventSpec, InjectSpec};
use crate::evidence::{Fact, Failure, FailureKind};
use crate::matcher::{Matcher, Rule};
use crate::peers::{Bus, BusError, BusMessage};
use crate::vars::Vars;
use crate::world::Trouble;

/// At least one, unless the case says otherwise.
pub(super) fn count(data: Option<&Data>, vars: &Vars) -> Result<Matcher, Trouble> {
    let at_least_one = Data(json!({ "gte": 1 }));
    resolve(data.unwrap_or(&at_least_one), vars)
}

pub(super) fn difference(message: String) -> Trouble {
    Trouble::Failed(Failure::new(FailureKind::Assertion, message))
}

fn bus(attempt: &Attempt) -> Result<&Bus, Trouble> {
    attempt.world.bus.as_ref().map_err(|e| Trouble::Blocked(e.clone()))
}

fn away(error: &BusError) -> Trouble {
    Trouble::Blocked(error.to_string())
}

fn text(vars: &Vars, template: &str) -> Result<String, Trouble> {
    vars.text(template).map_err(|e| Trouble::Harness(e.to_string()))
}

/// Judges how many messages there are, and members of the last one.
fn judge(
    what: &str,
    messages: &[BusMessage],
    expected: Option<&Data>,
    members: &[(&str, &Option<Data>)],
    vars: &Vars,
) -> Result<Vec<Fact>, Trouble> {
    let count = count(expected, vars)?;
    let number = Value::from(messages.len());
    // Nothing came: that is no evidence, but it can be a difference.
    let Some(last) = messages.last() else {
        return match count.judge(Some(&number)) {
            Ok(()) => Ok(Vec::new()),
            Err(why) => Err(difference(format!("{what}: {why}"))),
        };
    };
    let mut facts = Vec::new();
    let mut check = |subject: &str, matcher: &Matcher, actual: Option<&Value>| {
        let fact = Fact::judge(&last.receipt, subject, matcher, actual).map_err(difference)?;
        facts.push(fact);
        Ok(())
    };
    check(what, &count, Some(&number))?;
    for (member, data) in members {
        if let Some(data) = data {
            check(&format!("event {member}"), &resolve(data, vars)?, last.value.get(member))?;
        }
    }
    Ok(facts)
}

/// Messages on the channel.
pub(super) fn event(
    attempt: &Attempt,
    spec: &EventSpec,
    vars: &Vars,
) -> Result<Vec<Fact>, Trouble> {
    let topic = text(vars, &spec.r#type)?;
    let messages = bus(attempt)?.of_type(&topic);
    let members = [("source", &spec.source), ("payload", &spec.payload)];
    judge(&format!("messages of type {topic}"), &messages, spec.count.as_ref(), &members, vars)
}

/// Entries that the host wrote to the stream of core events.
pub(super) async fn core_event(
    attempt: &Attempt,
    spec: &CoreEventSpec,
    vars: &Vars,
) -> Result<Vec<Fact>, Trouble> {
    let (topic, containing) = (text(vars, &spec.r#type)?, text(vars, &spec.containing)?);
    let found = bus(attempt)?.core_events(&topic, &containing).await.map_err(|e| away(&e))?;
    let what = format!("entries of type {topic} with {containing}");
    judge(&what, &found, spec.count.as_ref(), &[("payload", &spec.payload)], vars)
}

/// Entries that the host set aside.
pub(super) async fn dead_letter(
    attempt: &Attempt,
    spec: &DeadLetterSpec,
    vars: &Vars,
) -> Result<Vec<Fact>, Trouble> {
    let entry = text(vars, &spec.entry)?;
    let letters = bus(attempt)?.dead_letters(&entry).await.map_err(|e| away(&e))?;
    let members = [
        ("type", &spec.r#type),
        ("payload", &spec.payload),
        ("subscriber", &spec.subscriber),
        ("reason", &spec.reason),
        ("deliveries", &spec.deliveries),
    ];
    let what = format!("letters set aside for entry {entry}");
    judge(&what, &letters, spec.count.as_ref(), &members, vars)
}

/// What the host's group knows of an entry.
pub(super) async fn entry(
    attempt: &Attempt,
    spec: &EntrySpec,
    vars: &Vars,
) -> Result<Vec<Fact>, Trouble> {
    let id = text(vars, &spec.id)?;
    let (receipt, pending) = bus(attempt)?
        .pending(&id)
        .await
        .map_err(|e| away(&e))?
        .ok_or_else(|| difference(format!("the host's group has not read entry {id}")))?;
    let expected = Matcher::parse(&Value::from(spec.pending)).map_err(Trouble::Harness)?;
    let subject = format!("entry {id} is pending");
    let fact = Fact::judge(&receipt, &subject, &expected, Some(&Value::from(pending)));
    let mut facts = vec![fact.map_err(difference)?];
    if let Some(consumers) = &spec.consumers {
        let names = bus(attempt)?.consumers().await.map_err(|e| away(&e))?;
        let expected = vars.value(&consumers.0).map_err(|e| Trouble::Harness(e.to_string()))?;
        let expected = Matcher::parse(&expected).map_err(Trouble::Harness)?;
        let fact = Fact::judge(&receipt, "consumers of the group", &expected, Some(&names));
        facts.push(fact.map_err(difference)?);
    }
    Ok(facts)
}

/// The entry of a plugin's cache, by the name that the specification gives it.
pub(super) async fn cache_entry(
    attempt: &Attempt,
    on: Option<&str>,
    key: &str,
    vars: &Vars,
) -> Result<Vec<Fact>, Trouble> {
    let plugin = attempt.plugin(on)?.name().to_owned();
    let name = format!("plugin:{}:{plugin}:{}", plugin.len(), text(vars, key)?);
    let found = bus(attempt)?.value(&name).await.map_err(|e| away(&e))?;
    let receipt = found.ok_or_else(|| difference(format!("there is nothing under `{name}`")))?;
    let there = Matcher::Rules(vec![Rule::Exists(true)]);
    let fact = Fact::judge(&receipt, &format!("entry {name}"), &there, Some(&Value::from(true)));
    Ok(vec![fact.map_err(difference)?])
}

/// Adds an entry to the stream; its id.
pub(super) async fn inject(
    attempt: &Attempt,
    spec: &InjectSpec,
    vars: &Vars,
) -> Result<String, Trouble> {
    let mut fields = Vec::new();
    if let Some(topic) = &spec.r#type {
        fields.push(("type".to_owned(), text(vars, topic)?));
    }
    let value = |data: &Data| vars.value(&data.0).map_err(|e| Trouble::Harness(e.to_string()));
    if let Some(payload) = &spec.payload {
        fields.push(("payload".to_owned(), value(payload)?.to_string()));
    }
    if let Some(payload) = &spec.payload_text {
        fields.push(("payload".to_owned(), text(vars, payload)?));
    }
    if let Some(fill) = &spec.payload_fill {
        let size = value(fill)?.as_u64().and_then(|size| usize::try_from(size).ok());
        let size = size.ok_or_else(|| Trouble::Harness("payload_fill: no number".to_owned()))?;
        fields.push(("payload".to_owned(), Value::from("x".repeat(size)).to_string()));
    }
    for (name, value) in &spec.fields {
        fields.push((name.clone(), text(vars, value)?));
    }
    bus(attempt)?.inject(&fields).await.map_err(|e| away(&e))
}

/// Removes the group of the stream of core events.
pub(super) async fn remove_group(attempt: &Attempt) -> Result<Vec<Fact>, Trouble> {
    bus(attempt)?.remove_group().await.map_err(|e| away(&e))?;
    Ok(Vec::new())
}
