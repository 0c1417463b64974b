//! One step: an action against the host, and what must be true of the answer.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::{
    AnswerSpec, CatalogMode, CoreEventSpec, Data, DeadLetterSpec, EntrySpec, EventSpec, FaultSpec,
    Identity, InjectSpec, PluginSpec, SeenSpec, Span,
};
use crate::peers::archive::Artifact;

/// What a capture begins with that means a cookie instead of a JSON pointer.
pub const COOKIE: &str = "cookie:";

/// The same for a header of the answer.
pub const HEADER: &str = "header:";

/// A step as it runs.
#[derive(Debug, Clone)]
pub struct Step {
    /// Remark for people; also in failures.
    pub name: Option<String>,
    /// As whom; the action decides where it is absent.
    pub identity: Option<Identity>,
    /// Key of the plugin in `also` that the action means; absent: the case's plugin.
    pub on: Option<String>,
    /// What to do.
    pub action: Action,
    /// What must be true of the answer.
    pub expect: Expect,
    /// Variable → JSON pointer into the answer, or [`COOKIE`] or [`HEADER`] and the name of one.
    pub capture: BTreeMap<String, String>,
    /// Poll for this long until the expectation holds.
    pub retry: Option<Duration>,
    /// How often it is taken, each time with its expectation.
    pub times: u32,
    /// Do not wait; a later step joins it by this name.
    pub background: Option<String>,
    /// How many of a background step are sent at once: a number, when variables have values.
    pub at_once: Option<Data>,
    /// Of a `join`: so many answers, as they come; absent: all that are still to come.
    pub answers: Option<NonZeroU32>,
    /// A request that is sent again and again while the action goes on.
    pub meanwhile: Option<Box<Step>>,
}

/// What a step does.
#[derive(Debug, Clone)]
pub enum Action {
    /// One HTTP request.
    Request(RequestSpec),
    /// A script for the probe.
    Probe(Vec<Value>),
    /// Change of the catalog entry.
    Publish(Box<PluginSpec>),
    /// Marketplace install.
    Install(InstallSpec),
    /// Upgrade of the installed plugin.
    Upgrade,
    /// Change of the installed plugin: the body of the PATCH.
    Patch(Value),
    /// Uninstall.
    Uninstall,
    /// The entry goes from the catalog, and its archives with it.
    Withdraw,
    /// What the catalog answers from now on.
    Catalog(CatalogMode),
    /// Requests of the host for an archive.
    DownloadSeen(DownloadSpec),
    /// What the case holds is let go.
    Release,
    /// Requests that reached the outbound server.
    OutboundSeen(SeenSpec),
    /// What the outbound server sends for a token from now on.
    OutboundAnswer(AnswerSpec),
    /// A message on the event channel.
    ObserveEvent(EventSpec),
    /// An activity on the stream of activities.
    ObserveActivity(ActivitySpec),
    /// An entry that the host wrote to the stream of core events.
    CoreEvent(CoreEventSpec),
    /// An entry that the suite adds to it.
    InjectEvent(InjectSpec),
    /// An entry that the host set aside.
    DeadLetter(DeadLetterSpec),
    /// What the host's group knows of an entry.
    Entry(EntrySpec),
    /// Finds the entry of the plugin's cache under a key, where the cache is a Valkey.
    CacheEntry(String),
    /// The group of the stream is removed.
    RemoveGroup,
    /// Something is taken away from the host, or brought back; or the host itself is.
    Fault(FaultSpec),
    /// The end of a background step.
    Join(String),
    /// Nobody waits any more for the end of a background step.
    Abandon(String),
}

