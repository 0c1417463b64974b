//! What our commands ask of a reference host that they started.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use ureq::{Agent, http::Response};

pub(crate) const ADMIN: &str = "admin";
// For a host on this machine that lives as long as the command, with nothing of anybody's in it.
pub(crate) const ADMIN_PASSWORD: &str = "hostproof-admin";
pub(crate) const JWT_SECRET: &str = "a secret for trying things out, long enough";

/// The settings of such a host: its database and the catalog it installs from.
pub(crate) fn environment(
    listen: String,
    database: String,
    catalog: &str,
) -> Vec<(&'static str, String)> {
    let mut environment = vec![
        ("LISTEN", listen),
        ("DATABASE_URL", database),
        // Nobody wants to sign in again while trying things out.
        ("ACCESS_TOKEN_TTL", "1day".to_owned()),
        ("JWT_SECRET", JWT_SECRET.to_owned()),
        ("ADMIN_USERNAME", ADMIN.to_owned()),
        ("ADMIN_PASSWORD", ADMIN_PASSWORD.to_owned()),
        ("PLUGINS_MARKETPLACE_CATALOG_URL", format!("{catalog}/catalog.json")),
        ("PLUGINS_MARKETPLACE_ALLOW_INSECURE", "true".to_owned()),
    ];
    environment.extend(std::env::var("HOSTPROOF_VALKEY_URL").ok().map(|url| ("VALKEY_URL", url)));
    environment
}

/// Installs a plugin from the catalog.
pub(crate) fn install(url: &str, token: &str, plugin: &str) -> Result<()> {
    let wanted = json!({ "name": plugin });
    post(url, "/admin/plugins/marketplace/install", Some(token), &wanted).map(drop)
}

/// The access token comes as a cookie; it is good as a bearer token, too.
pub(crate) fn sign_in(url: &str) -> Result<String> {
    let credentials = json!({ "username": ADMIN, "password": ADMIN_PASSWORD });
    let response = send(url, "/auth/login", None, &credentials)?;
    let cookies = response.headers().get_all("set-cookie").iter();
    let mut cookies = cookies.filter_map(|cookie| cookie.to_str().ok());
    let token = cookies.find_map(|cookie| cookie.strip_prefix("access_token=")?.split(';').next());
    Ok(token.context("the login set no cookie access_token")?.to_owned())
}

pub(crate) fn post(url: &str, path: &str, token: Option<&str>, body: &Value) -> Result<Value> {
    let mut response = send(url, path, token, body)?;
    let answer = response.body_mut().read_to_string()?;
    ensure!(response.status().is_success(), "POST {path} answered {}: {answer}", response.status());
    serde_json::from_str(&answer).with_context(|| format!("POST {path} answered no JSON: {answer}"))
}

fn send(url: &str, path: &str, token: Option<&str>, body: &Value) -> Result<Response<ureq::Body>> {
    // A refusal has a body that says why; as an error it would be lost.
    let agent: Agent = Agent::config_builder().http_status_as_error(false).build().into();
    let mut request = agent.post(format!("{url}/api/v1{path}"));
    if let Some(token) = token {
        request = request.header("Authorization", format!("Bearer {token}"));
    }
    request.send_json(body).with_context(|| format!("POST {path}"))
}

pub(crate) fn id(answer: &Value) -> Result<String> {
    Ok(answer["data"]["id"].as_str().context("an id in the answer")?.to_owned())
}
