//! Which tables and views are Postgres's own.
//!
//! `pg_catalog` is world-readable: it lists every schema, table and role of the database, the
//! sources of functions and the definitions of views. A plugin has no business there. The views of
//! `information_schema` show each role what that role may use, and stay open.

/// Whether a relation belongs to the catalogs. Without a schema a name that begins with `pg_` is
/// looked for there first, before the plugin's own schema; schemas of that beginning are Postgres's.
pub(super) fn is_catalog(schema: &str, name: &str) -> bool {
    schema.starts_with("pg_") || (schema.is_empty() && name.starts_with("pg_"))
}
