//! What does a plugin's key-value pair cost, read and written?
//!
//! The baseline is sqlx on a connection of its own with the one statement that does it.

#![expect(clippy::unwrap_used, reason = "a bench that cannot be set up has nothing to say")]

use benches::store::Store;
use benches::{Question, runtime};
use criterion::Criterion;
use sqlx::PgConnection;

const KEY: &str = "a key";
const VALUE: &str = "a value of thirty-two characters";

async fn select(connection: &mut PgConnection) {
    let select = sqlx::query_scalar("SELECT value FROM plugin_kv WHERE key = $1");
    let value: String = select.bind(KEY).fetch_one(connection).await.unwrap();
    assert_eq!(value, VALUE);
}

async fn insert(connection: &mut PgConnection) {
    let insert = "INSERT INTO plugin_kv (key, value) VALUES ($1, $2)
        ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = now()";
    sqlx::query(insert).bind(KEY).bind(VALUE).execute(connection).await.unwrap();
}

fn kv(criterion: &mut Criterion) {
    let runtime = runtime();
    let store = runtime.block_on(Store::new()).unwrap();
    let mut connection = runtime.block_on(store.connection()).unwrap();
    let set = || {
        let set = store.database.plugin_kv();
        runtime.block_on(set.set(&store.plugin, KEY, VALUE)).unwrap();
    };
    let get = || {
        let get = store.database.plugin_kv();
        assert!(runtime.block_on(get.get(&store.plugin, KEY)).unwrap().is_some());
    };
    set();

    let mut group = criterion.benchmark_group("kv");
    group.bench_function("get", |bencher| bencher.iter(get));
    group.bench_function("set", |bencher| bencher.iter(set));
    group.finish();

    let mut question = Question::new("kv");
    question.ask("get / sqlx's SELECT", || runtime.block_on(select(&mut connection)), get);
    question.ask("set / sqlx's INSERT", || runtime.block_on(insert(&mut connection)), set);
    question.answered().unwrap();
    runtime.block_on(store.database.close());
}

benches::bench!(kv);
