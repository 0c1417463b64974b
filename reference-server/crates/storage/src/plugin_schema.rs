//! A plugin's schema, and the two database roles the plugin lives by.
//!
//! | | owns | may |
//! |---|---|---|
//! | the host | the schema, `plugin_kv`, `plugin_schema_migrations` | everything |
//! | migration role | what the plugin's migrations create | create in the schema; point foreign keys at ids of core tables; keep the record of migrations |
//! | runtime role | nothing | read and write rows of the plugin's tables and `plugin_kv`; read the declared core tables |
//!
//! Both roles log in themselves and are members only of *group roles* that carry reading rights on
//! one core table each. Rights on core tables hang on these few groups instead of on every plugin
//! because Postgres keeps a table's grants inside one catalog row of at most a page: some hundreds
//! of plugins, each granted directly, would overflow it.

mod harden;
mod names;
mod provision;
mod roles;
mod verifier;

use contract::name::PluginName;
use contract::permissions::Permissions;
use sqlx::PgConnection;

use crate::database::Database;
use crate::error::StorageError;

pub(crate) use harden::prepare;
pub(crate) use names::{Identity, RoleNames};

/// Access to plugin schemas and roles.
#[derive(Clone, Copy, Debug)]
pub struct PluginSchemas<'a> {
    pub(crate) database: &'a Database,
}

impl PluginSchemas<'_> {
    /// Makes sure that a plugin's schema with `plugin_kv` and `plugin_schema_migrations` and its
    /// roles are there, and that the plugin reads exactly the core tables its permissions grant
    /// (decisions D3 and D4). True when the schema was made now, false when it was there before:
    /// an installation that fails removes only what it made.
    ///
    /// One transaction, and idempotent: after a kill it has happened whole or not at all, and
    /// every start of a host runs it again. A schema that another plugin owns is a
    /// [`StorageError::SchemaTaken`].
    pub async fn provision(
        &self,
        plugin: &PluginName,
        permissions: &Permissions,
    ) -> Result<bool, StorageError> {
        provision::provision(self.database, plugin, permissions).await
    }

    /// Refuses a name whose schema belongs to a plugin of another name, be that one installed or
    /// gone with its data kept (decision D6). Changes nothing.
    pub async fn check_free(&self, plugin: &PluginName) -> Result<(), StorageError> {
        let schema = plugin.schema_name()?;
        let owner: Option<String> =
            sqlx::query_scalar("SELECT plugin_name FROM plugin_schemas WHERE schema_name = $1")
                .bind(schema.as_str())
                .fetch_optional(self.database.core())
                .await
                .map_err(StorageError::database("looking for a schema's owner"))?;
        match owner {
            Some(owner) if owner != plugin.as_str() => {
                Err(StorageError::SchemaTaken { schema: schema.as_str().to_owned(), owner })
            }
            _ => Ok(()),
        }
    }

    /// Takes a plugin's roles their login; the data stays for a later
    /// [`provision`](Self::provision). What an uninstallation that keeps the data ends with. A
    /// plugin that was never provisioned is no error.
    pub async fn detach(&self, plugin: &PluginName) -> Result<(), StorageError> {
        provision::detach(self.database, plugin).await
    }

    /// Removes a plugin's schema with everything in it, its roles, and its claim on the schema's
    /// name. A plugin that has none is no error; the schema of another plugin is left alone.
    pub async fn remove(&self, plugin: &PluginName) -> Result<(), StorageError> {
        provision::remove(self.database, plugin).await
    }
}

/// Makes hosts that change roles and grants in one database take turns: two that write one catalog
/// row at the same time would fail with "tuple concurrently updated". A table lock rather than an
/// advisory one, because any plugin could hold the latter.
pub(crate) async fn take_turns(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query("LOCK TABLE public.plugin_schemas IN SHARE ROW EXCLUSIVE MODE")
        .execute(connection)
        .await?;
    Ok(())
}
