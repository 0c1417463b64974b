//! Making and removing a plugin's schema and roles.

use contract::name::PluginName;
use contract::permissions::Permissions;
use sqlx::PgConnection;

use super::names::{Identity, RoleNames};
use super::roles::{disable_login, drop_role, ensure_login, run, set_memberships};
use super::take_turns;
use super::verifier::verifier;
use crate::database::Database;
use crate::error::StorageError;

pub(super) async fn provision(
    database: &Database,
    plugin: &PluginName,
    permissions: &Permissions,
) -> Result<bool, StorageError> {
    let names = database.names();
    let identity = names.identity(plugin)?;
    let readers: Vec<String> = database
        .policy()
        .core_data
        .granted(permissions)
        .iter()
        .map(|table| names.reader(table.name))
        .collect();
    let failed = |source| StorageError::from_sqlx("provisioning a plugin's schema", source);

    let work = async {
        let mut transaction = database.core().begin().await.map_err(failed)?;
        take_turns(&mut transaction).await.map_err(failed)?;
        let made = claim(&mut transaction, plugin, &identity).await?;
        make_roles(&mut transaction, names, plugin, &identity, &readers).await.map_err(failed)?;
        make_tables(&mut transaction, &identity).await.map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        Ok(made)
    };
    database.core().bounded(async { Ok(work.await) }).await.map_err(failed)?
}

/// Takes the schema's name for the plugin. True when it was free.
async fn claim(
    connection: &mut PgConnection,
    plugin: &PluginName,
    identity: &Identity,
) -> Result<bool, StorageError> {
    let schema = identity.schema.as_str();
    let taken = |owner| StorageError::SchemaTaken { schema: schema.to_owned(), owner };
    let failed = |source| StorageError::from_sqlx("claiming a plugin's schema", source);

    let owner: Option<String> =
        sqlx::query_scalar("SELECT plugin_name FROM plugin_schemas WHERE schema_name = $1")
            .bind(schema)
            .fetch_optional(&mut *connection)
            .await
            .map_err(failed)?;
    match owner {
        Some(owner) if owner == plugin.as_str() => return Ok(false),
        Some(owner) => return Err(taken(owner)),
        None => {}
    }
    // A schema nobody claimed was not made by this host: what lies in it, and who put it there, is
    // unknown.
    let exists: bool = sqlx::query_scalar("SELECT to_regnamespace($1) IS NOT NULL")
        .bind(schema)
        .fetch_one(&mut *connection)
        .await
        .map_err(failed)?;
    if exists {
        return Err(taken("(unknown)".to_owned()));
    }
    sqlx::query("INSERT INTO plugin_schemas (schema_name, plugin_name) VALUES ($1, $2)")
        .bind(schema)
        .bind(plugin.as_str())
        .execute(&mut *connection)
        .await
        .map_err(failed)?;
    run(connection, format!("CREATE SCHEMA {schema}")).await.map_err(failed)?;
    Ok(true)
}

async fn make_roles(
    connection: &mut PgConnection,
    names: &RoleNames,
    plugin: &PluginName,
    identity: &Identity,
    readers: &[String],
) -> Result<(), sqlx::Error> {
    let Identity { schema, runtime_role, migration_role } = identity;
    for (role, purpose) in [(runtime_role, "statements"), (migration_role, "migrations")] {
        let verifier = verifier(role, &names.password(role));
        let comment = format!("runs {purpose} of plugin {plugin}");
        ensure_login(connection, role, &verifier, &comment).await?;
    }
    set_memberships(connection, runtime_role, &names.group_prefix(), readers).await?;
    let referrer = names.referrer();
    set_memberships(connection, migration_role, &referrer, std::slice::from_ref(&referrer)).await?;
    run(connection, format!("GRANT USAGE ON SCHEMA {schema} TO {runtime_role}")).await?;
    run(connection, format!("GRANT USAGE, CREATE ON SCHEMA {schema} TO {migration_role}")).await
}

/// The host's own tables in the plugin's schema. The host owns them, so that no migration can hang
/// code of its own onto them.
async fn make_tables(
    connection: &mut PgConnection,
    identity: &Identity,
) -> Result<(), sqlx::Error> {
    let Identity { schema, runtime_role, migration_role } = identity;
    run(
        connection,
        format!(
            "CREATE TABLE IF NOT EXISTS {schema}.plugin_kv (
                 key        text PRIMARY KEY,
                 value      text NOT NULL,
                 updated_at timestamptz NOT NULL DEFAULT now());
             CREATE TABLE IF NOT EXISTS {schema}.plugin_schema_migrations (
                 name       text PRIMARY KEY,
                 checksum   text NOT NULL,
                 applied_at timestamptz NOT NULL DEFAULT now());
             GRANT SELECT, INSERT, UPDATE, DELETE ON {schema}.plugin_kv
                 TO {runtime_role}, {migration_role};
             GRANT SELECT, INSERT, DELETE ON {schema}.plugin_schema_migrations
                 TO {migration_role}"
        ),
    )
    .await
}

pub(super) async fn detach(database: &Database, plugin: &PluginName) -> Result<(), StorageError> {
    let identity = database.names().identity(plugin)?;
    let work = async {
        let mut transaction = database.core().begin().await?;
        take_turns(&mut transaction).await?;
        if owns_schema(&mut transaction, plugin, &identity).await? {
            disable_login(&mut transaction, &identity.runtime_role).await?;
            disable_login(&mut transaction, &identity.migration_role).await?;
        }
        transaction.commit().await
    };
    let detached = database.core().bounded(work).await;
    detached.map_err(StorageError::database("detaching a plugin's schema"))?;
    database.sessions().forget(&identity.runtime_role);
    Ok(())
}

pub(super) async fn remove(database: &Database, plugin: &PluginName) -> Result<(), StorageError> {
    let identity = database.names().identity(plugin)?;
    let work = async {
        let mut transaction = database.core().begin().await?;
        take_turns(&mut transaction).await?;
        if owns_schema(&mut transaction, plugin, &identity).await? {
            let schema = identity.schema.as_str();
            run(&mut transaction, format!("DROP SCHEMA IF EXISTS {schema} CASCADE")).await?;
            drop_role(&mut transaction, &identity.runtime_role).await?;
            drop_role(&mut transaction, &identity.migration_role).await?;
            sqlx::query("DELETE FROM plugin_schemas WHERE schema_name = $1")
                .bind(schema)
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await
    };
    let removed = database.core().bounded(work).await;
    removed.map_err(StorageError::database("removing a plugin's schema"))?;
    database.sessions().forget(&identity.runtime_role);
    Ok(())
}

async fn owns_schema(
    connection: &mut PgConnection,
    plugin: &PluginName,
    identity: &Identity,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM plugin_schemas WHERE schema_name = $1 AND plugin_name = $2)",
    )
    .bind(identity.schema.as_str())
    .bind(plugin.as_str())
    .fetch_one(connection)
    .await
}
