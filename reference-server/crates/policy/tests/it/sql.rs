//! Statements of running plugins: ordinary ones must pass, hostile ones must be refused for the
//! right reason.

use policy::SqlPolicy;
use policy::sql::SqlCall::{Exec, Query, Query2};
use policy::sql::{MAX_STATEMENT_BYTES, SqlCall, code};
use proptest::prelude::*;

fn verdict(call: SqlCall, sql: &str) -> Result<(), &'static str> {
    SqlPolicy::default().admit(call, sql).map_err(|refusal| refusal.code)
}

/// Reads of ordinary applications. All pass `db_query` and `db_query2`, none passes `db_exec`.
const READS: &[&str] = &[
    "SELECT 1",
    "select 1;",
    "  \n\t SELECT 1 ;  ",
    "-- a comment first\nSELECT 1",
    "/* a /* nested */ comment */ SELECT 1 -- and one last",
    "(SELECT 1)",
    "VALUES (1, 'a'), (2, 'b')",
    "TABLE items",
    "SELECT * FROM items WHERE id = $1",
    "SELECT id, title AS name FROM items WHERE done = false AND title ILIKE $1 || '%' ORDER BY created_at DESC NULLS LAST LIMIT 20 OFFSET $2",
    "SELECT count(*), count(DISTINCT user_id), coalesce(sum(minutes), 0), max(created_at) FROM time_logs WHERE task_id = $1",
    "SELECT t.id, t.title, p.name, u.full_name FROM items i JOIN tasks t ON t.id = i.task_id JOIN projects p ON p.id = t.project_id LEFT JOIN users u ON u.id = i.user_id WHERE t.deleted_at IS NULL",
    "SELECT * FROM a FULL OUTER JOIN b USING (id) CROSS JOIN c NATURAL LEFT JOIN d",
    "SELECT i.*, x.n FROM items i, LATERAL (SELECT count(*) AS n FROM notes WHERE item_id = i.id) x",
    "SELECT project_id, count(*) FROM items GROUP BY project_id HAVING count(*) > 3",
    "SELECT a, b, sum(c) FROM t GROUP BY GROUPING SETS ((a), (a, b), ())",
    "SELECT DISTINCT ON (task_id) * FROM logs ORDER BY task_id, at DESC",
    "SELECT id FROM a UNION ALL SELECT id FROM b EXCEPT SELECT id FROM c INTERSECT SELECT id FROM d",
    "SELECT * FROM items WHERE EXISTS (SELECT 1 FROM tags WHERE tags.item_id = items.id) AND id NOT IN (SELECT item_id FROM hidden)",
    "SELECT * FROM items WHERE id = ANY($1::uuid[]) AND tags && ARRAY['a', 'b'] AND tags @> $2",
    "SELECT array_agg(name ORDER BY name), string_agg(name, ', '), (array_agg(id))[1] FROM items",
    "SELECT unnest($1::int[]) AS n, array_length($1, 1), cardinality($1)",
    "WITH recent AS (SELECT * FROM items WHERE created_at > now() - interval '7 days') SELECT * FROM recent",
    "WITH RECURSIVE tree(id, depth) AS (SELECT id, 0 FROM nodes WHERE parent IS NULL UNION ALL SELECT n.id, depth + 1 FROM nodes n JOIN tree ON n.parent = tree.id) SELECT * FROM tree",
    "WITH a AS MATERIALIZED (SELECT 1 AS x), b AS NOT MATERIALIZED (SELECT 2 AS x) SELECT * FROM a, b",
    "WITH v(a) AS (VALUES (1)) TABLE v",
    "SELECT id, row_number() OVER (PARTITION BY task_id ORDER BY created_at), rank() OVER w, lag(minutes, 1, 0) OVER w FROM logs WINDOW w AS (ORDER BY created_at ROWS BETWEEN 3 PRECEDING AND CURRENT ROW)",
    "SELECT sum(x) FILTER (WHERE x > 0), percentile_cont(0.5) WITHIN GROUP (ORDER BY x) FROM t",
    "SELECT data->>'name', data #>> '{a,b}', data @> '{\"a\": 1}', jsonb_build_object('id', id, 'tags', to_jsonb(tags)), jsonb_agg(data) FROM docs GROUP BY id, data, tags",
    "SELECT * FROM jsonb_to_recordset($1::jsonb) AS x(id uuid, title text)",
    "SELECT e.key, e.value FROM docs, jsonb_each_text(data) AS e WHERE jsonb_path_exists(data, '$.a[*] ? (@ > 1)')",
    "SELECT to_char(created_at, 'YYYY-MM-DD'), date_trunc('week', created_at), extract(epoch FROM created_at), created_at AT TIME ZONE 'UTC', age(created_at) FROM items",
    "SELECT d::date FROM generate_series($1::date, $2::date, interval '1 day') AS d",
    "SELECT gen_random_uuid(), now(), current_timestamp, current_date, clock_timestamp(), random()",
    "SELECT CASE WHEN a > 1 THEN 'x' WHEN a IS NULL THEN 'y' ELSE 'z' END, nullif(a, 0), greatest(a, b), least(a, b), COALESCE(a, b) FROM t",
    "SELECT lower(trim(both ' ' from name)), substring(name from 1 for 3), position('a' in name), regexp_replace(name, '[^a-z]+', '-', 'g'), split_part(name, '.', 1), format('%s-%s', a, b), md5(name), length(name), encode(sha256(name::bytea), 'hex') FROM t",
    "SELECT CAST($1 AS numeric(12,2)), '2024-01-01'::timestamptz, 1::bigint, '{}'::jsonb, ROW(1, 2), (1, 'a') = (1, 'a')",
    "SELECT to_tsvector('english', body) @@ websearch_to_tsquery($1), ts_rank(tsv, plainto_tsquery($1)), ts_headline(body, to_tsquery($1)) FROM notes",
    "SELECT ts_rewrite('a & b'::tsquery, 'a'::tsquery, 'c'::tsquery)",
    "SELECT * FROM items TABLESAMPLE system(10) FETCH FIRST 5 ROWS ONLY",
    "SELECT currval('items_seq'), lastval()",
    "SELECT 'DROP TABLE items; -- not one' AS text, $q$INSERT INTO x$q$, E'it\\'s', U&'d\\0061t\\+000061'",
    "SELECT \"select\", \"Weird \"\"Name\" FROM \"Some Table\"",
    // Columns and aliases may be called what functions may not.
    "SELECT lo_total, pg_sleep, set_config FROM sums AS dblink",
    "SELECT into_stock, for_update FROM stock",
    "SELECT has_table_privilege('tasks', 'SELECT'), current_schema(), current_setting('TimeZone'), version()",
    "SELECT com_example.total(1), public.helper($1)",
    "SELECT xmlelement(name a, 'b'), xpath('/a', x) FROM docs",
    "SELECT json_arrayagg(a), json_object('a': 1), a IS JSON FROM t",
];

