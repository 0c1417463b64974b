//! Making, keeping and removing plugin schemas.

use contract::name::PluginName;
use sqlx::Connection as _;
use std::sync::Arc;
use storage::{Database, DatabaseConfig, StorageError};

use crate::support::{Host, as_files, config, permitted, run, scalar};

#[tokio::test]
async fn provisioning_twice_changes_nothing() {
    let host = Host::start().await;
    let name = PluginName::parse("com.example.a").unwrap();
    let schemas = host.database.plugin_schemas();
    assert!(schemas.provision(&name, &permitted(&["db:read:tasks"])).await.unwrap());
    host.database.plugin_kv().set(&name, "k", "kept").await.unwrap();
    assert!(!schemas.provision(&name, &permitted(&["db:read:tasks"])).await.unwrap());
    assert_eq!(host.database.plugin_kv().get(&name, "k").await.unwrap().as_deref(), Some("kept"));
}

#[tokio::test]
async fn concurrent_provisioning_takes_turns() {
    let host = Host::start().await;
    let other = Database::connect(&config(host.copy.url()), Arc::default()).await.unwrap();
    let name = PluginName::parse("a").unwrap();
    let permissions = permitted(&["db.read"]);
    let (here, there) = (host.database.plugin_schemas(), other.plugin_schemas());
    let (one, two) =
        tokio::join!(here.provision(&name, &permissions), there.provision(&name, &permissions));
    assert_eq!([one.unwrap(), two.unwrap()].iter().filter(|made| **made).count(), 1);
    other.close().await;
}

#[tokio::test]
async fn a_provisioning_cut_short_is_finished_by_the_next() {
    let host = Host::start().await;
    let permissions = permitted(&["db.read"]);
    for round in 0..12u64 {
        let name = PluginName::parse(&format!("p{round}")).unwrap();
        let (database, plugin, granted) =
            (host.database.clone(), name.clone(), permissions.clone());
        let running =
            tokio::spawn(
                async move { database.plugin_schemas().provision(&plugin, &granted).await },
            );
        // Somewhere within the dozen statements; where exactly does not matter.
        tokio::time::sleep(std::time::Duration::from_millis(2 * round)).await;
        running.abort();
        let _ = running.await;
        host.database.plugin_schemas().provision(&name, &permissions).await.unwrap();
        host.database.plugin_kv().set(&name, "k", "v").await.unwrap();
        let sql = host.database.plugin_sql();
        let access = storage::plugin_sql::Access::ReadOnly;
        sql.query(&name, access, "SELECT id FROM tasks", None).await.unwrap();
    }
}

#[tokio::test]
async fn a_schema_belongs_to_one_name() {
    let host = Host::start().await;
    let a = host.plugin("com.a-b", &[]).await;
    let schemas = host.database.plugin_schemas();
    for name in ["com.a.b", "com.a_b", "Com.A-B"] {
        let name = PluginName::parse(name).unwrap();
        let refused = [
            schemas.check_free(&name).await.unwrap_err(),
            schemas.provision(&name, &permitted(&[])).await.unwrap_err(),
        ];
        for error in refused {
            let StorageError::SchemaTaken { schema, owner } = &error else { panic!("{error}") };
            assert_eq!((schema.as_str(), owner.as_str()), ("plugin_data_com_a_b", "com.a-b"));
        }
        // Somebody else's schema is not removed either.
        schemas.remove(&name).await.unwrap();
        schemas.detach(&name).await.unwrap();
    }
    schemas.check_free(&a.name).await.unwrap();
    a.value("SELECT 1").await;

    // Kept data keeps the name.
    schemas.detach(&a.name).await.unwrap();
    let other = PluginName::parse("com.a.b").unwrap();
    assert!(schemas.check_free(&other).await.is_err());
    schemas.remove(&a.name).await.unwrap();
    schemas.check_free(&other).await.unwrap();

    let long = PluginName::parse(&"a".repeat(60)).unwrap();
    let error = schemas.provision(&long, &permitted(&[])).await.unwrap_err();
    assert!(matches!(error, StorageError::SchemaNameTooLong(_)), "{error}");
}

#[tokio::test]
async fn a_schema_nobody_claimed_is_not_taken_over() {
    let host = Host::start().await;
    run(&mut host.superuser().await, "CREATE SCHEMA plugin_data_a").await;
    let name = PluginName::parse("a").unwrap();
    let error = host.database.plugin_schemas().provision(&name, &permitted(&[])).await.unwrap_err();
    assert!(matches!(error, StorageError::SchemaTaken { .. }), "{error}");
}

