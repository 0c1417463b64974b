//! Key-value stores.

use policy::sql::code;

use crate::support::Host;

#[tokio::test]
async fn values_are_kept_replaced_and_removed() {
    let host = Host::start().await;
    let a = host.plugin("a", &[]).await;
    let kv = host.database.plugin_kv();
    assert_eq!(kv.get(&a.name, "k").await.unwrap(), None);
    kv.set(&a.name, "k", "one").await.unwrap();
    kv.set(&a.name, "k", "two").await.unwrap();
    kv.set(&a.name, "", "").await.unwrap();
    assert_eq!(kv.get(&a.name, "k").await.unwrap().as_deref(), Some("two"));
    assert_eq!(kv.get(&a.name, "").await.unwrap().as_deref(), Some(""));
    kv.delete(&a.name, "k").await.unwrap();
    kv.delete(&a.name, "k").await.unwrap();
    assert_eq!(kv.get(&a.name, "k").await.unwrap(), None);
    // The table is the plugin's to read, too.
    assert_eq!(a.value("SELECT count(*) FROM plugin_kv").await, 1);
}

#[tokio::test]
async fn every_plugin_has_keys_of_its_own() {
    let host = Host::start().await;
    let (a, b) = (host.plugin("a", &[]).await, host.plugin("b", &[]).await);
    let kv = host.database.plugin_kv();
    kv.set(&a.name, "k", "mine").await.unwrap();
    assert_eq!(kv.get(&b.name, "k").await.unwrap(), None);
}

#[tokio::test]
async fn text_that_cannot_be_stored_is_refused_and_the_session_works_on() {
    let host = Host::start().await;
    let a = host.plugin("a", &[]).await;
    let kv = host.database.plugin_kv();
    let error = kv.set(&a.name, "k", "a\0b").await.unwrap_err();
    assert_eq!(error.code, code::DATABASE_ERROR, "{error}");
    kv.set(&a.name, "k", "ab").await.unwrap();
}

#[tokio::test]
async fn a_plugin_that_is_not_installed_has_none() {
    let host = Host::start().await;
    let name = contract::name::PluginName::parse("nobody").unwrap();
    let error = host.database.plugin_kv().get(&name, "k").await.unwrap_err();
    assert!(error.message.contains("no database role") && !error.is_unavailable(), "{error}");
}

#[tokio::test]
async fn a_plugin_has_as_many_keys_as_it_may_and_no_more() {
    let host = Host::start().await;
    let a = host.plugin("a", &[]).await;
    let kv = host.database.plugin_kv();
    let most = policy::Limits::default().kv_keys;
    let fill = format!(
        "INSERT INTO plugin_kv (key, value) SELECT 'k' || n, '' FROM generate_series(1, {}) AS n",
        most - 1
    );
    host.database.plugin_sql().exec(&a.name, &fill, None).await.unwrap();
    kv.set(&a.name, "the last", "one").await.unwrap();
    let error = kv.set(&a.name, "one more", "lost").await.unwrap_err();
    assert_eq!(error.code, "too_many_keys", "{error}");
    assert!(!error.is_unavailable());
    kv.set(&a.name, "k1", "replaced").await.unwrap();
    kv.delete(&a.name, "k2").await.unwrap();
    kv.set(&a.name, "one more", "kept").await.unwrap();
    assert_eq!(kv.get(&a.name, "one more").await.unwrap().as_deref(), Some("kept"));
}
