//! One attempt at a case: fixtures, steps, verdict, and the removal of everything it made.

mod variables;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use serde_json::Value;

use self::variables::{dash_last_dot, target_vars};
use super::background::Progressing;
use super::step;
use crate::case::{
    Case, CatalogMode, Feature, Identity, InstallSpec, Lane, Need, PluginSpec, Tier,
};
use crate::client::{Answer, Exchange, Transcript};
use crate::evidence::{Fact, Failure, FailureKind, Pass, Verdict};
use crate::expectation;
use crate::peers::Gate;
use crate::sighting::{self, Sighting};
use crate::vars::Vars;
use crate::world::{PluginState, Resource, Trouble, World};

/// For all fixtures of a case together. No bound of the specification: installing compiles, and many
/// cases may compile at once.
const SETUP_PATIENCE: Duration = Duration::from_secs(90);

/// What became of an attempt.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) verdict: Verdict,
    pub(super) exchanges: Vec<Exchange>,
    pub(super) sightings: Vec<Sighting>,
    /// The variables that its expectations mention.
    pub(super) variables: Vec<Variable>,
    pub(super) elapsed: Duration,
    /// What could not be removed.
    pub(super) leftovers: Vec<String>,
}

/// A value that a variable of a case had.
#[derive(Debug, Clone, PartialEq)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Its value, without secrets.
    pub value: Value,
    /// The step that gave it this value, from 1; 0 before the first.
    pub step: usize,
}

/// The state of one attempt, shared by its steps.
#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) world: Arc<World>,
    pub(super) transcript: Transcript,
    vars: Mutex<Vars>,
    /// What was set since the first step, by step.
    changed: Mutex<Vec<Variable>>,
    step: AtomicUsize,
    /// What sets apart the texts made up for this attempt.
    label: String,
    /// The variables that the case's expectations mention.
    mentioned: BTreeSet<String>,
    plugins: Mutex<BTreeMap<String, PluginState>>,
    created: Mutex<Vec<Resource>>,
    published: Mutex<BTreeSet<String>>,
    /// What the case holds until it lets it go.
    pub(super) gate: Gate,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes one attempt. `again` gives a second attempt names of its own, so that it meets nothing of the
/// first.
pub(super) async fn attempt(world: &Arc<World>, case: &Case, again: bool) -> Ended {
    let started = Instant::now();
    let attempt = Attempt::new(world, case, again);
    let verdict = tokio::select! {
        biased;
        stop = world.until_stopped() => Verdict::NotRun(stop.to_string()),
        verdict = AssertUnwindSafe(attempt.judge(case)).catch_unwind() => {
            verdict.unwrap_or_else(|_| Verdict::HarnessError("the suite panicked".to_owned()))
        }
    };
    let elapsed = started.elapsed();
    let leftovers = attempt.clean_up(case).await;
    let redactor = world.client.redactor();
    let exchanges = attempt.transcript.redacted(redactor);
    let sightings = attempt.transcript.sightings(redactor);
    let mut variables = std::mem::take(&mut *lock(&attempt.changed));
    for variable in &mut variables {
        variable.value = redactor.redact_value(&variable.value);
    }
    Ended { verdict, exchanges, sightings, variables, elapsed, leftovers }
}

impl Attempt {
    fn new(world: &Arc<World>, case: &Case, again: bool) -> Self {
        let id: String = case.id.chars().filter(char::is_ascii_alphanumeric).collect();
        let name = format!("com.hostproof.{}.{id}{}", world.run, if again { "again" } else { "" });
        let label = format!("{}{}", case.id, if again { " again" } else { "" });
        let attempt = Self {
            world: Arc::clone(world),
            transcript: Transcript::default(),
            vars: Mutex::new(target_vars(world, &label)),
            changed: Mutex::default(),
            step: AtomicUsize::new(0),
            mentioned: mentioned(case),
            label,
            plugins: Mutex::default(),
            created: Mutex::default(),
            published: Mutex::default(),
            gate: Gate::default(),
        };
        attempt.set("plugin_with_last_dot_as_dash", dash_last_dot(&name));
        if case.tier != Tier::ZeroFixture {
            // Registered before anything exists: what exists afterwards is found by its name.
            let names = vec![name.clone(), dash_last_dot(&name)];
            attempt.created(Resource::Plugins(names));
        }
        attempt.name_plugin("plugin", name, case.plugin.clone().unwrap_or_default());
        attempt
    }

    /// The variables so far.
    pub(super) fn vars(&self) -> Vars {
        lock(&self.vars).clone()
    }

