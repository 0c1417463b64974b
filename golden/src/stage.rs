//! What stands behind the host functions: the scenario's rows, values and stubs, and a database that
//! is a cassette or a real one.
//!
//! Key-value pairs and cache live in memory, in a recording too. What a plugin asks and nobody has an
//! answer for is a complaint, which fails the scenario; the guest is told an error meanwhile.

mod core;
mod database;
mod network;
mod pairs;
mod transaction;

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use contract::manifest::Manifest;
use contract::name::PluginName;
use policy::Policy;
use sandbox::{DbAccess, DbTransaction, ServiceError, Services};

use self::database::Statements;
pub(crate) use self::database::{Database, Live};
pub(crate) use self::network::Network;
use self::pairs::Pairs;
use crate::cassette::{Answer, Call, Question};
use crate::grants;
use crate::normalise::Secrets;
use crate::scenario::Scenario;

/// The code of an error that says: the scenario lacks an answer.
pub(crate) const NO_ANSWER: &str = "golden_no_answer";

/// What nobody had an answer for.
#[derive(Debug, Default)]
pub(crate) struct Complaints(Mutex<Vec<String>>);

impl Complaints {
    pub(crate) fn add(&self, complaint: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(complaint);
    }

    /// What was added since the last time.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The services of one scenario.
pub(crate) struct Stage {
    pub(crate) scenario: Arc<Scenario>,
    pub(crate) manifest: Arc<Manifest>,
    pub(crate) policy: Arc<Policy>,
    pub(crate) complaints: Arc<Complaints>,
    pub(crate) secrets: Secrets,
    pub(crate) database: Database,
    pub(crate) pairs: Pairs,
}

impl Stage {
    pub(crate) fn new(
        scenario: Arc<Scenario>,
        manifest: Arc<Manifest>,
        policy: Arc<Policy>,
        complaints: Arc<Complaints>,
        database: Database,
    ) -> Self {
        let pairs = Pairs::new(&scenario, policy.limits.kv_keys);
        let secrets = Secrets::new(&scenario);
        Self { scenario, manifest, policy, complaints, secrets, database, pairs }
    }

    /// A statement, as the cassette knows it: without secrets.
    fn question(&self, call: Call, sql: &str, params: Option<&str>) -> Question {
        let params = params.map(|params| self.secrets.hide(params));
        Question { call, sql: self.secrets.hide(sql), params }
    }

    /// What the database would say to a plugin that reads a core table it was not granted. A cassette
    /// cannot know that the grant is gone.
    fn check_tables(&self, sql: &str) -> Result<(), ServiceError> {
        match grants::missing_tables(&self.policy, &self.manifest.permissions, sql).first() {
            None => Ok(()),
            Some(table) => Err(ServiceError::new(
                policy::sql::code::PERMISSION_DENIED,
                format!("permission denied for table {table} [SQLSTATE 42501]"),
            )),
        }
    }

    /// One statement, outside of a transaction when `statements` is none.
    async fn ask(
        &self,
        statements: Option<&mut dyn Statements>,
        plugin: &PluginName,
        call: Call,
        sql: &str,
        params: Option<&str>,
    ) -> Result<Answer, ServiceError> {
        let question = self.question(call, sql, params);
        match &self.database {
            Database::Replay(replay) => {
                self.check_tables(sql)?;
                replay.answer(&question).map_err(|complaint| {
                    self.complaints.add(complaint);
                    ServiceError::new(NO_ANSWER, "the scenario has no answer to this statement")
                })
            }
            Database::Live(live) => live.ask(statements, plugin, question, sql, params).await,
        }
    }

    async fn rows(
        &self,
        statements: Option<&mut dyn Statements>,
        plugin: &PluginName,
        access: DbAccess,
        sql: &str,
        params: Option<&str>,
    ) -> Result<String, ServiceError> {
        let call = match access {
            DbAccess::ReadOnly => Call::Read,
            DbAccess::ReadWrite => Call::Query,
        };
        match self.ask(statements, plugin, call, sql, params).await? {
            Answer::Result(rows) => Ok(rows),
            Answer::Error(error) => Err(database::error(&error)),
            Answer::Affected(_) => Err(database::wrong_kind()),
        }
    }

    async fn affected(
        &self,
        statements: Option<&mut dyn Statements>,
        plugin: &PluginName,
        sql: &str,
        params: Option<&str>,
    ) -> Result<u64, ServiceError> {
        match self.ask(statements, plugin, Call::Exec, sql, params).await? {
            Answer::Affected(rows) => Ok(rows),
            Answer::Error(error) => Err(database::error(&error)),
            Answer::Result(_) => Err(database::wrong_kind()),
        }
    }
}

/// The stage as the sandbox takes it: transactions outlive the borrow of a call.
pub(crate) struct Shared(pub(crate) Arc<Stage>);

#[async_trait]
impl Services for Shared {
    async fn db_query(
        &self,
        plugin: &PluginName,
        access: DbAccess,
        sql: &str,
        params: Option<&str>,
    ) -> Result<String, ServiceError> {
        self.0.rows(None, plugin, access, sql, params).await
    }

    async fn db_exec(
        &self,
        plugin: &PluginName,
        sql: &str,
        params: Option<&str>,
    ) -> Result<u64, ServiceError> {
        self.0.affected(None, plugin, sql, params).await
    }

    async fn db_begin(&self, plugin: &PluginName) -> Result<Box<dyn DbTransaction>, ServiceError> {
        transaction::begin(Arc::clone(&self.0), plugin.clone()).await
    }

    async fn config_get(&self, _plugin: &PluginName, key: &str) -> Option<String> {
        let scenario = &self.0.scenario;
        scenario.secrets.get(key).or_else(|| scenario.config.get(key)).cloned()
    }

    async fn event_emit(
        &self,
        _plugin: &PluginName,
        _topic: &str,
        _payload_json: &str,
    ) -> Result<(), ServiceError> {
        // Nobody listens; the transcript has it.
        Ok(())
    }
}
