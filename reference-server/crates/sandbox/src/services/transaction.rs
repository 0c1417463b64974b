//! A plugin's open transaction, as the sandbox holds it during one call (decision A1).

use async_trait::async_trait;

use super::{DbAccess, ServiceError};

/// What `db_tx_begin` opened. The statements and key-value calls of the same call go through it, in
/// order, until it is committed or rolled back.
///
/// A statement that fails undoes itself and nothing else; the transaction goes on. Dropping a
/// transaction rolls it back, also in the middle of a statement: that is what happens to it when
/// the call's time is over.
#[async_trait]
pub trait DbTransaction: Send + Sync {
    /// As [`Services::db_query`](super::Services::db_query). With [`DbAccess::ReadOnly`] the
    /// statement cannot write, though the transaction can.
    async fn query(
        &mut self,
        access: DbAccess,
        sql: &str,
        params: Option<&str>,
    ) -> Result<String, ServiceError>;

    /// As [`Services::db_exec`](super::Services::db_exec).
    async fn exec(&mut self, sql: &str, params: Option<&str>) -> Result<u64, ServiceError>;

    /// As [`Services::kv_get`](super::Services::kv_get).
    async fn kv_get(&mut self, key: &str) -> Result<Option<String>, ServiceError>;

    /// As [`Services::kv_set`](super::Services::kv_set).
    async fn kv_set(&mut self, key: &str, value: &str) -> Result<(), ServiceError>;

    /// As [`Services::kv_delete`](super::Services::kv_delete).
    async fn kv_delete(&mut self, key: &str) -> Result<(), ServiceError>;

    /// Makes everything permanent, or fails and leaves nothing.
    async fn commit(self: Box<Self>) -> Result<(), ServiceError>;

    /// Undoes everything.
    async fn rollback(self: Box<Self>) -> Result<(), ServiceError>;
}
