//! What the manifest declares, and so what the host does for the plugin.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::{Plugin, router};

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Manifest {
    permissions: Vec<String>,
    backend: Backend,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Backend {
    routes: Vec<Route>,
    event_subscriptions: Vec<String>,
    allowed_config_keys: Vec<String>,
    allowed_outbound_domains: Vec<String>,
}

#[derive(Deserialize)]
struct Route {
    method: String,
    path: String,
}

impl Manifest {
    pub(super) fn read(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_else(|error| panic!("plugin.json: {error}"))
    }

    /// The plugin's tables and the manifest are two lists of the same things. A plugin without a table takes
    /// requests or events in a way of its own.
    pub(super) fn require_agreement<P: Plugin>(&self) {
        let line = |method: &str, path: &str| format!("{method} /{}", path.trim_matches('/'));
        agree(
            "routes",
            &P::ROUTES.iter().map(|route| line(route.method(), route.pattern())).collect(),
            &self.backend.routes.iter().map(|route| line(&route.method, &route.path)).collect(),
        );
        agree(
            "eventSubscriptions",
            &P::SUBSCRIPTIONS.iter().map(|subscription| subscription.topic().to_owned()).collect(),
            &self.backend.event_subscriptions.iter().cloned().collect(),
        );
    }

    pub(super) fn declares(&self, method: &str, path: &str) -> bool {
        let mut routes = self.backend.routes.iter();
        routes.any(|route| route.method == method && router::matches(&route.path, path).is_some())
    }

    pub(super) fn subscribes(&self, topic: &str) -> bool {
        self.backend.event_subscriptions.iter().any(|subscribed| subscribed == topic)
    }

    pub(super) fn allows_config(&self, key: &str) -> bool {
        self.backend.allowed_config_keys.iter().any(|allowed| allowed == key)
    }

    /// Why a host does not fetch this URL, if it does not.
    pub(super) fn refuses_url(&self, url: &str) -> Option<String> {
        let Some(rest) = url.strip_prefix("https://") else {
            return Some(format!("scheme_not_allowed: {url}"));
        };
        let domain = rest.split(['/', '?', '#', ':']).next().unwrap_or_default();
        let listed =
            |allowed: &String| allowed == "*" || allowed.trim().eq_ignore_ascii_case(domain);
        let allowed = self.backend.allowed_outbound_domains.iter().any(listed);
        (!allowed).then(|| format!("domain_not_allowed: {domain}"))
    }

    /// With a colon anywhere the list is kept to; one without any grants what every plugin once had.
    pub(super) fn grants(&self, permission: &str) -> bool {
        let permissions = || self.permissions.iter().map(|entry| entry.trim());
        let by_word = self.permissions.is_empty() || permissions().any(|entry| entry.contains(':'));
        !by_word || permissions().any(|entry| entry == permission)
    }
}

fn agree(what: &str, plugin: &BTreeSet<String>, manifest: &BTreeSet<String>) {
    if plugin.is_empty() || plugin == manifest {
        return;
    }
    let only = |here: &BTreeSet<String>, there: &BTreeSet<String>| {
        here.difference(there).flat_map(|line| ["\n  ", line]).collect::<String>()
    };
    let (undeclared, unanswered) = (only(plugin, manifest), only(manifest, plugin));
    panic!(
        "{what}: plugin.json and the plugin disagree; only in the plugin:{undeclared}\nonly in plugin.json:{unanswered}"
    );
}