/// Changes of ordinary applications, with RETURNING. All pass `db_query2` and `db_exec`, none
/// passes `db_query`.
const CHANGES_RETURNING: &[&str] = &[
    "INSERT INTO items (id, title) VALUES (gen_random_uuid(), $1) RETURNING id, created_at",
    "INSERT INTO items (title) SELECT title FROM templates WHERE set_id = $1 RETURNING *",
    "INSERT INTO counters (key, n) VALUES ($1, 1) ON CONFLICT (key) DO UPDATE SET n = counters.n + 1, at = now() WHERE counters.n < 10 RETURNING n",
    "INSERT INTO items DEFAULT VALUES RETURNING id",
    "INSERT INTO items (id) OVERRIDING SYSTEM VALUE VALUES (1) RETURNING id",
    "UPDATE items SET done = NOT done, data = jsonb_set(data, '{a}', to_jsonb($2::text)) WHERE id = $1 RETURNING done",
    "UPDATE items SET (a, b) = (SELECT x, y FROM src WHERE src.id = items.id) FROM tasks t WHERE t.id = items.task_id RETURNING items.*",
    "DELETE FROM items USING tasks WHERE tasks.id = items.task_id AND tasks.deleted_at IS NOT NULL RETURNING items.id",
    "WITH gone AS (DELETE FROM queue WHERE id IN (SELECT id FROM queue ORDER BY at FOR UPDATE SKIP LOCKED LIMIT 1) RETURNING *) INSERT INTO archive SELECT * FROM gone RETURNING id",
    "UPDATE jobs SET taken = now() WHERE id = (SELECT id FROM jobs WHERE taken IS NULL FOR UPDATE SKIP LOCKED LIMIT 1) RETURNING *",
    "MERGE INTO stock s USING delta d ON s.id = d.id WHEN MATCHED THEN UPDATE SET n = s.n + d.n WHEN NOT MATCHED THEN INSERT (id, n) VALUES (d.id, d.n) RETURNING s.id",
    "INSERT INTO items (n) VALUES (nextval('items_seq')) RETURNING setval('items_seq', n)",
];

