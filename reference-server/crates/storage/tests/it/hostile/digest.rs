//! Everything outside one schema, as a list of digests.

use sqlx::{AssertSqlSafe, PgConnection};

/// Watches what lies outside a plugin's schema.
pub(super) struct Outside {
    connection: PgConnection,
    question: String,
    before: Vec<(String, String)>,
}

/// What to digest besides the tables' rows: a name, and a query. `{own}` is the plugin's schema.
///
/// Foreign keys to core tables are allowed and leave internal triggers and constraints on the
/// plugin's side; statistics and visibility change by themselves. Neither is listed, nor are the
/// plugins' roles of other databases on the same server, where other tests are at work.
const CATALOGS: &[(&str, &str)] = &[
    (
        "relations",
        "SELECT c.oid, relname, relnamespace, relowner, relkind, relacl::text, relrowsecurity
         FROM pg_class c WHERE relnamespace <> '{own}'::regnamespace
           AND relnamespace <> 'pg_toast'::regnamespace",
    ),
    (
        "columns",
        "SELECT attrelid, attname, atttypid, attacl::text FROM pg_attribute a
         JOIN pg_class c ON c.oid = attrelid WHERE relnamespace <> '{own}'::regnamespace
           AND relnamespace <> 'pg_toast'::regnamespace",
    ),
    (
        "functions",
        "SELECT oid, proname, prosrc, proowner, proacl::text, proconfig FROM pg_proc
         WHERE pronamespace <> '{own}'::regnamespace",
    ),
    (
        "types",
        "SELECT oid, typname FROM pg_type WHERE typnamespace <> '{own}'::regnamespace
         AND typnamespace <> 'pg_toast'::regnamespace",
    ),
    (
        "operators",
        "SELECT oid, oprname FROM pg_operator WHERE oprnamespace <> '{own}'::regnamespace",
    ),
    ("schemas", "SELECT oid, nspname, nspowner, nspacl::text FROM pg_namespace"),
    (
        "roles",
        "SELECT rolname, rolsuper, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication,
                CASE WHEN rolname !~ '^hp_' THEN rolpassword END FROM pg_authid
         WHERE rolname !~ '^hp_' OR starts_with(rolname,
                (SELECT substring(relowner::regrole::text from '^hp_[^_]+_') FROM pg_class
                 WHERE oid = '{own}.notes'::regclass))",
    ),
    (
        "memberships",
        "SELECT roleid, member, admin_option FROM pg_auth_members
         JOIN pg_authid ON pg_authid.oid = member
         WHERE rolname !~ '^hp_' OR starts_with(rolname,
                (SELECT substring(relowner::regrole::text from '^hp_[^_]+_') FROM pg_class
                 WHERE oid = '{own}.notes'::regclass))",
    ),
    (
        "databases",
        "SELECT datname, datdba, datacl::text, datconnlimit FROM pg_database
         WHERE datname = current_database()",
    ),
    (
        "role settings",
        "SELECT s.* FROM pg_db_role_setting s LEFT JOIN pg_roles r ON r.oid = setrole
         WHERE rolname IS NULL OR rolname !~ '^hp_'",
    ),
    (
        "settings",
        "SELECT name, setting FROM pg_settings WHERE source IN ('configuration file',
         'override', 'default') AND context <> 'user' AND name !~ '^(in_hot_standby)'",
    ),
    (
        "triggers",
        "SELECT tgname FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid
         WHERE NOT tgisinternal AND relnamespace <> '{own}'::regnamespace",
    ),
    (
        "rules",
        "SELECT r.oid FROM pg_rewrite r JOIN pg_class c ON c.oid = ev_class
         WHERE relnamespace <> '{own}'::regnamespace",
    ),
    (
        "policies",
        "SELECT p.oid FROM pg_policy p JOIN pg_class c ON c.oid = polrelid
         WHERE relnamespace <> '{own}'::regnamespace",
    ),
    ("event triggers", "SELECT evtname FROM pg_event_trigger"),
    ("extensions", "SELECT extname FROM pg_extension"),
    ("languages", "SELECT lanname, lanacl::text FROM pg_language"),
    ("casts", "SELECT castsource, casttarget FROM pg_cast WHERE oid < 16384"),
    ("servers", "SELECT srvname FROM pg_foreign_server"),
    ("large objects", "SELECT oid FROM pg_largeobject_metadata"),
    ("publications", "SELECT pubname FROM pg_publication"),
    (
        "prepared transactions",
        "SELECT gid FROM pg_prepared_xacts WHERE database = current_database()",
    ),
    (
        "advisory locks",
        "SELECT objid FROM pg_locks WHERE locktype = 'advisory'
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
    ),
    (
        "open transactions",
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database()
           AND application_name = 'hostproof-plugin' AND state LIKE 'idle in transaction%'",
    ),
];

impl Outside {
    /// Takes the first digest. The connection is a superuser's, and used for nothing else.
    pub(super) async fn of(mut connection: PgConnection, own: &str) -> Self {
        let tables: Vec<String> = sqlx::query_scalar(
            "SELECT format('%I.%I', nspname, relname) FROM pg_class c
             JOIN pg_namespace n ON n.oid = relnamespace
             WHERE relkind IN ('r', 'S') AND nspname <> $1
               AND nspname !~ '^pg_' AND nspname <> 'information_schema'",
        )
        .bind(own)
        .fetch_all(&mut connection)
        .await
        .unwrap();
        let rows = tables.iter().map(|table| (table.as_str(), format!("SELECT * FROM {table}")));
        let catalogs = CATALOGS.iter().map(|(name, query)| (*name, query.replace("{own}", own)));
        let parts: Vec<String> = rows
            .chain(catalogs)
            .map(|(name, query)| {
                format!(
                    "SELECT '{name}', coalesce(md5(string_agg(r::text, '|' ORDER BY r::text)), '')
                     FROM ({query}) AS r"
                )
            })
            .collect();
        let mut outside =
            Self { connection, question: parts.join(" UNION ALL "), before: Vec::new() };
        outside.before = outside.digest().await;
        assert!(outside.before.len() > CATALOGS.len(), "tables have rows to watch");
        outside
    }

    /// What is not as it was, and stays so: a session that was given up takes a moment to end.
    pub(super) async fn changed(&mut self) -> Vec<String> {
        let mut changed = Vec::new();
        for _ in 0..100 {
            let now = self.digest().await;
            let differing = now.iter().zip(&self.before).filter(|(now, before)| now != before);
            changed = differing.map(|(now, _)| now.0.clone()).collect();
            if changed.is_empty() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        changed
    }

    async fn digest(&mut self) -> Vec<(String, String)> {
        sqlx::query_as(AssertSqlSafe(self.question.clone()))
            .fetch_all(&mut self.connection)
            .await
            .unwrap()
    }
}
