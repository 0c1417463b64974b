//! What every database needs before a plugin may enter it: the group roles, and no rights for
//! everybody that would reach past them.

use policy::CoreDataPolicy;
use policy::core_data::CoreTable;
use sqlx::{AssertSqlSafe, PgConnection};

use super::names::RoleNames;
use super::roles::{ensure_group, run};
use super::take_turns;
use crate::core_pool::CorePool;

/// Functions that anybody may call by default and that write even in a READ ONLY transaction, or
/// outside the schema: large objects belong to no schema, and WAL messages to none either.
///
/// What is *not* listed needs no revoking: a session that switches its role or settings has no
/// stronger role to switch to, and every statement begins with fresh settings.
const ESCAPING_FUNCTIONS: &[&str] = &[
    "lo_creat(integer)",
    "lo_create(oid)",
    "lo_from_bytea(oid, bytea)",
    "lo_open(oid, integer)",
    "lo_put(oid, bigint, bytea)",
    "lo_truncate(integer, integer)",
    "lo_truncate64(integer, bigint)",
    "lo_unlink(oid)",
    "lowrite(integer, bytea)",
    "pg_logical_emit_message(boolean, text, bytea)",
    "pg_logical_emit_message(boolean, text, text)",
];

/// Brings group roles and grants in line with the policy. Idempotent; runs at every start, because
/// a copy of a database does not take its own rights along.
pub(crate) async fn prepare(
    pool: &CorePool,
    names: &RoleNames,
    policy: &CoreDataPolicy,
) -> Result<(), sqlx::Error> {
    let mut transaction = pool.begin().await?;
    take_turns(&mut transaction).await?;
    for table in &policy.readable {
        grant_reading(&mut transaction, &names.reader(table.name), table).await?;
    }
    grant_references(&mut transaction, &names.referrer(), &policy.referenceable).await?;
    revoke_temporary(&mut transaction).await?;
    transaction.commit().await?;
    revoke_functions(pool).await
}

async fn grant_reading(
    connection: &mut PgConnection,
    group: &str,
    table: &CoreTable,
) -> Result<(), sqlx::Error> {
    let name = table.name;
    ensure_group(connection, group).await?;
    run(connection, format!("GRANT USAGE ON SCHEMA public TO {group}")).await?;
    // From nothing, so that a column that became secret is not left granted.
    run(connection, format!("REVOKE ALL ON TABLE public.{name} FROM {group}")).await?;
    if table.secret_columns.is_empty() {
        return run(connection, format!("GRANT SELECT ON TABLE public.{name} TO {group}")).await;
    }
    let secret: Vec<String> = table.secret_columns.iter().map(ToString::to_string).collect();
    let columns: String = sqlx::query_scalar(
        "SELECT string_agg(quote_ident(attname), ', ') FROM pg_catalog.pg_attribute
         WHERE attrelid = ('public.' || $1)::regclass AND attnum > 0 AND NOT attisdropped
               AND attname <> ALL ($2)",
    )
    .bind(name)
    .bind(secret)
    .fetch_one(&mut *connection)
    .await?;
    run(connection, format!("GRANT SELECT ({columns}) ON TABLE public.{name} TO {group}")).await
}

async fn grant_references(
    connection: &mut PgConnection,
    group: &str,
    tables: &[&'static str],
) -> Result<(), sqlx::Error> {
    ensure_group(connection, group).await?;
    run(connection, format!("GRANT USAGE ON SCHEMA public TO {group}")).await?;
    for table in tables {
        run(connection, format!("GRANT REFERENCES (id) ON TABLE public.{table} TO {group}"))
            .await?;
    }
    Ok(())
}

/// Temporary tables are writable in READ ONLY transactions and lie outside the plugin's schema.
async fn revoke_temporary(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    const GRANTED: &str = "SELECT has_database_privilege('public', current_database(), 'TEMP')";
    if !sqlx::query_scalar::<_, bool>(GRANTED).fetch_one(&mut *connection).await? {
        return Ok(());
    }
    let database: String = sqlx::query_scalar("SELECT quote_ident(current_database())")
        .fetch_one(&mut *connection)
        .await?;
    run(connection, "SAVEPOINT revoke_temporary".to_owned()).await?;
    let revoke = format!("REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC");
    if run(connection, revoke).await.is_err() {
        run(connection, "ROLLBACK TO revoke_temporary".to_owned()).await?;
    }
    if sqlx::query_scalar::<_, bool>(GRANTED).fetch_one(&mut *connection).await? {
        tracing::warn!(
            "plugins may create temporary tables: only the database's owner can revoke that"
        );
    }
    Ok(())
}

async fn revoke_functions(pool: &CorePool) -> Result<(), sqlx::Error> {
    let open: Vec<String> = sqlx::query_scalar(
        "SELECT f FROM unnest($1::text[]) AS f
         WHERE has_function_privilege('public', to_regprocedure('pg_catalog.' || f), 'EXECUTE')",
    )
    .bind(ESCAPING_FUNCTIONS)
    .fetch_all(pool)
    .await?;
    let mut kept = Vec::new();
    for function in open {
        let revoke = format!("REVOKE EXECUTE ON FUNCTION pg_catalog.{function} FROM PUBLIC");
        if let Err(error) = sqlx::raw_sql(AssertSqlSafe(revoke)).execute(pool).await {
            tracing::debug!(%error, function, "a function stays open to everybody");
            kept.push(function);
        }
    }
    if !kept.is_empty() {
        tracing::warn!(
            functions = kept.join(", "),
            "only the SQL guard keeps plugins from these functions: revoking them takes a superuser"
        );
    }
    Ok(())
}
