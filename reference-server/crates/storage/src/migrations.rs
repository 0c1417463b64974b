//! A plugin's migrations: its own tables, made by its own role (decision L3).
//!
//! A migration makes data structures, not code. A function or operator of a plugin's would run
//! wherever Postgres calls it on the plugin's behalf, and two of those places are not the plugin's:
//! the check of a foreign key runs as the owner of the table pointed at (with the plugin's implicit
//! casts), and a trigger on a row that goes because a core row went runs in the host's own session.
//! So a file after which the plugin owns code is refused whole.

mod audit;
mod error;
mod file;

use std::collections::BTreeMap;
use std::time::Duration;

use contract::name::PluginName;
use policy::sql::{SqlRefusal, Statement};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::database::Database;
use crate::plugin_schema::Identity;

pub use error::MigrationError;
pub use file::MigrationFile;

/// Runs plugins' migrations.
#[derive(Clone, Copy, Debug)]
pub struct Migrations<'a> {
    pub(crate) database: &'a Database,
}

/// A file that is to run: its statements, and what changes in the record with them.
struct Step<'a> {
    file: &'a MigrationFile,
    statements: Vec<Statement>,
    record: Record<'a>,
}

enum Record<'a> {
    /// Enter the file, with its checksum.
    Enter(String),
    /// Strike the file of that name.
    Strike(&'a str),
}

impl Migrations<'_> {
    /// Applies the files that are not applied yet, in the order of their names, each in one
    /// transaction together with its record; gives the names of those applied now. Down files are
    /// passed over. The plugin must be provisioned.
    ///
    /// Every file is judged before the first one runs: an applied file whose text has changed, or
    /// one with a statement that is not admitted, is refused with nothing done. Two hosts that
    /// migrate one plugin at the same time take turns, file by file.
    pub async fn run(
        &self,
        plugin: &PluginName,
        files: &[MigrationFile],
    ) -> Result<Vec<String>, MigrationError> {
        let ups = file::sorted(files.iter().filter(|file| !file.is_down()))?;
        if ups.is_empty() {
            return Ok(Vec::new());
        }
        let (identity, mut connection) = self.open(plugin).await?;
        let applied = applied(&mut connection, &identity).await?;
        let mut steps = Vec::new();
        for file in ups {
            let checksum = file.checksum();
            match applied.get(&file.name) {
                None => steps.push(Step {
                    file,
                    statements: self.admit(file)?,
                    record: Record::Enter(checksum),
                }),
                Some(recorded) if *recorded == checksum => {}
                Some(_) => return Err(MigrationError::changed(file)),
            }
        }
        self.apply(&identity, connection, steps).await
    }

    /// Undoes applied files that have a down file (`X.down.sql` undoes `X.sql` and `X.up.sql`),
    /// last one first, each in one transaction together with its record; gives the names of the
    /// down files run.
    pub async fn run_down(
        &self,
        plugin: &PluginName,
        files: &[MigrationFile],
    ) -> Result<Vec<String>, MigrationError> {
        let downs = file::sorted(files.iter().filter(|file| file.is_down()))?;
        if downs.is_empty() {
            return Ok(Vec::new());
        }
        let (identity, mut connection) = self.open(plugin).await?;
        let applied = applied(&mut connection, &identity).await?;
        let mut steps = Vec::new();
        for (up, _) in applied.iter().rev() {
            if let Some(file) = downs.iter().find(|down| down.undoes(up)) {
                let statements = self.admit(file)?;
                steps.push(Step { file, statements, record: Record::Strike(up) });
            }
        }
        self.apply(&identity, connection, steps).await
    }

    fn admit(self, file: &MigrationFile) -> Result<Vec<Statement>, MigrationError> {
        let refused = |refusal: SqlRefusal| MigrationError::refused(file, &refusal);
        self.database.policy().sql.admit_migration(&file.sql).map_err(refused)
    }

    async fn open(&self, plugin: &PluginName) -> Result<(Identity, PgConnection), MigrationError> {
        let identity =
            self.database.names().identity(plugin).map_err(MigrationError::before_files)?;
        let connection = self.database.sessions().open_uncounted(&identity.migration_role).await?;
        Ok((identity, connection))
    }

    async fn apply(
        &self,
        identity: &Identity,
        mut connection: PgConnection,
        steps: Vec<Step<'_>>,
    ) -> Result<Vec<String>, MigrationError> {
        let mut done = Vec::new();
        let mut outcome = Ok(());
        for step in &steps {
            match self.apply_one(identity, &mut connection, step).await {
                Ok(true) => done.push(step.file.name.clone()),
                Ok(false) => {}
                Err(error) => {
                    outcome = Err(error);
                    break;
                }
            }
        }
        // A transaction left open is rolled back as the session ends.
        let _ = connection.close().await;
        // What running sessions had prepared may no longer fit the tables.
        self.database.sessions().forget(&identity.runtime_role);
        outcome.map(|()| done)
    }

    /// One file in one transaction. False when another host was faster.
    async fn apply_one(
        &self,
        identity: &Identity,
        connection: &mut PgConnection,
        step: &Step<'_>,
    ) -> Result<bool, MigrationError> {
        let config = self.database.config();
        let failed = |error| MigrationError::outside_statements(step.file, error);
        let mut transaction = connection.begin().await.map_err(failed)?;
        let begin =
            begin_statement(identity, config.migration_timeout, config.migration_lock_timeout);
        sqlx::raw_sql(AssertSqlSafe(begin)).execute(&mut *transaction).await.map_err(failed)?;
        if !enter_record(&mut transaction, identity, step).await.map_err(failed)? {
            return Ok(false);
        }
        for statement in &step.statements {
            // The extended protocol: one statement, even if the splitting were wrong.
            sqlx::query(AssertSqlSafe(statement.text.as_str()))
                .execute(&mut *transaction)
                .await
                .map_err(|error| MigrationError::statement(step.file, statement, error))?;
        }
        if let Some(code) = audit::owned_code(&mut transaction, identity).await.map_err(failed)? {
            return Err(MigrationError::code(step.file, &code));
        }
        transaction.commit().await.map_err(failed)?;
        Ok(true)
    }
}

