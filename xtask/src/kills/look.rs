//! A look at everything a host shows and keeps of a plugin, and what in it is not as it has to be.

use std::{collections::BTreeSet, fs, path::Path};

use anyhow::{Context as _, Result};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::state::{Installed, State};
use crate::{
    api::{Answer, Client},
    database::Database,
    host::Ground,
    sample::{Files, Sample},
};

/// The trees of the store.
const TREES: [&str; 3] = ["backend", "frontend", "mcp"];

/// What was seen.
#[derive(Debug)]
pub(crate) struct Look {
    /// What `GET /api/v1/plugins` lists, as name, version, enabled and manifest.
    listed: Vec<Value>,
    /// The rows of `plugins`.
    rows: Vec<Value>,
    /// The records of operations.
    operations: Vec<String>,
    /// The tables of the plugin's schema, if there is one.
    tables: Option<BTreeSet<String>>,
    /// The names of applied migrations.
    applied: BTreeSet<String>,
    /// The roles of all plugins.
    roles: Vec<Value>,
    /// The files of every tree below the plugin's folder.
    files: [Files; 3],
    /// What is in the staging area.
    staging: Vec<String>,
    /// The answers of the plugin's two routes.
    routes: [Answer; 2],
    /// The answers to a file of either tree that is served.
    served: [Answer; 2],
}

impl Look {
    /// Looks at everything.
    pub(crate) fn at(
        name: &str,
        host: &Client,
        database: &mut Database,
        ground: &Ground,
    ) -> Result<Self> {
        let listed = host.get("/api/v1/plugins")?.data()?["plugins"].take();
        let pick = |row: &Value| pick(row, &["name", "version", "enabled", "manifest"]);
        let listed = listed.as_array().context("a list of plugins")?.iter().map(pick).collect();
        let [mark, schema] = [mark(database)?, Sample::schema(name)];
        let tables = format!("SELECT tablename FROM pg_tables WHERE schemaname = '{schema}'");
        let tables = database.texts(&tables)?.into_iter().collect();
        let there = format!("SELECT 1 FROM pg_namespace WHERE nspname = '{schema}'");
        let there = !database.rows(&there)?.is_empty();
        let applied = format!("SELECT name FROM {schema}.plugin_schema_migrations");
        let applied = if there { database.texts(&applied)? } else { Vec::new() };
        let files = |tree: &str| files(&ground.tree(tree).join(name));
        let ask = |path: String| host.get(&path);
        Ok(Self {
            listed,
            rows: database.rows("SELECT name, version, enabled, manifest, release FROM plugins")?,
            operations: database
                .texts("SELECT plugin_name || ' ' || action FROM plugin_operations")?,
            tables: there.then_some(tables),
            applied: applied.into_iter().collect(),
            roles: database.rows(&ROLES.replace("{mark}", &mark))?,
            files: [files(TREES[0])?, files(TREES[1])?, files(TREES[2])?],
            staging: staged(ground),
            routes: [
                ask(format!("/api/v1/plugins/{name}/version"))?,
                ask(format!("/api/v1/plugins/{name}/changed"))?,
            ],
            served: [
                ask(format!("/plugins/{name}/remoteEntry.js"))?,
                ask(format!("/plugins-mcp/{name}/index.js"))?,
            ],
        })
    }

    /// What clients meet that is not as the state says: true from the first answer on.
    pub(crate) fn wrongly_served(&self, state: &State) -> Vec<String> {
        let mut wrong = Wrong::default();
        let expected: Vec<Value> = state.installed.iter().map(|one| row(state, one)).collect();
        wrong.unless(self.listed == expected, || format!("listed: {:?}", self.listed));
        let rows: Vec<Value> = self
            .rows
            .iter()
            .map(|row| pick(row, &["name", "version", "enabled", "manifest"]))
            .collect();
        wrong.unless(rows == expected, || format!("rows: {:?}", self.rows));

        let running = state.installed.as_ref().filter(|one| one.enabled);
        let version = running.map(|one| one.sample.version());
        let has_second = |one: &Installed| one.manifest != one.sample.manifest();
        let second = version.clone().filter(|_| running.is_some_and(has_second));
        for (answer, expected) in self.routes.iter().zip([version, second]) {
            let status = if expected.is_some() { 200 } else { 404 };
            wrong.unless(answer.status == status && answer.version == expected, || {
                format!("a route answers {answer:?} and not {expected:?}")
            });
        }
        let files = ["remoteEntry.js", "index.js"];
        for ((answer, tree), file) in self.served.iter().zip(&TREES[1..]).zip(files) {
            let expected = running.and_then(|one| one.sample.files(tree).ok()?.remove(file));
            let same = match &expected {
                Some(content) => answer.status == 200 && answer.body.as_bytes() == content,
                None => answer.status == 404,
            };
            wrong.unless(same, || format!("{tree}/{file} is served as {answer:?}"));
        }
        wrong.0
    }

    /// What is kept that is not as the state says: true when the operation is settled.
    pub(crate) fn wrongly_kept(&self, state: &State) -> Result<Vec<String>> {
        let mut wrong = Wrong::default();
        wrong.unless(self.operations.is_empty(), || format!("records: {:?}", self.operations));
        wrong.unless(self.staging.is_empty(), || format!("staging: {:?}", self.staging));
        self.compare_files(state, &mut wrong)?;
        self.compare_schema(state, &mut wrong);
        self.compare_roles(state, &mut wrong);
        Ok(wrong.0)
    }

