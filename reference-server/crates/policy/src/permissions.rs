//! What a set of permission keys covers.

use std::collections::BTreeSet;

/// Permission decisions.
#[derive(Clone, Copy, Debug)]
pub struct PermissionPolicy {
    /// Whether one granted key covers a wanted one.
    pub key_covers: fn(&str, &str) -> bool,
}

impl PermissionPolicy {
    /// Whether a set of granted keys covers `wanted`.
    ///
    /// `*` covers everything; `x.*` covers every key of the family `x`, however deep (`project.*`
    /// covers `project.members.read`).
    pub fn covers(&self, granted: &BTreeSet<String>, wanted: &str) -> bool {
        granted.iter().any(|key| (self.key_covers)(key, wanted))
    }
}

impl Default for PermissionPolicy {
    fn default() -> Self {
        Self { key_covers }
    }
}

fn key_covers(granted: &str, wanted: &str) -> bool {
    // Nobody is asked for nothing; an empty key is a mistake of whoever asks.
    if wanted.is_empty() {
        return false;
    }
    if granted == "*" || granted == wanted {
        return true;
    }
    // The dot stays in the prefix, so that `task.*` does not cover `tasks.read`.
    granted
        .strip_suffix('*')
        .filter(|family| family.ends_with('.') && family.len() > 1)
        .is_some_and(|family| wanted.starts_with(family) && wanted.len() > family.len())
}
