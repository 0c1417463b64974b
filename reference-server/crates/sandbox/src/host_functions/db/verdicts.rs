//! The guard's verdicts, kept by statement: parsing is what a decision costs, and a plugin sends
//! the same few statements over and over.

use moka::sync::Cache;
use policy::Policy;
use policy::sql::{SqlCall, SqlRefusal};

/// Statement text kept, in bytes. Some ten thousand ordinary statements; plugins that put values
/// into the text instead of parameters push others out, and only pay themselves.
const KEPT_BYTES: u64 = 4 * 1024 * 1024;

type Verdict = Result<(), SqlRefusal>;

/// What the guard said, by call and statement.
#[derive(Debug)]
pub(crate) struct Verdicts {
    kept: Cache<(SqlCall, Box<str>), Verdict>,
}

impl Verdicts {
    pub(crate) fn new() -> Self {
        let kept = Cache::builder()
            .max_capacity(KEPT_BYTES)
            .weigher(|(_, sql): &(SqlCall, Box<str>), _| {
                u32::try_from(sql.len()).unwrap_or(u32::MAX)
            })
            .build();
        Self { kept }
    }

    /// The guard's verdict on a statement.
    pub(crate) fn admit(&self, policy: &Policy, call: SqlCall, sql: &str) -> Verdict {
        let judge = || policy.sql.admit(call, sql, &policy.limits);
        if sql.len() > policy.limits.sql_statement_bytes {
            // Refused without being parsed, hence not worth its room.
            return judge();
        }
        self.kept.get_with((call, sql.into()), judge)
    }
}