    /// Exactly the files of one release: that which the row names.
    fn compare_files(&self, state: &State, wrong: &mut Wrong) -> Result<()> {
        let release = self.rows.first().and_then(|row| row["release"].as_str());
        for (found, tree) in self.files.iter().zip(TREES) {
            let expected = match &state.installed {
                Some(one) => one.sample.files(tree)?,
                None => Files::new(),
            };
            let prefix = release.unwrap_or("no release");
            let expected: Files = expected
                .into_iter()
                .map(|(path, content)| (format!("{prefix}/{path}"), content))
                .collect();
            wrong.unless(*found == expected, || {
                let names = |files: &Files| files.keys().cloned().collect::<Vec<_>>();
                let (found, expected) = (names(found), names(&expected));
                format!("{tree}: {found:?} and not {expected:?}, or other content")
            });
        }
        Ok(())
    }

    fn compare_schema(&self, state: &State, wrong: &mut Wrong) {
        let own = ["plugin_kv", "plugin_schema_migrations"].map(str::to_owned);
        let fits = |count: &u32| {
            let tables: BTreeSet<_> = Sample::tables(*count).chain(own.clone()).collect();
            let applied: BTreeSet<_> = (1..=*count).map(Sample::migration).collect();
            self.tables.as_ref() == Some(&tables) && self.applied == applied
        };
        let fits = if state.migrations.is_empty() {
            self.tables.is_none()
        } else {
            state.migrations.iter().any(fits)
        };
        wrong.unless(fits, || {
            let (tables, applied) = (&self.tables, &self.applied);
            format!("tables {tables:?}, migrations {applied:?}, not of {:?}", state.migrations)
        });
    }

    /// The right to read what the row's manifest asks for and nothing else; no login, nor roles
    /// without a schema, for what is not installed.
    fn compare_roles(&self, state: &State, wrong: &mut Wrong) {
        let is_own = |role: &&Value| {
            let purpose = role["purpose"].as_str().unwrap_or_default();
            purpose.ends_with(&format!(" of plugin {}", state.name))
        };
        let (own, others): (Vec<&Value>, Vec<&Value>) = self.roles.iter().partition(is_own);
        wrong.unless(others.iter().all(|role| role["login"] == false), || {
            format!("roles of plugins that are gone: {others:?}")
        });
        let expected = if state.migrations.is_empty() { 0 } else { 2 };
        wrong.unless(own.len() == expected, || format!("not {expected} roles: {own:?}"));
        for role in own {
            wrong.unless(role["login"] == state.installed.is_some(), || format!("login: {role}"));
            let Some(installed) = &state.installed else { continue };
            let runs_statements =
                role["purpose"].as_str().is_some_and(|p| p.contains("statements"));
            let asked: Vec<String> = match installed.manifest["permissions"][0].as_str() {
                Some(permission) if runs_statements => {
                    vec![permission.replace("db:read:", "")]
                }
                _ => Vec::new(),
            };
            let granted: Vec<String> = role["reads"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|group| group.as_str().map(str::to_owned))
                .collect();
            wrong.unless(granted == asked, || format!("reads {granted:?} and not {asked:?}"));
        }
    }
}

const ROLES: &str = "
    SELECT r.rolname AS role, r.rolcanlogin AS login, shobj_description(r.oid, 'pg_authid') AS purpose,
           (SELECT coalesce(array_agg(substr(g.rolname, length('hp_{mark}_read_') + 1)), '{}')
              FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid
             WHERE m.member = r.oid AND starts_with(g.rolname, 'hp_{mark}_read_')) AS reads
      FROM pg_roles r
     WHERE starts_with(r.rolname, 'hp_{mark}_') AND r.rolname ~ '_(run|own)$'";

/// What the names of this database's roles begin with.
fn mark(database: &mut Database) -> Result<String> {
    let name = database.texts("SELECT current_database() AS name")?.pop().context("its name")?;
    let digest = Sha256::digest(name.as_bytes());
    Ok(hex::encode(&digest[..6]))
}

/// What was found wrong.
#[derive(Debug, Default)]
struct Wrong(Vec<String>);

impl Wrong {
    fn unless(&mut self, right: bool, what: impl FnOnce() -> String) {
        if !right {
            self.0.push(what());
        }
    }
}

fn row(state: &State, Installed { sample, manifest, enabled }: &Installed) -> Value {
    serde_json::json!({
        "name": state.name, "version": sample.version(), "enabled": enabled, "manifest": manifest,
    })
}

fn pick(value: &Value, fields: &[&str]) -> Value {
    fields.iter().map(|field| ((*field).to_owned(), value[*field].clone())).collect()
}

/// The folders of operations.
fn staged(ground: &Ground) -> Vec<String> {
    let entries = fs::read_dir(ground.tree("backend").join(".staging"));
    let entries = entries.into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

/// All files below a folder, an empty folder as a path that ends with a slash.
fn files(folder: &Path) -> Result<Files> {
    fn walk(folder: &Path, prefix: &str, found: &mut Files) -> Result<()> {
        for entry in fs::read_dir(folder).with_context(|| format!("list {}", folder.display()))? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() {
                let before = found.len();
                walk(&path, &format!("{prefix}{name}/"), found)?;
                if found.len() == before {
                    found.insert(format!("{prefix}{name}/"), Vec::new());
                }
            } else {
                let content =
                    fs::read(&path).with_context(|| format!("read {}", path.display()))?;
                found.insert(format!("{prefix}{name}"), content);
            }
        }
        Ok(())
    }
    let mut found = Files::new();
    if folder.is_dir() {
        walk(folder, "", &mut found)?;
        if found.is_empty() {
            found.insert("an empty folder".to_owned(), Vec::new());
        }
    }
    Ok(found)
}
