//! A transaction that writes down what happens to it.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use sandbox::{DbAccess, DbTransaction, ServiceError};

use super::{BROKEN_KEY, STUCK_KEY, broken};

type Log = Arc<Mutex<Vec<String>>>;

pub(super) fn begin(log: Log) -> Box<dyn DbTransaction> {
    let recorded = Recorded { log, ended: false };
    recorded.note("begin");
    Box::new(recorded)
}

struct Recorded {
    log: Log,
    ended: bool,
}

impl Recorded {
    fn note(&self, what: impl Into<String>) {
        self.log.lock().unwrap().push(what.into());
    }
}

impl Drop for Recorded {
    fn drop(&mut self) {
        if !self.ended {
            self.note("dropped");
        }
    }
}

#[async_trait]
impl DbTransaction for Recorded {
    async fn query(
        &mut self,
        access: DbAccess,
        _: &str,
        _: Option<&str>,
    ) -> Result<String, ServiceError> {
        self.note(format!("query {access:?}"));
        Ok(r#"{"columns":[],"rows":[]}"#.to_owned())
    }

    async fn exec(&mut self, sql: &str, _: Option<&str>) -> Result<u64, ServiceError> {
        self.note("exec");
        broken(if sql.contains(BROKEN_KEY) { BROKEN_KEY } else { "" })?;
        Ok(1)
    }

    async fn kv_get(&mut self, key: &str) -> Result<Option<String>, ServiceError> {
        self.note(format!("get {key}"));
        if key == STUCK_KEY {
            std::future::pending::<()>().await;
        }
        Ok(None)
    }

    async fn kv_set(&mut self, key: &str, _: &str) -> Result<(), ServiceError> {
        self.note(format!("set {key}"));
        broken(key)
    }

    async fn kv_delete(&mut self, key: &str) -> Result<(), ServiceError> {
        self.note(format!("delete {key}"));
        broken(key)
    }

    async fn commit(mut self: Box<Self>) -> Result<(), ServiceError> {
        self.ended = true;
        self.note("commit");
        Ok(())
    }

    async fn rollback(mut self: Box<Self>) -> Result<(), ServiceError> {
        self.ended = true;
        self.note("rollback");
        Ok(())
    }
}
