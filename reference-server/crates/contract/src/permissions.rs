//! The manifest's `permissions`: what a plugin asks of the host (decision D4).
//!
//! Two vocabularies exist. The specification's uses colons (`db:read:tasks`, `events:emit`) and is
//! enforced word by word. Plugins in the wild use dots (`db.read`, `events.emit`, `cache`), were
//! never held to it, and list it incompletely; they get what their host gave every plugin.

use std::collections::BTreeSet;

/// What a manifest asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permissions {
    declared: Vec<String>,
}

/// In which language a manifest's permissions are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vocabulary {
    /// Colons: exactly what is listed is granted. One entry with a colon is enough to be held to
    /// it, and so is an empty list.
    Colon,
    /// Dots or bare words, and no colon anywhere: the grants of plugins in the wild.
    Dotted,
}

/// Which core tables a plugin may read. Secret columns are excluded whatever is granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CoreRead {
    /// Every core table that plugins may see at all.
    All,
    /// Only these, by name as declared; names that are no core tables grant nothing.
    Only(BTreeSet<String>),
}

impl Permissions {
    /// Takes the list as declared.
    pub fn new(declared: Vec<String>) -> Self {
        Self { declared }
    }

    /// The list as declared.
    pub fn declared(&self) -> &[String] {
        &self.declared
    }

    /// Whether `permission` is listed literally.
    pub fn lists(&self, permission: &str) -> bool {
        self.declared.iter().any(|declared| declared.trim() == permission)
    }

    /// The vocabulary of this list.
    pub fn vocabulary(&self) -> Vocabulary {
        if self.declared.is_empty() || self.declared.iter().any(|entry| entry.contains(':')) {
            Vocabulary::Colon
        } else {
            Vocabulary::Dotted
        }
    }

    /// The core tables this plugin may read.
    pub fn core_read(&self) -> CoreRead {
        match self.vocabulary() {
            Vocabulary::Dotted => CoreRead::All,
            Vocabulary::Colon => CoreRead::Only(
                self.declared
                    .iter()
                    .filter_map(|entry| entry.trim().strip_prefix("db:read:"))
                    // The plugin's own tables need no grant.
                    .filter(|table| *table != "plugin_data")
                    .map(str::to_owned)
                    .collect(),
            ),
        }
    }

    /// Whether `event_emit` is granted.
    pub fn may_emit_events(&self) -> bool {
        self.vocabulary() == Vocabulary::Dotted || self.lists("events:emit")
    }

    /// Whether a core table may be read.
    pub fn may_read(&self, table: &str) -> bool {
        match self.core_read() {
            CoreRead::All => true,
            CoreRead::Only(names) => names.contains(table),
        }
    }

    /// Whether the `cache_*` functions are granted.
    pub fn may_use_cache(&self) -> bool {
        self.vocabulary() == Vocabulary::Dotted || self.lists("cache:use")
    }
}
