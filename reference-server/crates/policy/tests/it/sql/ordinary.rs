//! A corpus of what ordinary applications send.

use policy::sql::SqlCall::{Exec, Query, Query2};
use policy::sql::code;

use super::verdict;

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
