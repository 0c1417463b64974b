//! Where statements go: to a cassette, or to a live database whose answers become one.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use contract::name::PluginName;
use sandbox::ServiceError;
use storage::plugin_sql::{Access, SqlError};

use crate::cassette::{Answer, Call, Cassette, Question, Recorded, Replay};

/// What answers statements.
pub(crate) enum Database {
    /// Recorded answers.
    Replay(Replay),
    /// A Postgres.
    Live(Live),
}

/// A Postgres, and what it has answered so far.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) database: storage::Database,
    taken: Mutex<Cassette>,
}

/// Something that runs statements: a transaction, or the database itself.
#[async_trait]
pub(crate) trait Statements: Send {
    async fn query(
        &mut self,
        access: Access,
        sql: &str,
        params: Option<&str>,
    ) -> Result<String, SqlError>;

    async fn exec(&mut self, sql: &str, params: Option<&str>) -> Result<u64, SqlError>;
}

#[async_trait]
impl Statements for storage::plugin_sql::PluginTransaction {
    async fn query(
        &mut self,
        access: Access,
        sql: &str,
        params: Option<&str>,
    ) -> Result<String, SqlError> {
        Self::query(self, access, sql, params).await
    }

    async fn exec(&mut self, sql: &str, params: Option<&str>) -> Result<u64, SqlError> {
        Self::exec(self, sql, params).await
    }
}

/// Each statement for itself.
struct Single<'a> {
    database: &'a storage::Database,
    plugin: &'a PluginName,
}

#[async_trait]
impl Statements for Single<'_> {
    async fn query(
        &mut self,
        access: Access,
        sql: &str,
        params: Option<&str>,
    ) -> Result<String, SqlError> {
        self.database.plugin_sql().query(self.plugin, access, sql, params).await
    }

    async fn exec(&mut self, sql: &str, params: Option<&str>) -> Result<u64, SqlError> {
        self.database.plugin_sql().exec(self.plugin, sql, params).await
    }
}

impl Live {
    pub(crate) fn new(database: storage::Database) -> Self {
        Self { database, taken: Mutex::default() }
    }

    /// What was answered.
    pub(crate) fn cassette(&self) -> Cassette {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Has a statement answered, and keeps the answer.
    pub(super) async fn ask(
        &self,
        statements: Option<&mut dyn Statements>,
        plugin: &PluginName,
        question: Question,
        sql: &str,
        params: Option<&str>,
    ) -> Result<Answer, ServiceError> {
        let mut single = Single { database: &self.database, plugin };
        let call = question.call;
        let answer = match statements {
            Some(statements) => answer(statements, call, sql, params).await,
            None => answer(&mut single, call, sql, params).await,
        };
        let answer = match answer {
            Ok(answer) => answer,
            // A database that is away says nothing about the plugin.
            Err(error) if error.is_unavailable() => {
                return Err(ServiceError { code: error.code, message: error.message });
            }
            Err(error) => Answer::Error(error.to_string()),
        };
        let recorded = Recorded { question, answer: answer.clone() };
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).answers.push(recorded);
        Ok(answer)
    }
}

async fn answer(
    statements: &mut dyn Statements,
    call: Call,
    sql: &str,
    params: Option<&str>,
) -> Result<Answer, SqlError> {
    match call {
        Call::Read => statements.query(Access::ReadOnly, sql, params).await.map(Answer::Result),
        Call::Query => statements.query(Access::ReadWrite, sql, params).await.map(Answer::Result),
        Call::Exec => statements.exec(sql, params).await.map(Answer::Affected),
    }
}

/// An error as the guest reads it, from its text.
pub(super) fn error(text: &str) -> ServiceError {
    let (code, message) = text.split_once(": ").unwrap_or(("database_error", text));
    let known = policy::sql::code::ALL.iter().find(|known| **known == code);
    ServiceError::new(known.copied().unwrap_or(policy::sql::code::DATABASE_ERROR), message)
}

/// A cassette that somebody edited: rows where a count belongs, or the other way round.
pub(super) fn wrong_kind() -> ServiceError {
    ServiceError::new(super::NO_ANSWER, "the recorded answer is of another kind")
}
