//! `plugin.json`, read whole: every problem at once, each with its place (decision R3).

mod parse;
mod problem;
mod reader;

pub use problem::{ManifestProblems, Problem, code};

use serde_json::Value;

use crate::name::PluginName;
use crate::permissions::Permissions;
use crate::route::Route;
use crate::version::PluginVersion;

/// A manifest without problems.
///
/// Only what the host acts upon has a field; the document itself is kept beside it ([`Self::raw`])
/// and is what is stored and served, so that `"middlewares": []`, fields of other consumers (MCP,
/// skills) and fields not yet invented all survive storage and restart (decision R2).
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    /// Required. The plugin's name.
    pub id: PluginName,
    /// Name for humans; the id when absent.
    pub display_name: String,
    /// Required. The plugin's version.
    pub version: PluginVersion,
    /// What it does; empty when absent.
    pub description: String,
    /// What it asks of the host.
    pub permissions: Permissions,
    /// The wasm side; `None` for a plugin of files only.
    pub backend: Option<Backend>,
    /// Address of the web frontend's entry module.
    pub frontend_remote_entry_url: Option<String>,
    /// Address of the MCP module.
    pub mcp_remote_entry_url: Option<String>,
    raw: Value,
}

/// The manifest's `backend`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Backend {
    /// Declared routes in manifest order.
    pub routes: Vec<Route>,
    /// Topics delivered to `HandleEvent`, matched exactly.
    pub event_subscriptions: Vec<String>,
    /// Hosts `fetch` may reach, trimmed; `*` is any host.
    pub allowed_outbound_domains: Vec<String>,
    /// Keys `config_get` may read, case-sensitive.
    pub allowed_config_keys: Vec<String>,
}

impl Manifest {
    /// Reads a manifest's bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self, ManifestProblems> {
        match serde_json::from_slice(bytes) {
            Ok(value) => Self::from_value(value),
            Err(error) => Err(ManifestProblems(vec![Problem::new(
                "",
                code::INVALID_JSON,
                format!("the manifest is not JSON: {error}"),
            )])),
        }
    }

    /// Reads a manifest that is JSON already.
    pub fn from_value(value: Value) -> Result<Self, ManifestProblems> {
        parse::manifest(value)
    }

    /// Checks that this is the manifest of the plugin it was fetched or sent for.
    pub fn check_name(&self, name: &PluginName) -> Result<(), Problem> {
        if self.id == *name {
            return Ok(());
        }
        Err(Problem::new(
            "/id",
            code::NAME_MISMATCH,
            format!("the id is '{}' but the plugin is named '{name}'", self.id),
        ))
    }

    /// The document as it was given.
    pub fn raw(&self) -> &Value {
        &self.raw
    }
}
