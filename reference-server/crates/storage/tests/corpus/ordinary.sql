-- What ordinary plugins send: every statement here is admitted, and runs as a plugin's role.
-- Statements are separated by blank lines and run in order. `-- call NAME` holds until the next one;
-- `-- params JSON` is for the statement after it. `{task}`, `{project}` and `{user}` are ids.

-- call db_exec

-- params ["00000000-0000-4000-8000-000000000001", "{task}", "Release"]
INSERT INTO checklists (id, task_id, title) VALUES ($1, $2, $3)

INSERT INTO checklists (id, task_id, title, position) VALUES ('00000000-0000-4000-8000-000000000002', '{task}', 'Afterwards', 1), ('00000000-0000-4000-8000-000000000003', NULL, 'Ideas', 2)

-- params ["00000000-0000-4000-8000-000000000001"]
INSERT INTO items (checklist_id, title, tags, meta, due) VALUES ($1, 'Write notes', ARRAY['docs', 'urgent'], '{"by": "ada", "steps": [1, 2]}', '2024-03-01'), ($1, 'Tag', '{}', '{}', NULL), ($1, 'Publish', ARRAY['urgent'], '{"by": "bob"}', '2024-03-02')

INSERT INTO items (checklist_id, title, weight) SELECT id, 'Look back', 2.5 FROM checklists WHERE title = 'Afterwards'

INSERT INTO nodes VALUES (1, NULL, 'root'), (2, 1, 'left'), (3, 1, 'right'), (4, 2, 'leaf')

INSERT INTO counters (name) VALUES ('visits'), ('sales')

INSERT INTO counters AS c (name, value, changed) VALUES ('visits', 1, now()) ON CONFLICT (name) DO UPDATE SET value = c.value + excluded.value, changed = excluded.changed

INSERT INTO counters (name, value) VALUES ('visits', 5) ON CONFLICT ON CONSTRAINT counters_pkey DO UPDATE SET value = counters.value + 5 WHERE counters.value < 100

INSERT INTO counters (name) VALUES ('sales') ON CONFLICT DO NOTHING

-- params ["a.bin", "AP8Q"]
INSERT INTO files (name, content) VALUES ($1, $2)

INSERT INTO bookings (room, during) VALUES ('red', '[2024-01-01 10:00, 2024-01-01 12:00)'), ('blue', tsrange('2024-01-02 09:00', '2024-01-02 10:00'))

INSERT INTO notes (id, body) VALUES (1, 'The quick brown foxes jumped'), (2, 'over lazy dogs'), (3, 'and went home')

-- params ["{task}", "{user}", 90, "2024-01-31", "glad"]
INSERT INTO time_entries (task_id, user_id, minutes, spent_on, how) VALUES ($1, $2, $3, $4, $5)

-- params ["{task}", "{user}"]
INSERT INTO time_entries (task_id, user_id, minutes, spent_on, note, billed) SELECT $1, $2, 15 * n, date '2024-02-01' + n, 'entry ' || n, 10 * n FROM generate_series(1, 6) AS n

-- params [[10, 20], ["x", "y"]]
INSERT INTO counters (value, name) SELECT * FROM unnest($1::bigint[], $2::text[])

-- params [{"name": "from json", "value": 7}]
INSERT INTO counters (name, value) SELECT r.name, r.value FROM jsonb_to_record($1::jsonb) AS r(name text, value bigint)

-- params ["[{\"id\": 10, \"name\": \"ten\"}, {\"id\": 11, \"name\": \"eleven\"}]"]
INSERT INTO nodes (id, name) SELECT id, name FROM json_to_recordset($1::text::json) AS r(id int, name text)

UPDATE items SET done = true, updated_at = now() WHERE title = 'Tag'

-- params [2, "Write notes"]
UPDATE items SET weight = weight * $1, tags = array_append(tags, 'heavy') WHERE title = $2

UPDATE items SET meta = jsonb_set(meta, '{state}', '"open"', true) || jsonb_build_object('n', 1) WHERE NOT done

UPDATE items SET meta = meta - 'n' #- '{steps,0}' WHERE meta ? 'n'

UPDATE items SET (title, weight) = ROW (upper(title), weight + 1) WHERE title = 'Publish'

UPDATE items SET (title, weight) = (SELECT initcap(title), weight - 1 FROM items WHERE title = 'PUBLISH') WHERE title = 'PUBLISH'

