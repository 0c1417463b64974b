//! The step that looks for an activity.

use serde_json::Value;

use super::attempt::Attempt;
use super::judge::resolve;
use super::observe::{count, difference};
use crate::case::ActivitySpec;
use crate::evidence::Fact;
use crate::matcher::Matcher;
use crate::peers::activities;
use crate::vars::Vars;
use crate::world::Trouble;

/// Judges the activities of a type, by their number and by the fields of the last one.
pub(super) async fn observe(
    attempt: &Attempt,
    spec: &ActivitySpec,
    vars: &Vars,
) -> Result<Vec<Fact>, Trouble> {
    attempt.world.bus.as_ref().map_err(|e| Trouble::Blocked(e.clone()))?;
    let target = attempt.world.target.valkey.as_ref();
    let target = target.ok_or_else(|| Trouble::Blocked("no [valkey]".to_owned()))?;
    let kind = vars.text(&spec.r#type).map_err(|e| Trouble::Harness(e.to_string()))?;
    let entries = activities::of_type(target, &kind)
        .await
        .map_err(|e| Trouble::Blocked(format!("the stream of activities: {e}")))?;
    let count = count(spec.count.as_ref(), vars)?;
    let number = Value::from(entries.len());
    let Some(last) = entries.last() else {
        return match count.judge(Some(&number)) {
            Ok(()) => Ok(Vec::new()),
            Err(why) => Err(difference(format!("activities of type {kind}: {why}"))),
        };
    };
    let mut facts = Vec::new();
    let mut check = |subject: &str, matcher: &Matcher, actual: Option<&Value>| {
        let fact = Fact::judge(&last.receipt, subject, matcher, actual).map_err(difference)?;
        facts.push(fact);
        Ok(())
    };
    check(&format!("activities of type {kind}"), &count, Some(&number))?;
    for (name, data) in &spec.fields {
        check(&format!("activity {name}"), &resolve(data, vars)?, last.value.get(name))?;
    }
    Ok(facts)
}
