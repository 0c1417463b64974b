//! Where mutants live: each has a copy of one prepared database, and a part of Valkey, that the one
//! before it left nothing in.

use std::{
    fs,
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
    workspace,
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
    session: Database,
    database: String,
    url: String,
    valkey: String,
}

impl<'s> Ground<'s> {
    /// Has a host without a mistake make the database that all the others begin with.
    pub(crate) fn prepare(stage: &'s Stage) -> Result<Self> {
        let folder = workspace::target().join("mutants/lanes");
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
        // The template itself must have no session when it is copied.
        let session = Database::open(self.stage, &format!("{server}/postgres"))?;
        let valkey = self.stage.valkey.as_deref().context("a Valkey")?;
        Ok(Lane {
            ground: self,
            session,
            url: format!("{server}/{database}"),
            database,
            valkey: numbered(valkey, number),
        })
    }
}

impl Lane<'_> {
    /// Starts a mutant, with everything as no other has left it.
    pub(crate) fn start(&mut self, mutant: &str) -> Result<(Host, Target, PathBuf)> {
        let ground = host::Ground::new(self.ground.folder.join(mutant))?;
        let (database, template) = (&self.database, &self.ground.template);
        self.session.rows(&format!("DROP DATABASE IF EXISTS {database} WITH (FORCE)"))?;
        self.session.rows(&format!("CREATE DATABASE {database} TEMPLATE {template}"))?;
        flush(&self.valkey)?;
        let target = conformance::meeting_place(Some(self.valkey.clone()))?;
        let plan = plan("host", &target, self.url.clone(), Some(mutant));
        let host = Host::start(self.ground.stage, &ground, &plan)?;
        let folder = ground.folder().to_owned();
        fs::write(folder.join("target.toml"), target.render(&host.url, None))?;
        Ok((host, target, folder))
    }
}

impl Drop for Lane<'_> {
    fn drop(&mut self) {
        let dropped =
            self.session.rows(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.database));
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
