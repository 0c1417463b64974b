//! Functions no plugin calls, in every spelling and in every place of a statement.

use policy::sql::SqlCall::{Exec, Query, Query2};
use policy::sql::code;
use policy::{Limits, SqlPolicy};

use super::verdict;

/// Calls of denied functions, in every place an expression may stand and every spelling.
const DENIED_CALLS: &[&str] = &[
    "set_config('search_path', 'public', false)",
    "SET_CONFIG('a', 'b', true)",
    "\"set_config\"('a', 'b', true)",
    "U&\"set\\005fconfig\"('a', 'b', true)",
    "pg_catalog.set_config('a', 'b', true)",
    "\"pg_catalog\" . \"set_config\" ('a', 'b', true)",
    "set_config/**/('a', 'b', true)",
    "pg_sleep(10)",
    "pg_sleep_for('1 day')",
    "pg_sleep_until('tomorrow')",
    "query_to_xml('DELETE FROM items RETURNING 1', true, false, '')",
    "query_to_xmlschema('select 1', true, false, '')",
    "query_to_xml_and_xmlschema('select 1', true, false, '')",
    "cursor_to_xml('c', 1, true, false, '')",
    "table_to_xml('users', true, false, '')",
    "schema_to_xml('public', true, false, '')",
    "database_to_xml(true, false, '')",
    "ts_stat('SELECT 1')",
    "pg_read_file('/etc/passwd')",
    "pg_read_binary_file('/etc/passwd')",
    "pg_read_server_files()",
    "pg_ls_dir('.')",
    "pg_ls_logdir()",
    "pg_stat_file('x')",
    "pg_file_write('x', 'y', true)",
    "lo_import('/etc/passwd')",
    "lo_export(1, '/tmp/x')",
    "lo_create(0)",
    "lo_from_bytea(0, 'x')",
    "lo_get(1)",
    "lo_unlink(1)",
    "loread(1, 2)",
    "lowrite(1, 'x')",
    "dblink('host=x', 'select 1')",
    "dblink_connect('x')",
    "public.dblink_exec('x', 'y')",
    "pg_notify('x', 'y')",
    "pg_advisory_lock(1)",
    "pg_advisory_xact_lock(1)",
    "pg_advisory_unlock_all()",
    "pg_try_advisory_lock(1)",
    "pg_terminate_backend(1)",
    "pg_cancel_backend(1)",
    "pg_reload_conf()",
    "pg_rotate_logfile()",
    "pg_switch_wal()",
    "pg_promote()",
    "pg_create_restore_point('x')",
    "pg_create_logical_replication_slot('a', 'b')",
    "pg_drop_replication_slot('a')",
    "pg_logical_emit_message(true, 'a', 'b')",
    "pg_replication_origin_create('a')",
    "pg_export_snapshot()",
    "pg_import_system_collations('x')",
    "pg_backup_start('x')",
    "pg_wal_replay_pause()",
    "pg_current_logfile()",
    "pg_stat_reset()",
    "pg_log_backend_memory_contexts(1)",
    "pg_get_functiondef(16400)",
    "pg_get_viewdef(16400)",
    "pg_stat_get_activity(NULL)",
    "ts_rewrite('a'::tsquery, 'SELECT a, b FROM t')",
    "inet_server_addr()",
];

#[test]
fn denied_functions_are_denied_wherever_they_stand() {
    for denied in DENIED_CALLS {
        for (call, sql) in [
            (Query, format!("SELECT {denied}")),
            (Query2, format!("SELECT 1 WHERE {denied} IS NULL")),
            (Query, format!("SELECT * FROM {denied}")),
            (Exec, format!("UPDATE t SET a = 1 WHERE b = coalesce(a, ({denied})::text)")),
        ] {
            let refusal = SqlPolicy::default().admit(call, &sql, &Limits::default());
            let refusal = refusal.map_err(|refusal| (refusal.code, refusal.offset.is_some()));
            assert_eq!(refusal, Err((code::FUNCTION_NOT_ALLOWED, true)), "{sql}");
        }
    }
}

