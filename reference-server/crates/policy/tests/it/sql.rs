//! Statements of running plugins: ordinary ones must pass, hostile ones must be refused for the
//! right reason.

mod functions;
mod ordinary;
mod refused;
mod text;

use policy::SqlPolicy;
use policy::sql::SqlCall;

/// The code of the specification's verdict.
fn verdict(call: SqlCall, sql: &str) -> Result<(), &'static str> {
    SqlPolicy::default().admit(call, sql).map_err(|refusal| refusal.code)
}
