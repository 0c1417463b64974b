//! Everything that an operation could have changed, as one value that compares.

use std::collections::BTreeMap;
use std::path::Path;

use sha2::{Digest as _, Sha256};
use sqlx::{Connection as _, PgConnection};

use super::world::{World, answer};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct State {
    /// Name, version, manifest, enabled and times of every row.
    pub(crate) rows: Vec<String>,
    /// `schema.table` of everything in plugins' schemas, with applied migrations, and who owns them.
    pub(crate) schemas: Vec<String>,
    /// This database's plugin roles, whether they may log in, and what they are members of.
    pub(crate) roles: Vec<String>,
    /// Path below the folders of the store and of staging, without the release that is current, and
    /// digest.
    pub(crate) files: BTreeMap<String, String>,
    /// Name, version and what the code answers.
    pub(crate) running: Vec<(String, String, Option<String>)>,
}

impl State {
    pub(crate) async fn observe(world: &World) -> Self {
        let mut connection = PgConnection::connect(&world.url).await.unwrap();
        let mark = hex::encode(Sha256::digest(&world.database_name));
        let roles = format!(r"hp\_{}\_%", &mark[..12]);
        let mut files = BTreeMap::new();
        for tree in ["backend", "frontend", "mcp", "staging"] {
            let root = world.root(tree);
            walk(&root, tree, &mut files);
        }
        // The files of the release that a row names, as if there were no others.
        let releases =
            "SELECT name || '/' || release FROM plugins WHERE $1 = '' AND release IS NOT NULL";
        let releases = texts(&mut connection, releases, "").await;
        let files = files
            .into_iter()
            .map(|(path, digest)| {
                let current = releases.iter().find(|release| path.contains(release.as_str()));
                let name = current.and_then(|release| release.split('/').next());
                match (current, name) {
                    (Some(current), Some(name)) => (path.replace(current.as_str(), name), digest),
                    _ => (path, digest),
                }
            })
            .collect();
        let mut running = Vec::new();
        for installed in world.lifecycle.snapshot().iter() {
            let row = &installed.row;
            running.push((row.name.clone(), row.version.clone(), answer(installed).await));
        }
        let mut schemas = texts(&mut connection, SCHEMAS, "").await;
        for schema in texts(&mut connection, "SELECT nspname::text FROM pg_namespace WHERE nspname LIKE 'plugin\\_data\\_%' AND $1 = '' ORDER BY 1", "").await {
            // One schema name each, made of letters, digits and underscores.
            let sql = format!("SELECT '{schema}: ' || m::text FROM {schema}.plugin_schema_migrations m WHERE $1 = '' ORDER BY 1");
            schemas.extend(texts(&mut connection, &sql, "").await);
        }
        Self {
            rows: texts(
                &mut connection,
                "SELECT p::text FROM plugins p WHERE $1 = '' ORDER BY 1",
                "",
            )
            .await,
            schemas,
            roles: texts(&mut connection, ROLES, &roles).await,
            files,
            running,
        }
    }

    /// The paths below one root, without the digests.
    pub(crate) fn paths(&self, root: &str) -> Vec<&str> {
        let prefix = format!("{root}/");
        self.files.keys().filter_map(|path| path.strip_prefix(&prefix)).collect()
    }
}

const SCHEMAS: &str = r"
    SELECT nspname || ' ' || pg_get_userbyid(nspowner) FROM pg_namespace
     WHERE nspname LIKE 'plugin\_data\_%' AND $1 = ''
    UNION ALL
    SELECT schemaname || '.' || tablename || ' ' || tableowner FROM pg_tables
     WHERE schemaname LIKE 'plugin\_data\_%'
    UNION ALL
    SELECT 'owner of ' || schema_name || ': ' || plugin_name FROM plugin_schemas
    ORDER BY 1";

const ROLES: &str = "
    SELECT r.rolname || ' login ' || r.rolcanlogin || ' in '
           || coalesce((SELECT string_agg(g.rolname, ',' ORDER BY g.rolname)
                          FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid
                         WHERE m.member = r.oid), '')
      FROM pg_roles r WHERE r.rolname LIKE $1 ORDER BY 1";

async fn texts(connection: &mut PgConnection, sql: &str, parameter: &str) -> Vec<String> {
    sqlx::query_scalar(sqlx::AssertSqlSafe(sql.to_owned()))
        .bind(parameter)
        .fetch_all(connection)
        .await
        .unwrap()
}

fn walk(path: &Path, name: &str, files: &mut BTreeMap<String, String>) {
    for entry in std::fs::read_dir(path).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{name}/{}", entry.file_name().to_string_lossy());
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            files.insert(name.clone(), "directory".to_owned());
            walk(&entry.path(), &name, files);
        } else if kind.is_symlink() {
            files.insert(name, "link".to_owned());
        } else {
            let digest = Sha256::digest(std::fs::read(entry.path()).unwrap());
            files.insert(name, hex::encode(digest));
        }
    }
}
