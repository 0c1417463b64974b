//! SQL: limits and values.

use std::time::Duration;

use crate::catalogue::{Entry, value};

pub(super) const MUTANTS: &[Entry] = &[
    value(
        "statements-of-any-length",
        &["s-4zn5"],
        "a statement's text is never too large",
        |policy| policy.limits.sql_statement_bytes = 16 * 1024 * 1024,
    ),
    value(
        "parameters-without-number",
        &["s-2r3e"],
        "as many parameters are bound as Postgres takes",
        |policy| policy.limits.sql_params = 65_535,
    ),
    value(
        "one-parameter-less",
        &["s-2r3e"],
        "as many parameters as the limit are one too many",
        |policy| policy.limits.sql_params -= 1,
    ),
    value("parameters-of-any-size", &["s-vy6d"], "parameters are never too large", |policy| {
        policy.limits.sql_params_bytes = usize::MAX;
    }),
    value("results-without-end", &["s-7e95"], "a result has as many rows as there are", |policy| {
        policy.limits.sql_rows = usize::MAX;
    }),
    value(
        "one-row-less",
        &["s-7e95"],
        "a result of as many rows as the limit is one row too long",
        |policy| policy.limits.sql_rows -= 1,
    ),
    value("results-of-any-size", &["s-656r"], "a result is never too large", |policy| {
        policy.limits.sql_result_bytes = usize::MAX;
    }),
    value(
        "statements-without-a-limit-of-time",
        &["s-5exb"],
        "a statement runs until the call is over",
        |policy| policy.limits.sql_statement_duration = Duration::from_hours(1),
    ),
];
