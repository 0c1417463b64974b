//! A grammar of statements, honest and hostile parts alike.

use proptest::prelude::*;
use proptest::sample::select;

/// Tables and views: the plugin's own, the core's, another plugin's, Postgres's.
const RELATIONS: &[&str] = &[
    "notes",
    "notes",
    "notes",
    "plugin_data_a.notes",
    "plugin_kv",
    "plugin_schema_migrations",
    "tasks",
    "public.projects",
    "users",
    "api_keys",
    "plugins",
    "public.plugin_schemas",
    "plugin_data_b.notes",
    "\"plugin_data_b\".\"notes\"",
    "U&\"plugin\\005fdata_b\".notes",
    "plugin_data_b.seen",
    "plugin_data_b.plugin_kv",
    "pg_authid",
    "pg_catalog.pg_proc",
    "information_schema.columns",
    "pg_settings",
    "generate_series(1, 3) AS notes(id)",
    "LATERAL (SELECT 1 AS id, 'x' AS body) AS notes",
    "dblink('dbname=postgres', 'SELECT 1') AS d(id int)",
    "ROWS FROM (pg_ls_dir('/'))",
];

const COLUMNS: &[&str] =
    &["id", "id", "body", "notes", "notes.*", "password_hash", "key_hash", "username", "ctid"];

/// Statements that a plugin's own function runs as text, past the guard.
const SMUGGLED: &[&str] = &[
    "DELETE FROM plugin_data_b.notes",
    "UPDATE public.tasks SET title = ''gone''",
    "INSERT INTO public.projects (name) VALUES (''mine'')",
    "UPDATE public.users SET password_hash = ''x''",
    "DELETE FROM public.plugins",
    "DROP TABLE plugin_data_b.notes",
    "DROP SCHEMA plugin_data_b CASCADE",
    "TRUNCATE public.tasks CASCADE",
    "ALTER TABLE plugin_data_b.notes DISABLE TRIGGER ALL",
    "ALTER TABLE public.users ADD COLUMN x int",
    "CREATE TABLE public.mine (id int)",
    "CREATE TABLE plugin_data_b.mine (id int)",
    "CREATE TEMPORARY TABLE mine (id int)",
    "CREATE SCHEMA mine",
    "CREATE FUNCTION public.mine() RETURNS int LANGUAGE sql AS ''SELECT 1''",
    "CREATE OR REPLACE FUNCTION plugin_data_b.add() RETURNS int LANGUAGE sql AS ''SELECT 2''",
    "CREATE TRIGGER t BEFORE UPDATE ON public.tasks EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "CREATE RULE r AS ON DELETE TO public.tasks DO INSTEAD NOTHING",
    "CREATE ROLE mine SUPERUSER",
    "ALTER ROLE CURRENT_USER SUPERUSER",
    "GRANT pg_read_all_data TO CURRENT_USER",
    "GRANT ALL ON ALL TABLES IN SCHEMA public TO CURRENT_USER",
    "GRANT USAGE ON SCHEMA plugin_data_a TO PUBLIC",
    "REVOKE ALL ON SCHEMA plugin_data_b FROM PUBLIC",
    "CREATE EXTENSION IF NOT EXISTS dblink",
    "COPY notes TO ''/tmp/hostproof-notes''",
    "COPY notes FROM PROGRAM ''id''",
    "SET ROLE postgres",
    "SET SESSION AUTHORIZATION postgres",
    "SET search_path TO plugin_data_b",
    "SET LOCAL statement_timeout TO 0",
    "SET transaction_read_only TO off",
    "ALTER SYSTEM SET work_mem TO ''1GB''",
    "ALTER DATABASE postgres SET work_mem TO ''1GB''",
    "ALTER SCHEMA plugin_data_b RENAME TO mine",
    "LOCK TABLE plugin_data_b.notes",
    "LISTEN everything",
    "NOTIFY everything",
    "SELECT pg_advisory_lock(7)",
    "SELECT lo_create(0)",
    "SELECT lo_from_bytea(0, ''x'')",
    "SELECT pg_logical_emit_message(true, ''a'', ''b'')",
    "SELECT setval(''plugin_data_b.numbers'', 99)",
    "SELECT plugin_data_b.add()",
    "SELECT body FROM plugin_data_b.notes",
    "SELECT password_hash FROM public.users",
    "SELECT key_hash FROM public.api_keys",
    "SELECT rolpassword FROM pg_authid",
    "CREATE TABLE made (id uuid REFERENCES public.tasks (id) ON DELETE CASCADE)",
    "DELETE FROM notes WHERE id = 3",
    "REFRESH MATERIALIZED VIEW plugin_data_b.seen",
    "COMMENT ON TABLE plugin_data_b.notes IS ''mine''",
    "DO ''BEGIN DELETE FROM plugin_data_b.notes; END''",
    "COMMIT",
];