    /// Gives a variable a value.
    pub(super) fn set(&self, name: &str, value: impl Into<Value>) {
        let value = value.into();
        let step = self.step.load(Ordering::Relaxed);
        if step > 0 && self.mentioned.contains(name) {
            let (name, value) = (name.to_owned(), value.clone());
            lock(&self.changed).push(Variable { name, value, step });
        }
        lock(&self.vars).set(name, value);
    }

    /// Notes what the variables are before the first step.
    fn note_variables(&self) {
        let vars = self.vars();
        let known = self.mentioned.iter().filter_map(|name| {
            Some(Variable { name: name.clone(), value: vars.get(name)?.clone(), step: 0 })
        });
        lock(&self.changed).extend(known);
    }

    fn created(&self, resource: Resource) {
        lock(&self.created).push(resource);
    }

    fn name_plugin(&self, key: &str, name: String, description: PluginSpec) {
        let schema = name.to_ascii_lowercase().replace(['.', '-'], "_");
        self.set(key, name.clone());
        self.set(&format!("{key}_url"), format!("/api/v1/plugins/{name}"));
        self.set(&format!("{key}_schema"), format!("plugin_data_{schema}"));
        if key == "plugin" {
            self.set("schema", format!("plugin_data_{schema}"));
        }
        lock(&self.plugins)
            .insert(key.to_owned(), PluginState::new(name, description, self.gate.clone()));
    }

    async fn judge(&self, case: &Case) -> Verdict {
        let setup = tokio::time::timeout(SETUP_PATIENCE, self.set_up(case)).await;
        let Ok(setup) = setup else {
            self.world.check_host("the fixtures of a case").await;
            let message = format!("the fixtures were not made within {SETUP_PATIENCE:?}");
            return verdict_of(Trouble::preparation(message));
        };
        if let Err(trouble) = setup {
            return verdict_of(trouble);
        }
        let label = Mutex::new(String::new());
        let steps = self.take_steps(case, &label);
        match tokio::time::timeout(case.deadline, steps).await {
            Ok(Ok(facts)) => match Pass::new(facts) {
                Ok(pass) => Verdict::Pass(pass),
                Err(nothing) => Verdict::HarnessError(nothing.to_string()),
            },
            Ok(Err(trouble)) => verdict_of(trouble),
            Err(_) => {
                self.world.check_host("a step that reached its deadline").await;
                let message = format!("not finished within {:?}", case.deadline);
                let mut failure = Failure::new(FailureKind::Deadline, message);
                failure.step = Some(lock(&label).clone());
                Verdict::Fail(failure)
            }
        }
    }

    async fn take_steps(&self, case: &Case, label: &Mutex<String>) -> Result<Vec<Fact>, Trouble> {
        let mut state = Progressing::default();
        let mut facts = Vec::new();
        self.note_variables();
        for (index, step) in case.steps.iter().enumerate() {
            self.step.store(index + 1, Ordering::Relaxed);
            let name = step.name.as_deref().unwrap_or_else(|| step.action.name());
            let name = format!("{}. {name}", index + 1);
            name.clone_into(&mut lock(label));
            for _ in 0..step.times {
                let taken = step::take(self, &mut state, step, &name).await;
                facts.extend(taken.map_err(|trouble| match trouble {
                    Trouble::Failed(mut failure) => {
                        failure.step.get_or_insert_with(|| name.clone());
                        Trouble::Failed(failure)
                    }
                    other => other,
                })?);
            }
        }
        Ok(facts)
    }

    async fn set_up(&self, case: &Case) -> Result<(), Trouble> {
        for identity in &case.identities {
            self.world.credentials(*identity).await?;
            if let Some(owner) = identity.user() {
                let user = self.world.user(owner).await?;
                self.set(&format!("{owner}_user"), user.id);
            }
        }
        let project_name = format!("hostproof {} {}", self.world.run, case.id);
        let created = |resource| self.created(resource);
        if case.needs.contains(&Need::Project) {
            let project = self.world.make_project(&project_name, created).await?;
            if case.needs.contains(&Need::Task) {
                self.set("task", self.world.make_task(&project).await?);
            }
            for need in [Need::Member, Need::Viewer] {
                if case.needs.contains(&need) {
                    self.set(need.as_str(), self.world.make_member(&project, need).await?);
                }
            }
            self.set("project", project);
        }
        if case.needs.contains(&Need::OtherProject) {
            self.set("other_project", self.world.make_project(&project_name, created).await?);
        }
        if case.needs.contains(&Need::Account) {
            let name = format!(
                "hostproof-{}-{}",
                self.world.run,
                self.world.token(&format!("{} account", self.label))
            );
            let account = self.world.make_account(&name, created).await?;
            self.set("account", account.id);
            self.set("account_name", name);
            self.set("account_password", account.password);
        }
        let base = self.vars().text("{plugin}").map_err(|e| Trouble::Harness(e.to_string()))?;
        for (key, spec) in &case.also {
            let name = spec.name.as_deref().map(|name| self.vars().text(name)).transpose();
            let name = name.map_err(|e| Trouble::Harness(e.to_string()))?;
            if let Some(own) = &name {
                self.created(Resource::Plugins(vec![own.clone()]));
            }
            let name = name.unwrap_or_else(|| format!("{base}.{key}"));
            self.name_plugin(key, name, spec.clone());
        }
        if let Some(spec) = &case.plugin {
            self.provide(None, spec).await?;
        }
        for (key, spec) in &case.also {
            self.provide(Some(key), spec).await?;
        }
        Ok(())
    }

