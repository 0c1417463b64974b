//! Which routes, grants, subscriptions, keys and hosts of a manifest the scenarios made use of.

use std::collections::BTreeSet;

use contract::fetch::FetchRequest;
use contract::manifest::Manifest;
use policy::Policy;
use sandbox::watch::HostCall;
use serde::Serialize;

use crate::grants;

/// What scenarios made use of.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    /// Routes, as `GET /path`.
    pub routes: BTreeSet<String>,
    /// Permissions, as declared.
    pub permissions: BTreeSet<String>,
    /// Topics that were handled.
    pub events: BTreeSet<String>,
    /// Keys of `config_get`.
    pub config_keys: BTreeSet<String>,
    /// Hosts of `fetch`.
    pub hosts: BTreeSet<String>,
    /// Recorded answers that nobody asked for.
    pub unplayed: usize,
}

/// What a manifest declares and no scenario made use of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Unused {
    /// Routes, as `GET /path`.
    pub routes: Vec<String>,
    /// Permissions.
    pub permissions: Vec<String>,
    /// Topics subscribed to.
    pub event_subscriptions: Vec<String>,
    /// Keys of `config_get`.
    pub allowed_config_keys: Vec<String>,
    /// Hosts of `fetch`.
    pub allowed_outbound_domains: Vec<String>,
}

impl Coverage {
    /// Adds what a step did.
    pub(crate) fn step(
        &mut self,
        policy: &Policy,
        manifest: &Manifest,
        route: Option<String>,
        calls: &[HostCall],
    ) {
        self.routes.extend(route);
        for call in calls {
            self.permissions.extend(grants::used(policy, manifest, call));
            match call.function {
                "config_get" => {
                    self.config_keys.extend(call.argument("key").map(str::to_owned));
                }
                "fetch" => self.hosts.extend(host(call)),
                _ => {}
            }
        }
    }

    /// Adds what another scenario did.
    pub fn add(&mut self, other: &Self) {
        self.routes.extend(other.routes.iter().cloned());
        self.permissions.extend(other.permissions.iter().cloned());
        self.events.extend(other.events.iter().cloned());
        self.config_keys.extend(other.config_keys.iter().cloned());
        self.hosts.extend(other.hosts.iter().cloned());
        self.unplayed += other.unplayed;
    }

    /// What a manifest declares beyond this.
    pub fn unused(&self, manifest: &Manifest) -> Unused {
        let rest = |declared: &[String], used: &BTreeSet<String>| -> Vec<String> {
            declared.iter().filter(|it| !used.contains(*it)).cloned().collect()
        };
        let backend = manifest.backend.clone().unwrap_or_default();
        let routes: Vec<String> =
            backend.routes.iter().map(|it| format!("{} {}", it.method, it.path)).collect();
        let reached = |domain: &String| {
            *domain == "*" && !self.hosts.is_empty()
                || self.hosts.iter().any(|host| host.eq_ignore_ascii_case(domain))
        };
        Unused {
            routes: rest(&routes, &self.routes),
            permissions: rest(manifest.permissions.declared(), &self.permissions),
            event_subscriptions: rest(&backend.event_subscriptions, &self.events),
            allowed_config_keys: rest(&backend.allowed_config_keys, &self.config_keys),
            allowed_outbound_domains: backend
                .allowed_outbound_domains
                .iter()
                .filter(|domain| !reached(domain))
                .cloned()
                .collect(),
        }
    }
}

impl Unused {
    /// What there is, by the manifest's words.
    pub fn lists(&self) -> [(&'static str, &[String]); 5] {
        [
            ("routes", &self.routes),
            ("permissions", &self.permissions),
            ("eventSubscriptions", &self.event_subscriptions),
            ("allowedConfigKeys", &self.allowed_config_keys),
            ("allowedOutboundDomains", &self.allowed_outbound_domains),
        ]
    }
}

fn host(call: &HostCall) -> Option<String> {
    let request: FetchRequest = serde_json::from_str(call.argument("request")?).ok()?;
    url::Url::parse(&request.url).ok()?.host_str().map(str::to_owned)
}
