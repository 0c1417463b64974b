//! From JSON to [`Manifest`], noting every problem on the way.

use std::collections::BTreeSet;

use serde_json::Value;

use super::problem::code;
use super::reader::{Object, Problems};
use super::{Backend, Manifest, ManifestProblems};
use crate::middleware::{DEFAULT_PROJECT_PARAM, Kind, Middleware, Scope};
use crate::name::PluginName;
use crate::permissions::Permissions;
use crate::route::{METHODS, PathPattern, Route, normal_method};
use crate::version::PluginVersion;

/// Longest host name DNS knows, in bytes.
const MAX_DOMAIN_BYTES: usize = 253;

pub(super) fn manifest(raw: Value) -> Result<Manifest, ManifestProblems> {
    let mut problems = Problems::default();
    let read = Object::take(&raw, String::new(), &mut problems)
        .and_then(|document| fields(&document, &mut problems));
    match read {
        Some(manifest) if problems.0.is_empty() => Ok(Manifest { raw, ..manifest }),
        _ => Err(ManifestProblems(problems.0)),
    }
}

/// Reads all fields before it gives up on any, so that every problem is noted.
fn fields(document: &Object<'_>, problems: &mut Problems) -> Option<Manifest> {
    let id = document.required_text("id", problems).and_then(|text| {
        PluginName::parse(text)
            .map_err(|error| problems.add("/id", code::INVALID_NAME, error.to_string()))
            .ok()
    });
    let version = document.required_text("version", problems).and_then(|text| {
        PluginVersion::parse(text)
            .map_err(|error| problems.add("/version", code::INVALID_VERSION, error.to_string()))
            .ok()
    });
    let display_name = document.optional_text("displayName", problems);
    let description = document.optional_text("description", problems).unwrap_or_default();
    let permissions = owned(document.texts("permissions", problems));
    let backend = document.object("backend", problems).map(|object| backend(&object, problems));
    let frontend = document.object("frontend", problems);
    let mcp = document.object("mcp", problems);
    let remote_entry = |object: Option<Object<'_>>, problems: &mut Problems| {
        object?.optional_text("remoteEntryUrl", problems).map(str::to_owned)
    };
    let frontend_remote_entry_url = remote_entry(frontend, problems);
    let mcp_remote_entry_url = remote_entry(mcp, problems);
    let id = id?;
    Some(Manifest {
        display_name: display_name.unwrap_or(id.as_str()).to_owned(),
        id,
        version: version?,
        description: description.to_owned(),
        permissions: Permissions::new(permissions),
        backend,
        frontend_remote_entry_url,
        mcp_remote_entry_url,
        raw: Value::Null,
    })
}

fn owned(texts: Vec<(String, &str)>) -> Vec<String> {
    texts.into_iter().map(|(_, text)| text.trim().to_owned()).collect()
}

fn backend(object: &Object<'_>, problems: &mut Problems) -> Backend {
    let routes = routes(object, problems);
    let event_subscriptions = owned(object.texts("eventSubscriptions", problems));
    let mut allowed_outbound_domains = Vec::new();
    for (pointer, domain) in object.texts("allowedOutboundDomains", problems) {
        if is_domain(domain.trim()) {
            allowed_outbound_domains.push(domain.trim().to_owned());
        } else {
            problems.add(
                &pointer,
                code::INVALID_DOMAIN,
                format!(
                    "'{domain}' is no host name: no scheme, port, path or wildcard, save '*' alone"
                ),
            );
        }
    }
    // Config keys are matched to the letter, blanks included.
    let allowed_config_keys = object
        .texts("allowedConfigKeys", problems)
        .into_iter()
        .map(|(_, key)| key.to_owned())
        .collect();
    Backend { routes, event_subscriptions, allowed_outbound_domains, allowed_config_keys }
}

/// A host name or IPv4 address, roughly: policy normalises it before it is compared.
fn is_domain(text: &str) -> bool {
    if text == "*" {
        return true;
    }
    let name = text.strip_suffix('.').unwrap_or(text);
    name.len() <= MAX_DOMAIN_BYTES
        && name.split('.').all(|label| {
            !label.is_empty()
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_')
        })
}

