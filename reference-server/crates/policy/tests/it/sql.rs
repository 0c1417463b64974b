//! Statements of running plugins: ordinary ones must pass, hostile ones must be refused for the
//! right reason.

mod functions;
mod ordinary;
mod refused;
mod relations;
mod text;

use policy::sql::SqlCall;
use policy::{Limits, SqlPolicy};

/// The code of the specification's verdict.
fn verdict(call: SqlCall, sql: &str) -> Result<(), &'static str> {
    SqlPolicy::default().admit(call, sql, &Limits::default()).map_err(|refusal| refusal.code)
}