/// Places where an expression may stand, for the walk's completeness.
#[test]
fn no_clause_hides_a_call() {
    let queries = [
        "SELECT a FROM t ORDER BY {}",
        "SELECT a FROM t GROUP BY {}",
        "SELECT a FROM t GROUP BY ROLLUP ({}, a)",
        "SELECT count(*) FROM t HAVING {}",
        "SELECT a FROM t LIMIT {}",
        "SELECT a FROM t OFFSET {}",
        "SELECT DISTINCT ON ({}) a FROM t",
        "SELECT sum(a) OVER (PARTITION BY {}) FROM t",
        "SELECT sum(a) OVER (ORDER BY a ROWS {} PRECEDING) FROM t",
        "SELECT sum(a) OVER w FROM t WINDOW w AS (ORDER BY {})",
        "SELECT sum(a) FILTER (WHERE {}) FROM t",
        "SELECT array_agg(a ORDER BY {}) FROM t",
        "SELECT percentile_cont({}) WITHIN GROUP (ORDER BY a) FROM t",
        "SELECT percentile_cont(1) WITHIN GROUP (ORDER BY {}) FROM t",
        "SELECT f(VARIADIC {})",
        "SELECT f(x => {})",
        "SELECT ARRAY[{}]",
        "SELECT ROW({})",
        "SELECT ({}).field",
        "SELECT ({})[1]",
        "SELECT a[{}:2] FROM t",
        "SELECT CASE {} WHEN 1 THEN 2 END",
        "SELECT CASE WHEN {} THEN 2 END",
        "SELECT CASE WHEN a THEN {} ELSE 1 END FROM t",
        "SELECT CASE WHEN a THEN 1 ELSE {} END FROM t",
        "SELECT coalesce(1, {})",
        "SELECT greatest(1, {})",
        "SELECT nullif(1, {})",
        "SELECT {} IS DISTINCT FROM 1",
        "SELECT NOT {}",
        "SELECT 1 BETWEEN {} AND 2",
        "SELECT 1 IN (1, {})",
        "SELECT 1 = ANY ({})",
        "SELECT {}::text COLLATE \"C\"",
        "SELECT CAST({} AS text)",
        "SELECT now() AT TIME ZONE {}",
        "SELECT extract(day FROM {})",
        "SELECT EXISTS (SELECT {})",
        "SELECT 1 IN (SELECT {})",
        "SELECT (SELECT {})",
        "SELECT ARRAY(SELECT {})",
        "SELECT * FROM a JOIN b ON {}",
        "SELECT * FROM a, LATERAL (SELECT {}) x",
        "SELECT * FROM ROWS FROM (generate_series(1, 2), {}) AS x",
        "SELECT * FROM f({}) WITH ORDINALITY",
        "SELECT * FROM t TABLESAMPLE system({})",
        "SELECT * FROM t TABLESAMPLE system(1) REPEATABLE ({})",
        "SELECT * FROM XMLTABLE('/a' PASSING {} COLUMNS b text)",
        "SELECT * FROM XMLTABLE('/a' PASSING x COLUMNS b text DEFAULT {})",
        "SELECT * FROM JSON_TABLE({}, '$' COLUMNS (a int PATH '$'))",
        "SELECT * FROM JSON_TABLE(x, '$' PASSING {} AS y COLUMNS (a int PATH '$' DEFAULT 1 ON ERROR))",
        "SELECT JSON_VALUE({}, '$.a')",
        "SELECT JSON_QUERY(x, '$' PASSING {} AS y) FROM t",
        "SELECT JSON_OBJECT('a': {})",
        "SELECT JSON_ARRAY({})",
        "SELECT JSON_ARRAY(SELECT {})",
        "SELECT JSON_ARRAYAGG({}) FROM t",
        "SELECT xmlelement(name a, xmlattributes({} AS b), 'c')",
        "SELECT xmlconcat({})",
        "VALUES (1), ({})",
        "WITH x AS (SELECT {}) SELECT 1",
        "WITH RECURSIVE x AS (SELECT 1 UNION SELECT {}) SELECT 1",
        "SELECT 1 UNION SELECT 2 EXCEPT (SELECT {})",
    ];
    let changes = [
        "INSERT INTO t VALUES ({})",
        "INSERT INTO t SELECT {}",
        "INSERT INTO t (a[{}]) VALUES (1)",
        "INSERT INTO t VALUES (1) RETURNING {}",
        "INSERT INTO t VALUES (1) ON CONFLICT (a) DO UPDATE SET b = {}",
        "INSERT INTO t VALUES (1) ON CONFLICT (a) DO UPDATE SET b = 1 WHERE {}",
        "INSERT INTO t VALUES (1) ON CONFLICT (({})) DO NOTHING",
        "INSERT INTO t VALUES (1) ON CONFLICT (a) WHERE {} DO NOTHING",
        "UPDATE t SET a = {}",
        "UPDATE t SET (a, b) = ({}, 1)",
        "UPDATE t SET (a, b) = (SELECT 1, {})",
        "UPDATE t SET a[{}] = 1",
        "UPDATE t SET a = 1 FROM f({}) x",
        "UPDATE t SET a = 1 WHERE {}",
        "DELETE FROM t WHERE {}",
        "DELETE FROM t USING (SELECT {}) x",
        "DELETE FROM t RETURNING {}",
        "WITH x AS (UPDATE u SET a = {}) DELETE FROM t",
        "MERGE INTO t USING (SELECT {}) s ON true WHEN MATCHED THEN DELETE",
        "MERGE INTO t USING s ON {} WHEN MATCHED THEN DELETE",
        "MERGE INTO t USING s ON true WHEN MATCHED AND {} THEN DELETE",
        "MERGE INTO t USING s ON true WHEN MATCHED THEN UPDATE SET a = {}",
        "MERGE INTO t USING s ON true WHEN NOT MATCHED THEN INSERT VALUES ({})",
        "MERGE INTO t USING s ON true WHEN MATCHED THEN DELETE RETURNING {}",
    ];
    for (call, templates) in [(Query, &queries[..]), (Exec, &changes[..])] {
        for template in templates {
            // The twin shows that the refusal is about the call and nothing else.
            let harmless = template.replace("{}", "harmless('x')");
            assert_eq!(verdict(call, &harmless), Ok(()), "{harmless}");
            let hostile = template.replace("{}", "pg_sleep('1')");
            assert_eq!(verdict(call, &hostile), Err(code::FUNCTION_NOT_ALLOWED), "{hostile}");
        }
    }
}
