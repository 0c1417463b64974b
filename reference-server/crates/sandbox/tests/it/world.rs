//! A sandbox with its surroundings, and the few moves that tests make.

use std::sync::Arc;

use contract::envelope::{GuestResponse, RequestEnvelope};
use contract::manifest::Manifest;
use policy::{Limits, Policy};
use sandbox::{
    CallError, HttpOutbound, HttpOutboundConfig, LoadError, LoadRequest, Plugin, RequestContext,
    Sandbox, SandboxConfig, SandboxError,
};
use serde_json::{Value, json};

use crate::services::MemoryServices;

pub(crate) struct World {
    pub sandbox: Sandbox,
    pub services: Arc<MemoryServices>,
}

/// What differs from the specification's defaults.
#[derive(Default)]
pub(crate) struct Setup {
    pub config: SandboxConfig,
    pub limits: Limits,
    pub test_hosts: String,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(Setup::default())
    }

    pub(crate) fn limited(change: impl FnOnce(&mut Limits)) -> Self {
        let mut setup = Setup::default();
        change(&mut setup.limits);
        Self::with(setup)
    }

    /// What differs is the configuration, which may be refused.
    pub(crate) fn try_with(config: SandboxConfig) -> Result<Self, SandboxError> {
        Self::build(Setup { config, ..Setup::default() })
    }

    pub(crate) fn with(setup: Setup) -> Self {
        Self::build(setup).unwrap()
    }

    fn build(setup: Setup) -> Result<Self, SandboxError> {
        let policy = Arc::new(Policy { limits: setup.limits, ..Policy::default() });
        let services = Arc::new(MemoryServices::default());
        let config = HttpOutboundConfig {
            test_hosts: setup.test_hosts.parse().unwrap(),
            ..HttpOutboundConfig::default()
        };
        let outbound = HttpOutbound::new(Arc::clone(&policy), config).unwrap();
        let sandbox =
            Sandbox::new(setup.config, policy, Arc::clone(&services) as _, Arc::new(outbound));
        Ok(Self { sandbox: sandbox?, services })
    }

    /// Loads a guest whose manifest asks for nothing.
    pub(crate) async fn load(&self, wat: &str) -> Plugin {
        self.try_load(wat).await.unwrap()
    }

    pub(crate) async fn try_load(&self, wat: &str) -> Result<Plugin, LoadError> {
        self.load_with("com.example.guest", json!({}), wat).await
    }

    /// Loads a guest under a name, with fields added to the manifest.
    pub(crate) async fn load_with(
        &self,
        name: &str,
        manifest: Value,
        wat: &str,
    ) -> Result<Plugin, LoadError> {
        let mut full = json!({"id": name, "displayName": name, "version": "1.0.0"});
        full.as_object_mut().unwrap().extend(manifest.as_object().unwrap().clone());
        let manifest = Arc::new(Manifest::from_value(full).unwrap());
        let wasm = wat::parse_str(wat).unwrap().into();
        self.sandbox.load(LoadRequest { name: name.parse().unwrap(), manifest, wasm }).await
    }
}

/// Calls a plugin with a body.
pub(crate) async fn call(plugin: &Plugin, body: &str) -> Result<GuestResponse, CallError> {
    let envelope = RequestEnvelope {
        method: "POST".to_owned(),
        path: "run".to_owned(),
        body: body.as_bytes().to_vec(),
        ..RequestEnvelope::default()
    };
    plugin.handle_request(RequestContext { envelope }).await
}

/// The answer to a request of this user in this project, as text.
pub(crate) async fn text_as(plugin: &Plugin, user: &str, project: &str, body: &str) -> String {
    let envelope = RequestEnvelope {
        user_id: user.to_owned(),
        project_id: project.to_owned(),
        body: body.as_bytes().to_vec(),
        ..RequestEnvelope::default()
    };
    let response = plugin.handle_request(RequestContext { envelope }).await.unwrap();
    String::from_utf8(response.body).unwrap()
}

/// The body of a call that must succeed, as text.
pub(crate) async fn text(plugin: &Plugin, body: &str) -> String {
    let response = call(plugin, body).await.unwrap();
    assert_eq!(response.status, 200);
    String::from_utf8(response.body).unwrap()
}
