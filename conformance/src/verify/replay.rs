//! A case's steps, taken again over its recorded exchanges and over what they found elsewhere.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::case::{Action, COOKIE, Case, Expect, HEADER, Step};
use crate::client::{Exchange, RecordedBody, RecordedResponse};
use crate::expectation::{Check, Checks, Seen, with_default};
use crate::report::CaseReport;
use crate::sighting::Asked;
use crate::vars::Vars;

/// What the marks of secrets begin with.
const SECRET: char = '«';

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Replay {
    /// What was asserted and holds, as a run would say it.
    pub(super) statements: Vec<String>,
    /// The first step of which something does not hold, and what.
    pub(super) differs: Option<(String, Vec<String>)>,
    /// What cannot be judged again, with the step and the reason.
    pub(super) unjudged: Vec<String>,
}

/// Takes the steps of `case` over what was recorded of it, up to the first that differs.
pub(super) fn replay<'a>(recorded: &'a CaseReport, case: &'a Case) -> Replay {
    let mut again = Again {
        recorded,
        vars: Vars::default(),
        previous: None,
        joined: BTreeMap::new(),
        out: Replay::default(),
    };
    again.learn(0);
    for (index, step) in case.steps.iter().enumerate() {
        let label = label(index, step);
        let result = again.take(case, step, &label);
        again.learn(index + 1);
        if let Err(differences) = result.and_then(|()| again.meanwhile(step, &label)) {
            again.out.differs = Some(differences);
            break;
        }
    }
    again.out
}

/// As the runner names a step in a transcript.
fn label(index: usize, step: &Step) -> String {
    format!("{}. {}", index + 1, step.name.as_deref().unwrap_or_else(|| step.action.name()))
}

type Differs = (String, Vec<String>);

struct Again<'a> {
    recorded: &'a CaseReport,
    vars: Vars,
    /// When the answer of the step before had come.
    previous: Option<u64>,
    /// How many answers of each background step were judged.
    joined: BTreeMap<&'a str, usize>,
    out: Replay,
}

impl<'a> Again<'a> {
    /// The variables that a step gave their values.
    fn learn(&mut self, step: usize) {
        for variable in self.recorded.variables.iter().filter(|variable| variable.step == step) {
            self.vars.set(&variable.name, variable.value.clone());
        }
    }

    fn take(&mut self, case: &'a Case, step: &'a Step, label: &str) -> Result<(), Differs> {
        let asks = match &step.action {
            _ if step.background.is_some() => return Ok(()),
            Action::Request(_) | Action::Probe(_) | Action::Install(_) | Action::Upgrade => {
                label.to_owned()
            }
            Action::Patch(_) | Action::Uninstall => label.to_owned(),
            Action::Join(name) => {
                let mut begun = case.steps.iter().enumerate();
                let begun = begun.find(|(_, step)| step.background.as_ref() == Some(name));
                begun.map(|(index, step)| self::label(index, step)).unwrap_or_default()
            }
            action => {
                let asked = Asked::of(action, step.on.as_deref());
                return asked.map_or(Ok(()), |asked| self.looks(&asked, step.times, label));
            }
        };
        let expect = match &step.action {
            Action::Join(_) => step.expect.clone(),
            action => with_default(action, &step.expect),
        };
        // What the suite demands by itself is no fact of the case.
        let states = !step.expect.is_empty();
        for exchange in self.exchanges(&asks, label, step)? {
            self.judge(exchange, &expect, label, states)?;
            self.captures(exchange, step, label)?;
            self.previous = exchange.ended_us;
        }
        Ok(())
    }

    fn meanwhile(&mut self, step: &Step, label: &str) -> Result<(), Differs> {
        let Some(other) = &step.meanwhile else { return Ok(()) };
        let label = format!("{label}, meanwhile");
        let exchange = self.exchange(&label, &label)?;
        self.judge(exchange, &with_default(&other.action, &other.expect), &label, true)
    }

