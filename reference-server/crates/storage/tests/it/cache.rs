//! The plugins' cache, in Valkey and in this process, by the same rules.

use std::time::{Duration, Instant};

use contract::name::PluginName;
use storage::cache::PluginCache;

fn name(text: &str) -> PluginName {
    PluginName::parse(text).unwrap()
}

/// A name that no other test and no earlier run uses.
fn fresh() -> PluginName {
    name(&format!("com.example.c{}", uuid::Uuid::new_v4().simple()))
}

async fn caches() -> Vec<PluginCache> {
    vec![
        PluginCache::valkey(&services::valkey().await.unwrap().url).await.unwrap(),
        PluginCache::in_process(),
    ]
}

#[tokio::test]
async fn entries_are_kept_replaced_and_removed() {
    for cache in caches().await {
        let (a, b) = (fresh(), fresh());
        assert_eq!(cache.get(&a, "k").await.unwrap(), None, "{cache:?}");
        cache.set(&a, "k", b"one", None).await.unwrap();
        cache.set(&a, "k", &[0, 255], None).await.unwrap();
        assert_eq!(cache.get(&a, "k").await.unwrap(), Some(vec![0, 255]), "{cache:?}");
        assert_eq!(cache.get(&b, "k").await.unwrap(), None, "{cache:?}: every plugin has its own");
        cache.delete(&a, "k").await.unwrap();
        cache.delete(&a, "k").await.unwrap();
        assert_eq!(cache.get(&a, "k").await.unwrap(), None, "{cache:?}");
    }
}

#[tokio::test]
async fn an_entry_ends_with_its_time_and_a_new_value_brings_a_new_one() {
    for cache in caches().await {
        let a = fresh();
        let second = Some(Duration::from_secs(1));
        cache.set(&a, "short", b"x", second).await.unwrap();
        cache.set(&a, "renewed", b"x", second).await.unwrap();
        cache.set(&a, "renewed", b"y", None).await.unwrap();
        let begun = Instant::now();
        while cache.get(&a, "short").await.unwrap().is_some() {
            assert!(begun.elapsed() < Duration::from_secs(20), "{cache:?}: it never ends");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(cache.get(&a, "renewed").await.unwrap(), Some(b"y".to_vec()), "{cache:?}");
    }
}

#[tokio::test]
async fn in_valkey_an_entry_says_whose_it_is() {
    let url = services::valkey().await.unwrap().url.clone();
    let cache = PluginCache::valkey(&url).await.unwrap();
    let plugin = fresh();
    cache.set(&plugin, "a:b", b"x", Some(Duration::from_mins(1))).await.unwrap();
    let client = redis::Client::open(url).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let key = format!("plugin:{}:{plugin}:a:b", plugin.as_str().len());
    let value: Option<String> =
        redis::cmd("GET").arg(&key).query_async(&mut connection).await.unwrap();
    assert_eq!(value.as_deref(), Some("x"));
    let ttl: i64 = redis::cmd("TTL").arg(&key).query_async(&mut connection).await.unwrap();
    assert!((1..=60).contains(&ttl), "{ttl}");
}
