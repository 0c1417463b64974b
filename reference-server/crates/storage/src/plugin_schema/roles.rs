//! Making, changing and dropping roles.
//!
//! Names placed into statements here are made of `[a-z0-9_]` only, so they need no quoting.

use sqlx::{AssertSqlSafe, PgConnection};

/// Makes a group role if it is missing.
pub(super) async fn ensure_group(
    connection: &mut PgConnection,
    role: &str,
) -> Result<(), sqlx::Error> {
    if !exists(connection, role).await? {
        run(connection, format!("CREATE ROLE {role} NOLOGIN")).await?;
    }
    Ok(())
}

/// Makes a role that logs in, or gives the one there is its login and password back.
pub(super) async fn ensure_login(
    connection: &mut PgConnection,
    role: &str,
    verifier: &str,
    comment: &str,
) -> Result<(), sqlx::Error> {
    let verb = if exists(connection, role).await? { "ALTER" } else { "CREATE" };
    run(connection, format!("{verb} ROLE {role} LOGIN PASSWORD '{verifier}'")).await?;
    run(connection, format!("COMMENT ON ROLE {role} IS '{comment}'")).await
}

/// Makes a role a member of exactly these groups, among the groups whose names begin with `prefix`.
pub(super) async fn set_memberships(
    connection: &mut PgConnection,
    role: &str,
    prefix: &str,
    groups: &[String],
) -> Result<(), sqlx::Error> {
    let current: Vec<String> = sqlx::query_scalar(
        "SELECT g.rolname::text FROM pg_catalog.pg_auth_members a
         JOIN pg_catalog.pg_roles g ON g.oid = a.roleid
         JOIN pg_catalog.pg_roles m ON m.oid = a.member
         WHERE m.rolname = $1 AND starts_with(g.rolname::text, $2)",
    )
    .bind(role)
    .bind(prefix)
    .fetch_all(&mut *connection)
    .await?;
    for group in groups.iter().filter(|group| !current.contains(group)) {
        run(connection, format!("GRANT {group} TO {role}")).await?;
    }
    for group in current.iter().filter(|group| !groups.contains(group)) {
        run(connection, format!("REVOKE {group} FROM {role}")).await?;
    }
    Ok(())
}

/// Takes a role its login, if the role is there.
pub(super) async fn disable_login(
    connection: &mut PgConnection,
    role: &str,
) -> Result<(), sqlx::Error> {
    if exists(connection, role).await? {
        run(connection, format!("ALTER ROLE {role} NOLOGIN")).await?;
    }
    Ok(())
}

/// Drops a role with whatever rights and objects it still has in this database.
pub(super) async fn drop_role(
    connection: &mut PgConnection,
    role: &str,
) -> Result<(), sqlx::Error> {
    if !exists(connection, role).await? {
        return Ok(());
    }
    // Dropping what a role owns takes that role's rights, which a superuser has anyway.
    let superuser: bool =
        sqlx::query_scalar("SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user")
            .fetch_one(&mut *connection)
            .await?;
    if !superuser {
        run(connection, format!("GRANT {role} TO CURRENT_USER")).await?;
    }
    run(connection, format!("DROP OWNED BY {role}")).await?;
    run(connection, format!("DROP ROLE {role}")).await
}

async fn exists(connection: &mut PgConnection, role: &str) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = $1)")
        .bind(role)
        .fetch_one(connection)
        .await
}

pub(super) async fn run(
    connection: &mut PgConnection,
    statement: String,
) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(connection).await?;
    Ok(())
}