    /// The exchanges of a step that are judged: the last, or as many as the step takes. One that is
    /// tried again until it fits takes nobody knows how many.
    fn exchanges(
        &mut self,
        asks: &str,
        label: &str,
        step: &'a Step,
    ) -> Result<Vec<&'a Exchange>, Differs> {
        if let Action::Join(name) = &step.action {
            return self.answers(name, asks, label, step.answers);
        }
        if step.times == 1 || step.retry.is_some() {
            return Ok(vec![self.exchange(asks, label)?]);
        }
        let times = step.times as usize;
        let mut found: Vec<_> =
            self.recorded.exchanges.iter().filter(|exchange| exchange.step == asks).collect();
        if found.len() < times {
            let message = format!("{} of its {times} exchanges are recorded", found.len());
            return Err((label.to_owned(), vec![message]));
        }
        Ok(found.split_off(found.len() - times))
    }

    /// Of the exchanges of a background step, those whose answers were waited for in this place.
    fn answers(
        &mut self,
        name: &'a str,
        asks: &str,
        label: &str,
        most: Option<NonZeroU32>,
    ) -> Result<Vec<&'a Exchange>, Differs> {
        let of_step = self.recorded.exchanges.iter().filter(|exchange| exchange.step == asks);
        let mut came: Vec<_> = of_step.collect();
        came.sort_by_key(|exchange| exchange.ended_us.unwrap_or(u64::MAX));
        let before = self.joined.entry(name).or_default();
        let most = most.map_or(usize::MAX, |most| most.get() as usize);
        let now: Vec<_> = came.into_iter().skip(*before).take(most).collect();
        *before += now.len();
        if now.is_empty() || (most != usize::MAX && now.len() < most) {
            return Err((label.to_owned(), vec!["its exchange is not recorded".to_owned()]));
        }
        Ok(now)
    }

    /// The last exchange of a step: the ones before it were not as expected, and tried again.
    fn exchange(&self, asks: &str, label: &str) -> Result<&'a Exchange, Differs> {
        let mut of_step = self.recorded.exchanges.iter().filter(|exchange| exchange.step == asks);
        let missing = || (label.to_owned(), vec!["its exchange is not recorded".to_owned()]);
        of_step.next_back().ok_or_else(missing)
    }

    fn judge(
        &mut self,
        exchange: &Exchange,
        expect: &Expect,
        label: &str,
        states: bool,
    ) -> Result<(), Differs> {
        let differs = |message: String| (label.to_owned(), vec![message]);
        let Some(response) = &exchange.response else {
            return Err(differs("it was not answered".to_owned()));
        };
        let mut expect = expect.clone();
        if response.body.truncated
            && (expect.body.is_some() || expect.error_code.is_some() || !expect.json.is_empty())
        {
            self.out.unjudged.push(format!("{label}: only the beginning of the body is kept"));
            (expect.body, expect.error_code) = (None, None);
            expect.json.clear();
        }
        let body = bytes(&response.body);
        let after = self.previous.zip(exchange.ended_us).is_some_and(|(then, now)| now > then);
        let seen = Seen {
            status: response.status,
            headers: headers(response),
            body: &body,
            length: response.body.bytes,
            elapsed: Duration::from_millis(exchange.elapsed_ms),
            after_previous: after,
        };
        let checks = match Checks::of(&seen, &expect, &self.vars) {
            Ok(checks) => checks,
            Err(why) => {
                self.not_judged(label, &why);
                return Ok(());
            }
        };
        let mut differences = self.hold(checks.checks, label, states);
        differences.extend(checks.differences);
        if differences.is_empty() { Ok(()) } else { Err((label.to_owned(), differences)) }
    }

    /// In what something differs from what is asked of it. What holds is a statement, where the case asked.
    fn hold(&mut self, checks: Vec<Check>, label: &str, states: bool) -> Vec<String> {
        let mut differences = Vec::new();
        for Check { subject, matcher, actual } in checks {
            match matcher.judge(actual.as_ref()) {
                Ok(()) if states => self.out.statements.push(format!("{subject}: {matcher}")),
                Ok(()) => {}
                Err(difference) => {
                    let hidden = matcher.to_string().contains(SECRET)
                        || actual.is_some_and(|value| value.to_string().contains(SECRET));
                    if hidden {
                        self.out
                            .unjudged
                            .push(format!("{label}: {subject} holds a secret, which is not kept"));
                    } else {
                        differences.push(format!("{subject}: {difference}"));
                    }
                }
            }
        }
        differences
    }

    /// A step that looked for something. It looked until it fitted: the last times count.
    fn looks(&mut self, asked: &Asked<'_>, times: u32, label: &str) -> Result<(), Differs> {
        let differs = |messages| Err((label.to_owned(), messages));
        let of_step = self.recorded.sightings.iter().filter(|sighting| sighting.step == label);
        let of_step: Vec<_> = of_step.collect();
        let Some(first) = of_step.len().checked_sub(times as usize) else {
            return differs(vec!["what it found is not recorded".to_owned()]);
        };
        for sighting in &of_step[first..] {
            if sighting.cut() {
                self.not_judged(label, "what it found is too large to be kept");
            }
            let checks = match asked.checks(sighting.count, sighting.last.as_ref(), &self.vars) {
                Ok(checks) => checks,
                Err(why) => {
                    self.not_judged(label, &why);
                    continue;
                }
            };
            // That nothing came is no evidence.
            let differences = self.hold(checks, label, sighting.count > 0);
            if !differences.is_empty() {
                return differs(differences);
            }
        }
        Ok(())
    }

    fn not_judged(&mut self, label: &str, why: &str) {
        self.out.unjudged.push(format!("{label}: {why}"));
    }

    /// What a step captured is in its answer; where it is a secret, something is.
    fn captures(&mut self, exchange: &Exchange, step: &Step, label: &str) -> Result<(), Differs> {
        let Some(response) = &exchange.response else { return Ok(()) };
        let number: usize =
            label.split('.').next().and_then(|n| n.parse().ok()).unwrap_or_default();
        for (name, pointer) in &step.capture {
            if pointer.starts_with(COOKIE)
                || (response.body.truncated && !pointer.starts_with(HEADER))
            {
                continue;
            }
            let found = match pointer.strip_prefix(HEADER) {
                Some(header) => headers(response)
                    .into_iter()
                    .find(|(other, _)| other.eq_ignore_ascii_case(header))
                    .map(|(_, value)| Value::from(value.into_owned())),
                None => serde_json::from_slice::<Value>(&bytes(&response.body))
                    .ok()
                    .and_then(|document| document.pointer(pointer).cloned()),
            };
            let Some(found) = found else {
                return Err((label.to_owned(), vec![format!("{pointer}: absent")]));
            };
            let taken = self.recorded.variables.iter();
            let taken = taken.filter(|taken| taken.step == number && taken.name == *name);
            for variable in taken {
                let secret =
                    [&found, &variable.value].iter().any(|v| v.to_string().contains(SECRET));
                if variable.value != found && !secret {
                    let message = format!("{name} was taken from {pointer}, and is another value");
                    return Err((label.to_owned(), vec![message]));
                }
            }
        }
        Ok(())
    }
}

fn headers(response: &RecordedResponse) -> Vec<(&str, Cow<'_, str>)> {
    let headers = response.headers.iter();
    headers.map(|(name, value)| (name.as_str(), Cow::from(value.as_str()))).collect()
}

fn bytes(body: &RecordedBody) -> Vec<u8> {
    match (&body.text, &body.base64) {
        (Some(text), _) => text.clone().into_bytes(),
        (None, Some(base64)) => STANDARD.decode(base64).unwrap_or_default(),
        (None, None) => Vec::new(),
    }
}