#[test]
fn ordinary_reads_pass() {
    for sql in READS {
        assert_eq!(verdict(Query, sql), Ok(()), "db_query: {sql}");
        assert_eq!(verdict(Query2, sql), Ok(()), "db_query2: {sql}");
        assert_eq!(verdict(Exec, sql), Err(code::STATEMENT_NOT_ALLOWED), "db_exec: {sql}");
    }
}

#[test]
fn ordinary_changes_pass_where_they_belong() {
    for sql in CHANGES_RETURNING {
        assert_eq!(verdict(Query2, sql), Ok(()), "db_query2: {sql}");
        assert_eq!(verdict(Exec, sql), Ok(()), "db_exec: {sql}");
        assert_eq!(verdict(Query, sql), Err(code::STATEMENT_NOT_ALLOWED), "db_query: {sql}");
    }
    for sql in [
        "INSERT INTO items (title) VALUES ($1)",
        "insert into items (title) values ('returning')",
        "UPDATE items SET title = 'x' /* RETURNING id */",
        "DELETE FROM items",
        "WITH x AS (SELECT 1) DELETE FROM items WHERE id IN (SELECT * FROM x)",
        "WITH x AS (DELETE FROM a RETURNING id) INSERT INTO b SELECT id FROM x",
        "MERGE INTO a USING b ON a.id = b.id WHEN MATCHED THEN DELETE",
    ] {
        assert_eq!(verdict(Exec, sql), Ok(()), "db_exec: {sql}");
        assert_eq!(verdict(Query2, sql), Err(code::RETURNING_REQUIRED), "db_query2: {sql}");
        assert_eq!(verdict(Query, sql), Err(code::STATEMENT_NOT_ALLOWED), "db_query: {sql}");
    }
}

