//! A sandbox whose services answer at once, so that what is measured is the way to them and back.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use contract::core_reads::{Branding, MemberInfo, ProjectInfo, TaskDetail, TaskItem};
use contract::fetch::FetchResponse;
use contract::manifest::Manifest;
use contract::name::PluginName;
use policy::Policy;
use policy::outbound::OutboundRefusal;
use sandbox::{
    Cache, Core, DbAccess, DbTransaction, KeyValueStore, LoadRequest, Outbound, OutboundCall,
    Plugin, Sandbox, SandboxConfig, ServiceError, Services,
};
use serde_json::json;
use uuid::Uuid;

/// What goes wrong while a bench is set up.
pub type Error = Box<dyn std::error::Error>;

/// The key whose value `config_get` may read.
pub const CONFIG_KEY: &str = "greeting";

/// A sandbox with the specification's limits, and services that answer at once.
pub fn sandbox(config: SandboxConfig) -> Result<Sandbox, Error> {
    let services = Arc::new(Prompt);
    let policy = Arc::new(Policy::default());
    Ok(Sandbox::new(config, policy, Arc::clone(&services) as Arc<dyn Services>, services)?)
}

/// A guest in text form as a plugin of that name that may do everything.
pub async fn load(sandbox: &Sandbox, name: &str, text: &str) -> Result<Plugin, Error> {
    load_binary(sandbox, name, wat::parse_str(text)?).await
}

/// The same in wasm's binary format.
pub async fn load_binary(
    sandbox: &Sandbox,
    name: &str,
    wasm: impl Into<bytes::Bytes>,
) -> Result<Plugin, Error> {
    let name: PluginName = name.parse()?;
    let manifest = Manifest::from_value(json!({
        "id": name, "displayName": "Bench", "version": "1.0.0",
        "permissions": ["db:read:tasks", "db:read:projects", "events:emit"],
        "backend": {
            "eventSubscriptions": ["task.created"],
            "allowedConfigKeys": [CONFIG_KEY],
            "allowedOutboundDomains": ["example.com"],
        },
    }))?;
    let request = LoadRequest { name, manifest: Arc::new(manifest), wasm: wasm.into() };
    Ok(sandbox.load(request).await?)
}

/// Answers everything at once, with little.
#[derive(Debug)]
struct Prompt;

const VALUE: &str = "a value of thirty-two characters";

#[async_trait]
impl KeyValueStore for Prompt {
    async fn kv_get(&self, _: &PluginName, _: &str) -> Result<Option<String>, ServiceError> {
        Ok(Some(VALUE.to_owned()))
    }

    async fn kv_set(&self, _: &PluginName, _: &str, _: &str) -> Result<(), ServiceError> {
        Ok(())
    }
}

#[async_trait]
impl Cache for Prompt {
    async fn cache_get(&self, _: &PluginName, _: &str) -> Result<Option<Vec<u8>>, ServiceError> {
        Ok(Some(VALUE.as_bytes().to_vec()))
    }

    async fn cache_set(
        &self,
        _: &PluginName,
        _: &str,
        _: &[u8],
        _: Option<Duration>,
    ) -> Result<(), ServiceError> {
        Ok(())
    }
}

#[async_trait]
impl Core for Prompt {
    async fn tasks(&self, _: Uuid, _: usize) -> Result<Option<Vec<TaskItem>>, ServiceError> {
        Ok(Some(Vec::new()))
    }

    async fn task(&self, _: Uuid) -> Result<Option<TaskDetail>, ServiceError> {
        Ok(None)
    }

    async fn project(&self, _: Uuid) -> Result<Option<ProjectInfo>, ServiceError> {
        Ok(None)
    }

    async fn members(&self, _: Uuid, _: usize) -> Result<Option<Vec<MemberInfo>>, ServiceError> {
        Ok(Some(Vec::new()))
    }

    async fn has_permission(
        &self,
        _: Uuid,
        _: Option<Uuid>,
        _: &str,
    ) -> Result<bool, ServiceError> {
        Ok(true)
    }

    async fn branding(&self) -> Result<Branding, ServiceError> {
        Ok(Branding::default())
    }
}

#[async_trait]
impl Services for Prompt {
    async fn db_query(
        &self,
        _: &PluginName,
        _: DbAccess,
        _: &str,
        _: Option<&str>,
    ) -> Result<String, ServiceError> {
        Ok(r#"{"columns":["id"],"rows":[[1]]}"#.to_owned())
    }

    async fn db_exec(&self, _: &PluginName, _: &str, _: Option<&str>) -> Result<u64, ServiceError> {
        Ok(1)
    }

    async fn db_begin(&self, _: &PluginName) -> Result<Box<dyn DbTransaction>, ServiceError> {
        Err(ServiceError::new("unavailable", "no transactions in a bench"))
    }

    async fn config_get(&self, _: &PluginName, _: &str) -> Option<String> {
        Some(VALUE.to_owned())
    }

    async fn event_emit(&self, _: &PluginName, _: &str, _: &str) -> Result<(), ServiceError> {
        Ok(())
    }
}

#[async_trait]
impl Outbound for Prompt {
    async fn fetch(&self, _: OutboundCall) -> Result<FetchResponse, OutboundRefusal> {
        Ok(FetchResponse { status: 200, body: VALUE.to_owned(), ..FetchResponse::default() })
    }
}
