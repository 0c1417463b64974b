//! What a host does around the guest: route, middlewares, envelope before it, the answer's status
//! after it. The decisions are `contract`'s and `policy`'s; who calls is the scenario's.

mod chain;

use std::collections::BTreeMap;
use std::sync::Arc;

use contract::api::ErrorCode;
use contract::envelope::{RequestEnvelope, envelope_path};
use contract::event::{EVENT_ID, Event};
use contract::header::capitalised;
use contract::manifest::Manifest;
use contract::route::RouteTable;
use policy::Policy;
use sandbox::{CallError, Plugin, RequestContext};
use serde_json::Value;
use uuid::Uuid;

use crate::scenario::Scenario;

/// What a step came to.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The guest answered.
    Answer { status: u16, headers: Vec<(String, String)>, body: Vec<u8> },
    /// The host answered without the guest, or before it.
    Refused { code: ErrorCode, by: String },
    /// The guest's call failed.
    Fault(CallError),
    /// The guest handled the event.
    Handled,
    /// The host does not deliver the event.
    NotDelivered(&'static str),
}

/// A request, with every name in it filled in.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) caller: Option<Uuid>,
    pub(crate) api_key: bool,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

/// The host in front of one plugin.
pub(crate) struct Front {
    pub(crate) plugin: Plugin,
    pub(crate) manifest: Arc<Manifest>,
    pub(crate) policy: Arc<Policy>,
    pub(crate) scenario: Arc<Scenario>,
    routes: RouteTable,
}

impl Front {
    pub(crate) fn new(
        plugin: Plugin,
        manifest: Arc<Manifest>,
        policy: Arc<Policy>,
        scenario: Arc<Scenario>,
    ) -> Self {
        let routes = manifest.backend.as_ref().map(|it| it.routes.clone()).unwrap_or_default();
        Self { plugin, manifest, policy, scenario, routes: RouteTable::new(routes) }
    }

    /// Serves a request, and says which route it took.
    pub(crate) async fn request(&self, request: Request) -> (Outcome, Option<String>) {
        let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
        let tail = path.strip_prefix('/').unwrap_or(path);
        let Some(matched) = self.routes.find(&request.method, tail) else {
            let by = "the manifest declares no such route".to_owned();
            return (Outcome::Refused { code: ErrorCode::PluginRouteNotFound, by }, None);
        };
        let route = format!("{} {}", matched.route.method, matched.route.path);
        let admitted = match chain::run(&self.policy, &self.scenario.world, &matched, &request) {
            Ok(admitted) => admitted,
            Err((code, by)) => return (Outcome::Refused { code, by }, Some(route)),
        };
        let text = |id: Option<Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
        let envelope = RequestEnvelope {
            method: request.method.clone(),
            path: envelope_path(tail).to_owned(),
            query: first_values(query),
            project_id: text(admitted.project),
            caller_id: text(admitted.member),
            user_id: text(admitted.user),
            caller_role: admitted.role,
            headers: request
                .headers
                .iter()
                .filter(|(name, _)| self.policy.headers.reaches_guest(name))
                .map(|(name, value)| (capitalised(&name.to_ascii_lowercase()), value.clone()))
                .collect(),
            body: request.body,
        };
        let outcome = match self.plugin.handle_request(RequestContext { envelope }).await {
            Ok(answer) => Outcome::Answer {
                status: answer.status,
                headers: answer.headers,
                body: answer.body,
            },
            Err(error) => Outcome::Fault(error),
        };
        (outcome, Some(route))
    }

    /// Delivers an event, as the host's `number`th.
    pub(crate) async fn event(&self, topic: &str, payload: Value, number: u64) -> Outcome {
        let subscribed = self
            .manifest
            .backend
            .as_ref()
            .is_some_and(|it| it.event_subscriptions.iter().any(|it| it == topic));
        if !subscribed {
            return Outcome::NotDelivered("the manifest does not subscribe to it");
        }
        if !self.plugin.handles_events() {
            return Outcome::NotDelivered("the module exports no HandleEvent");
        }
        let payload = with_id(payload, number);
        match self.plugin.handle_event(Arc::new(Event { topic: topic.to_owned(), payload })).await {
            Ok(()) => Outcome::Handled,
            Err(error) => Outcome::Fault(error),
        }
    }
}

/// The id that every core event has.
fn with_id(mut payload: Value, number: u64) -> Value {
    if let Some(fields) = payload.as_object_mut() {
        let id = Uuid::from_u64_pair(0x0000_0000_0000_4000, 0x8000_0000_0000_0000 | number);
        fields.entry(EVENT_ID).or_insert_with(|| id.to_string().into());
    }
    payload
}

/// First value of each query parameter, decoded.
fn first_values(query: &str) -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    for (key, value) in url::form_urlencoded::parse(query.as_bytes()) {
        values.entry(key.into_owned()).or_insert_with(|| value.into_owned());
    }
    values
}