fn routes(backend: &Object<'_>, problems: &mut Problems) -> Vec<Route> {
    let mut routes = Vec::new();
    let mut seen = BTreeSet::new();
    for (pointer, item) in backend.list("routes", problems).unwrap_or_default() {
        let Some(object) = Object::take(item, pointer, problems) else { continue };
        let Some(route) = route(&object, problems) else { continue };
        if !seen.insert((route.method.clone(), route.pattern.shape())) {
            problems.add(
                &object.pointer,
                code::DUPLICATE_ROUTE,
                format!("an earlier route answers {} {} already", route.method, route.path),
            );
        }
        routes.push(route);
    }
    routes
}

fn route(object: &Object<'_>, problems: &mut Problems) -> Option<Route> {
    let method = object.required_text("method", problems).and_then(|text| {
        let method = normal_method(text);
        if METHODS.contains(&method.as_str()) {
            return Some(method);
        }
        problems.add(
            &object.at("method"),
            code::INVALID_METHOD,
            format!("'{text}' is none of {}", METHODS.join(", ")),
        );
        None
    });
    let path = object.required_text("path", problems);
    let pattern = path.and_then(|path| {
        PathPattern::parse(path)
            .map_err(|error| {
                problems.add(&object.at("path"), code::INVALID_PATH, error.to_string());
            })
            .ok()
    });
    let public = object.flag("public", problems);
    let middlewares = object.list("middlewares", problems).map(|items| {
        items
            .into_iter()
            .filter_map(|(pointer, item)| {
                let object = Object::take(item, pointer, problems)?;
                middleware(&object, pattern.as_ref(), problems)
            })
            .collect()
    });
    Some(Route { method: method?, path: path?.to_owned(), pattern: pattern?, public, middlewares })
}

fn middleware(
    object: &Object<'_>,
    pattern: Option<&PathPattern>,
    problems: &mut Problems,
) -> Option<Middleware> {
    let name = object.required_text("name", problems)?;
    let Some(kind) = Kind::from_name(name) else {
        problems.add(
            &object.at("name"),
            code::UNKNOWN_MIDDLEWARE,
            format!("there is no middleware '{name}'"),
        );
        return None;
    };
    match kind {
        Kind::Authn => Some(Middleware::Authn),
        Kind::OptionalAuthn => Some(Middleware::OptionalAuthn),
        Kind::RequireFreshPassword => Some(Middleware::RequireFreshPassword),
        Kind::RequireJwtAuth => Some(Middleware::RequireJwtAuth),
        Kind::RequirePermissions => {
            let scope = scope(object, pattern, problems);
            let before = problems.0.len();
            let permissions = owned(object.texts("permissions", problems));
            // Items that are wrong in themselves were noted; the list is not called empty as well.
            if permissions.is_empty() && problems.0.len() == before {
                problems.add(
                    &object.at("permissions"),
                    code::EMPTY_PERMISSIONS,
                    "requirePermissions needs at least one permission",
                );
            }
            Some(Middleware::RequirePermissions { scope: scope?, permissions })
        }
    }
}

fn scope(
    object: &Object<'_>,
    pattern: Option<&PathPattern>,
    problems: &mut Problems,
) -> Option<Scope> {
    let scope = object.optional_text("scope", problems).unwrap_or_default();
    let param = object.optional_text("projectParam", problems);
    match scope.trim() {
        "" | "global" => Some(Scope::Global),
        "project" => {
            let param = param.filter(|text| !text.is_empty()).unwrap_or(DEFAULT_PROJECT_PARAM);
            // A path that is wrong in itself was noted; nothing can be said about its parameters.
            if pattern.is_some_and(|pattern| !pattern.params().any(|name| name == param)) {
                problems.add(
                    &object.at("projectParam"),
                    code::MISSING_PROJECT_PARAM,
                    format!("scope 'project' needs the parameter ':{param}' in the route's path"),
                );
            }
            Some(Scope::Project { param: param.to_owned() })
        }
        other => {
            problems.add(
                &object.at("scope"),
                code::UNKNOWN_SCOPE,
                format!("'{other}' is neither 'global' nor 'project'"),
            );
            None
        }
    }
}
