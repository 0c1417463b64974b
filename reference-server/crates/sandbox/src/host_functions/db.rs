//! `db_query`, `db_query2` and `db_exec` (decisions D1 and D2).
//!
//! The policy's guard decides on every statement before the database hears of it. How a failure
//! reaches the guest differs: `db_query` can only leave its out-pointers alone, the others take an
//! error text. A result that the guest has no room for is a failure like any other, never "zero
//! rows" (decision A2).

mod transaction;
mod verdicts;

use std::sync::Arc;

use policy::sql::{SqlCall, code};
use wasmtime::{Caller, Linker};

pub(crate) use transaction::abandon;
pub(crate) use verdicts::Verdicts;

use super::{abi, hand_over};
use crate::memory::{BadArgument, CallerMemory as _, OutPair, Placed, Span};
use crate::metrics::{self, Watch};
use crate::services::{DbAccess, ServiceError};
use crate::state::HostState;

/// The guest's allocator had no room for a result.
const ALLOCATION_FAILED: &str = "allocation_failed";

pub(super) fn link(linker: &mut Linker<HostState>) -> wasmtime::Result<()> {
    linker.func_wrap_async(
        abi::MODULE,
        "db_query",
        |mut caller,
         (sql, sql_n, params, params_n, rows, rows_n): (i64, i64, i64, i64, i64, i64)| {
            Box::new(async move {
                let statement = Statement::read(&caller, sql, sql_n, params, params_n)?;
                let out = OutPair::new(rows, rows_n);
                if let Err(failure) = query(&mut caller, SqlCall::Query, statement, out).await? {
                    failure.log(&caller, SqlCall::Query);
                }
                wasmtime::Result::Ok(())
            })
        },
    )?;
    linker.func_wrap_async(
        abi::MODULE,
        "db_query2",
        |mut caller,
         (sql, sql_n, params, params_n, rows, rows_n, error, error_n): (
            i64,
            i64,
            i64,
            i64,
            i64,
            i64,
            i64,
            i64,
        )| {
            Box::new(async move {
                let statement = Statement::read(&caller, sql, sql_n, params, params_n)?;
                let (rows, error) = (OutPair::new(rows, rows_n), OutPair::new(error, error_n));
                match query(&mut caller, SqlCall::Query2, statement, rows).await? {
                    Ok(()) => caller.answer(error, Placed::default()),
                    Err(failure) => {
                        failure.log(&caller, SqlCall::Query2);
                        let Some(text) = failure.text() else { return Ok(()) };
                        caller.answer(rows, Placed::default())?;
                        explain(&mut caller, error, &text).await
                    }
                }
            })
        },
    )?;
    linker.func_wrap_async(
        abi::MODULE,
        "db_exec",
        |mut caller,
         (sql, sql_n, params, params_n, affected, error, error_n): (
            i64,
            i64,
            i64,
            i64,
            i64,
            i64,
            i64,
        )| {
            Box::new(async move {
                let statement = Statement::read(&caller, sql, sql_n, params, params_n)?;
                let error = OutPair::new(error, error_n);
                match exec(&mut caller, statement).await? {
                    Ok(rows) => {
                        caller.answer_u64(affected, rows)?;
                        caller.answer(error, Placed::default())
                    }
                    Err(failure) => {
                        failure.log(&caller, SqlCall::Exec);
                        let Some(text) = failure.text() else { return Ok(()) };
                        caller.answer_u64(affected, 0)?;
                        explain(&mut caller, error, &text).await
                    }
                }
            })
        },
    )?;
    transaction::link(linker)
}

/// A statement with its parameters, as the guest passed them.
struct Statement {
    sql: String,
    params: Option<String>,
}

/// Why a statement brought nothing.
enum Failure {
    /// Its text or its parameters lie outside the guest's memory: nothing is written at all.
    Unreadable,
    /// Anything else, with the text for the guest.
    Told(ServiceError),
}

impl From<ServiceError> for Failure {
    fn from(error: ServiceError) -> Self {
        Self::Told(error)
    }
}

impl Failure {
    /// Counts a statement that never reached a service.
    fn counted<T>(self, watch: Watch<'_, 2>) -> Result<T, Self> {
        watch.end(match &self {
            Self::Unreadable => "unreadable",
            Self::Told(error) => error.code,
        });
        Err(self)
    }

    fn text(&self) -> Option<String> {
        match self {
            Self::Unreadable => None,
            Self::Told(error) => Some(error.to_string()),
        }
    }

    fn log(&self, caller: &Caller<'_, HostState>, call: SqlCall) {
        let plugin = &caller.data().tenant.name;
        let function = call.as_str();
        match self {
            Self::Unreadable => {
                super::refused(caller, function, &BadArgument::OutOfBounds);
            }
            // Guests probe and retry; what went wrong is theirs to report.
            Self::Told(error) => {
                tracing::debug!(%plugin, function, %error, "statement failed");
                caller.data().notes.refused(error);
            }
        }
    }
}

impl Statement {
    fn read(
        caller: &Caller<'_, HostState>,
        sql: i64,
        sql_length: i64,
        params: i64,
        params_length: i64,
    ) -> wasmtime::Result<Result<Self, Failure>> {
        let limits = &caller.data().tenant.host.policy.limits;
        let sql = caller.text(Span::new(sql, sql_length))?;
        let params = caller.text(Span::new(params, params_length))?;
        Ok(Self::checked(sql, params, limits))
    }

