//! A corpus of ordinary statements: each is admitted by the guard and runs as a plugin's role.

use policy::sql::SqlCall;
use policy::{Limits, SqlPolicy};

use crate::support::{Host, run};

const SCHEMA: &str = include_str!("../corpus/schema.sql");
const ORDINARY: &str = include_str!("../corpus/ordinary.sql");

/// One statement of the corpus.
struct Entry {
    call: SqlCall,
    params: String,
    sql: String,
}

/// Takes the corpus apart; its first lines describe the format.
fn entries(corpus: &str) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut call = None;
    for paragraph in corpus.split("\n\n") {
        let mut params = String::new();
        let mut sql = Vec::new();
        for line in paragraph.lines() {
            if let Some(name) = line.strip_prefix("-- call ") {
                call = [SqlCall::Query, SqlCall::Query2, SqlCall::Exec]
                    .into_iter()
                    .find(|call| call.as_str() == name.trim());
            } else if let Some(json) = line.strip_prefix("-- params ") {
                json.clone_into(&mut params);
            } else if !line.starts_with("-- ") {
                sql.push(line);
            }
        }
        let sql = sql.join("\n").trim().to_owned();
        if !sql.is_empty() {
            entries.push(Entry { call: call.expect("a call comes first"), params, sql });
        }
    }
    entries
}

#[tokio::test]
async fn ordinary_statements_are_admitted_and_run() {
    let host = Host::start().await;
    let user = host.user("ada").await;
    let project = host.project(&user).await;
    let task = "11111111-1111-4111-8111-111111111111";
    let add_task = format!(
        "INSERT INTO tasks (id, project_id, title, task_number) VALUES ('{task}', '{}', 'A task', 1)",
        project.id
    );
    run(&mut host.superuser().await, &add_task).await;
    let plugin = host.plugin("a", &["db.read"]).await;
    plugin.migrate(&[("0001_schema.sql", SCHEMA)]).await.unwrap();

    let fill = |text: &str| {
        text.replace("{task}", task)
            .replace("{project}", &project.id.to_string())
            .replace("{user}", &user.id.to_string())
    };
    let corpus = entries(ORDINARY);
    assert!(corpus.len() >= 150, "the corpus has {} statements", corpus.len());
    let mut failures = Vec::new();
    for Entry { call, params, sql } in corpus {
        let (sql, params) = (fill(&sql), fill(&params));
        if let Err(refusal) = SqlPolicy::default().admit(call, &sql, &Limits::default()) {
            failures.push(format!("{} refuses {sql}: {refusal}", call.as_str()));
            continue;
        }
        let outcome = match call {
            SqlCall::Query => plugin.query(&sql, &params).await.map(drop),
            SqlCall::Query2 => plugin.query2(&sql, &params).await.map(drop),
            SqlCall::Exec => plugin.exec(&sql, &params).await.map(drop),
        };
        if let Err(error) = outcome {
            failures.push(format!("{} of {sql}: {error}", call.as_str()));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
