//! What does a plugin's query cost, with 1, 100 and 1,000 rows?
//!
//! The baseline is sqlx on a connection of its own: the same statement, its rows fetched and not looked
//! at. What comes on top is the plugin's role and READ ONLY transaction, and the rows as JSON.

#![expect(clippy::unwrap_used, reason = "a bench that cannot be set up has nothing to say")]

use benches::store::Store;
use benches::{Question, runtime};
use criterion::{BenchmarkId, Criterion};
use sqlx::PgConnection;

const ROWS: [u32; 4] = [1, 10, 100, 1_000];
const SELECT: &str = "SELECT id, title, done, at FROM items ORDER BY id LIMIT $1";

async fn fetch(connection: &mut PgConnection, rows: u32) {
    let found = sqlx::query(SELECT).bind(i64::from(rows)).fetch_all(connection).await.unwrap();
    assert_eq!(found.len(), rows as usize);
}

fn db_query(criterion: &mut Criterion) {
    let runtime = runtime();
    let store = runtime.block_on(Store::new()).unwrap();
    runtime.block_on(store.fill(1_000)).unwrap();
    let mut connection = runtime.block_on(store.connection()).unwrap();
    let query = |rows: u32| {
        let params = format!("[{rows}]");
        drop(runtime.block_on(store.query(SELECT, &params)).unwrap());
    };

    let mut group = criterion.benchmark_group("db_query");
    for rows in ROWS {
        group.bench_function(BenchmarkId::new("sqlx", rows), |bencher| {
            bencher.iter(|| runtime.block_on(fetch(&mut connection, rows)));
        });
        group.bench_function(BenchmarkId::new("plugin", rows), |bencher| {
            bencher.iter(|| query(rows));
        });
    }
    group.finish();

    let mut question = Question::new("db_query");
    for rows in ROWS {
        question
            .ask(
                &format!("a plugin's query of {rows} rows / sqlx's"),
                || runtime.block_on(fetch(&mut connection, rows)),
                || query(rows),
            )
            .at("a plugin's query", "rows", rows as usize);
    }
    question.answered().unwrap();
    runtime.block_on(store.database.close());
}

benches::bench!(db_query);