/// Expressions that are whole by themselves.
const ATOMS: &[&str] = &[
    "1",
    "'x'",
    "NULL",
    "'; DROP TABLE plugin_data_b.notes; --'",
    "$$'$$",
    "$a$ ; DELETE FROM notes $a$",
    "U&'\\0027'",
    "E'\\''",
    "'plugin_data_b.notes'::regclass",
    "'glad'::plugin_data_b.mood",
    "plugin_data_b.add()",
    "nextval('numbers')",
    "nextval('plugin_data_b.numbers')",
    "setval('numbers', 5)",
    "pg_sleep(0)",
    "set_config('search_path', 'plugin_data_b', false)",
    "set_config('role', 'postgres', true)",
    "\"pg_catalog\".\"set_config\"('transaction_read_only', 'off', false)",
    "pg_read_file('/etc/passwd')",
    "lo_from_bytea(0, 'x')",
    "pg_notify('a', 'b')",
    "query_to_xml('DELETE FROM notes', true, true, '')",
    "table_to_xml('plugin_data_b.notes', true, true, '')",
    "ts_rewrite('a'::tsquery, 'SELECT body::tsquery, body::tsquery FROM plugin_data_b.notes')",
    "pg_get_viewdef(16400)",
    "currval('numbers')",
    "current_setting('search_path')",
    "format('%s', (SELECT 1))",
    "gen_random_uuid()",
    "(VALUES (1))",
    "1 OPERATOR(pg_catalog.=) 1",
    "1 OPERATOR(plugin_data_b.===) 1",
    "CURRENT_USER",
    "has_schema_privilege('plugin_data_b', 'USAGE')",
];

/// What may follow a query.
const TAILS: &[&str] = &[
    "",
    "",
    "",
    "FOR UPDATE",
    "FOR KEY SHARE OF notes NOWAIT",
    "ORDER BY 1",
    "LIMIT 1",
    "; SELECT 1",
    ";",
    "; DELETE FROM plugin_data_b.notes",
    "-- ; DROP TABLE notes",
    "INTO mine",
];

/// Statements of other kinds.
const OTHERS: &[&str] = &[
    "DROP TABLE plugin_data_b.notes",
    "TRUNCATE notes",
    "SET search_path TO plugin_data_b",
    "COPY notes TO '/tmp/hostproof-notes'",
    "DO $$ BEGIN DELETE FROM plugin_data_b.notes; END $$",
    "CALL nothing()",
    "EXPLAIN ANALYZE DELETE FROM notes",
    "PREPARE p AS DELETE FROM plugin_data_b.notes",
    "CREATE TEMP TABLE t AS SELECT 1",
    "LISTEN everything",
    "COMMIT",
];

fn expression() -> impl Strategy<Value = String> {
    let smuggled = (select(&["run", "run_as_maker", "get"][..]), select(SMUGGLED))
        .prop_map(|(function, sql)| format!("{function}('{sql}')"));
    let leaf = prop_oneof![
        3 => select(ATOMS).prop_map(str::to_owned),
        3 => select(COLUMNS).prop_map(str::to_owned),
        3 => smuggled,
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|a| format!("({a})::text")),
            inner.clone().prop_map(|a| format!("row_to_json(ROW({a}))")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("concat({a}, {b})")),
            (inner.clone(), inner.clone())
                .prop_map(|(a, b)| format!("CASE WHEN {a} IS NULL THEN NULL ELSE {b} END")),
            (inner.clone(), select(RELATIONS))
                .prop_map(|(a, from)| format!("(SELECT ({a})::text FROM {from} LIMIT 1)")),
            inner.prop_map(|a| format!("ARRAY(SELECT {a})")),
        ]
    })
}

fn query() -> impl Strategy<Value = String> {
    let from = prop_oneof![
        2 => Just(String::new()),
        5 => select(RELATIONS).prop_map(|from| format!("FROM {from}")),
        1 => (select(RELATIONS), select(RELATIONS))
            .prop_map(|(a, b)| format!("FROM {a} CROSS JOIN {b}")),
    ];
    (expression(), from, prop::option::of(expression()), select(TAILS)).prop_map(
        |(what, from, filter, tail)| {
            let filter = filter.map_or(String::new(), |a| format!("WHERE ({a}) IS NOT NULL"));
            format!("SELECT {what} {from} {filter} {tail}")
        },
    )
}

fn change() -> impl Strategy<Value = String> {
    let returning = prop::option::of(expression())
        .prop_map(|what| what.map_or(String::new(), |what| format!("RETURNING {what}")));
    (select(RELATIONS), select(RELATIONS), expression(), returning, 0..6u8).prop_map(
        |(table, other, what, returning, kind)| match kind {
            0 => format!("INSERT INTO {table} (id, body) VALUES (3, ({what})::text) {returning}"),
            1 => format!("INSERT INTO {table} SELECT 3, ({what})::text FROM {other} {returning}"),
            2 => format!("UPDATE {table} SET body = ({what})::text WHERE id = 3 {returning}"),
            3 => format!("DELETE FROM {table} WHERE ({what}) IS NULL {returning}"),
            4 => format!("DELETE FROM {table} USING {other} AS o WHERE notes.id = 3 {returning}"),
            _ => format!(
                "MERGE INTO {table} USING (SELECT 3 AS k) s ON k = notes.id
                 WHEN NOT MATCHED THEN INSERT (id, body) VALUES (3, ({what})::text)"
            ),
        },
    )
}

/// A statement, with comments and letter case thrown in.
pub(super) fn statement() -> impl Strategy<Value = String> {
    let plain = prop_oneof![
        6 => query(),
        5 => change(),
        2 => (change(), query())
            .prop_map(|(change, query)| format!("WITH x AS ({change}) {query}")),
        1 => (query(), query()).prop_map(|(a, b)| format!("WITH notes AS ({a}) {b}")),
        1 => select(OTHERS).prop_map(str::to_owned),
    ];
    (plain, select(&["", "/* SELECT */ ", "-- SELECT 1\n", "((", "\t"][..]), any::<bool>())
        .prop_map(|(sql, before, comments)| {
            let sql = if before == "((" { format!("(({sql}))") } else { format!("{before}{sql}") };
            if comments { sql.replace(" FROM ", " /* ' */ fRoM\n") } else { sql }
        })
}
