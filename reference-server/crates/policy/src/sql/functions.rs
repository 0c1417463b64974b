//! Functions no plugin calls, by name.
//!
//! A READ ONLY transaction and the roles stop most harm already; these are the ones that act
//! outside the transaction, outside the schema, on the session or on the server, or that take SQL
//! as text and so would carry a statement past the guard. The name decides, whatever schema stands
//! before it: a plugin has no need for a namesake.
//!
//! Sequence functions (`nextval`, `setval`) are not among them: they act on the plugin's own
//! sequences, which its role is confined to.

/// Exact names.
pub const DENIED_FUNCTIONS: &[&str] = &[
    // The session: a changed search_path or role would outlive the statement.
    "set_config",
    // SQL as text.
    "connectby",
    "crosstab",
    "crosstab2",
    "crosstab3",
    "crosstab4",
    "crosstabn",
    "cursor_to_xml",
    "cursor_to_xmlschema",
    "database_to_xml",
    "database_to_xml_and_xmlschema",
    "database_to_xmlschema",
    "query_to_xml",
    "query_to_xml_and_xmlschema",
    "query_to_xmlschema",
    "schema_to_xml",
    "schema_to_xml_and_xmlschema",
    "schema_to_xmlschema",
    "table_to_xml",
    "table_to_xml_and_xmlschema",
    "table_to_xmlschema",
    "ts_stat",
    "xpath_table",
    // Large objects: outside every schema, and two of them read and write the server's files.
    "lo_close",
    "lo_creat",
    "lo_create",
    "lo_export",
    "lo_from_bytea",
    "lo_get",
    "lo_import",
    "lo_import_with_oid",
    "lo_lseek",
    "lo_lseek64",
    "lo_manage",
    "lo_oid",
    "lo_open",
    "lo_put",
    "lo_tell",
    "lo_tell64",
    "lo_truncate",
    "lo_truncate64",
    "lo_unlink",
    "loread",
    "lowrite",
    // What others defined, by number where the name is out of reach.
    "pg_get_constraintdef",
    "pg_get_expr",
    "pg_get_function_sqlbody",
    "pg_get_functiondef",
    "pg_get_indexdef",
    "pg_get_partition_constraintdef",
    "pg_get_ruledef",
    "pg_get_statisticsobjdef_expressions",
    "pg_get_triggerdef",
    "pg_get_viewdef",
    // The server and its sessions.
    "inet_client_addr",
    "inet_client_port",
    "inet_server_addr",
    "inet_server_port",
    "pg_blocking_pids",
    "pg_config",
    "pg_current_logfile",
    "pg_hba_file_rules",
    "pg_ident_file_mappings",
    "pg_lock_status",
    "pg_notify",
    "pg_prepared_xact",
    "pg_promote",
    "pg_safe_snapshot_blocking_pids",
    "pg_show_all_file_settings",
    "pg_show_all_settings",
    "pg_stat_file",
];

/// Beginnings of names. All but `dblink` are in Postgres's own reserved namespace.
pub const DENIED_FUNCTION_PREFIXES: &[&str] = &[
    // Another connection is another transaction and another role.
    "dblink",
    "postgres_fdw_",
    // Locks that outlive the transaction or block what no plugin owns.
    "pg_advisory_",
    "pg_try_advisory_",
    // Waiting holds a connection others need.
    "pg_sleep",
    // Other sessions.
    "pg_cancel_",
    "pg_terminate_",
    // Files.
    "pg_execute_server_program",
    "pg_file_",
    "pg_logdir_",
    "pg_ls_",
    "pg_read_",
    // Server administration: backup, replication, write-ahead log, statistics.
    "pg_backup_",
    "pg_clear_",
    "pg_copy_",
    "pg_create_",
    "pg_drop_",
    "pg_export_",
    "pg_import_",
    "pg_log_",
    "pg_logical_",
    "pg_reload_",
    "pg_replication_",
    "pg_restore_",
    "pg_rotate_",
    "pg_set_",
    "pg_start_backup",
    "pg_stat_get_",
    "pg_stat_reset",
    "pg_stat_statements_reset",
    "pg_stop_backup",
    "pg_switch_",
    "pg_sync_",
    "pg_wal_",
];

/// The form of `ts_rewrite` that runs its second argument as a query; the one with three arguments
/// only replaces.
const REWRITE_BY_QUERY: (&str, usize) = ("ts_rewrite", 2);

/// Whether a call is denied. Names are as the parser folds them; a quoted name in other letters is
/// another function, which the database will not find.
pub(super) fn is_denied(name: &str, arguments: usize) -> bool {
    DENIED_FUNCTIONS.contains(&name)
        || DENIED_FUNCTION_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        || (name, arguments) == REWRITE_BY_QUERY
}