impl Action {
    /// Its name in case files.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Request(_) => "request",
            Self::Probe(_) => "probe",
            Self::Publish(_) => "publish",
            Self::Install(_) => "install",
            Self::Upgrade => "upgrade",
            Self::Patch(_) => "patch",
            Self::Uninstall => "uninstall",
            Self::Withdraw => "withdraw",
            Self::Catalog(_) => "catalog",
            Self::DownloadSeen(_) => "download_seen",
            Self::Release => "release",
            Self::OutboundSeen(_) => "outbound_seen",
            Self::OutboundAnswer(_) => "outbound_answer",
            Self::ObserveEvent(_) => "observe_event",
            Self::ObserveActivity(_) => "observe_activity",
            Self::CoreEvent(_) => "core_event",
            Self::InjectEvent(_) => "inject_event",
            Self::DeadLetter(_) => "dead_letter",
            Self::Entry(_) => "entry",
            Self::CacheEntry(_) => "cache_entry",
            Self::RemoveGroup => "remove_group",
            Self::Fault(_) => "fault",
            Self::Join(_) => "join",
            Self::Abandon(_) => "abandon",
        }
    }
}

impl Action {
    /// Whether it looks for something the host may send later: then it is looked for until it is
    /// there.
    pub fn waits_for_something(&self) -> bool {
        let count = match self {
            Self::ObserveEvent(event) => &event.count,
            Self::ObserveActivity(activity) => &activity.count,
            Self::CoreEvent(event) => &event.count,
            Self::DeadLetter(letter) => &letter.count,
            Self::DownloadSeen(download) => &download.count,
            Self::Entry(_) => return true,
            _ => return false,
        };
        count.as_ref().is_none_or(|count| count.0 != 0)
    }
}

/// A request, with variables not yet replaced.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestSpec {
    /// Method as sent.
    pub method: String,
    /// Path and query as sent, byte for byte.
    pub path: String,
    /// Header name → value.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Body as JSON, with its content type.
    pub json: Option<Data>,
    /// Body as text.
    pub body: Option<String>,
    /// A long body: this text, …
    pub body_prefix: Option<String>,
    /// … then so many `x`, …
    pub body_fill: Option<Data>,
    /// … then this.
    pub body_suffix: Option<String>,
}

/// `install = { … }`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstallSpec {
    /// `enabled` of the request; absent there when absent here.
    pub enabled: Option<bool>,
    /// Another name than the plugin's.
    pub name: Option<String>,
}

/// `download_seen = { … }`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DownloadSpec {
    /// Of which archive, as the plugin is published now.
    pub artifact: Artifact,
    /// How many there were, as a matcher; default: at least one.
    pub count: Option<Data>,
}

/// `observe_activity = { … }`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActivitySpec {
    /// Type of the activities meant.
    pub r#type: String,
    /// How many there were, as a matcher; default: at least one.
    pub count: Option<Data>,
    /// Matchers for fields of the last one.
    #[serde(default)]
    pub fields: BTreeMap<String, Data>,
}

/// `expect = { … }`; matchers are kept as data, because variables are replaced at run time.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// Status: a number or a matcher.
    pub status: Option<Data>,
    /// `/error_code` of the envelope, with `/success` false.
    pub error_code: Option<Data>,
    /// JSON pointer → matcher.
    #[serde(default)]
    pub json: BTreeMap<String, Data>,
    /// Header name → matcher.
    #[serde(default)]
    pub headers: BTreeMap<String, Data>,
    /// Matcher for the body as text.
    pub body: Option<Data>,
    /// Matcher for the body's length in bytes.
    pub body_len: Option<Data>,
    /// A lower bound that the specification states.
    pub no_sooner_than: Option<String>,
    /// An upper bound that the specification states.
    pub no_later_than: Option<String>,
    /// Of a `join`: the answer came after that of the step before.
    #[serde(default)]
    pub ended_after_previous: bool,
}

impl Expect {
    /// Whether it asserts nothing.
    pub fn is_empty(&self) -> bool {
        self.status.is_none()
            && self.error_code.is_none()
            && self.json.is_empty()
            && self.headers.is_empty()
            && self.body.is_none()
            && self.body_len.is_none()
            && self.no_sooner_than.is_none()
            && self.no_later_than.is_none()
            && !self.ended_after_previous
    }
}

