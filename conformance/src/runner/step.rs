//! Taking one step: the action, the judgement of its answer, what is captured from it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::attempt::Attempt;
use super::background::{Installs, Progressing};
use super::judge::judge;
use super::observe::observe;
use super::request::outgoing;
use super::{inject, meanwhile, outbound};
use crate::case::{Action, COOKIE, Expect, HEADER, Identity, InstallSpec, Step};
use crate::client::{Answer, Outgoing, Transcript};
use crate::evidence::{Fact, Failure, FailureKind};
use crate::expectation::{span, with_default};
use crate::vars::Vars;
use crate::world::{Trouble, World};

/// First and longest pause between two polls.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);
/// How long an event may take through the channel, where the case does not say.
const EVENT_PATIENCE: Duration = Duration::from_secs(5);

/// Takes a step until its expectation holds, or for as long as it may be retried.
pub(super) async fn take(
    attempt: &Attempt,
    state: &mut Progressing,
    step: &Step,
    label: &str,
) -> Result<Vec<Fact>, Trouble> {
    let patience = step.retry.or(step.action.waits_for_something().then_some(EVENT_PATIENCE));
    let until = patience.map(|patience| Instant::now() + patience);
    let mut pause = FIRST_PAUSE;
    loop {
        let result = match &step.meanwhile {
            None => once(attempt, state, step, label).await,
            Some(other) => {
                let action = once(attempt, state, step, label);
                // Both are large, and few steps have both.
                let both = Box::pin(meanwhile::around(attempt, other, label, action)).await;
                both.map(|(facts, others)| facts.into_iter().chain(others).collect())
            }
        };
        let differs =
            matches!(&result, Err(Trouble::Failed(f)) if f.kind == FailureKind::Assertion);
        if !differs || until.is_none_or(|until| Instant::now() >= until) {
            return result;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

async fn once(
    attempt: &Attempt,
    state: &mut Progressing,
    step: &Step,
    label: &str,
) -> Result<Vec<Fact>, Trouble> {
    let vars = attempt.vars();
    match &step.action {
        Action::Catalog(mode) => {
            attempt
                .world
                .catalog
                .as_ref()
                .map_err(|e| Trouble::Blocked(e.clone()))?
                .set_mode(*mode);
            Ok(Vec::new())
        }
        Action::Withdraw => {
            let catalog = attempt.world.catalog.as_ref();
            let catalog = catalog.map_err(|e| Trouble::Blocked(e.clone()))?;
            catalog.withdraw(attempt.plugin(step.on.as_deref())?.name());
            Ok(Vec::new())
        }
        Action::Release => {
            attempt.gate.open();
            Ok(Vec::new())
        }
        Action::Publish(spec) => {
            attempt.publish(step.on.as_deref(), Some(spec)).await?;
            Ok(Vec::new())
        }
        Action::OutboundAnswer(answer) => outbound::answer(attempt, answer, &vars),
        Action::OutboundSeen(_)
        | Action::DownloadSeen(_)
        | Action::ObserveActivity(_)
        | Action::ObserveEvent(_)
        | Action::CoreEvent(_)
        | Action::DeadLetter(_)
        | Action::Entry(_)
        | Action::CacheEntry(_) => observe(attempt, step, label, &vars).await,
        Action::InjectEvent(event) => {
            let entry = inject::inject(attempt, event, &vars).await?;
            step.capture.keys().for_each(|name| attempt.set(name, Value::from(entry.as_str())));
            Ok(Vec::new())
        }
        Action::RemoveGroup => inject::remove_group(attempt).await,
        Action::Fault(fault) => {
            attempt.world.fault(fault.part, fault.change).await?;
            Ok(Vec::new())
        }
        Action::Abandon(name) => {
            state.abandon(name);
            Ok(Vec::new())
        }
        Action::Join(name) => {
            let most = step.answers.map_or(usize::MAX, |answers| answers.get() as usize);
            let (mut facts, mut came) = (Vec::new(), 0);
            while came < most
                && let Some(answer) = state.join(attempt, name).await?
            {
                facts.extend(state.finish(attempt, step, &answer, &step.expect)?);
                came += 1;
            }
            let none = format!("`{name}` has no such number of answers left");
            if came == 0 || (came < most && step.answers.is_some()) {
                return Err(Trouble::Harness(none));
            }
            Ok(facts)
        }
        Action::Request(_)
        | Action::Probe(_)
        | Action::Install(_)
        | Action::Upgrade
        | Action::Patch(_)
        | Action::Uninstall => {
            let request = request(attempt, step, &vars).await?;
            let transcript = attempt.transcript.for_step(label);
            if let Some(name) = &step.background {
                let installs = matches!(step.action, Action::Install(_));
                let installs = installs.then(|| Installs(step.on.clone()));
                let at_once = at_once(step, &vars)?;
                let requests = (request, at_once);
                state.start(attempt, name.clone(), requests, &transcript, installs);
                return Ok(Vec::new());
            }
            let answer = send(&attempt.world, &request, &transcript);
            let answer = match &step.expect.no_later_than {
                None => answer.await?,
                Some(bound) => by(bound, &vars, answer).await?,
            };
            if let Action::Install(_) = &step.action {
                attempt.installed(step.on.as_deref(), &answer);
            }
            let expect = with_default(&step.action, &step.expect);
            state.finish(attempt, step, &answer, &expect)
        }
    }
}

/// How many requests a background step sends.
fn at_once(step: &Step, vars: &Vars) -> Result<usize, Trouble> {
    let Some(many) = &step.at_once else { return Ok(1) };
    let many = vars.value(&many.0).map_err(|e| Trouble::Harness(e.to_string()))?;
    let number = many.as_u64().and_then(|many| usize::try_from(many).ok());
    number
        .filter(|many| *many > 0)
        .ok_or_else(|| Trouble::Harness(format!("`at_once` is a number of requests, not {many}")))
}

/// Sends, and looks after the host when nothing comes back.
pub(super) async fn send(
    world: &World,
    request: &Outgoing,
    transcript: &Transcript,
) -> Result<Answer, Trouble> {
    match world.client.send(transcript, request).await {
        Ok(answer) => Ok(answer),
        Err(error) => {
            let trouble = Trouble::transport(&error);
            if matches!(trouble, Trouble::Failed(_)) {
                world.check_host(&format!("{} {}: {error}", request.method, request.path)).await;
            }
            Err(trouble)
        }
    }
}

/// What comes within a bound. Whoever answers later has failed already, and may never answer.
async fn by(
    bound: &str,
    vars: &Vars,
    answer: impl Future<Output = Result<Answer, Trouble>>,
) -> Result<Answer, Trouble> {
    let bound = span(bound, vars).map_err(Trouble::Harness)?;
    let late = format!("no answer within {}", humantime::format_duration(bound));
    tokio::time::timeout(bound, answer)
        .await
        .map_err(|_| Trouble::Failed(Failure::new(FailureKind::Assertion, late)))?
}

/// The request of an action, with the credentials of whoever takes the step.
pub(super) async fn request(
    attempt: &Attempt,
    step: &Step,
    vars: &Vars,
) -> Result<Outgoing, Trouble> {
    let by_default = match step.action {
        Action::Request(_) | Action::Probe(_) => Identity::Anonymous,
        _ => Identity::Admin,
    };
    let identity = step.identity.unwrap_or(by_default);
    let credentials = attempt.world.credentials(identity).await?;
    let key = step.on.as_deref().unwrap_or("plugin");
    let var = |suffix: &str| {
        let value = vars.get(&format!("{key}{suffix}")).and_then(Value::as_str);
        value.map(str::to_owned).ok_or_else(|| {
            Trouble::Harness(format!("`{{{key}{suffix}}}` has no value: was the plugin installed?"))
        })
    };
    let admin = |suffix: &str| Ok(format!("/api/v1/admin/plugins/{}{suffix}", var("_id")?));
    let request = match &step.action {
        Action::Request(spec) => return outgoing(spec, vars, &credentials),
        Action::Probe(ops) => {
            let ops = vars.value(&Value::Array(ops.clone()));
            let ops = ops.map_err(|e| Trouble::Harness(e.to_string()))?;
            Outgoing::json("POST", format!("{}/run", var("_url")?), &json!({ "ops": ops }))
        }
        Action::Install(spec) => install(spec, &var("")?, vars)?,
        Action::Upgrade => Outgoing::plain("POST", admin("/upgrade")?),
        Action::Patch(body) => {
            let body = vars.value(body).map_err(|e| Trouble::Harness(e.to_string()))?;
            Outgoing::json("PATCH", admin("")?, &body)
        }
        Action::Uninstall => Outgoing::plain("DELETE", admin("")?),
        other => return Err(Trouble::Harness(format!("`{}` sends no request", other.name()))),
    };
    Ok(request.with(&credentials))
}

pub(super) fn install(spec: &InstallSpec, name: &str, vars: &Vars) -> Result<Outgoing, Trouble> {
    let name = match &spec.name {
        Some(other) => vars.text(other).map_err(|e| Trouble::Harness(e.to_string()))?,
        None => name.to_owned(),
    };
    let mut body = json!({ "name": name });
    if let Some(enabled) = spec.enabled {
        body["enabled"] = Value::from(enabled);
    }
    Ok(Outgoing::json("POST", "/api/v1/admin/plugins/marketplace/install", &body))
}

impl Progressing {
    /// Judges an answer, remembers when it came, and captures from it.
    fn finish(
        &mut self,
        attempt: &Attempt,
        step: &Step,
        answer: &Answer,
        expect: &Expect,
    ) -> Result<Vec<Fact>, Trouble> {
        let facts = judge(answer, expect, &attempt.vars(), self.previous)?;
        self.previous = Some(answer.ended);
        for (name, pointer) in &step.capture {
            let value = captured(attempt, answer, pointer);
            let value = value.ok_or_else(|| {
                let mut failure =
                    Failure::new(FailureKind::Assertion, format!("{pointer}: absent"));
                failure.exchange = Some(answer.exchange);
                Trouble::Failed(failure)
            })?;
            attempt.set(name, value);
        }
        // What the suite demanded by itself is no evidence for the case.
        Ok(if step.expect.is_empty() { Vec::new() } else { facts })
    }
}

/// What a step's `capture` means in an answer.
fn captured(attempt: &Attempt, answer: &Answer, pointer: &str) -> Option<Value> {
    if let Some(name) = pointer.strip_prefix(HEADER) {
        let value = answer.headers.get(name)?;
        return Some(Value::from(String::from_utf8_lossy(value.as_bytes()).into_owned()));
    }
    let Some(name) = pointer.strip_prefix(COOKIE) else { return answer.pointer(pointer) };
    // What a host puts into a cookie is a secret.
    let value = answer.cookie(name)?;
    attempt.world.client.redactor().hide(&value, &format!("cookie {name}"));
    Some(Value::from(value))
}