/// Refused by every call, for the same reason.
const REFUSED_EVERYWHERE: &[(&str, &str)] = &[
    // No statement, or more than one.
    ("", code::EMPTY_STATEMENT),
    ("   \n", code::EMPTY_STATEMENT),
    (";", code::EMPTY_STATEMENT),
    (";;  ; -- nothing", code::EMPTY_STATEMENT),
    ("/* nothing */", code::EMPTY_STATEMENT),
    ("SELECT 1; SELECT 2", code::MULTIPLE_STATEMENTS),
    ("SELECT 1; DROP TABLE items", code::MULTIPLE_STATEMENTS),
    ("INSERT INTO a VALUES (1) RETURNING 1; DELETE FROM b", code::MULTIPLE_STATEMENTS),
    ("SELECT ';'; -- ;\nSELECT 2", code::MULTIPLE_STATEMENTS),
    // No SQL.
    ("SELEC 1", code::SYNTAX_ERROR),
    ("SELECT 'no end", code::SYNTAX_ERROR),
    ("SELECT $tag$no end", code::SYNTAX_ERROR),
    ("SELECT /* no end", code::SYNTAX_ERROR),
    ("SELECT 1\0; DROP TABLE items", code::SYNTAX_ERROR),
    ("SELECT U&'\\zzzz'", code::SYNTAX_ERROR),
    ("VACUUM items; SELEC", code::SYNTAX_ERROR),
    // Definitions.
    ("CREATE TABLE t (id int)", code::STATEMENT_NOT_ALLOWED),
    ("CREATE TABLE t AS SELECT 1", code::STATEMENT_NOT_ALLOWED),
    ("CREATE TEMP TABLE t (id int)", code::STATEMENT_NOT_ALLOWED),
    ("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", code::STATEMENT_NOT_ALLOWED),
    ("CREATE VIEW v AS SELECT 1", code::STATEMENT_NOT_ALLOWED),
    ("ALTER TABLE items ADD COLUMN x int", code::STATEMENT_NOT_ALLOWED),
    ("DROP TABLE items", code::STATEMENT_NOT_ALLOWED),
    ("drop/**/table items", code::STATEMENT_NOT_ALLOWED),
    ("/* SELECT */ DROP TABLE items", code::STATEMENT_NOT_ALLOWED),
    ("-- SELECT\nDROP TABLE items", code::STATEMENT_NOT_ALLOWED),
    ("TRUNCATE items", code::STATEMENT_NOT_ALLOWED),
    ("COMMENT ON TABLE items IS 'x'", code::STATEMENT_NOT_ALLOWED),
    // Rights.
    ("GRANT ALL ON items TO PUBLIC", code::STATEMENT_NOT_ALLOWED),
    ("REVOKE ALL ON items FROM PUBLIC", code::STATEMENT_NOT_ALLOWED),
    ("CREATE ROLE x SUPERUSER", code::STATEMENT_NOT_ALLOWED),
    ("ALTER ROLE x SUPERUSER", code::STATEMENT_NOT_ALLOWED),
    ("SET ROLE postgres", code::STATEMENT_NOT_ALLOWED),
    ("SET SESSION AUTHORIZATION postgres", code::STATEMENT_NOT_ALLOWED),
    ("RESET ROLE", code::STATEMENT_NOT_ALLOWED),
    // The session and the transaction.
    ("SET search_path TO public", code::STATEMENT_NOT_ALLOWED),
    ("SET LOCAL statement_timeout = 0", code::STATEMENT_NOT_ALLOWED),
    ("SHOW all", code::STATEMENT_NOT_ALLOWED),
    ("DISCARD ALL", code::STATEMENT_NOT_ALLOWED),
    ("BEGIN", code::STATEMENT_NOT_ALLOWED),
    ("COMMIT", code::STATEMENT_NOT_ALLOWED),
    ("ROLLBACK", code::STATEMENT_NOT_ALLOWED),
    ("SAVEPOINT a", code::STATEMENT_NOT_ALLOWED),
    ("PREPARE TRANSACTION 'a'", code::STATEMENT_NOT_ALLOWED),
    ("SET TRANSACTION READ WRITE", code::STATEMENT_NOT_ALLOWED),
    ("LOCK TABLE items", code::STATEMENT_NOT_ALLOWED),
    ("PREPARE p AS SELECT 1", code::STATEMENT_NOT_ALLOWED),
    ("EXECUTE p", code::STATEMENT_NOT_ALLOWED),
    ("DEALLOCATE ALL", code::STATEMENT_NOT_ALLOWED),
    ("DECLARE c CURSOR WITH HOLD FOR SELECT 1", code::STATEMENT_NOT_ALLOWED),
    ("FETCH ALL FROM c", code::STATEMENT_NOT_ALLOWED),
    // Code, files, other sessions, the server.
    ("DO $$ BEGIN DELETE FROM items; END $$", code::STATEMENT_NOT_ALLOWED),
    ("CALL p()", code::STATEMENT_NOT_ALLOWED),
    ("COPY items TO STDOUT", code::STATEMENT_NOT_ALLOWED),
    ("COPY items FROM PROGRAM 'id'", code::STATEMENT_NOT_ALLOWED),
    ("COPY (DELETE FROM items RETURNING id) TO '/tmp/x'", code::STATEMENT_NOT_ALLOWED),
    ("LISTEN x", code::STATEMENT_NOT_ALLOWED),
    ("NOTIFY x, 'y'", code::STATEMENT_NOT_ALLOWED),
    ("UNLISTEN *", code::STATEMENT_NOT_ALLOWED),
    ("LOAD 'x'", code::STATEMENT_NOT_ALLOWED),
    ("VACUUM", code::STATEMENT_NOT_ALLOWED),
    ("ANALYZE items", code::STATEMENT_NOT_ALLOWED),
    ("REINDEX TABLE items", code::STATEMENT_NOT_ALLOWED),
    ("CHECKPOINT", code::STATEMENT_NOT_ALLOWED),
    ("ALTER SYSTEM SET x = 1", code::STATEMENT_NOT_ALLOWED),
    ("CREATE EXTENSION dblink", code::STATEMENT_NOT_ALLOWED),
    ("EXPLAIN SELECT 1", code::STATEMENT_NOT_ALLOWED),
    ("EXPLAIN ANALYZE DELETE FROM items RETURNING id", code::STATEMENT_NOT_ALLOWED),
    ("REFRESH MATERIALIZED VIEW v", code::STATEMENT_NOT_ALLOWED),
    ("IMPORT FOREIGN SCHEMA a FROM SERVER b INTO c", code::STATEMENT_NOT_ALLOWED),
];

