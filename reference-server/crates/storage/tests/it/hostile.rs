//! Statements made up to break out: whatever the guard lets through changes nothing outside the
//! plugin's schema, and shows nothing of it either.
//!
//! Every statement runs against a real Postgres, as one plugin beside another and the core tables.
//! Before and after it, everything outside is digested: rows, catalogs, roles, settings.

mod digest;
mod grammar;

use policy::sql::SqlCall;
use policy::{Limits, SqlPolicy};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::support::{Host, Plugin, run};
use digest::Outside;

/// Batches tried in an ordinary test run: some seconds.
const BATCHES: u32 = 96;

/// Statements of a batch. What lies outside is digested after each batch, which costs more than
/// the statements do.
const BATCH: usize = 12;

/// What only another plugin's rows and the core's secret columns say.
const SECRETS: [&str; 2] = ["theirs-7f3a", "$argon2id$a-hash"];

/// The plugin's own objects.
const OWN: &str = "
CREATE TABLE notes (id int, body text);
INSERT INTO notes VALUES (1, 'mine'), (2, 'mine too');
CREATE SEQUENCE numbers;
";

/// What a migration is refused, and a hole in that refusal would leave: functions that take a
/// statement past the guard, the second and third with the rights of the role that migrates.
const SMUGGLERS: &str = "
CREATE FUNCTION plugin_data_a.run(statement text) RETURNS text LANGUAGE plpgsql AS
  $$ BEGIN EXECUTE statement; RETURN 'ran'; END $$;
CREATE FUNCTION plugin_data_a.run_as_maker(statement text) RETURNS text
  LANGUAGE plpgsql SECURITY DEFINER AS
  $$ BEGIN EXECUTE statement; RETURN 'ran'; END $$;
CREATE FUNCTION plugin_data_a.get(statement text) RETURNS text
  LANGUAGE plpgsql SECURITY DEFINER AS
  $$ DECLARE found text; BEGIN EXECUTE statement INTO found; RETURN found; END $$;
DO $$ DECLARE f regprocedure; maker text := (SELECT relowner::regrole FROM pg_class
        WHERE oid = 'plugin_data_a.notes'::regclass);
BEGIN
  FOR f IN SELECT oid FROM pg_proc WHERE pronamespace = 'plugin_data_a'::regnamespace LOOP
    EXECUTE format('ALTER FUNCTION %s OWNER TO %s', f, maker);
  END LOOP;
END $$;
";

const THEIRS: &str = "
CREATE TYPE mood AS ENUM ('glad');
CREATE TABLE notes (id int, body text);
INSERT INTO notes VALUES (1, 'theirs-7f3a'), (2, 'theirs-7f3a');
CREATE SEQUENCE numbers;
CREATE VIEW seen AS SELECT * FROM notes;
";

#[test]
fn no_admitted_statement_reaches_outside_the_plugins_schema() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    // A statement made to last ends soon, and the next one has its turn.
    let sql_statement_duration = std::time::Duration::from_millis(100);
    let limits = Limits { sql_statement_duration, ..Limits::default() };
    let host = runtime.block_on(Host::start_limited(limits));
    let (mine, outside) = runtime.block_on(async {
        let user = host.user("ada").await;
        host.project(&user).await;
        let mine = host.plugin("a", &["db.read"]).await;
        mine.migrate(&[("1.sql", OWN)]).await.unwrap();
        let theirs = host.plugin("b", &["db.read"]).await;
        theirs.migrate(&[("1.sql", THEIRS)]).await.unwrap();
        run(&mut host.superuser().await, SMUGGLERS).await;
        let add = "CREATE FUNCTION plugin_data_b.add() RETURNS int LANGUAGE sql SECURITY DEFINER AS
          'INSERT INTO plugin_data_b.notes VALUES (3, ''more''); SELECT 1'";
        run(&mut host.superuser().await, add).await;
        let key = "INSERT INTO api_keys (user_id, name, key_hash)
                   SELECT id, 'k', '$argon2id$a-hash' FROM users";
        run(&mut host.superuser().await, key).await;
        (mine, Outside::of(host.superuser().await, "plugin_data_a").await)
    });
    let outside = std::cell::RefCell::new(outside);
    let tried = std::cell::Cell::new((0u32, 0u32));

    let config = Config {
        cases: BATCHES,
        failure_persistence: None,
        max_shrink_iters: 64,
        ..Config::default()
    };
    let batch = prop::collection::vec((grammar::statement(), any::<bool>()), 1..=BATCH);
    TestRunner::new(config)
        .run(&batch, |statements| {
            for (sql, in_transaction) in statements {
                for call in [SqlCall::Query, SqlCall::Query2, SqlCall::Exec] {
                    if SqlPolicy::default().admit(call, &sql, &Limits::default()).is_err() {
                        continue;
                    }
                    let outcome = runtime.block_on(send(&mine, call, &sql, in_transaction));
                    let (admitted, succeeded) = tried.get();
                    tried.set((admitted + 1, succeeded + u32::from(outcome.is_ok())));
                    let shown = outcome.unwrap_or_else(|error| error);
                    for secret in SECRETS {
                        prop_assert!(!shown.contains(secret), "{}: {shown}", call.as_str());
                    }
                }
            }
            let changed = runtime.block_on(outside.borrow_mut().changed());
            prop_assert!(changed.is_empty(), "changed: {changed:?}");
            Ok(())
        })
        .unwrap();

    // A generator whose statements are all refused, or all fail, would prove nothing. Some three
    // hundred are admitted and thirty succeed, give or take what chance does to both.
    let (admitted, succeeded) = tried.get();
    assert!(admitted > BATCHES, "only {admitted} statements were admitted");
    assert!(succeeded > BATCHES / 12, "only {succeeded} statements ran");
    runtime.block_on(async { assert_eq!(mine.value("SELECT 1").await, 1) });
}

/// What the guest would be shown, or the error.
async fn send(
    plugin: &Plugin<'_>,
    call: SqlCall,
    sql: &str,
    in_transaction: bool,
) -> Result<String, String> {
    use storage::plugin_sql::Access::{ReadOnly, ReadWrite};
    let plugin_sql = plugin.host.database.plugin_sql();
    let outcome = if in_transaction {
        let mut transaction = plugin_sql.begin(&plugin.name).await.unwrap();
        let outcome = match call {
            SqlCall::Query => transaction.query(ReadOnly, sql, None).await,
            SqlCall::Query2 => transaction.query(ReadWrite, sql, None).await,
            SqlCall::Exec => transaction.exec(sql, None).await.map(|n| n.to_string()),
        };
        transaction.commit().await.map_err(|error| error.to_string())?;
        outcome
    } else {
        match call {
            SqlCall::Query => plugin_sql.query(&plugin.name, ReadOnly, sql, None).await,
            SqlCall::Query2 => plugin_sql.query(&plugin.name, ReadWrite, sql, None).await,
            SqlCall::Exec => plugin_sql.exec(&plugin.name, sql, None).await.map(|n| n.to_string()),
        }
    };
    outcome.map_err(|error| error.to_string())
}