/// A step as written: all actions are optional fields of one table, exactly one of which is present.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StepText {
    name: Option<String>,
    r#as: Option<Identity>,
    on: Option<String>,
    request: Option<RequestSpec>,
    probe: Option<Vec<Data>>,
    publish: Option<PluginSpec>,
    install: Option<InstallSpec>,
    upgrade: Option<Nothing>,
    patch: Option<Data>,
    uninstall: Option<Nothing>,
    withdraw: Option<Nothing>,
    catalog: Option<CatalogMode>,
    download_seen: Option<DownloadSpec>,
    release: Option<Nothing>,
    outbound_seen: Option<SeenSpec>,
    outbound_answer: Option<AnswerSpec>,
    observe_event: Option<EventSpec>,
    observe_activity: Option<ActivitySpec>,
    core_event: Option<CoreEventSpec>,
    inject_event: Option<InjectSpec>,
    dead_letter: Option<DeadLetterSpec>,
    entry: Option<EntrySpec>,
    cache_entry: Option<String>,
    remove_group: Option<Nothing>,
    fault: Option<FaultSpec>,
    join: Option<String>,
    abandon: Option<String>,
    #[serde(default)]
    expect: Expect,
    #[serde(default)]
    capture: BTreeMap<String, String>,
    retry: Option<Span>,
    times: Option<NonZeroU32>,
    background: Option<String>,
    at_once: Option<Data>,
    answers: Option<NonZeroU32>,
    meanwhile: Option<Box<StepText>>,
}

/// `{}`: an action without arguments.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

impl StepText {
    /// The step, or what is wrong with it.
    pub(super) fn into_step(self) -> Result<Step, String> {
        let mut actions: Vec<Action> = Vec::new();
        actions.extend(self.request.map(Action::Request));
        actions.extend(self.probe.map(|ops| Action::Probe(ops.into_iter().map(|d| d.0).collect())));
        actions.extend(self.publish.map(|spec| Action::Publish(Box::new(spec))));
        actions.extend(self.install.map(Action::Install));
        actions.extend(self.upgrade.map(|Nothing {}| Action::Upgrade));
        actions.extend(self.patch.map(|data| Action::Patch(data.0)));
        actions.extend(self.uninstall.map(|Nothing {}| Action::Uninstall));
        actions.extend(self.withdraw.map(|Nothing {}| Action::Withdraw));
        actions.extend(self.catalog.map(Action::Catalog));
        actions.extend(self.download_seen.map(Action::DownloadSeen));
        actions.extend(self.release.map(|Nothing {}| Action::Release));
        actions.extend(self.outbound_seen.map(Action::OutboundSeen));
        actions.extend(self.outbound_answer.map(Action::OutboundAnswer));
        actions.extend(self.observe_event.map(Action::ObserveEvent));
        actions.extend(self.observe_activity.map(Action::ObserveActivity));
        actions.extend(self.core_event.map(Action::CoreEvent));
        actions.extend(self.inject_event.map(Action::InjectEvent));
        actions.extend(self.dead_letter.map(Action::DeadLetter));
        actions.extend(self.entry.map(Action::Entry));
        actions.extend(self.cache_entry.map(Action::CacheEntry));
        actions.extend(self.remove_group.map(|Nothing {}| Action::RemoveGroup));
        actions.extend(self.fault.map(Action::Fault));
        actions.extend(self.join.map(Action::Join));
        actions.extend(self.abandon.map(Action::Abandon));
        let names: Vec<_> = actions.iter().map(Action::name).collect();
        let action = match actions.len() {
            1 => actions.remove(0),
            0 => return Err("a step has an action: request, probe, publish, install, upgrade, patch, uninstall, withdraw, catalog, download_seen, release, outbound_seen, outbound_answer, observe_event, observe_activity, core_event, inject_event, dead_letter, entry, cache_entry, remove_group, fault, join or abandon".to_owned()),
            _ => return Err(format!("a step has one action, not {}", names.join(" and "))),
        };
        let meanwhile = self.meanwhile.map(|step| step.into_step().map(Box::new)).transpose();
        let meanwhile = meanwhile.map_err(|message| format!("meanwhile: {message}"))?;
        Ok(Step {
            name: self.name,
            identity: self.r#as,
            on: self.on,
            action,
            expect: self.expect,
            capture: self.capture,
            retry: self.retry.map(|span| span.0),
            times: self.times.map_or(1, NonZeroU32::get),
            background: self.background,
            at_once: self.at_once,
            answers: self.answers,
            meanwhile,
        })
    }
}