#[test]
fn what_no_call_takes() {
    for (sql, expected) in REFUSED_EVERYWHERE {
        for call in [Query, Query2, Exec] {
            assert_eq!(verdict(call, sql), Err(*expected), "{}: {sql:?}", call.as_str());
        }
    }
}

/// What only shows inside a statement, with the calls that get that far.
const REFUSED_INSIDE: &[(SqlCall, &str, &str)] = &[
    // A read that creates a table.
    (Query, "SELECT * INTO copy FROM items", code::SELECT_INTO),
    (Query2, "SELECT * INTO TEMP copy FROM items", code::SELECT_INTO),
    (Query, "SELECT 1 INTO a UNION SELECT 2", code::SELECT_INTO),
    (Query, "WITH x AS (SELECT 1 AS a) SELECT a INTO UNLOGGED b FROM x", code::SELECT_INTO),
    // A read that writes.
    (
        Query,
        "WITH x AS (DELETE FROM items RETURNING *) SELECT * FROM x",
        code::STATEMENT_NOT_ALLOWED,
    ),
    (
        Query,
        "WITH a AS (SELECT 1), b AS (INSERT INTO t VALUES (1)) SELECT * FROM a",
        code::STATEMENT_NOT_ALLOWED,
    ),
    (
        Query,
        "WITH x AS (MERGE INTO a USING b ON true WHEN MATCHED THEN DELETE RETURNING 1) SELECT 1",
        code::STATEMENT_NOT_ALLOWED,
    ),
    (
        Query,
        "SELECT * FROM (WITH x AS (UPDATE t SET a = 1 RETURNING 1) SELECT * FROM x) y",
        code::STATEMENT_NOT_ALLOWED,
    ),
    (
        Query,
        "VALUES ((WITH x AS (UPDATE t SET a = 1 RETURNING a) SELECT a FROM x))",
        code::STATEMENT_NOT_ALLOWED,
    ),
    // A read that locks.
    (Query, "SELECT * FROM items FOR UPDATE", code::LOCKING_NOT_ALLOWED),
    (Query, "SELECT * FROM items FOR SHARE NOWAIT", code::LOCKING_NOT_ALLOWED),
    (
        Query,
        "SELECT * FROM (SELECT * FROM items FOR NO KEY UPDATE SKIP LOCKED) x",
        code::LOCKING_NOT_ALLOWED,
    ),
    (
        Query,
        "WITH x AS (SELECT * FROM items FOR KEY SHARE) SELECT * FROM x",
        code::LOCKING_NOT_ALLOWED,
    ),
];

