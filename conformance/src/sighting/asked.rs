//! What a step asks of what it looks for: how many there are, and members of the last one.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::case::{Action, Data};
use crate::expectation::{Check, in_value, resolve};
use crate::vars::{self, Vars};

/// What a step asks.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    /// What is counted, in words and with variables.
    what: String,
    /// How many there are, as a matcher; default: at least one.
    count: Option<&'a Data>,
    members: Vec<Member<'a>>,
}

/// What it asks of one member of the last one.
#[derive(Debug)]
struct Member<'a> {
    /// In words, with variables.
    subject: String,
    /// JSON pointer.
    pointer: String,
    expected: Cow<'a, Data>,
}

/// A JSON pointer to a member.
fn member(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

impl<'a> Asked<'a> {
    /// What `action` asks; nothing where it does not look for anything. `on` is the plugin it is about.
    ///
    /// All actions by name: one that looks for something, and is not known to, would make facts that do
    /// not follow from a transcript.
    pub(crate) fn of(action: &'a Action, on: Option<&str>) -> Option<Self> {
        let plugin = on.unwrap_or("plugin");
        match action {
            Action::OutboundSeen(seen) => {
                let mut asked =
                    Self::counted("requests that reached the outbound server", seen.count.as_ref());
                asked.members(
                    "outbound",
                    &[("method", &seen.method), ("path", &seen.path), ("body", &seen.body)],
                );
                for (name, expected) in &seen.headers {
                    let pointer = format!("/headers{}", member(&name.to_ascii_lowercase()));
                    asked.member(
                        format!("outbound header {name}"),
                        pointer,
                        Cow::Borrowed(expected),
                    );
                }
                Some(asked)
            }
            Action::DownloadSeen(download) => {
                let what = format!("requests for the archive `{}`", download.artifact);
                Some(Self::counted(what, download.count.as_ref()))
            }
            Action::ObserveEvent(event) => {
                let mut asked = Self::counted(
                    format!("messages of type {}", event.r#type),
                    event.count.as_ref(),
                );
                asked.members("event", &[("source", &event.source), ("payload", &event.payload)]);
                Some(asked)
            }
            Action::CoreEvent(event) => {
                let what = format!("entries of type {} with {}", event.r#type, event.containing);
                let mut asked = Self::counted(what, event.count.as_ref());
                asked.members("event", &[("payload", &event.payload)]);
                Some(asked)
            }
            Action::DeadLetter(letter) => {
                let what = format!("letters set aside for entry {}", letter.entry);
                let mut asked = Self::counted(what, letter.count.as_ref());
                let members = [
                    ("type", &letter.r#type),
                    ("payload", &letter.payload),
                    ("subscriber", &letter.subscriber),
                    ("reason", &letter.reason),
                    ("deliveries", &letter.deliveries),
                ];
                asked.members("letter", &members);
                Some(asked)
            }
            Action::ObserveActivity(activity) => {
                let what = format!("activities of type {}", activity.r#type);
                let mut asked = Self::counted(what, activity.count.as_ref());
                for (name, expected) in &activity.fields {
                    asked.member(format!("activity {name}"), member(name), Cow::Borrowed(expected));
                }
                Some(asked)
            }
            Action::Entry(entry) => {
                let what = format!("groups of the host that have read entry {}", entry.id);
                let mut asked = Self::counted(what, None);
                let pending = Cow::Owned(Data(Value::from(entry.pending)));
                asked.member(format!("entry {} is pending", entry.id), member("pending"), pending);
                asked.members("group's", &[("consumers", &entry.consumers)]);
                Some(asked)
            }
            Action::CacheEntry(key) => Some(Self::counted(
                format!("values in the cache of {{{plugin}}} under {key}"),
                None,
            )),
            Action::Request(_)
            | Action::Probe(_)
            | Action::Publish(_)
            | Action::Install(_)
            | Action::Upgrade
            | Action::Patch(_)
            | Action::Uninstall
            | Action::Withdraw
            | Action::Catalog(_)
            | Action::Release
            | Action::OutboundAnswer(_)
            | Action::InjectEvent(_)
            | Action::RemoveGroup
            | Action::Fault(_)
            | Action::Join(_)
            | Action::Abandon(_) => None,
        }
    }

    fn counted(what: impl Into<String>, count: Option<&'a Data>) -> Self {
        Self { what: what.into(), count, members: Vec::new() }
    }

    fn member(&mut self, subject: String, pointer: String, expected: Cow<'a, Data>) {
        self.members.push(Member { subject, pointer, expected });
    }

    fn members(&mut self, of: &str, members: &[(&str, &'a Option<Data>)]) {
        for (name, expected) in members {
            if let Some(expected) = expected {
                self.member(format!("{of} {name}"), member(name), Cow::Borrowed(expected));
            }
        }
    }

    /// What is asked of so many, and of the last one where there is one: the number first.
    pub(crate) fn checks(
        &self,
        count: usize,
        last: Option<&Value>,
        vars: &Vars,
    ) -> Result<Vec<Check>, String> {
        let text = |text: &str| vars.text(text).map_err(|e| e.to_string());
        let at_least_one = Data(json!({ "gte": 1 }));
        let mut checks = vec![Check {
            subject: text(&self.what)?,
            matcher: resolve(self.count.unwrap_or(&at_least_one), vars)?,
            actual: Some(Value::from(count)),
        }];
        for Member { subject, pointer, expected } in last.iter().flat_map(|_| &self.members) {
            checks.push(Check {
                subject: text(subject)?,
                matcher: resolve(expected, vars)?,
                actual: last.and_then(|last| last.pointer(pointer)).cloned(),
            });
        }
        Ok(checks)
    }

    /// The variables in it.
    pub(super) fn mentions(&self, names: &mut BTreeSet<String>) {
        let texts = self.members.iter().map(|member| &member.subject).chain([&self.what]);
        names.extend(texts.flat_map(|text| vars::names(text)).map(str::to_owned));
        let expected = self.members.iter().map(|member| member.expected.as_ref()).chain(self.count);
        expected.for_each(|data| in_value(&data.0, names));
    }
}
