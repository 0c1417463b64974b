//! What our commands ask of a reference host that they started.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use ureq::{
    Agent,
    http::{Method, Request, Response},
};

use crate::{catalog::Catalog, hosted::Stage};

pub(crate) const ADMIN: &str = "admin";
// For a host on this machine that lives as long as the command, with nothing of anybody's in it.
pub(crate) const ADMIN_PASSWORD: &str = "hostproof-admin";
const JWT_SECRET: &str = "a secret for trying things out, long enough";

/// A request that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// The settings of such a host: its database and the catalog it installs from.
pub(crate) fn environment(
    listen: &str,
    stage: &Stage,
    database: &str,
    catalog: &Catalog,
) -> Vec<(&'static str, String)> {
    let mut environment = vec![
        ("LISTEN", listen.to_owned()),
        ("DATABASE_URL", database.to_owned()),
        // Nobody wants to sign in again while trying things out.
        ("ACCESS_TOKEN_TTL", "1day".to_owned()),
        ("JWT_SECRET", JWT_SECRET.to_owned()),
        ("ADMIN_USERNAME", ADMIN.to_owned()),
        ("ADMIN_PASSWORD", ADMIN_PASSWORD.to_owned()),
        ("PLUGINS_MARKETPLACE_CATALOG_URL", format!("{}/catalog.json", catalog.url())),
        ("PLUGINS_MARKETPLACE_ALLOW_INSECURE", "true".to_owned()),
    ];
    environment.extend(stage.valkey.clone().map(|url| ("VALKEY_URL", url)));
    environment
}

/// A host's answer.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The status.
    pub(crate) status: u16,
    /// The header with which [`crate::sample`]'s guest says its version.
    pub(crate) version: Option<String>,
    /// The body.
    pub(crate) body: String,
}

impl Answer {
    /// The body as JSON, of an answer that has to be a success.
    pub(crate) fn data(&self) -> Result<Value> {
        ensure!((200..300).contains(&self.status), "answered {}: {}", self.status, self.body);
        let body: Value = serde_json::from_str(&self.body)
            .with_context(|| format!("answered no JSON: {}", self.body))?;
        Ok(body["data"].clone())
    }
}

/// Somebody who asks one host.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    agent: Agent,
    url: String,
    /// Who asks; nobody in particular when empty.
    pub(crate) token: String,
}

impl Client {
    /// Nobody in particular, asking the host at `url`.
    pub(crate) fn new(url: &str) -> Self {
        // A refusal has a body that says why; as an error it would be lost.
        let config =
            Agent::config_builder().http_status_as_error(false).timeout_global(Some(PATIENCE));
        Self { agent: config.build().into(), url: url.to_owned(), token: String::new() }
    }

    /// The administrator.
    pub(crate) fn sign_in(url: &str) -> Result<Self> {
        let client = Self::new(url);
        let credentials = json!({ "username": ADMIN, "password": ADMIN_PASSWORD });
        let response = client.request(&Method::POST, "/api/v1/auth/login", Some(&credentials))?;
        // The access token comes as a cookie; it is good as a bearer token, too.
        let cookies = response.headers().get_all("set-cookie").iter();
        let mut cookies = cookies.filter_map(|cookie| cookie.to_str().ok());
        let token =
            cookies.find_map(|cookie| cookie.strip_prefix("access_token=")?.split(';').next());
        let token = token.context("the login set no cookie access_token")?.to_owned();
        Ok(Self { token, ..client })
    }

    /// The same person, asking another host.
    pub(crate) fn at(&self, url: &str) -> Self {
        Self { token: self.token.clone(), ..Self::new(url) }
    }

    /// Sends a request, with JSON if there is something to say.
    pub(crate) fn send(&self, method: &Method, path: &str, body: Option<&Value>) -> Result<Answer> {
        let mut response = self.request(method, path, body)?;
        let version = response.headers().get("x-version").and_then(|value| value.to_str().ok());
        Ok(Answer {
            status: response.status().as_u16(),
            version: version.map(str::to_owned),
            body: response
                .body_mut()
                .read_to_string()
                .with_context(|| format!("{method} {path}"))?,
        })
    }

    /// Sends a `GET`.
    pub(crate) fn get(&self, path: &str) -> Result<Answer> {
        self.send(&Method::GET, path, None)
    }

    /// Sends a `POST` below `/api/v1` that has to succeed; answers with the `data`.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Result<Value> {
        let answer = self.send(&Method::POST, &format!("/api/v1{path}"), Some(body))?;
        answer.data().with_context(|| format!("POST {path}"))
    }

    /// Makes a thing, and answers with its id.
    pub(crate) fn make(&self, path: &str, body: &Value) -> Result<String> {
        let data = self.post(path, body)?;
        Ok(data["id"].as_str().context("an id in the answer")?.to_owned())
    }

    /// Installs a plugin from the catalog; answers with its id.
    pub(crate) fn install(&self, plugin: &str) -> Result<String> {
        self.make("/admin/plugins/marketplace/install", &json!({ "name": plugin }))
    }

    fn request(
        &self,
        method: &Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Response<ureq::Body>> {
        let asked = || format!("{method} {path}");
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.url));
        if !self.token.is_empty() {
            request = request.header("Authorization", format!("Bearer {}", self.token));
        }
        let answered = match body {
            Some(body) => {
                let request = request.header("Content-Type", "application/json");
                self.agent.run(request.body(body.to_string()).with_context(asked)?)
            }
            None => self.agent.run(request.body(()).with_context(asked)?),
        };
        answered.with_context(asked)
    }
}
