//! Whether host and suite meet where the target file says: tried once, before every case says in its own
//! words that they do not.

use serde_json::json;

use super::{PluginState, Resource, Trouble, World};
use crate::case::{Data, Identity, PluginSpec};
use crate::client::{Answer, Outgoing, Transcript};
use crate::peers::Gate;
use crate::vars::Vars;

impl World {
    /// Has the host list its marketplace, for which it has to read the suite's catalog.
    pub async fn marketplace(&self) -> Result<Answer, Trouble> {
        self.as_admin(Outgoing::plain("GET", "/api/v1/admin/plugins/marketplace")).await
    }

    /// What to do about a host that answered for its marketplace and never asked for the suite's catalog.
    /// That is no verdict on the host: it reads another catalog, or does not get as far as this one.
    pub fn unread_catalog(&self, answer: &Answer) -> Option<String> {
        let (Ok(catalog), Some(at)) = (&self.catalog, &self.target.catalog) else { return None };
        if catalog.was_read() || !matches!(answer.status, 200..300 | 500..600) {
            return None;
        }
        let url = at.url.as_str().trim_end_matches('/');
        Some(format!(
            "the host was asked for its marketplace, answered {}, and did not ask for the suite's catalog: \
             point its catalog setting at {url}/catalog.json. If it reads by https only, give [catalog] an https \
             `url` and a `ca_file` that the host trusts; if from public addresses only, allow it this one, or give \
             [catalog] a public `url` that leads to {}",
            answer.status,
            catalog.address(),
        ))
    }

    /// Blocks the cases that need the catalog when the host does not ask for it.
    pub async fn introduce_catalog(&mut self) {
        if self.target.admin.is_none() || self.stopped().is_some() {
            return;
        }
        // What else may be wrong with the answer is for the cases to find.
        if let Ok(Ok(answer)) = tokio::time::timeout(self.patience, self.marketplace()).await
            && let Some(why) = self.unread_catalog(&answer)
        {
            self.catalog = Err(why);
        }
    }

    /// Whether what a plugin fetches reaches the outbound server: installs one that fetches once, and
    /// removes it again.
    pub async fn try_outbound(&self) -> Result<String, String> {
        let outbound = self.outbound.as_ref().map_err(Clone::clone)?;
        let host = self.target.outbound.as_ref().map(|at| at.allowed_host.clone());
        let host = host.ok_or("the target file has no [outbound]")?;
        let name = format!("com.hostproof.{}.outbound", self.run);
        let token = self.token("outbound");
        let url = format!("https://{host}/echo?token={token}");
        let tried = self.fetch_once(&name, &host, &url).await;
        let left = self.remove(vec![Resource::Plugins(vec![name])]).await;
        let answer = tried.map_err(Trouble::describe)?;
        if !left.is_empty() {
            return Err(left.join("; "));
        }
        let result = answer.pointer("/results/0/result").unwrap_or_default();
        if result["status"] == 200 && !outbound.seen(&token).is_empty() {
            return Ok(format!("what a plugin fetches arrives at {}", outbound.address()));
        }
        let said = if result.is_null() { answer.pointer("").unwrap_or_default() } else { result };
        Err(format!(
            "a plugin that fetched {url} got {said}: have the host connect the names of [outbound] to {}, though the \
             address may be private, and trust its `ca_file` for what plugins fetch",
            outbound.address(),
        ))
    }

    async fn fetch_once(&self, name: &str, host: &str, url: &str) -> Result<Answer, Trouble> {
        let catalog = self.catalog.as_ref().map_err(|e| Trouble::Blocked(e.clone()))?;
        let manifest = json!({ "backend": { "allowedOutboundDomains": [host] } });
        let spec = PluginSpec { manifest: Some(Data(manifest)), ..PluginSpec::default() };
        let plugin = PluginState::new(name.to_owned(), spec, Gate::default());
        let bundle = plugin.first(&Vars::default())?;
        catalog.publish(bundle).await.map_err(|e| Trouble::Harness(e.to_string()))?;
        let path = "/api/v1/admin/plugins/marketplace/install";
        let installed =
            self.as_admin(Outgoing::json("POST", path, &json!({ "name": name }))).await?;
        if installed.status != 201 {
            let answer = super::identity::describe(&installed);
            return Err(Trouble::preparation(format!("installing {name} answered {answer}")));
        }
        let ops = json!({ "ops": [{ "op": "fetch", "request": { "method": "GET", "url": url } }] });
        self.as_admin(Outgoing::json("POST", format!("/api/v1/plugins/{name}/run"), &ops)).await
    }

    async fn as_admin(&self, request: Outgoing) -> Result<Answer, Trouble> {
        let request = request.with(&self.credentials(Identity::Admin).await?);
        let answer = self.client.send(&Transcript::default(), &request).await;
        answer.map_err(|e| Trouble::transport(&e))
    }
}