#[test]
fn what_shows_inside_a_statement() {
    for (call, sql, expected) in REFUSED_INSIDE {
        assert_eq!(verdict(*call, sql), Err(*expected), "{}: {sql}", call.as_str());
    }
    // The positive twins: the same statements where they belong.
    assert_eq!(
        verdict(Query2, "WITH x AS (DELETE FROM items RETURNING *) SELECT * FROM x"),
        Ok(())
    );
    assert_eq!(verdict(Query2, "SELECT * FROM items FOR UPDATE"), Ok(()));
    assert_eq!(
        verdict(Exec, "WITH x AS (DELETE FROM a) SELECT 1"),
        Err(code::STATEMENT_NOT_ALLOWED)
    );
}

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
            let refusal = SqlPolicy::default().admit(call, &sql);
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

#[test]
fn what_the_guest_reads_names_the_call_and_the_statement() {
    let text = |call, sql| SqlPolicy::default().admit(call, sql).map_err(|e| e.to_string());
    assert_eq!(
        text(Query, "/* x */ drop table items"),
        Err("statement_not_allowed: db_query takes one SELECT, WITH … SELECT or VALUES, not DROP"
            .into())
    );
    assert_eq!(
        text(Query, "SELECT pg_sleep(1)"),
        Err("function_not_allowed: the function pg_sleep is not available to plugins".into())
    );
    assert_eq!(
        text(Exec, "SELEC 1"),
        Err("syntax_error: syntax error at or near \"SELEC\"".into())
    );
}

#[test]
fn size_and_nesting_have_ends() {
    let sum = |terms: usize| format!("SELECT 1{}", " + 1".repeat(terms));
    // An expression some hundred levels deep is unusual, not hostile.
    assert_eq!(verdict(Query, &sum(300)), Ok(()));
    // Without end: an answer, not a crash.
    for sql in [
        sum(20_000),
        format!("SELECT {}1{}", "(".repeat(50_000), ")".repeat(50_000)),
        format!("SELECT {}true", "NOT ".repeat(9_000)),
        format!("SELECT ARRAY{}1{}", "[".repeat(9_000), "]".repeat(9_000)),
        format!("SELECT {}1{}", "(SELECT ".repeat(5_000), ")".repeat(5_000)),
        format!("SELECT 1{}", " UNION SELECT 1".repeat(9_000)),
    ] {
        assert_eq!(verdict(Query, &sql), Err(code::SYNTAX_ERROR), "{}…", &sql[..40]);
    }
    let long = format!("SELECT '{}'", "x".repeat(MAX_STATEMENT_BYTES - 9));
    assert_eq!(verdict(Query, &long), Ok(()));
    let longer = format!("SELECT '{}'", "x".repeat(MAX_STATEMENT_BYTES - 8));
    assert_eq!(verdict(Query, &longer), Err(code::STATEMENT_TOO_LARGE));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Whatever surrounds a change, `db_query` refuses it.
    #[test]
    fn comments_blanks_and_case_change_no_verdict(
        before in "([ \n\t]|--[a-z ]{0,6}\n|/\\*[a-z ]{0,6}\\*/){0,4}",
        between in "([ \n\t]|/\\*[a-z ]{0,6}\\*/){1,3}",
        upper in any::<bool>(),
    ) {
        let words = ["delete", "from", "items", "returning", "id"].join(&between);
        let words = if upper { words.to_uppercase() } else { words };
        let sql = format!("{before}{words}");
        prop_assert_eq!(verdict(Query, &sql), Err(code::STATEMENT_NOT_ALLOWED));
        prop_assert_eq!(verdict(Query2, &sql), Ok(()));
    }

    /// Text inside quotes is data, whatever it says.
    #[test]
    fn quoted_text_is_data(text in "[^'\\\\\0]{0,30}") {
        let sql = format!("SELECT '{text}' AS a, $x${}$x$ AS b", text.replace('$', ""));
        prop_assert_eq!(verdict(Query, &sql), Ok(()));
    }

    /// Every text gets a verdict.
    #[test]
    fn every_text_is_judged(sql in "(SELECT|FROM|\\(|\\)|;|'|\\$\\$|--|/\\*|INTO|a|1|,| ){0,20}") {
        for call in [Query, Query2, Exec] {
            let _: Result<(), &str> = verdict(call, &sql);
        }
    }
}
