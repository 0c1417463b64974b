//! What an expectation asks of an answer, as a list of checks. The runner makes facts of those that hold
//! ([`crate::evidence`]); [`crate::verify`] asks them again of an answer in a transcript, which is no
//! evidence, and tells only whether the recorded verdict follows from it.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use crate::case::{Action, Case, Data, Expect};
use crate::matcher::Matcher;
use crate::vars::{self, Vars};

/// An answer, as far as expectations look at it.
#[derive(Debug)]
pub(crate) struct Seen<'a> {
    pub(crate) status: u16,
    /// Names in lower case, in the order of the answer.
    pub(crate) headers: Vec<(&'a str, Cow<'a, str>)>,
    pub(crate) body: &'a [u8],
    /// Of the whole body, where `body` is only its beginning.
    pub(crate) length: usize,
    pub(crate) elapsed: Duration,
    /// Whether it came after the answer of the step before.
    pub(crate) after_previous: bool,
}

/// One thing that is looked at, and what must be true of it.
#[derive(Debug)]
pub(crate) struct Check {
    pub(crate) subject: String,
    pub(crate) matcher: Matcher,
    pub(crate) actual: Option<Value>,
}

/// Everything that an expectation asks.
#[derive(Debug, Default)]
pub(crate) struct Checks {
    pub(crate) checks: Vec<Check>,
    /// What differs before anything can be asked.
    pub(crate) differences: Vec<String>,
}

/// What an action has to answer where the case does not say.
pub(crate) fn with_default(action: &Action, expect: &Expect) -> Expect {
    let mut expect = expect.clone();
    let status = match action {
        Action::Probe(_) | Action::Upgrade | Action::Patch(_) => json!(200),
        Action::Install(_) => json!(201),
        Action::Uninstall => json!(204),
        // A request without any expectation is a preparation, and has to succeed.
        Action::Request(_) if expect.is_empty() => json!({ "gte": 200, "lt": 300 }),
        _ => return expect,
    };
    expect.status.get_or_insert(Data(status));
    expect
}

/// The variables that the expectations of a case mention.
pub(crate) fn mentioned(case: &Case) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let meanwhile = case.steps.iter().filter_map(|step| step.meanwhile.as_deref());
    for Expect {
        status,
        error_code,
        json,
        headers,
        body,
        body_len,
        no_sooner_than,
        no_later_than,
        ..
    } in case.steps.iter().chain(meanwhile).map(|step| &step.expect)
    {
        let data = [status, error_code, body, body_len].into_iter().flatten();
        for data in data.chain(json.values()).chain(headers.values()) {
            in_value(&data.0, &mut names);
        }
        for text in json.keys().chain(no_sooner_than).chain(no_later_than) {
            names.extend(vars::names(text).map(str::to_owned));
        }
    }
    names
}

pub(crate) fn in_value(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => names.extend(vars::names(text).map(str::to_owned)),
        Value::Array(items) => items.iter().for_each(|item| in_value(item, names)),
        Value::Object(members) => {
            for (key, member) in members {
                names.extend(vars::names(key).map(str::to_owned));
                in_value(member, names);
            }
        }
        _ => {}
    }
}

/// A matcher with its variables replaced.
pub(crate) fn resolve(data: &Data, vars: &Vars) -> Result<Matcher, String> {
    Matcher::parse(&vars.value(&data.0).map_err(|e| e.to_string())?)
}

/// A bound on the time until an answer.
pub(crate) fn span(bound: &str, vars: &Vars) -> Result<Duration, String> {
    let bound = vars.text(bound).map_err(|e| e.to_string())?;
    humantime::parse_duration(&bound).map_err(|e| format!("`{bound}`: {e}"))
}

impl Checks {
    /// Everything that `expect` asks of `seen`. The error says what is wrong with the case.
    pub(crate) fn of(seen: &Seen<'_>, expect: &Expect, vars: &Vars) -> Result<Self, String> {
        let mut checks = Self::default();
        if let Some(status) = &expect.status {
            checks.ask("status", resolve(status, vars)?, Some(Value::from(seen.status)));
        }
        for (name, data) in &expect.headers {
            let values = seen.headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
            let values: Vec<_> = values.map(|(_, value)| value.as_ref()).collect();
            let value = (!values.is_empty()).then(|| Value::from(values.join(", ")));
            checks.ask(format!("header {name}"), resolve(data, vars)?, value);
        }
        checks.body(seen, expect, vars)?;
        for (bound, relation) in [(&expect.no_sooner_than, "gte"), (&expect.no_later_than, "lte")] {
            let Some(bound) = bound else { continue };
            let matcher = Matcher::parse(&json!({ relation: span(bound, vars)?.as_secs_f64() }))?;
            let seconds = Value::from(seen.elapsed.as_secs_f64());
            checks.ask("seconds until the answer", matcher, Some(seconds));
        }
        if expect.ended_after_previous {
            let (yes, after) = (Value::from(true), Value::from(seen.after_previous));
            let subject = "came after the previous step's answer";
            checks.ask(subject, Matcher::Literal(yes), Some(after));
        }
        Ok(checks)
    }

    fn ask(&mut self, subject: impl Into<String>, matcher: Matcher, actual: Option<Value>) {
        self.checks.push(Check { subject: subject.into(), matcher, actual });
    }

    fn body(&mut self, seen: &Seen<'_>, expect: &Expect, vars: &Vars) -> Result<(), String> {
        if expect.error_code.is_some() || !expect.json.is_empty() {
            if let Ok(document) = serde_json::from_slice::<Value>(seen.body) {
                self.json(&document, expect, vars)?;
            } else {
                let text = String::from_utf8_lossy(seen.body);
                let start: String = text.chars().take(200).collect();
                self.differences.push(format!("body: expected JSON, got {start:?}"));
            }
        }
        if let Some(data) = &expect.body {
            let text = Value::from(String::from_utf8_lossy(seen.body).into_owned());
            self.ask("body", resolve(data, vars)?, Some(text));
        }
        if let Some(data) = &expect.body_len {
            self.ask("body length", resolve(data, vars)?, Some(Value::from(seen.length)));
        }
        Ok(())
    }

    fn json(&mut self, document: &Value, expect: &Expect, vars: &Vars) -> Result<(), String> {
        if let Some(code) = &expect.error_code {
            let actual = document.pointer("/error_code").cloned();
            self.ask("json /error_code", resolve(code, vars)?, actual);
            if !expect.json.contains_key("/success") {
                let failed = Matcher::Literal(Value::from(false));
                self.ask("json /success", failed, document.pointer("/success").cloned());
            }
        }
        for (pointer, data) in &expect.json {
            let pointer = vars.text(pointer).map_err(|e| e.to_string())?;
            let actual = document.pointer(&pointer).cloned();
            self.ask(format!("json {pointer}"), resolve(data, vars)?, actual);
        }
        Ok(())
    }
}
