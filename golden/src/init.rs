//! A first scenario, from the manifest: one step per declared route, one per subscription.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use contract::manifest::{Backend, Manifest};
use contract::middleware::{Middleware, Scope};
use contract::route::Route;
use policy::Policy;

/// The text of the first scenario of a plugin.
pub fn first_scenario(manifest: &Manifest) -> String {
    let backend = manifest.backend.clone().unwrap_or_default();
    let policy = Policy::default();
    let name = manifest.display_name.as_str();
    let mut out = format!("#:schema ./scenario.schema.json\n# Every route of {name}, once. ");
    out.push_str(
        "The rows below are what the requests are about; `{apollo}` in a\n\
         # path or a body is the id of what is called so. Change whatever a step needs to succeed, then:\n\
         #\n\
         #     golden record    # if it asks the database\n\
         #     golden test      # shows what it does\n\
         #     golden accept    # says that this is what it should do\n\n",
    );
    let _ = writeln!(out, "description = {}\n", quoted(&format!("Every route of {name}, once")));
    config(&mut out, &backend);
    world(&mut out, &backend, &policy);
    stubs(&mut out, &backend);
    for route in &backend.routes {
        step(&mut out, route, &policy);
    }
    for topic in &backend.event_subscriptions {
        let _ = writeln!(out, "[[steps]]\nevent = {}", quoted(topic));
        out.push_str("payload = { project_id = \"{apollo}\", task_id = \"{first}\" }\n\n");
    }
    if backend.routes.is_empty() && backend.event_subscriptions.is_empty() {
        out.push_str(
            "# The manifest declares no route and no subscription: loading is all there is.\n",
        );
    }
    out.trim_end().to_owned() + "\n"
}

fn config(out: &mut String, backend: &Backend) {
    if backend.allowed_config_keys.is_empty() {
        return;
    }
    let secret = |key: &&String| {
        let key = key.to_ascii_lowercase();
        ["secret", "token", "password", "key"].iter().any(|word| key.contains(word))
    };
    let (secrets, plain): (Vec<_>, Vec<_>) = backend.allowed_config_keys.iter().partition(secret);
    for (table, keys) in [("config", plain), ("secrets", secrets)] {
        if keys.is_empty() {
            continue;
        }
        let _ = writeln!(out, "[{table}]");
        for key in keys {
            let _ = writeln!(out, "{} = \"example\"", quoted(key));
        }
        out.push('\n');
    }
}

/// A user who may do what the routes ask for, a project and a task.
fn world(out: &mut String, backend: &Backend, policy: &Policy) {
    let mut global = BTreeSet::new();
    let mut scoped = BTreeSet::new();
    for middleware in backend.routes.iter().flat_map(|route| policy.middleware.chain(route)) {
        if let Middleware::RequirePermissions { scope, permissions } = middleware {
            match scope {
                Scope::Global => global.extend(permissions),
                Scope::Project { .. } => scoped.extend(permissions),
            }
        }
    }
    out.push_str("[users.alice]\nfull_name = \"Alice\"\n");
    if !global.is_empty() {
        let _ = writeln!(out, "permissions = [{}]", list(&global));
    }
    out.push_str(
        "\n[projects.apollo]\ntask_id_prefix = \"APO\"\n\n[projects.apollo.members.alice]\n",
    );
    if !scoped.is_empty() {
        let _ = writeln!(out, "permissions = [{}]", list(&scoped));
    }
    out.push_str("\n[tasks.first]\nproject = \"apollo\"\ntitle = \"Land\"\n\n");
}

fn list(words: &BTreeSet<String>) -> String {
    words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(", ")
}

fn stubs(out: &mut String, backend: &Backend) {
    for domain in &backend.allowed_outbound_domains {
        let host = if domain == "*" { "api.example.com" } else { domain };
        let _ = writeln!(
            out,
            "# What the plugin gets when it asks https://{host}/; one table per request.\n\
             [[fetch]]\nrequest = {}\njson = {{}}\n",
            quoted(&format!("GET https://{host}/"))
        );
    }
}

fn step(out: &mut String, route: &Route, policy: &Policy) {
    let target: Vec<String> = route
        .path
        .split('/')
        .filter(|segment| !segment.is_empty())
        .map(|segment| match segment.strip_prefix(':').or_else(|| segment.strip_prefix('*')) {
            Some(parameter) => value(parameter),
            None => segment.to_owned(),
        })
        .collect();
    let request = format!("{} /{}", route.method, target.join("/"));
    let _ = writeln!(out, "[[steps]]\nrequest = {}", quoted(&request));
    let anonymous =
        policy.middleware.chain(route).iter().all(|it| *it == Middleware::OptionalAuthn);
    if !anonymous {
        out.push_str("as = \"alice\"\n");
    }
    if ["POST", "PUT", "PATCH"].contains(&route.method.as_str()) {
        out.push_str("json = { title = \"example\" }\n");
    }
    out.push('\n');
}

/// What a parameter of a path may hold.
fn value(parameter: &str) -> String {
    let name = parameter.to_ascii_lowercase();
    if name.contains("project") {
        "{apollo}".to_owned()
    } else if name.contains("task") {
        "{first}".to_owned()
    } else if name.contains("user") {
        "{alice}".to_owned()
    } else if name.contains("member") {
        "{alice@apollo}".to_owned()
    } else if name.ends_with("id") {
        "00000000-0000-4000-8000-000000000001".to_owned()
    } else {
        "example".to_owned()
    }
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
