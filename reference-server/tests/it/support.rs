//! A host for one test, and clients for it.

pub(crate) mod answer;
pub(crate) mod client;
mod plugins;

use std::{
    fmt::Write as _,
    net::SocketAddr,
    sync::{Arc, Once},
};

use reference_server::{
    app::App,
    config::{Config, PluginValues},
    server::Server,
};
use serde_json::{Value, json};
use services::TestDatabase;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub(crate) use self::{answer::Answer, client::Client, plugins::place};

pub(crate) const ADMIN: &str = "admin";
pub(crate) const PASSWORD: &str = "correct horse battery";
pub(crate) const JWT_SECRET: &str = "0123456789abcdef0123456789abcdef";

/// A served host, with a database and folders of its own. Stopped when dropped.
pub(crate) struct Host {
    pub(crate) base_url: String,
    pub(crate) metrics_address: Option<SocketAddr>,
    pub(crate) app: Arc<App>,
    pub(crate) stop: CancellationToken,
    pub(crate) served: JoinHandle<anyhow::Result<()>>,
    pub(crate) database_url: String,
    _database: Option<TestDatabase>,
    pub(crate) folder: TempDir,
    http: reqwest::Client,
}

impl Drop for Host {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Host {
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// Starts with these variables on top of the usual ones.
    pub(crate) async fn start_with(extra: &[(&str, &str)]) -> Self {
        let database = test_database().await;
        let url = database.url().to_owned();
        Self::launch(&url, Some(database), extra).await.loaded().await
    }

    /// Starts on this empty database, which is whoever's who made it.
    pub(crate) async fn start_on(database_url: &str, extra: &[(&str, &str)]) -> Self {
        Self::launch(database_url, None, extra).await.loaded().await
    }

    /// The same, before its plugins are loaded.
    pub(crate) async fn start_loading(database_url: &str, extra: &[(&str, &str)]) -> Self {
        Self::launch(database_url, None, extra).await
    }

    /// Waits until its plugins are loaded.
    pub(crate) async fn loaded(self) -> Self {
        self.app.loaded.wait().await;
        self
    }

    async fn launch(
        database_url: &str,
        database: Option<TestDatabase>,
        extra: &[(&str, &str)],
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let environment = environment(database_url, &folder, extra);
        let config = Config::load(None, &environment).unwrap();
        let values = PluginValues::load(None, &environment).unwrap();
        // Quiet, unless whoever runs the tests asks: a log of refused requests is no failure.
        reference_server::telemetry::init(&config.log).unwrap();
        let started = Server::start(config, values).await.unwrap();
        let (base_url, app) = (started.base_url(), Arc::clone(started.app()));
        let metrics_address = started.metrics_address();
        let stop = CancellationToken::new();
        let served = tokio::spawn(started.run(stop.clone()));
        let (database_url, http) = (database_url.to_owned(), http_client());
        Self {
            base_url,
            metrics_address,
            app,
            stop,
            served,
            database_url,
            _database: database,
            folder,
            http,
        }
    }

    /// A client without credentials.
    pub(crate) fn anonymous(&self) -> Client {
        Client::new(self.http.clone(), &self.base_url, Vec::new())
    }

    /// A client with this one header.
    pub(crate) fn with(&self, name: &str, value: &str) -> Client {
        let headers = vec![(name.to_owned(), value.to_owned())];
        Client::new(self.http.clone(), &self.base_url, headers)
    }

    /// Signs in; the client sends the cookie.
    pub(crate) async fn sign_in(&self, username: &str, password: &str) -> Client {
        let body = json!({"username": username, "password": password});
        let answer = self.anonymous().post("/auth/login", &body).await;
        let token = answer.cookie("access_token").unwrap();
        answer.data(200);
        self.with("cookie", &format!("access_token={token}"))
    }

    /// The administrator.
    pub(crate) async fn admin(&self) -> Client {
        self.sign_in(ADMIN, PASSWORD).await
    }