UPDATE items i SET due = c.created_at::date + 7 FROM checklists c WHERE c.id = i.checklist_id AND i.due IS NULL

UPDATE items SET tags[1] = 'paper' WHERE 'docs' = ANY (tags)

UPDATE counters SET value = value + 1, changed = clock_timestamp() WHERE name IN ('visits', 'x')

UPDATE time_entries SET note = CASE WHEN note = '' THEN 'first' ELSE note END, how = COALESCE(how, 'calm')

UPDATE checklists SET position = r.n FROM (SELECT id, row_number() OVER (ORDER BY title) AS n FROM checklists) AS r WHERE r.id = checklists.id

UPDATE bookings SET during = tsrange(lower(during), upper(during) + interval '30 minutes') WHERE room = 'red'

WITH gone AS (SELECT id FROM nodes WHERE id = 11) DELETE FROM nodes USING gone WHERE nodes.id = gone.id

WITH moved AS (DELETE FROM nodes WHERE id = 10 RETURNING id, name) INSERT INTO nodes (id, name) SELECT id + 10, name || '!' FROM moved

DELETE FROM counters WHERE name = 'y' AND value BETWEEN SYMMETRIC 30 AND 1

DELETE FROM items i WHERE NOT EXISTS (SELECT FROM checklists c WHERE c.id = i.checklist_id)

DELETE FROM time_entries WHERE created_at < now() - interval '10 years'

MERGE INTO counters c USING (VALUES ('sales', 3), ('returns', 1)) AS v(name, n) ON c.name = v.name WHEN MATCHED AND v.n > 0 THEN UPDATE SET value = c.value + v.n WHEN NOT MATCHED THEN INSERT (name, value) VALUES (v.name, v.n)

MERGE INTO counters c USING (SELECT 'returns' AS name) s ON c.name = s.name WHEN MATCHED THEN DELETE

-- call db_query2

INSERT INTO checklists (title) VALUES ('Returned') RETURNING id, title, created_at

-- params ["Second item"]
INSERT INTO items (checklist_id, title) VALUES ('00000000-0000-4000-8000-000000000001', $1) RETURNING *

-- params ["{task}", "{user}", 30, "2024-02-29"]
INSERT INTO time_entries (task_id, user_id, minutes, spent_on) VALUES ($1, $2, $3, $4) RETURNING id, task_id, minutes, to_char(spent_on, 'YYYY-MM-DD') AS spent_on, created_at

INSERT INTO counters (name, value) VALUES ('visits', 1) ON CONFLICT (name) DO UPDATE SET value = counters.value + 1 RETURNING value, (xmax = 0) AS inserted


UPDATE items SET done = true WHERE title = 'Second item' RETURNING id AS item, lower(title) AS name, now() - created_at < interval '1 hour' AS fresh

UPDATE time_entries t SET note = p.name FROM tasks k JOIN projects p ON p.id = k.project_id WHERE k.id = t.task_id AND t.minutes = 90 RETURNING t.id, p.name, k.title

DELETE FROM time_entries WHERE minutes = 30 RETURNING id

DELETE FROM items USING checklists c WHERE c.id = items.checklist_id AND items.title = 'Second item' RETURNING items.id, c.title

WITH ins AS (INSERT INTO checklists (title) VALUES ('From a CTE') RETURNING id) INSERT INTO items (checklist_id, title) SELECT id, 'In it' FROM ins RETURNING checklist_id IS NOT NULL AS linked

WITH old AS (DELETE FROM checklists WHERE title = 'From a CTE' RETURNING title) SELECT count(*) FROM old

WITH up AS (UPDATE counters SET value = value + 1 WHERE name = 'visits' RETURNING value) SELECT value FROM up

SELECT id FROM items WHERE NOT done ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED

SELECT * FROM counters WHERE name = 'visits' FOR NO KEY UPDATE NOWAIT

SELECT c.id FROM checklists c JOIN tasks t ON t.id = c.task_id FOR SHARE OF c

SELECT nextval('items_id_seq') > 0, currval('items_id_seq') > 0, lastval() > 0

-- call db_query

SELECT 1

SELECT 1 AS one, 'text', NULL, true, 1.5, -3, 1e3, .5, 5.