/// Everything before a file's statements. Locking the record makes hosts take turns, however long a
/// turn takes. What the migration role makes, the runtime role may use.
fn begin_statement(identity: &Identity, timeout: Duration, lock_timeout: Duration) -> String {
    let Identity { schema, runtime_role, .. } = identity;
    format!(
        "SET LOCAL search_path TO {schema}, public;
         SET LOCAL statement_timeout TO {};
         LOCK TABLE {schema}.plugin_schema_migrations IN SHARE ROW EXCLUSIVE MODE;
         SET LOCAL lock_timeout TO {};
         ALTER DEFAULT PRIVILEGES IN SCHEMA {schema}
             GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {runtime_role};
         ALTER DEFAULT PRIVILEGES IN SCHEMA {schema}
             GRANT USAGE, SELECT ON SEQUENCES TO {runtime_role}",
        timeout.as_millis().max(1),
        lock_timeout.as_millis().max(1),
    )
}

/// Changes the record; false when it says already what it is to say.
async fn enter_record(
    connection: &mut PgConnection,
    identity: &Identity,
    step: &Step<'_>,
) -> Result<bool, sqlx::Error> {
    let schema = &identity.schema;
    let done = match &step.record {
        Record::Enter(checksum) => {
            let statement = format!(
                "INSERT INTO {schema}.plugin_schema_migrations (name, checksum) VALUES ($1, $2)
                 ON CONFLICT (name) DO NOTHING"
            );
            sqlx::query(AssertSqlSafe(statement))
                .bind(&step.file.name)
                .bind(checksum)
                .execute(connection)
                .await?
        }
        Record::Strike(up) => {
            let statement =
                format!("DELETE FROM {schema}.plugin_schema_migrations WHERE name = $1");
            sqlx::query(AssertSqlSafe(statement)).bind(up).execute(connection).await?
        }
    };
    Ok(done.rows_affected() == 1)
}

async fn applied(
    connection: &mut PgConnection,
    identity: &Identity,
) -> Result<BTreeMap<String, String>, sqlx::Error> {
    let schema = &identity.schema;
    let statement = format!("SELECT name, checksum FROM {schema}.plugin_schema_migrations");
    let rows: Vec<(String, String)> =
        sqlx::query_as(AssertSqlSafe(statement)).fetch_all(connection).await?;
    Ok(rows.into_iter().collect())
}