    /// Publishes a plugin of the case, and installs it unless the case says otherwise.
    async fn provide(&self, key: Option<&str>, spec: &PluginSpec) -> Result<(), Trouble> {
        self.publish(key, None).await?;
        if spec.installed == Some(false) {
            return Ok(());
        }
        let vars = self.vars();
        let name = vars.text(&format!("{{{}}}", key.unwrap_or("plugin")));
        let name = name.map_err(|e| Trouble::Harness(e.to_string()))?;
        let request = InstallSpec { enabled: spec.enabled, name: None };
        let request = step::install(&request, &name, &vars)?;
        let request = request.with(&self.world.credentials(Identity::Admin).await?);
        let transcript = self.transcript.for_step("0. install");
        let answer = step::send(&self.world, &request, &transcript).await?;
        self.installed(key, &answer);
        if answer.status == 201 {
            return Ok(());
        }
        let body: String = String::from_utf8_lossy(&answer.body).chars().take(300).collect();
        let message = format!("installing {name}: expected 201, got {} {body}", answer.status);
        let mut failure = Failure::new(FailureKind::Preparation, message);
        failure.exchange = Some(answer.exchange);
        Err(Trouble::Failed(failure))
    }

    /// Publishes a plugin of the case: as described, or with a change.
    pub(super) async fn publish(
        &self,
        key: Option<&str>,
        change: Option<&PluginSpec>,
    ) -> Result<(), Trouble> {
        let catalog = self.world.catalog.as_ref().map_err(|e| Trouble::Blocked(e.clone()))?;
        let vars = self.vars();
        let plugin = self.plugin(key)?;
        let bundle = match change {
            Some(change) => plugin.changed(change, &vars)?,
            None => plugin.first(&vars)?,
        };
        lock(&self.published).insert(bundle.name.clone());
        catalog.publish(bundle).await.map_err(|e| Trouble::Harness(format!("cannot publish: {e}")))
    }

    /// A plugin of the case; without a key the case's own.
    pub(super) fn plugin(&self, key: Option<&str>) -> Result<PluginState, Trouble> {
        let plugin = lock(&self.plugins).get(key.unwrap_or("plugin")).cloned();
        plugin.ok_or_else(|| Trouble::Harness("no such plugin".to_owned()))
    }

    /// Notes the row id of a plugin that was installed.
    pub(super) fn installed(&self, key: Option<&str>, answer: &Answer) {
        if answer.status == 201
            && let Some(id) = answer.pointer("/data/id")
        {
            self.set(&format!("{}_id", key.unwrap_or("plugin")), id);
        }
    }

    async fn clean_up(&self, case: &Case) -> Vec<String> {
        // Whoever still waits for something that a failed case holds shall not wait for it any longer.
        self.gate.open();
        let mut left = Vec::new();
        if case.features.contains(&Feature::Faults) {
            left = self.world.restore().await;
        }
        if let Ok(catalog) = &self.world.catalog {
            if case.lane == Lane::Exclusive {
                catalog.set_mode(CatalogMode::Ok);
            }
            for name in std::mem::take(&mut *lock(&self.published)) {
                catalog.withdraw(&name);
            }
        }
        let created = std::mem::take(&mut *lock(&self.created));
        if case.identities.iter().any(|identity| identity.needs_admin()) {
            left.extend(self.world.remove(created).await);
        }
        left
    }
}

/// The variables with which what a case states can be judged again.
fn mentioned(case: &Case) -> BTreeSet<String> {
    let mut names = expectation::mentioned(case);
    sighting::mentioned(case, &mut names);
    names
}

fn verdict_of(trouble: Trouble) -> Verdict {
    match trouble {
        Trouble::Failed(failure) => Verdict::Fail(failure),
        Trouble::Blocked(reason) => Verdict::Blocked(reason),
        Trouble::Harness(reason) => Verdict::HarnessError(reason),
    }
}