VALUES (1, 'a'), (2, 'b')

TABLE counters

(SELECT name FROM counters ORDER BY name LIMIT 1) UNION ALL (SELECT 'end')

SELECT id, title, done FROM items WHERE checklist_id = '00000000-0000-4000-8000-000000000001' ORDER BY done, created_at DESC, id LIMIT 20 OFFSET 0

-- params ["%no%", false]
SELECT id, title FROM items WHERE title ILIKE $1 AND done = $2

-- params [["Tag", "Publish"]]
SELECT title FROM items WHERE title = ANY ($1) ORDER BY 1

-- params ["{project}"]
SELECT t.id, t.title, t.task_number, p.name AS project FROM tasks t JOIN projects p ON p.id = t.project_id WHERE t.project_id = $1 AND t.deleted_at IS NULL

-- params ["{task}"]
SELECT te.id, te.minutes, u.full_name, u.username, t.title FROM time_entries te JOIN tasks t ON t.id = te.task_id LEFT JOIN users u ON u.id = te.user_id WHERE te.task_id = $1 ORDER BY te.spent_on DESC, te.id

-- params ["{project}"]
SELECT m.id, u.full_name, r.role_name FROM project_members m JOIN users u ON u.id = m.user_id JOIN project_roles r ON r.id = m.project_role_id WHERE m.project_id = $1

-- params ["{project}", "{user}"]
SELECT m.id FROM project_members m WHERE m.project_id = $1 AND m.user_id = $2

SELECT to_char(spent_on, 'YYYY-MM-DD') AS day, to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS at FROM time_entries ORDER BY 1

SELECT u.id, u.full_name, sum(te.minutes) AS minutes, count(*) AS entries FROM time_entries te JOIN users u ON u.id = te.user_id GROUP BY u.id, u.full_name HAVING sum(te.minutes) > 0 ORDER BY minutes DESC

SELECT date_trunc('week', spent_on)::date AS week, sum(minutes) FROM time_entries GROUP BY 1 ORDER BY 1

SELECT extract(year FROM spent_on)::int AS y, extract(dow FROM spent_on)::int AS d, date_part('month', spent_on) FROM time_entries

SELECT count(*), count(DISTINCT user_id), avg(minutes), min(minutes), max(spent_on), coalesce(sum(minutes), 0), bool_and(minutes > 0), every(billed < 101) FROM time_entries

SELECT count(*) FILTER (WHERE done) AS done, count(*) FILTER (WHERE NOT done) AS open, round(100.0 * count(*) FILTER (WHERE done) / greatest(count(*), 1), 1) AS share FROM items

SELECT c.title, count(i.id) AS items FROM checklists c LEFT JOIN items i ON i.checklist_id = c.id GROUP BY c.id ORDER BY c.position, c.title

SELECT spent_on, billed, sum(minutes) FROM time_entries GROUP BY GROUPING SETS ((spent_on), (billed), ()) ORDER BY 1 NULLS LAST, 2 NULLS LAST

SELECT how, billed, sum(minutes), grouping(how, billed) FROM time_entries GROUP BY ROLLUP (how, billed) ORDER BY 4, 1, 2

SELECT how, billed, count(*) FROM time_entries GROUP BY CUBE (how, billed) ORDER BY 3, 1, 2

SELECT string_agg(title, ', ' ORDER BY title), array_agg(DISTINCT done), json_agg(title), jsonb_object_agg(id, title) FROM items

SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY minutes), mode() WITHIN GROUP (ORDER BY billed), stddev(minutes), variance(minutes), corr(minutes, billed) FROM time_entries

SELECT id, minutes, row_number() OVER (ORDER BY spent_on), rank() OVER w, dense_rank() OVER w, lag(minutes) OVER w, lead(minutes, 1, 0) OVER w, first_value(minutes) OVER w, ntile(2) OVER w FROM time_entries WINDOW w AS (PARTITION BY user_id ORDER BY minutes)

