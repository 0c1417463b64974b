//! Parameters as plugins give them.

use policy::sql::code;

use crate::support::Host;

#[tokio::test]
async fn values_arrive_as_they_were_written() {
    let host = Host::start().await;
    let plugin = host.plugin("a", &[]).await;
    plugin
        .migrate(&[(
            "1.sql",
            "CREATE TYPE mood AS ENUM ('glad', 'sad');
             CREATE DOMAIN percent AS int CHECK (VALUE BETWEEN 0 AND 100)",
        )])
        .await
        .unwrap();
    // Each value comes back as the text Postgres makes of it.
    for (r#type, json, text) in [
        ("bool", "true", "true"),
        ("int2", "-32768", "-32768"),
        ("int4", "1.0", "1"),
        ("int8", "9223372036854775807", "9223372036854775807"),
        ("int8", "\"9007199254740993\"", "9007199254740993"),
        ("float4", "0.1", "0.1"),
        ("float8", "1e-7", "1e-07"),
        ("float8", "\"-Infinity\"", "-Infinity"),
        ("numeric", "12345678901234567890.0123456789", "12345678901234567890.0123456789"),
        ("numeric", "\"0.10\"", "0.10"),
        ("numeric", "1e-10", "0.0000000001"),
        ("numeric", "\"NaN\"", "NaN"),
        ("text", "\"a\\\"\\u00e9\\n\"", "a\"é\n"),
        ("text", "\"\"", ""),
        ("varchar(3)", "\"abc\"", "abc"),
        (
            "uuid",
            "\"00000000-0000-0000-0000-00000000000A\"",
            "00000000-0000-0000-0000-00000000000a",
        ),
        ("timestamptz", "\"2026-01-02T03:04:05.678+02:00\"", "2026-01-02 01:04:05.678+00"),
        ("timestamp", "\"2026-01-02T03:04:05Z\"", "2026-01-02 03:04:05"),
        ("timestamptz", "\"2026-01-02\"", "2026-01-02 00:00:00+00"),
        ("date", "\"2026-01-02\"", "2026-01-02"),
        ("time", "\"23:59\"", "23:59:00"),
        ("json", "{\"a\": [1, 12345678901234567890]}", "{\"a\": [1, 12345678901234567890]}"),
        ("jsonb", "[1,{\"b\":null}]", "[1, {\"b\": null}]"),
        ("jsonb", "\"text\"", "\"text\""),
        ("bytea", "\"AP8=\"", "\\x00ff"),
        ("mood", "\"sad\"", "sad"),
        ("percent", "99", "99"),
        ("int4[]", "[1, null, 3]", "{1,NULL,3}"),
        ("int8[]", "[]", "{}"),
        ("text[]", "[\"a\", \"b c\", \"\"]", "{a,\"b c\",\"\"}"),
        (
            "uuid[]",
            "[\"00000000-0000-0000-0000-000000000001\"]",
            "{00000000-0000-0000-0000-000000000001}",
        ),
        ("jsonb[]", "[{\"a\": 1}]", "{\"{\\\"a\\\": 1}\"}"),
        ("mood[]", "[\"glad\"]", "{glad}"),
        ("interval[]", "null", "NULL"),
        // What Postgres alone reads.
        ("interval", "\"90 minutes\"", "01:30:00"),
        ("interval[]", "[\"1 day\", null, \"2 hours\"]", "{\"1 day\",NULL,02:00:00}"),
        ("int4range", "\"[1,5)\"", "[1,5)"),
        ("inet", "\"10.0.0.1/8\"", "10.0.0.1/8"),
        ("tsvector", "\"a b\"", "'a' 'b'"),
        ("mood[]", "\"{sad,glad}\"", "{sad,glad}"),
        ("int4[]", "\"{{1,2},{3,4}}\"", "{{1,2},{3,4}}"),
        ("text[]", "\"{a,NULL}\"", "{a,NULL}"),
        ("timestamptz", "\"2026-01-02 03:04\"", "2026-01-02 03:04:00+00"),
        (
            "timestamptz[]",
            "[\"2026-01-02T03:04:05Z\", \"2026-01-02 03:04\"]",
            "{\"2026-01-02 03:04:05+00\",\"2026-01-02 03:04:00+00\"}",
        ),
        ("date", "\"Jan 5 2026\"", "2026-01-05"),
        (
            "uuid",
            "\"{00000000-0000-0000-0000-000000000001}\"",
            "00000000-0000-0000-0000-000000000001",
        ),
    ] {
        let sql = format!("SELECT coalesce(($1::{type})::text, 'NULL')");
        let found = plugin.query(&sql, &format!("[{json}]")).await.expect(r#type);
        assert_eq!(found["rows"][0][0], text, "{type} of {json}");
    }
}

#[tokio::test]
async fn the_type_is_the_one_the_statement_needs() {
    let host = Host::start().await;
    let plugin = host.plugin("a", &[]).await;
    plugin
        .migrate(&[(
            "1.sql",
            "CREATE TABLE t (id int8, at timestamptz, note text, tags text[], body jsonb)",
        )])
        .await
        .unwrap();
    let params = r#"[9007199254740993, "2026-01-02T03:04:05Z", null, ["a"], {"b": 1}]"#;
    let inserted = plugin.exec("INSERT INTO t VALUES ($1, $2, $3, $4, $5)", params).await;
    assert_eq!(inserted.unwrap(), 1);
    let found = plugin
        .query_text(
            "SELECT * FROM t WHERE id = $1 AND body @> $2 LIMIT $3",
            "[9007199254740993, {}, 5]",
        )
        .await
        .unwrap();
    let row = "[9007199254740993,\"2026-01-02T03:04:05Z\",null,\"{a}\",{\"b\": 1}]";
    assert!(found.ends_with(&format!("\"rows\":[{row}]}}")), "{found}");
}

#[tokio::test]
async fn what_does_not_fit_is_refused_with_its_place() {
    let host = Host::start().await;
    let plugin = host.plugin("a", &[]).await;
    for (sql, params, text) in [
        ("SELECT 1", "{}", "not a JSON array"),
        ("SELECT 1", "[1", "not a JSON array"),
        ("SELECT 1", "[1]", "takes 0 parameters, 1 were given"),
        ("SELECT $1::int + $2::int", "[1]", "takes 2 parameters, 1 were given"),
        ("SELECT $1::int + $2::int", "[1, \"x\"]", "parameter $2: expected integer"),
        ("SELECT $1::int", "[2147483648]", "parameter $1: expected integer"),
        ("SELECT $1::int", "[1.5]", "expected integer"),
        ("SELECT $1::int", "[true]", "expected integer, got a boolean"),
        ("SELECT $1::bool", "[\"true\"]", "expected boolean"),
        ("SELECT $1::text", "[{\"a\": 1}]", "expected text, got an object"),
        ("SELECT $1::text", "[\"a\\u0000\"]", "U+0000"),
        ("SELECT $1::uuid", "[\"no\"]", "parameter $1: invalid input syntax for type uuid"),
        ("SELECT $1::uuid", "[5]", "expected uuid"),
        ("SELECT $1::timestamptz", "[\"someday\"]", "parameter $1: invalid input syntax"),
        ("SELECT $1::date", "[\"2026-02-30\"]", "out of range"),
        ("SELECT $1::bytea", "[\"***\"]", "expected bytea"),
        ("SELECT $1::int[]", "[5]", "expected an array"),
        ("SELECT $1::int[]", "[[1, \"x\"]]", "element 1: expected integer"),
        (
            "SELECT $1::interval",
            "[\"soon\"]",
            "parameter $1: invalid input syntax for type interval",
        ),
        ("SELECT $1::interval", "[5]", "expected INTERVAL as text, got a number"),
        ("SELECT $1::interval[]", "[[\"1 day\", 5]]", "element 1: expected text"),
        ("SELECT $1::int4range", "[\"[1\"]", "malformed range"),
        ("SELECT $1::interval", "[\"1\\u0000\"]", "U+0000"),
    ] {
        let error = plugin.query(sql, params).await.expect_err(sql);
        assert_eq!(error.code, code::PARAMS_INVALID, "{sql} with {params}: {error}");
        assert!(error.message.contains(text), "{sql} with {params}: {error}");
    }
    let cast = plugin.query("SELECT $1::text::interval", "[\"1 day\"]").await.unwrap();
    assert_eq!(cast["rows"][0][0], "1 day");
}
