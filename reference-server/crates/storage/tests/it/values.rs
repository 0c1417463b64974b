//! Values as plugins see them.

use policy::sql::code;
use serde_json::json;

use crate::support::Host;

#[tokio::test]
async fn every_type_has_its_json() {
    let host = Host::start().await;
    let plugin = host.plugin("a", &[]).await;
    plugin
        .migrate(&[(
            "1.sql",
            "CREATE TYPE mood AS ENUM ('glad', 'sad');
             CREATE DOMAIN percent AS int CHECK (VALUE BETWEEN 0 AND 100);
             CREATE TYPE pair AS (a int, b text);
             CREATE TYPE floats AS RANGE (subtype = float8)",
        )])
        .await
        .unwrap();
    for (sql, expected) in [
        ("NULL::int", "null"),
        ("true", "true"),
        ("32767::int2", "32767"),
        ("9223372036854775807", "9223372036854775807"),
        ("-9007199254740993::int8", "-9007199254740993"),
        ("4294967295::oid", "4294967295"),
        ("0.1::float8", "0.1"),
        ("1e300::float8", "1e+300"),
        ("0.1::float4", "0.1"),
        ("'NaN'::float8", "\"NaN\""),
        ("12345678901234567890.0123456789", "12345678901234567890.0123456789"),
        ("1.50::numeric(9,2)", "1.50"),
        ("'Infinity'::numeric", "\"Infinity\""),
        ("E'a\"\\n\\u00e9'", "\"a\\\"\\né\""),
        ("'x'::varchar", "\"x\""),
        ("'x'::char(3)", "\"x  \""),
        ("'x'::name", "\"x\""),
        ("'x'::\"char\"", "\"x\""),
        (
            "'00000000-0000-0000-0000-00000000000A'::uuid",
            "\"00000000-0000-0000-0000-00000000000a\"",
        ),
        ("'2026-01-02 03:04:05.5+02'::timestamptz", "\"2026-01-02T01:04:05.5Z\""),
        ("'2026-01-02 03:04:05'::timestamp", "\"2026-01-02T03:04:05Z\""),
        ("'infinity'::timestamptz", "\"infinity\""),
        ("'2026-01-02'::date", "\"2026-01-02\""),
        ("'0044-03-15 BC'::date", "\"-0043-03-15\""),
        ("'03:04:05.25'::time", "\"03:04:05.25\""),
        ("'{\"a\": [1, 12345678901234567890]}'::json", "{\"a\": [1, 12345678901234567890]}"),
        ("'{\"a\": 1}'::jsonb", "{\"a\": 1}"),
        ("'null'::jsonb", "null"),
        ("'\\x00ff'::bytea", "\"AP8=\""),
        ("'sad'::mood", "\"sad\""),
        ("7::percent", "7"),
        // Everything else is the text Postgres prints.
        ("'1 day 02:00:00'::interval", "\"1 day 02:00:00\""),
        ("ARRAY[1, NULL, 3]", "\"{1,NULL,3}\""),
        ("ARRAY[['a', 'b c']]", "\"{{a,\\\"b c\\\"}}\""),
        ("ARRAY['sad']::mood[]", "\"{sad}\""),
        ("'192.168.0.0/16'::cidr", "\"192.168.0.0/16\""),
        ("int4range(1, 5)", "\"[1,5)\""),
        ("floats(0.5, 1)", "\"[0.5,1)\""),
        ("(1, 'x')::pair", "\"(1,x)\""),
        ("to_tsvector('simple', 'a b')", "\"'a':1 'b':2\""),
        ("'pg_class'::regclass", "\"pg_class\""),
    ] {
        let json = plugin.query_text(&format!("SELECT {sql} AS v"), "").await.expect(sql);
        assert_eq!(json, format!("{{\"columns\":[\"v\"],\"rows\":[[{expected}]]}}"), "{sql}");
    }
}

#[tokio::test]
async fn rows_keep_their_order_and_their_nulls() {
    let host = Host::start().await;
    let plugin = host.plugin("a", &[]).await;
    let rows =
        "SELECT n, CASE WHEN n % 2 = 0 THEN n * interval '1 hour' END AS \"quo\"\"ted\", '' AS e
                FROM generate_series(1, 4) n";
    assert_eq!(
        plugin.query(rows, "").await.unwrap(),
        json!({
            "columns": ["n", "quo\"ted", "e"],
            "rows": [[1, null, ""], [2, "02:00:00", ""], [3, null, ""], [4, "04:00:00", ""]],
        })
    );
    assert_eq!(
        plugin.query_text("SELECT 1 AS n WHERE false", "").await.unwrap(),
        "{\"columns\":[\"n\"],\"rows\":[]}"
    );
}

#[tokio::test]
async fn results_are_bounded_in_rows_and_in_bytes() {
    let host = Host::start().await;
    let plugin = host.plugin("a", &[]).await;
    let rows = |count: usize| format!("SELECT n FROM generate_series(1, {count}) n");
    let limits = policy::Limits::default();
    let most = plugin.query(&rows(limits.sql_rows), "").await.unwrap();
    assert_eq!(most["rows"].as_array().unwrap().len(), limits.sql_rows);
    let error = plugin.query(&rows(limits.sql_rows + 1), "").await.unwrap_err();
    assert_eq!(error.code, code::TOO_MANY_ROWS, "{error}");

    let large = format!("SELECT repeat('x', {})", limits.sql_result_bytes);
    let error = plugin.query(&large, "").await.unwrap_err();
    assert_eq!(error.code, code::RESULT_TOO_LARGE, "{error}");
    assert_eq!(plugin.value("SELECT 1").await, 1);
}

#[tokio::test]
async fn a_result_too_large_undoes_what_the_statement_wrote() {
    let host = Host::start().await;
    let plugin = host.plugin("a", &[]).await;
    plugin.migrate(&[("1.sql", "CREATE TABLE notes (id int)")]).await.unwrap();
    let sql = "INSERT INTO notes SELECT n FROM generate_series(1, 20000) n RETURNING id";
    let error = plugin.query2(sql, "").await.unwrap_err();
    assert_eq!(error.code, code::TOO_MANY_ROWS, "{error}");
    assert_eq!(plugin.value("SELECT count(*) FROM notes").await, 0);
}

#[tokio::test]
async fn the_databases_errors_reach_the_guest_and_end_nothing() {
    let host = Host::start().await;
    let plugin = host.plugin("a", &[]).await;
    plugin.migrate(&[("1.sql", "CREATE TABLE notes (id int PRIMARY KEY)")]).await.unwrap();
    assert_eq!(plugin.exec("INSERT INTO notes VALUES (1), (2)", "").await.unwrap(), 2);
    for (sql, code, text) in [
        ("INSERT INTO notes VALUES (1)", code::DATABASE_ERROR, "duplicate key"),
        ("INSERT INTO nowhere VALUES (1)", code::DATABASE_ERROR, "\"nowhere\" does not exist"),
        ("SELECT 1 / 0", code::DATABASE_ERROR, "division by zero"),
        ("SELEC 1", code::SYNTAX_ERROR, "syntax error"),
    ] {
        let error = plugin.exec(sql, "").await.unwrap_err();
        assert_eq!(error.code, code, "{error}");
        assert!(error.to_string().starts_with(&format!("{code}: ")), "{error}");
        assert!(error.to_string().contains(text), "{error}");
    }
    assert_eq!(plugin.exec("DELETE FROM notes", "").await.unwrap(), 2);
}
