//! Judging an answer by a step's expectation: all of it, so that a failure says everything at once.

use std::time::Instant;

use serde_json::{Value, json};

use crate::case::{Data, Expect};
use crate::client::Answer;
use crate::evidence::{Fact, Failure, FailureKind};
use crate::matcher::Matcher;
use crate::vars::Vars;
use crate::world::Trouble;

/// Collects facts and differences about one thing the host sent.
struct Judge<'a> {
    vars: &'a Vars,
    answer: &'a Answer,
    facts: Vec<Fact>,
    differences: Vec<String>,
}

impl Judge<'_> {
    fn check(&mut self, subject: &str, data: &Data, actual: Option<&Value>) -> Result<(), Trouble> {
        let matcher = resolve(data, self.vars)?;
        self.fact(subject, &matcher, actual);
        Ok(())
    }

    fn fact(&mut self, subject: &str, matcher: &Matcher, actual: Option<&Value>) {
        match Fact::judge(&self.answer.receipt, subject, matcher, actual) {
            Ok(fact) => self.facts.push(fact),
            Err(difference) => self.differences.push(difference),
        }
    }
}

/// A matcher with its variables replaced.
pub(super) fn resolve(data: &Data, vars: &Vars) -> Result<Matcher, Trouble> {
    let value = vars.value(&data.0).map_err(|e| Trouble::Harness(e.to_string()))?;
    Matcher::parse(&value).map_err(Trouble::Harness)
}

/// Judges `answer`. `previous` is when the answer of the step before had been received.
pub(super) fn judge(
    answer: &Answer,
    expect: &Expect,
    vars: &Vars,
    previous: Option<Instant>,
) -> Result<Vec<Fact>, Trouble> {
    let mut judge = Judge { vars, answer, facts: Vec::new(), differences: Vec::new() };
    if let Some(status) = &expect.status {
        judge.check("status", status, Some(&Value::from(answer.status)))?;
    }
    for (name, data) in &expect.headers {
        let values: Vec<_> = answer.headers.get_all(name.as_str()).iter().collect();
        let joined =
            values.iter().map(|v| String::from_utf8_lossy(v.as_bytes())).collect::<Vec<_>>();
        let value = (!joined.is_empty()).then(|| Value::from(joined.join(", ")));
        judge.check(&format!("header {name}"), data, value.as_ref())?;
    }
    body(&mut judge, expect)?;
    for (bound, relation) in [(&expect.no_sooner_than, "gte"), (&expect.no_later_than, "lte")] {
        let Some(bound) = bound else { continue };
        let bound = vars.text(bound).map_err(|e| Trouble::Harness(e.to_string()))?;
        let bound = humantime::parse_duration(&bound)
            .map_err(|e| Trouble::Harness(format!("`{bound}`: {e}")))?;
        let matcher = Matcher::parse(&json!({ relation: bound.as_secs_f64() }));
        let elapsed = Value::from(answer.elapsed.as_secs_f64());
        judge.fact("seconds until the answer", &matcher.map_err(Trouble::Harness)?, Some(&elapsed));
    }
    if expect.ended_after_previous {
        let after = previous.is_some_and(|previous| answer.ended > previous);
        let matcher = Matcher::Literal(Value::from(true));
        judge.fact("came after the previous step's answer", &matcher, Some(&Value::from(after)));
    }
    if judge.differences.is_empty() {
        return Ok(judge.facts);
    }
    Err(Trouble::Failed(Failure {
        kind: FailureKind::Assertion,
        step: None,
        messages: judge.differences,
        exchange: Some(answer.exchange),
    }))
}

fn body(judge: &mut Judge<'_>, expect: &Expect) -> Result<(), Trouble> {
    let answer = judge.answer;
    let document = if expect.error_code.is_some() || !expect.json.is_empty() {
        let document = answer.json();
        if document.is_none() {
            let start: String = String::from_utf8_lossy(&answer.body).chars().take(200).collect();
            judge.differences.push(format!("body: expected JSON, got {start:?}"));
        }
        document
    } else {
        None
    };
    if let Some(document) = &document {
        if let Some(code) = &expect.error_code {
            judge.check("json /error_code", code, document.pointer("/error_code"))?;
            if !expect.json.contains_key("/success") {
                let failed = Matcher::Literal(Value::from(false));
                judge.fact("json /success", &failed, document.pointer("/success"));
            }
        }
        for (pointer, data) in &expect.json {
            let pointer = judge.vars.text(pointer).map_err(|e| Trouble::Harness(e.to_string()))?;
            judge.check(&format!("json {pointer}"), data, document.pointer(&pointer))?;
        }
    }
    if let Some(data) = &expect.body {
        let text = Value::from(String::from_utf8_lossy(&answer.body).into_owned());
        judge.check("body", data, Some(&text))?;
    }
    if let Some(data) = &expect.body_len {
        judge.check("body length", data, Some(&Value::from(answer.body.len())))?;
    }
    Ok(())
}
