//! The variables a case begins with.

use serde_json::json;

use crate::peers::Outbound;
use crate::vars::Vars;
use crate::world::World;

/// A name with another spelling and the same schema name.
pub(super) fn dash_last_dot(name: &str) -> String {
    name.rsplit_once('.').map_or_else(|| name.to_owned(), |(head, tail)| format!("{head}-{tail}"))
}

/// The variables that follow from the target file, and a text of this attempt's own.
pub(super) fn target_vars(world: &World, attempt: &str) -> Vars {
    let mut vars = Vars::default();
    let target = &world.target;
    vars.set("token", world.token(attempt));
    vars.set("key_of_1024_bytes", "k".repeat(1024));
    for (name, span) in target.limits.spans() {
        let twice = span.saturating_mul(2);
        vars.set(name, humantime::format_duration(span).to_string());
        vars.set(format!("{name}_twice"), humantime::format_duration(twice).to_string());
        vars.set(format!("{name}_twice_ms"), u64::try_from(twice.as_millis()).unwrap_or(u64::MAX));
    }
    for (name, value) in target.limits.numbers() {
        vars.set(name, value);
        vars.set(format!("{name}_plus_one"), value.saturating_add(1));
    }
    if let Some(outbound) = &target.outbound {
        vars.set("allowed_host", outbound.allowed_host.clone());
        vars.set("allowed_host_upper", outbound.allowed_host.to_ascii_uppercase());
        // With the full stop of Chinese and Japanese, which IDNA reads as a dot.
        vars.set("allowed_host_idna", outbound.allowed_host.replace('.', "\u{3002}"));
        vars.set("other_host", outbound.other_host.clone());
        vars.set("untrusted_host", outbound.untrusted_host.clone());
        vars.set("expired_host", outbound.expired_host.clone());
        vars.set("misnamed_host", outbound.misnamed_host.clone());
        // The port really bound, where the target file leaves the choice to the system.
        let bound = world.outbound.as_ref().map_or(outbound.listen, Outbound::address);
        vars.set("outbound_port", bound.port().to_string());
    }
    if let Some((key, value)) = target.config.values.first_key_value() {
        vars.set("config_key", key.clone());
        vars.set("config_key_lower", key.to_ascii_lowercase());
        vars.set("config_value", value.clone());
    }
    if let Some(key) = target.config.secret_keys.first() {
        vars.set("secret_key", key.clone());
    }
    if let Some(key) = target.config.empty_keys.first() {
        vars.set("empty_key", key.clone());
    }
    if let Some(granted) = &target.config.granted {
        vars.set("granted_key", granted.key.clone());
        vars.set("granted_value", granted.value.clone());
        vars.set("granted_plugin", granted.plugin.clone());
    }
    if let Some(branding) = &target.config.branding {
        vars.set("branding", json!(branding));
    }
    vars
}