    fn checked(
        sql: Result<String, BadArgument>,
        params: Result<String, BadArgument>,
        limits: &policy::Limits,
    ) -> Result<Self, Failure> {
        let told = |code, message: String| Failure::Told(ServiceError::new(code, message));
        if sql == Err(BadArgument::OutOfBounds) || params == Err(BadArgument::OutOfBounds) {
            return Err(Failure::Unreadable);
        }
        let sql =
            sql.map_err(|_| told(code::SYNTAX_ERROR, "the statement is not UTF-8".to_owned()))?;
        let params = params
            .map_err(|_| told(code::PARAMS_INVALID, "the parameters are not UTF-8".to_owned()))?;
        if params.len() > limits.sql_params_bytes {
            let (length, limit) = (params.len(), limits.sql_params_bytes);
            return Err(told(
                code::PARAMS_INVALID,
                format!("the parameters have {length} bytes, {limit} are allowed"),
            ));
        }
        Ok(Self { sql, params: (!params.is_empty()).then_some(params) })
    }
}

async fn query(
    caller: &mut Caller<'_, HostState>,
    call: SqlCall,
    statement: Result<Statement, Failure>,
    out: OutPair,
) -> wasmtime::Result<Result<(), Failure>> {
    let rows = match rows(caller, call, statement).await? {
        Ok(rows) => rows,
        Err(failure) => return Ok(Err(failure)),
    };
    if hand_over(caller, out, rows.as_bytes()).await? {
        return Ok(Ok(()));
    }
    let message = format!("the guest could not allocate {} bytes for the result", rows.len());
    Ok(Err(ServiceError::new(ALLOCATION_FAILED, message).into()))
}

async fn rows(
    caller: &mut Caller<'_, HostState>,
    call: SqlCall,
    statement: Result<Statement, Failure>,
) -> wasmtime::Result<Result<String, Failure>> {
    let tenant = Arc::clone(&caller.data().tenant);
    let watch = tenant.metrics.db(call.as_str());
    let Statement { sql, params } = match admitted(caller, call, statement) {
        Ok(statement) => statement,
        Err(failure) => return Ok(failure.counted(watch)),
    };
    let access = if call.is_read_only() { DbAccess::ReadOnly } else { DbAccess::ReadWrite };
    let (deadline, params) = (caller.data().call.deadline, params.as_deref());
    let rows = match caller.data_mut().call.transaction.take() {
        None => {
            let services = &tenant.host.services;
            deadline.bound(services.db_query(&tenant.name, access, &sql, params)).await?
        }
        // Put back only after an answer: what broke off half-way is dropped, and so rolled back.
        Some(mut transaction) => {
            let rows = deadline.bound(transaction.query(access, &sql, params)).await?;
            caller.data_mut().call.transaction = Some(transaction);
            rows
        }
    };
    Ok(ended(watch, rows))
}

async fn exec(
    caller: &mut Caller<'_, HostState>,
    statement: Result<Statement, Failure>,
) -> wasmtime::Result<Result<u64, Failure>> {
    let tenant = Arc::clone(&caller.data().tenant);
    let watch = tenant.metrics.db(SqlCall::Exec.as_str());
    let Statement { sql, params } = match admitted(caller, SqlCall::Exec, statement) {
        Ok(statement) => statement,
        Err(failure) => return Ok(failure.counted(watch)),
    };
    let (deadline, params) = (caller.data().call.deadline, params.as_deref());
    let affected = match caller.data_mut().call.transaction.take() {
        None => {
            let services = &tenant.host.services;
            deadline.bound(services.db_exec(&tenant.name, &sql, params)).await?
        }
        Some(mut transaction) => {
            let affected = deadline.bound(transaction.exec(&sql, params)).await?;
            caller.data_mut().call.transaction = Some(transaction);
            affected
        }
    };
    Ok(ended(watch, affected))
}

/// Counts what a service answered.
fn ended<T>(watch: Watch<'_, 2>, answer: Result<T, ServiceError>) -> Result<T, Failure> {
    watch.end(answer.as_ref().map_or_else(|error| error.code, |_| metrics::OK));
    answer.map_err(Failure::from)
}

fn admitted(
    caller: &Caller<'_, HostState>,
    call: SqlCall,
    statement: Result<Statement, Failure>,
) -> Result<Statement, Failure> {
    let statement = statement?;
    let host = &caller.data().tenant.host;
    match host.verdicts.admit(&host.policy, call, &statement.sql) {
        Ok(()) => Ok(statement),
        Err(refusal) => Err(ServiceError::new(refusal.code, refusal.message).into()),
    }
}

/// Writes the error's text; where the guest has no room for that, its code alone; where not even for
/// that, a length without a place: guests take a length other than zero for a failure, and what must
/// not happen is that a failure looks like zero rows (decision A2).
async fn explain(
    caller: &mut Caller<'_, HostState>,
    out: OutPair,
    text: &str,
) -> wasmtime::Result<()> {
    let code = text.split(':').next().unwrap_or(text);
    if hand_over(caller, out, text.as_bytes()).await?
        || hand_over(caller, out, code.as_bytes()).await?
    {
        return Ok(());
    }
    let length = u32::try_from(code.len()).unwrap_or(u32::MAX);
    caller.answer(out, Placed { pointer: 0, length })
}
