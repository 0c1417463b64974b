//! A plugin's own statements (decisions D1, D2, D3, D5).
//!
//! Each statement is one transaction in a session of the plugin's runtime role, unless the plugin
//! opened one over several. It is sent through Postgres's extended protocol, which takes one
//! statement and no more, whatever its text.
//! Admission happened before; what is enforced here is enforced by Postgres.

mod datetime;
mod error;
mod numeric;
mod params;
mod rows;
mod statement;
mod text;
mod transaction;
mod wire;

use contract::name::PluginName;

use crate::database::Database;
use crate::plugin_session::Session;

pub use error::SqlError;
pub use transaction::PluginTransaction;

/// What a statement may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Nothing but read (`db_query`): its transaction is READ ONLY.
    ReadOnly,
    /// Write the plugin's own tables too (`db_query2`, `db_exec`).
    ReadWrite,
}

/// Runs plugins' statements.
#[derive(Clone, Copy, Debug)]
pub struct PluginSql<'a> {
    pub(crate) database: &'a Database,
}

impl PluginSql<'_> {
    /// Runs a statement that gives rows and renders them as JSON text
    /// `{"columns": […], "rows": [[…], …]}`, in which every number has all its digits.
    ///
    /// `params` is a JSON array for `$1`, `$2` and so on; absent, empty or `null` means none. With
    /// [`Access::ReadOnly`] the transaction is READ ONLY.
    pub async fn query(
        &self,
        plugin: &PluginName,
        access: Access,
        sql: &str,
        params: Option<&str>,
    ) -> Result<String, SqlError> {
        match self.query_once(plugin, access, sql, params).await {
            Err(error) if error.is_stale_plan() => {
                self.forget_plans(plugin);
                self.query_once(plugin, access, sql, params).await
            }
            outcome => outcome,
        }
    }

    /// Runs a statement for its effect and gives the number of rows affected.
    pub async fn exec(
        &self,
        plugin: &PluginName,
        sql: &str,
        params: Option<&str>,
    ) -> Result<u64, SqlError> {
        match self.exec_once(plugin, sql, params).await {
            Err(error) if error.is_stale_plan() => {
                self.forget_plans(plugin);
                self.exec_once(plugin, sql, params).await
            }
            outcome => outcome,
        }
    }

    /// Closes the plugin's idle sessions, whose plans are as old as the one that failed.
    fn forget_plans(self, plugin: &PluginName) {
        if let Ok(identity) = self.database.names().identity(plugin) {
            self.database.sessions().forget(&identity.runtime_role);
        }
    }

    async fn query_once(
        &self,
        plugin: &PluginName,
        access: Access,
        sql: &str,
        params: Option<&str>,
    ) -> Result<String, SqlError> {
        let limits = &self.database.policy().limits;
        // Before a session is taken: text that can never be bound costs no connection.
        let params = params::parse(params, limits)?;
        let mut session = Session::of_plugin(self.database, plugin, access).await?;
        let outcome = statement::query(session.connection(), sql, &params, limits).await;
        session.settle(outcome).await
    }

    async fn exec_once(
        &self,
        plugin: &PluginName,
        sql: &str,
        params: Option<&str>,
    ) -> Result<u64, SqlError> {
        let params = params::parse(params, &self.database.policy().limits)?;
        let mut session = Session::of_plugin(self.database, plugin, Access::ReadWrite).await?;
        let outcome = statement::exec(session.connection(), sql, &params).await;
        session.settle(outcome).await
    }
}