#[tokio::test]
async fn detaching_keeps_the_data_and_closes_the_door() {
    let host = Host::start().await;
    let a = host.plugin("a", &[]).await;
    a.migrate(&[("1.sql", "CREATE TABLE notes (id int)")]).await.unwrap();
    a.exec("INSERT INTO notes VALUES (7)", "").await.unwrap();
    host.database.plugin_schemas().detach(&a.name).await.unwrap();
    let error = a.query("SELECT * FROM notes", "").await.unwrap_err();
    assert!(error.message.contains("no database role"), "{error}");
    let a = host.plugin("a", &[]).await;
    assert_eq!(a.value("SELECT id FROM notes").await, 7);
}

#[tokio::test]
async fn removing_leaves_nothing() {
    let host = Host::start().await;
    let a = host.plugin("a", &["db.read"]).await;
    a.migrate(&[(
        "1.sql",
        "CREATE TYPE mood AS ENUM ('glad');
         CREATE TABLE notes (id serial, task uuid REFERENCES tasks (id) ON DELETE CASCADE, m mood)",
    )])
    .await
    .unwrap();
    let mut superuser = host.superuser().await;
    let database: String = scalar(&mut superuser, "SELECT current_database()::text").await;
    let mine = format!(
        "SELECT (SELECT count(*) FROM pg_namespace WHERE nspname = 'plugin_data_a')
              + (SELECT count(*) FROM pg_roles WHERE rolname IN
                    (SELECT rolname FROM pg_roles r JOIN pg_shdescription d ON d.objoid = r.oid
                     WHERE d.description LIKE '%of plugin a' AND
                           r.rolname LIKE 'hp\\_' || left(encode(sha256('{database}'), 'hex'), 12) || '%'))"
    );
    assert_eq!(scalar::<i64>(&mut superuser, &mine).await, 3);
    let schemas = host.database.plugin_schemas();
    schemas.remove(&a.name).await.unwrap();
    schemas.remove(&a.name).await.unwrap();
    assert_eq!(scalar::<i64>(&mut superuser, &mine).await, 0);
    assert!(schemas.provision(&a.name, &permitted(&[])).await.unwrap());
}

#[tokio::test]
async fn a_new_secret_gives_the_roles_new_passwords() {
    let host = Host::start().await;
    let a = host.plugin("a", &[]).await;
    let mut changed = config(host.copy.url());
    changed.role_secret = b"another secret".to_vec();
    let other = Database::connect(&changed, Arc::default()).await.unwrap();
    other.plugin_schemas().provision(&a.name, &permitted(&[])).await.unwrap();
    other.plugin_kv().set(&a.name, "k", "v").await.unwrap();
    other.close().await;
}

#[tokio::test]
async fn a_host_that_is_no_superuser_works_too() {
    let server = Host::start().await;
    let mut superuser = server.superuser().await;
    let name = format!("hp_test_{}", uuid::Uuid::new_v4().simple());
    run(&mut superuser, &format!("CREATE ROLE {name} LOGIN CREATEROLE PASSWORD 'p'")).await;
    run(&mut superuser, &format!("CREATE DATABASE {name} OWNER {name}")).await;
    let url = server.copy.url().replace(server.copy.name(), &name);
    let (_, address) = url.split_once('@').unwrap();
    let config = DatabaseConfig::new(format!("postgres://{name}:p@{address}"), "a secret");

    let database = Database::connect(&config, Arc::default()).await.unwrap();
    let plugin = PluginName::parse("a").unwrap();
    let schemas = database.plugin_schemas();
    schemas.provision(&plugin, &permitted(&["db:read:tasks"])).await.unwrap();
    let files = as_files(&[("1.sql", "CREATE TABLE n (id uuid REFERENCES tasks (id))")]);
    database.migrations().run(&plugin, &files).await.unwrap();
    let sql = database.plugin_sql();
    sql.exec(&plugin, "INSERT INTO n VALUES (NULL)", None).await.unwrap();
    sql.exec(&plugin, "DELETE FROM tasks", None).await.unwrap_err();
    schemas.provision(&plugin, &permitted(&[])).await.unwrap();
    schemas.remove(&plugin).await.unwrap();
    database.close().await;

    run(&mut superuser, &format!("DROP DATABASE {name} WITH (FORCE)")).await;
    let made: Vec<String> = sqlx::query_scalar(
        "SELECT rolname::text FROM pg_roles WHERE starts_with(rolname::text, $1)",
    )
    .bind(format!("hp_{}_", mark(&name)))
    .fetch_all(&mut superuser)
    .await
    .unwrap();
    for role in made.iter().chain([&name]) {
        run(&mut superuser, &format!("DROP ROLE {role}")).await;
    }
    superuser.close().await.unwrap();
}

fn mark(database: &str) -> String {
    use sha2::Digest as _;
    hex::encode(sha2::Sha256::digest(database))[..12].to_owned()
}
