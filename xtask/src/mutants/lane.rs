//! Where mutants live: each has a copy of one prepared database, and a part of Valkey, that the one
//! before it left nothing in.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    path::PathBuf,
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};

use crate::{
    conformance::{self, Target},
    database::Database,
    host::{self, Host, Plan},
    hosted::{SUITE, Stage},
};

/// A store on this machine that has not answered for so long will not.
const STORE_PATIENCE: Duration = Duration::from_secs(10);

/// What all lanes have in common.
#[derive(Debug)]
pub(crate) struct Ground<'s> {
    /// Programs and signals.
    pub(crate) stage: &'s Stage,
    /// Folder of logs and reports.
    pub(crate) folder: PathBuf,
    template: String,
}

/// A place for one mutant after the other.
#[derive(Debug)]
pub(crate) struct Lane<'g> {
    /// What it has in common with the others.
    pub(crate) ground: &'g Ground<'g>,
    server: String,
    database: String,
    valkey: String,
}

impl<'s> Ground<'s> {
    /// Has a host without a mistake make the database that all the others begin with.
    pub(crate) fn prepare(stage: &'s Stage, folder: PathBuf) -> Result<Self> {
        let ground = host::Ground::new(folder.clone())?;
        let target = conformance::meeting_place(None)?;
        conformance::make_authority(stage.program(SUITE)?, &target)?;
        let url = stage.database()?.to_owned();
        let template = name_of(&url)?.to_owned();
        drop(Host::start(stage, &ground, &plan("template", &target, url, None))?);
        Ok(Self { stage, folder, template })
    }

    /// A lane of its own.
    pub(crate) fn lane(&'s self, number: usize) -> Result<Lane<'s>> {
        let url = self.stage.database()?;
        let (server, _) = url.rsplit_once('/').context("a database's URL")?;
        let database = format!("{}_{number}", self.template);
        let valkey = self.stage.valkey.as_deref().context("a Valkey")?;
        Ok(Lane {
            ground: self,
            server: server.to_owned(),
            database,
            valkey: numbered(valkey, number),
        })
    }
}

impl Lane<'_> {
    /// Makes everything for a mutant as no other has left it: its folder, where it and the suite meet,
    /// and how it is started.
    pub(crate) fn clear(&self, mutant: &str) -> Result<(host::Ground, Target, Plan)> {
        let ground = host::Ground::new(self.ground.folder.join(mutant))?;
        let Self { server, database, valkey, .. } = self;
        let mut session = self.session()?;
        session.rows(&self.drop_database())?;
        let template = &self.ground.template;
        session.rows(&format!("CREATE DATABASE {database} TEMPLATE {template}"))?;
        flush(valkey)?;
        let target = conformance::meeting_place(Some(valkey.clone()))?;
        let plan = plan("host", &target, format!("{server}/{database}"), Some(mutant));
        Ok((ground, target, plan))
    }

    fn drop_database(&self) -> String {
        format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.database)
    }

    /// A session of its own each time: the server may have been away. In no database that is copied,
    /// because a template has no session then.
    fn session(&self) -> Result<Database> {
        Database::open(self.ground.stage, &format!("{}/postgres", self.server))
    }
}

impl Drop for Lane<'_> {
    fn drop(&mut self) {
        let dropped = self.session().and_then(|mut session| session.rows(&self.drop_database()));
        if let Err(error) = dropped {
            eprintln!("xtask: the database {} stays: {error:#}", self.database);
        }
    }
}

fn plan(name: &str, target: &Target, database: String, mutant: Option<&str>) -> Plan {
    let mut environment = target.host_environment(database);
    environment.extend(mutant.map(|name| ("MUTANT", name.to_owned())));
    Plan { name: name.to_owned(), environment, plugin_config: Target::plugin_config() }
}

fn name_of(url: &str) -> Result<&str> {
    let path = url.split('?').next().and_then(|url| url.rsplit_once('/'));
    Ok(path.context("a database's URL")?.1)
}

/// The database of Valkey that is so many after the one of a URL.
fn numbered(url: &str, further: usize) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("redis", url));
    let (server, database) = rest.split_once('/').unwrap_or((rest, ""));
    let first: usize = database.parse().unwrap_or_default();
    format!("{scheme}://{server}/{}", first + further)
}

/// Empties a database of Valkey. Three words of its protocol are less than a client of it.
fn flush(url: &str) -> Result<()> {
    let (_, rest) = url.split_once("://").context("a URL of a Valkey")?;
    let (server, database) = rest.split_once('/').context("a number")?;
    let (user, server) = server.rsplit_once('@').unwrap_or(("", server));
    let mut stream = TcpStream::connect(server).with_context(|| format!("connect to {server}"))?;
    stream.set_read_timeout(Some(STORE_PATIENCE))?;
    let secret = user.split_once(':').map(|(name, secret)| format!("AUTH {name} {secret}\r\n"));
    write!(stream, "{}SELECT {database}\r\nFLUSHDB\r\nQUIT\r\n", secret.unwrap_or_default())?;
    let mut answers = String::new();
    stream.read_to_string(&mut answers).context("Valkey does not answer")?;
    ensure!(!answers.contains('-'), "Valkey cannot be emptied: {answers}");
    Ok(())
}
