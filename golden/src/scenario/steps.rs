//! What happens, once it is understood.

use std::collections::BTreeMap;

use serde_json::Value;
use uuid::Uuid;

use super::data::Fault;

/// A request or an event.
#[derive(Clone, Debug)]
pub struct Step {
    /// What it is called; no two of a scenario are called the same.
    pub name: String,
    /// Where it begins in the file, in bytes.
    pub at: usize,
    /// What happens.
    pub action: Action,
    /// Names for later steps, each with a JSON pointer into the body.
    pub capture: BTreeMap<String, String>,
    /// How the call is expected to fail.
    pub fault: Option<Fault>,
    /// Host functions whose refusal for want of a grant is expected.
    pub refused: Vec<String>,
    /// What must hold.
    pub expect: Expect,
}

/// What happens. Names in it are not filled in yet: a step may use what an earlier one captured.
#[derive(Clone, Debug)]
pub enum Action {
    /// A request.
    Request {
        /// In capitals.
        method: String,
        /// What follows `/plugins/NAME`, with the query.
        target: String,
        /// Who asks, by id and name.
        caller: Option<(Uuid, String)>,
        /// With an API key instead of a session.
        api_key: bool,
        /// Headers.
        headers: BTreeMap<String, String>,
        /// Body.
        body: Body,
    },
    /// An event.
    Event {
        /// Its topic.
        topic: String,
        /// What it carries.
        payload: Value,
    },
}

/// A request's body.
#[derive(Clone, Debug)]
pub enum Body {
    /// Bytes as they are.
    Bytes(Vec<u8>),
    /// Text.
    Text(String),
    /// JSON.
    Json(Value),
}

/// What must hold.
#[derive(Clone, Debug, Default)]
pub struct Expect {
    /// The status.
    pub status: Option<u16>,
    /// Headers and their values.
    pub headers: BTreeMap<String, String>,
    /// Values in the body, by JSON pointer.
    pub json: BTreeMap<String, Value>,
    /// Texts that the body contains.
    pub body_contains: Vec<String>,
    /// The host functions that are called, in order.
    pub calls: Option<Vec<String>>,
    /// Host functions that are not called.
    pub no_calls: Vec<String>,
}
