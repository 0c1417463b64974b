//! `services query`: a database's answers as JSON, for commands that link no client of it.
//!
//! Each line of standard input is one statement; each is answered with one line: the rows of a SELECT
//! as a JSON array of objects, none for what has no rows, or `error: ` and what was wrong.

use std::{
    io::{Write as _, stdin, stdout},
    process::ExitCode,
};

use anyhow::Context as _;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::QueryArgs;

pub(crate) fn run(args: &QueryArgs) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut connection =
            PgConnection::connect(&args.url).await.context("cannot reach the database")?;
        for query in stdin().lines() {
            let answer = rows(&mut connection, &query?).await;
            let answer = answer.unwrap_or_else(|error| format!("error: {error}"));
            // One line, whatever there is in it.
            writeln!(stdout(), "{}", answer.replace(['\n', '\r'], " "))?;
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// Postgres writes the JSON itself.
async fn rows(connection: &mut PgConnection, query: &str) -> Result<String, sqlx::Error> {
    // Whoever can run this program with a database's URL may ask it anything.
    let asks = query.get(..6).is_some_and(|word| word.eq_ignore_ascii_case("SELECT"));
    if !asks && !query.starts_with("WITH") {
        sqlx::raw_sql(AssertSqlSafe(query.to_owned())).execute(connection).await?;
        return Ok("[]".to_owned());
    }
    let query = format!("SELECT coalesce(json_agg(q), '[]')::text FROM ({query}) q");
    sqlx::query_scalar(AssertSqlSafe(query)).fetch_one(connection).await
}
