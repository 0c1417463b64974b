//! One request, as a test writes it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{TestHost, script};
use crate::{Answer, Plugin, Response};

/// A request that can be sent.
#[must_use = "a request does nothing until it is sent"]
#[derive(Debug)]
pub struct TestRequest<'h, P> {
    host: &'h TestHost<P>,
    envelope: Envelope,
}

/// What a host writes for the plugin.
#[derive(Debug, Default, Serialize)]
struct Envelope {
    method: String,
    path: String,
    query: BTreeMap<String, String>,
    project_id: String,
    caller_id: String,
    user_id: String,
    caller_role: String,
    headers: BTreeMap<String, String>,
    body: String,
}

impl<'h, P: Plugin> TestRequest<'h, P> {
    pub(super) fn new(host: &'h TestHost<P>, method: &str, path: &str) -> Self {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let path = path.trim_start_matches('/');
        let envelope = Envelope {
            method: method.to_owned(),
            path: if path.is_empty() { "/" } else { path }.to_owned(),
            ..Envelope::default()
        };
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        pairs.fold(Self { host, envelope }, |request, pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            request.query(name, value)
        })
    }

    /// Adds a parameter to the query, as the plugin sees it: decoded.
    pub fn query(mut self, name: &str, value: &str) -> Self {
        self.envelope.query.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Signs a user in.
    pub fn user(mut self, user_id: &str) -> Self {
        user_id.clone_into(&mut self.envelope.user_id);
        self
    }

    /// The role of the user.
    pub fn role(mut self, role: &str) -> Self {
        role.clone_into(&mut self.envelope.caller_role);
        self
    }

    /// The project in which the route checks a permission, and the user's membership there.
    pub fn project(mut self, project_id: &str, member_id: &str) -> Self {
        project_id.clone_into(&mut self.envelope.project_id);
        member_id.clone_into(&mut self.envelope.caller_id);
        self
    }

    /// Adds a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.envelope.headers.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Sets the body.
    pub fn body(mut self, body: impl AsRef<[u8]>) -> Self {
        self.envelope.body = crate::base64::encode(body.as_ref());
        self
    }

    /// Sets the body to a value as JSON, and the header that says so.
    pub fn json(self, value: &impl Serialize) -> Self {
        self.header("Content-Type", "application/json").body(script::value(value).to_string())
    }

    /// Sends it: the way of the ABI, envelope to envelope.
    ///
    /// # Panics
    /// When the manifest declares no such route, or the plugin answers with something that is no envelope.
    pub fn send(self) -> Response {
        let Self { host, envelope } = self;
        assert!(
            host.memory.manifest.declares(&envelope.method, &envelope.path),
            "plugin.json declares no route for {} {}: a host answers 404 and does not ask the plugin",
            envelope.method,
            envelope.path,
        );
        host.load();
        host.memory.identify(!envelope.user_id.is_empty(), !envelope.project_id.is_empty());
        let answer = host.within(|| P::answer(script::value(&envelope).to_string().into_bytes()));
        let Answer::Bytes(bytes) = answer else { panic!("the plugin names a place in memory") };
        Response::decode(&bytes).unwrap_or_else(|error| panic!("the plugin's response: {error}"))
    }
}