SELECT spent_on, sum(minutes) OVER (ORDER BY spent_on ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS running, avg(minutes) OVER (ORDER BY spent_on RANGE BETWEEN interval '7 days' PRECEDING AND CURRENT ROW) AS week FROM time_entries

SELECT name, cume_dist() OVER (ORDER BY value), percent_rank() OVER (ORDER BY value), nth_value(name, 2) OVER (ORDER BY value ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE CURRENT ROW) FROM counters

SELECT DISTINCT ON (user_id) user_id, spent_on, minutes FROM time_entries ORDER BY user_id, spent_on DESC

SELECT DISTINCT done FROM items

WITH recent AS (SELECT * FROM time_entries WHERE spent_on > '2024-01-01') SELECT sum(minutes) FROM recent

WITH a AS MATERIALIZED (SELECT 1 AS x), b AS NOT MATERIALIZED (SELECT x + 1 AS y FROM a) SELECT x, y FROM a, b

WITH RECURSIVE tree(id, name, depth, path) AS (SELECT id, name, 0, ARRAY[id] FROM nodes WHERE parent IS NULL UNION ALL SELECT n.id, n.name, depth + 1, path || n.id FROM nodes n JOIN tree t ON n.parent = t.id) SELECT name, depth, path FROM tree ORDER BY path

WITH RECURSIVE t AS (SELECT 1 AS n UNION SELECT n + 1 FROM t WHERE n < 5) SELECT array_agg(n) FROM t

WITH RECURSIVE walk AS (SELECT id, parent FROM nodes WHERE id = 4 UNION ALL SELECT n.id, n.parent FROM nodes n JOIN walk w ON n.id = w.parent) SEARCH DEPTH FIRST BY id SET ord CYCLE id SET looped USING seen SELECT id FROM walk

WITH days AS (SELECT d::date AS day FROM generate_series(date '2024-02-01', date '2024-02-07', interval '1 day') AS d), spent AS (SELECT spent_on, sum(minutes) AS m FROM time_entries GROUP BY spent_on) SELECT day, coalesce(m, 0) FROM days LEFT JOIN spent ON spent_on = day ORDER BY day

SELECT i.title, x.n FROM items i, LATERAL (SELECT count(*) AS n FROM unnest(i.tags) AS t) AS x ORDER BY 1

SELECT c.title, latest.title FROM checklists c LEFT JOIN LATERAL (SELECT title FROM items i WHERE i.checklist_id = c.id ORDER BY created_at DESC, id DESC LIMIT 1) AS latest ON true

SELECT a.name, b.name FROM nodes a CROSS JOIN nodes b WHERE a.id < b.id ORDER BY a.id, b.id

SELECT a.id FROM nodes a FULL OUTER JOIN nodes b ON b.parent = a.id ORDER BY a.id NULLS FIRST

SELECT name FROM counters NATURAL JOIN (SELECT 'visits' AS name) AS one

SELECT id FROM nodes JOIN (VALUES (1), (2)) AS v(id) USING (id) ORDER BY id

SELECT id, title FROM items WHERE checklist_id IN (SELECT id FROM checklists WHERE task_id IS NOT NULL)

SELECT title FROM checklists c WHERE EXISTS (SELECT 1 FROM items i WHERE i.checklist_id = c.id AND NOT i.done)

SELECT title FROM items WHERE weight >= ALL (SELECT weight FROM items) OR weight < SOME (SELECT 0)

SELECT title, (SELECT count(*) FROM items i WHERE i.checklist_id = c.id) AS n, ARRAY(SELECT title FROM items i WHERE i.checklist_id = c.id ORDER BY 1) FROM checklists c

SELECT (ROW (1, 'a')).f1, ROW (1, 2) = ROW (1, 2), (1, 2) < (1, 3), (1, NULL) IS DISTINCT FROM (1, 2)

SELECT id FROM nodes UNION SELECT 99 INTERSECT SELECT 99 EXCEPT SELECT 98 ORDER BY 1

SELECT id, title FROM open_items ORDER BY id

SELECT tags, cardinality(tags), array_length(tags, 1), tags @> ARRAY['urgent'], tags && '{docs}', 'urgent' = ANY (tags), array_to_string(tags, ','), tags[1], tags[1:2], array_position(tags, 'urgent') FROM items

SELECT unnest(ARRAY[1, 2, 3]) AS n, array_agg(x) FROM (VALUES (1), (2)) AS v(x) GROUP BY 1

SELECT t.tag, count(*) FROM items, unnest(tags) WITH ORDINALITY AS t(tag, n) GROUP BY t.tag ORDER BY 1

SELECT ARRAY[1, 2] || 3, array_remove(ARRAY[1, 2, 1], 1), array_replace(ARRAY[1], 1, 2), ARRAY[[1, 2], [3, 4]], '{1,2}'::int[], string_to_array('a,b', ',')

SELECT meta->'by', meta->>'by', meta #> '{steps,0}', meta #>> '{steps}', meta @> '{"by": "ada"}', meta ? 'by', meta ?| ARRAY['x', 'by'], meta ?& ARRAY['by'], jsonb_typeof(meta) FROM items

SELECT id FROM items WHERE meta @? '$.steps[*] ? (@ > 1)' OR meta @@ '$.by == "bob"'

SELECT jsonb_path_query_array(meta, '$.steps[*]'), jsonb_path_exists(meta, '$.by') FROM items

SELECT e.key, e.value FROM items, jsonb_each_text(meta) AS e WHERE items.title = 'Write notes' ORDER BY 1

SELECT jsonb_build_object('id', id, 'tags', to_jsonb(tags), 'done', done) FROM items ORDER BY id

SELECT jsonb_pretty('{"a": 1}'), jsonb_strip_nulls('{"a": null}'), jsonb_array_length('[1, 2]'), '{"a": 1}'::jsonb || '{"b": 2}', to_json(now())::text IS NOT NULL, row_to_json(r) FROM (SELECT 1 AS x) AS r

SELECT json_build_array(1, 'a', NULL), json_object('{a,b}', '{1,2}'), jsonb_insert('[1]', '{0}', '0'), jsonb_agg(id ORDER BY id) FROM nodes

SELECT x.id, x.name FROM jsonb_to_recordset('[{"id": 1, "name": "a"}]') AS x(id int, name text)

SELECT value->>'a' FROM jsonb_array_elements('[{"a": 1}, {"a": 2}]')

SELECT jsonb_set('{"a": {}}', '{a,b}', to_jsonb(now()::date::text)), '[1,2,3]'::jsonb - 1, '{"a": 1}'::jsonb = '{"a": 1.0}'

SELECT now() > '2020-01-01', current_date > '2020-01-01', current_timestamp IS NOT NULL, localtimestamp IS NOT NULL, clock_timestamp() >= statement_timestamp(), transaction_timestamp() = now()

SELECT date '2024-01-31' + interval '1 month', date '2024-03-01' - date '2024-02-01', timestamp '2024-01-01 10:00' - interval '90 minutes', age(timestamp '2024-01-01', timestamp '2023-01-01'), interval '1 day' * 2, justify_hours(interval '27 hours')

SELECT date_trunc('month', timestamptz '2024-05-17 10:00Z', 'UTC'), date_bin('15 minutes', timestamp '2024-01-01 10:17', '2024-01-01'), make_date(2024, 2, 29), make_interval(days => 3), to_timestamp(0), to_date('05 Dec 2000', 'DD Mon YYYY')

SELECT timestamptz '2024-01-01 12:00+02' AT TIME ZONE 'Europe/Berlin', extract(epoch FROM timestamptz '2024-01-01 00:00Z'), isfinite(date 'infinity'), (date '2024-01-01', date '2024-02-01') OVERLAPS (date '2024-01-15', date '2024-03-01')

-- params ["7 days", "2024-02-05T00:00:00Z"]
SELECT count(*) FROM time_entries WHERE spent_on > $2::timestamptz - $1::interval

-- params ["2024-02-01", "2024-02-29"]
SELECT sum(minutes) FROM time_entries WHERE spent_on BETWEEN $1 AND $2

-- params ["2024-02-01", null]
SELECT count(*) FROM time_entries WHERE ($1::date IS NULL OR spent_on >= $1) AND ($2::uuid IS NULL OR user_id = $2)

SELECT room FROM bookings WHERE during && tsrange('2024-01-01 11:00', '2024-01-01 11:30') OR during @> timestamp '2024-01-02 09:30'

SELECT lower(during), upper(during), isempty(during), range_merge(during, '[2024-01-01,2024-01-03)') FROM bookings

SELECT int4range(1, 10) * int4range(5, 15), '{[1,3),[5,7)}'::int4multirange @> 2

SELECT id, ts_rank(search, q) AS rank, ts_headline('english', body, q) FROM notes, plainto_tsquery('english', 'fox') AS q WHERE search @@ q ORDER BY rank DESC

SELECT id FROM notes WHERE to_tsvector('english', body) @@ websearch_to_tsquery('english', 'lazy -fox') OR search @@ to_tsquery('english', 'quick & brown') OR search @@ phraseto_tsquery('english', 'went home')

SELECT setweight(to_tsvector('simple', 'a b'), 'A') || to_tsvector('simple', 'c'), to_tsvector('a b') @@ 'a'::tsquery, tsvector_to_array(to_tsvector('simple', 'x y')), numnode('a & b'::tsquery)

SELECT upper('a'), lower('B'), initcap('ab cd'), length('ä'), char_length('ab'), octet_length('ä'), trim('  x '), ltrim('xxa', 'x'), rtrim('a  '), lpad('7', 3, '0'), rpad('a', 3), repeat('ab', 2), reverse('abc'), left('abc', 2), right('abc', 1)

SELECT substring('abcdef' FROM 2 FOR 3), substring('foobar' FROM 'o+'), position('b' IN 'abc'), strpos('abc', 'c'), replace('aXb', 'X', '-'), translate('abc', 'ab', 'xy'), split_part('a.b.c', '.', 2), overlay('abcd' PLACING 'X' FROM 2 FOR 1), concat('a', NULL, 1), concat_ws('-', 'a', 'b'), 'a' || 'b', starts_with('abc', 'ab')

SELECT regexp_replace('a1b22', '[0-9]+', '#', 'g'), regexp_match('key=val', '(\w+)=(\w+)'), regexp_split_to_array('a, b', ',\s*'), 'abc' ~ '^a', 'ABC' ~* 'b', 'abc' !~ 'z', 'abc' SIMILAR TO '%b%', 'a%c' LIKE 'a\%c', regexp_count('aaa', 'a')

SELECT format('%s has %I and %L', 'x', 'a b', 'it''s'), quote_ident('A b'), quote_literal('it''s'), quote_nullable(NULL), md5('a'), encode(sha256('a'), 'hex'), encode('ab'::bytea, 'base64'), decode('6162', 'hex'), to_hex(255), ascii('a'), chr(65)

SELECT abs(-1), ceil(1.2), floor(1.8), round(2.345, 2), trunc(1.9), mod(7, 3), power(2, 10), sqrt(16), sign(-2), greatest(1, 2), least(1, 2), div(7, 2), 7 / 2, 7 % 2, 7.0 / 2, width_bucket(5, 0, 10, 5), random() < 1, pi() > 3, ln(1), exp(0), gcd(12, 18)

SELECT 1::text, '1'::int, CAST('1.5' AS numeric(4, 1)), 1::numeric::float8, 'true'::boolean, 'x'::varchar(3), to_number('1,234', '9,999'), to_char(1234.5, 'FM9,990.00'), 5::bit(4), B'101' & B'110'

SELECT CASE done WHEN true THEN 'yes' ELSE 'no' END, CASE WHEN weight > 1 THEN 'heavy' WHEN weight IS NULL THEN 'none' END, nullif(title, ''), coalesce(due::text, '-') FROM items

SELECT title IS NOT NULL, done IS TRUE, done IS NOT UNKNOWN, title = 'x' OR NOT done AND weight <> 2, weight BETWEEN 1 AND 3, title NOT LIKE 'T%', due IS DISTINCT FROM NULL FROM items

SELECT how, how > 'calm', enum_range(NULL::mood), enum_first(NULL::mood), how::text FROM time_entries WHERE how IN ('glad', 'calm')

SELECT gen_random_uuid() <> gen_random_uuid(), '6f9619ff-8b86-d011-b42d-00cf4fc964ff'::uuid, uuid_in('6f9619ff-8b86-d011-b42d-00cf4fc964ff')::text

SELECT name, content, sum, length(content), encode(content, 'hex'), substring(content FROM 1 FOR 1), get_byte(content, 1) FROM files

SELECT '192.168.1.5'::inet << '192.168.0.0/16'::cidr, host('10.0.0.1'::inet), masklen('10.0.0.0/8'::cidr), macaddr '08:00:2b:01:02:03', point(1, 2) <-> point(4, 6), money '12.50' IS NOT NULL

SELECT xmlelement(NAME a, xmlattributes(1 AS b), 'c')::text, xpath('/a/text()', '<a>x</a>')::text

SELECT 'it''s', E'tab\there', $$dollar 'quoted'$$, $tag$ with $$ inside $tag$, U&'d\0061ta', 'a'
 'b', N'n'

SELECT "title", items."done" AS "Is Done", "i".* FROM "items" JOIN LATERAL (SELECT 1 AS "select") AS "i" ON true

/* a /* nested */ comment; DROP TABLE items */ SELECT -- and a line
 1

SELECT count(*) AS "delete", max(id) AS "update;" FROM items WHERE title <> 'DROP TABLE items; --'

SELECT current_user IS NOT NULL, session_user IS NOT NULL, current_schema(), current_database() IS NOT NULL, current_setting('TimeZone'), version() LIKE 'PostgreSQL%'

SELECT pg_typeof(1.5)::text, pg_column_size(1), pg_get_serial_sequence('items', 'id') IS NOT NULL, to_regclass('items') IS NOT NULL, to_regclass('nowhere') IS NULL

SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema() ORDER BY 1

SELECT column_name, data_type, is_nullable FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = 'items' ORDER BY ordinal_position

SELECT has_table_privilege('tasks', 'SELECT'), has_table_privilege('tasks', 'UPDATE'), has_column_privilege('users', 'username', 'SELECT')

SELECT key, value FROM plugin_kv WHERE key LIKE 'x%'

SELECT * FROM items TABLESAMPLE system (100)

SELECT id FROM nodes ORDER BY id FETCH FIRST 2 ROWS ONLY

SELECT id, name FROM nodes ORDER BY name COLLATE "C" DESC, id USING < FETCH NEXT 3 ROWS WITH TIES

SELECT generate_series(1, 3) AS n, generate_subscripts(ARRAY['a', 'b', 'c'], 1)

SELECT * FROM ROWS FROM (generate_series(1, 2), unnest(ARRAY['a', 'b'])) AS r(n, t)

SELECT n, sum(n) OVER (ORDER BY n) FROM generate_series(1, 10, 3) AS s(n)

SELECT checklist_id, sum(weight) AS w FROM items GROUP BY checklist_id HAVING bool_or(done) ORDER BY w

SELECT p.name, p.settings, p.settings->>'x', p.created_at FROM public.projects p

SELECT id, project_id, title, status_id, assignee_ids, task_number, created_at, updated_at FROM public.tasks WHERE deleted_at IS NULL

SELECT t.id, count(te.id) AS entries, coalesce(sum(te.minutes), 0)::int AS minutes FROM tasks t LEFT JOIN time_entries te ON te.task_id = t.id GROUP BY t.id

SELECT u.id, u.username, u.full_name, u.role_id, u.created_at FROM users u WHERE u.deleted_at IS NULL ORDER BY u.username

SELECT g.name, g.permissions ? 'users.read' FROM global_roles g ORDER BY 1

SELECT r.role_name, r.permissions->>'tasks.read' FROM project_roles r WHERE r.project_id IS NULL ORDER BY 1

SELECT name, version, enabled, manifest->>'id' FROM plugins

SELECT (SELECT max(minutes) FROM time_entries) - (SELECT min(minutes) FROM time_entries) AS spread

SELECT s.* FROM (SELECT title, rank() OVER (PARTITION BY checklist_id ORDER BY weight DESC, id) AS r FROM items) AS s WHERE s.r <= 2

SELECT 'a' AS k, 1 AS v UNION ALL SELECT 'b', 2 UNION ALL SELECT 'c', NULL ORDER BY v NULLS FIRST LIMIT 2

SELECT c.title || ': ' || i.title AS line, lpad(i.id::text, 6, '0') FROM items i INNER JOIN checklists c ON (c.id = i.checklist_id) WHERE (i.done, c.position) IN ((false, 1), (true, 2), (false, 3))

SELECT EXISTS (SELECT 1 FROM time_entries WHERE minutes > 60), NOT EXISTS (SELECT 1 FROM nodes WHERE id = 1000)

SELECT width, height FROM (SELECT 3 AS width, 4 AS height) AS box WHERE (width * width + height * height) = 5 ^ 2

-- call db_exec

DELETE FROM time_entries WHERE id IN (SELECT id FROM time_entries ORDER BY created_at, id LIMIT 1)

DELETE FROM checklists

UPDATE counters SET value = 0
