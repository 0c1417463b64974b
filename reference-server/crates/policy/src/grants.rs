//! Which host functions a manifest's permissions open (decision D4).
//!
//! Every function is linked for every plugin; what a plugin did not ask for is refused when it is
//! called. `db_*` are not decided here but by the database, which grants a plugin's role the tables
//! that [`crate::core_data`] names.

use contract::permissions::Permissions;

/// What a host function takes, beyond being called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    /// Nothing: it touches the plugin's own data, or what the manifest grants elsewhere.
    Free,
    /// Every one of these core tables: a function gives nothing that SQL would withhold.
    CoreTables(&'static [&'static str]),
    /// Speaking to whoever listens on the host's channels.
    Events,
    /// The cache that all plugins share.
    Cache,
}

/// Grant decisions.
#[derive(Clone, Copy, Debug)]
pub struct GrantPolicy {
    /// What a function takes, by its import name.
    pub needed: fn(&str) -> Grant,
    /// The permission that is missing for a grant, if one is.
    pub missing: fn(&Permissions, Grant) -> Option<String>,
}

/// A call that the manifest's permissions do not open.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the manifest's permissions lack '{permission}'")]
pub struct NotGranted {
    /// What the manifest would have to list.
    pub permission: String,
}

impl GrantPolicy {
    /// Whether a plugin with these permissions may call a function.
    pub fn check(&self, permissions: &Permissions, function: &str) -> Result<(), NotGranted> {
        match (self.missing)(permissions, (self.needed)(function)) {
            None => Ok(()),
            Some(permission) => Err(NotGranted { permission }),
        }
    }
}

impl Default for GrantPolicy {
    fn default() -> Self {
        Self { needed, missing }
    }
}

fn needed(function: &str) -> Grant {
    match function {
        "tasks_list" | "task_get" => Grant::CoreTables(&["tasks"]),
        "project_get" => Grant::CoreTables(&["projects"]),
        "members_list" => Grant::CoreTables(&["project_members", "project_roles", "users"]),
        "event_emit" | "activity_record" => Grant::Events,
        "cache_get" | "cache_set" | "cache_delete" => Grant::Cache,
        _ => Grant::Free,
    }
}

fn missing(permissions: &Permissions, grant: Grant) -> Option<String> {
    match grant {
        Grant::Free => None,
        Grant::CoreTables(tables) => tables
            .iter()
            .find(|table| !permissions.may_read(table))
            .map(|table| format!("db:read:{table}")),
        Grant::Events => (!permissions.may_emit_events()).then(|| "events:emit".to_owned()),
        Grant::Cache => (!permissions.may_use_cache()).then(|| "cache:use".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn refused(permissions: &[&str]) -> Vec<&'static str> {
        let permissions = Permissions::new(permissions.iter().map(ToString::to_string).collect());
        let policy = GrantPolicy::default();
        contract::abi::HOST_FUNCTIONS
            .iter()
            .map(|function| function.name)
            .filter(|name| policy.check(&permissions, name).is_err())
            .collect()
    }

    const GATED: [&str; 9] = [
        "activity_record",
        "cache_delete",
        "cache_get",
        "cache_set",
        "event_emit",
        "members_list",
        "project_get",
        "task_get",
        "tasks_list",
    ];

    #[test]
    fn who_asks_for_nothing_gets_nothing_that_is_gated() {
        assert_eq!(refused(&[]), GATED);
        assert_eq!(refused(&["db:write:plugin_data"]), GATED);
    }

    #[test]
    fn every_gate_opens_for_its_own_word_alone() {
        let core = ["members_list", "project_get", "task_get", "tasks_list"];
        let without = |opened: &[&str]| -> Vec<&str> {
            GATED.into_iter().filter(|name| !opened.contains(name)).collect()
        };
        assert_eq!(refused(&["cache:use"]), without(&["cache_get", "cache_set", "cache_delete"]));
        assert_eq!(refused(&["events:emit"]), without(&["event_emit", "activity_record"]));
        assert_eq!(refused(&["db:read:tasks"]), without(&["tasks_list", "task_get"]));
        assert_eq!(refused(&["db:read:projects"]), without(&["project_get"]));
        assert_eq!(refused(&["db:read:project_members"]), GATED, "names and roles are others'");
        let all = ["db:read:project_members", "db:read:project_roles", "db:read:users"];
        assert_eq!(refused(&all), without(&["members_list"]));
        assert_eq!(
            refused(&[&all[..], &["db:read:tasks", "db:read:projects"]].concat()),
            without(&core)
        );
    }

    #[test]
    fn the_dotted_vocabulary_opens_everything() {
        assert_eq!(refused(&["db.read"]), [""; 0]);
    }

    #[test]
    fn the_refusal_names_what_is_missing() {
        let permissions = Permissions::new(vec!["db:read:project_members".to_owned()]);
        let error = GrantPolicy::default().check(&permissions, "members_list").unwrap_err();
        assert_eq!(error.to_string(), "the manifest's permissions lack 'db:read:project_roles'");
    }
}
