//! What a plugin may not own after a migration: code.
//!
//! Two demonstrations of why, both reproduced on Postgres 15 with a host that is a superuser. A
//! type with an implicit cast function to `uuid`, in a column that references `tasks (id)`: the
//! check of the key calls the function as the owner of `tasks`. An AFTER DELETE trigger on a table
//! whose rows go with their task: it runs with the rights of whoever deleted the task.

use sqlx::PgConnection;

use crate::plugin_schema::Identity;

/// What Postgres itself brings has lower oids than 16384 (`FirstNormalObjectId`), and is some thousands of
/// functions, whose owners are not to be asked for at every migration.
///
/// Constructor functions of range types are Postgres's own (language `internal`, which only a
/// superuser may use) and stay allowed; aggregates wear the same language and do not.
const OWNED_CODE: &str = "
    SELECT 'function ' || p.proname FROM pg_catalog.pg_proc p
    JOIN pg_catalog.pg_language l ON l.oid = p.prolang
    WHERE p.oid >= 16384
          AND (p.pronamespace = to_regnamespace($1) OR pg_has_role(session_user, p.proowner, 'MEMBER'))
          AND (l.lanname <> 'internal' OR p.prokind <> 'f')
    UNION ALL
    SELECT 'operator ' || o.oprname FROM pg_catalog.pg_operator o
    WHERE o.oprnamespace = to_regnamespace($1) OR pg_has_role(session_user, o.oprowner, 'MEMBER')
    UNION ALL
    SELECT 'large object ' || b.oid FROM pg_catalog.pg_largeobject_metadata b
    WHERE pg_has_role(session_user, b.lomowner, 'MEMBER')
    LIMIT 1";

/// The first piece of code the plugin would own if this transaction were committed.
pub(super) async fn owned_code(
    connection: &mut PgConnection,
    identity: &Identity,
) -> Result<Option<String>, sqlx::Error> {
    // The file may have changed where names are looked up.
    sqlx::raw_sql("SET LOCAL search_path TO pg_catalog").execute(&mut *connection).await?;
    sqlx::query_scalar(OWNED_CODE).bind(identity.schema.as_str()).fetch_optional(connection).await
}