    /// Makes a user, whose password is stale; gives id and password.
    pub(crate) async fn make_user(&self, username: &str, role: &str) -> (String, &'static str) {
        const FIRST: &str = "chosen by somebody else";
        let body =
            json!({"username": username, "password": FIRST, "full_name": username, "role": role});
        let user = self.admin().await.post("/admin/users", &body).await.data(201);
        (id(&user), FIRST)
    }

    /// Makes a user with a fresh password; gives id and a signed-in client.
    pub(crate) async fn user(&self, username: &str, role: &str) -> (String, Client) {
        let (id, first) = self.make_user(username, role).await;
        let stale = self.sign_in(username, first).await;
        let change = json!({"current_password": first, "new_password": PASSWORD});
        let answer = stale.patch("/users/me/password", &change).await;
        let token = answer.cookie("access_token").unwrap();
        answer.data(200);
        (id, self.with("cookie", &format!("access_token={token}")))
    }

    /// A project of the administrator's.
    pub(crate) async fn project(&self) -> String {
        id(&self.admin().await.post("/projects", &json!({"name": "Apollo"})).await.data(201))
    }

    /// The id of one of the roles that every project begins with.
    pub(crate) async fn role(&self, project: &str, name: &str) -> String {
        let roles = self.admin().await.get(&format!("/projects/{project}/roles")).await.data(200);
        let role = roles["items"].as_array().unwrap().iter().find(|role| role["role_name"] == name);
        id(role.unwrap())
    }

    /// Makes a user who is a member of a project with this role.
    pub(crate) async fn member(&self, project: &str, name: &str, role: &str) -> (String, Client) {
        let (user, client) = self.user(name, "USER").await;
        let body = json!({"user_id": user, "project_role_id": self.role(project, role).await});
        self.admin().await.post(&format!("/projects/{project}/members"), &body).await.data(201);
        (user, client)
    }
}

pub(crate) fn id(object: &Value) -> String {
    object["id"].as_str().unwrap().to_owned()
}

/// The variables of a host on this database and in this folder.
pub(crate) fn environment(
    database_url: &str,
    folder: &TempDir,
    extra: &[(&str, &str)],
) -> Vec<(String, String)> {
    let path = |name: &str| folder.path().join(name).display().to_string();
    let mut variables = vec![
        ("LISTEN".to_owned(), "127.0.0.1:0".to_owned()),
        ("DATABASE_URL".to_owned(), database_url.to_owned()),
        ("DATABASE_MAX_CONNECTIONS".to_owned(), "4".to_owned()),
        ("JWT_SECRET".to_owned(), JWT_SECRET.to_owned()),
        ("ADMIN_USERNAME".to_owned(), ADMIN.to_owned()),
        ("ADMIN_PASSWORD".to_owned(), PASSWORD.to_owned()),
        ("RUST_LOG".to_owned(), std::env::var("RUST_LOG").unwrap_or_else(|_| "off".to_owned())),
        ("PLUGINS_WASM_DIR".to_owned(), path("backend")),
        ("PLUGINS_FRONTEND_DIR".to_owned(), path("frontend")),
        ("PLUGINS_MCP_DIR".to_owned(), path("mcp")),
    ];
    variables.extend(extra.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    variables
}

/// A database with the core tables, copied from a template that the host's own migrations made.
pub(crate) async fn test_database() -> TestDatabase {
    let key = format!("reference-server-{}", core_migrations_hash());
    services::test_database(&key, async |url: String| {
        let config = storage::DatabaseConfig::new(url, JWT_SECRET);
        let database = storage::Database::connect(&config, Arc::default()).await?;
        database.close().await;
        Ok::<(), storage::StorageError>(())
    })
    .await
    .unwrap()
}

/// Names the state that the template is in.
fn core_migrations_hash() -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/crates/storage/migrations");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut hash = Sha256::new();
    for file in files {
        hash.update(std::fs::read(file).unwrap());
    }
    hash.finalize()[..8].iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

pub(crate) fn http_client() -> reqwest::Client {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        // Another part of the process may have installed it already.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    reqwest::Client::builder().no_proxy().build().unwrap()
}
