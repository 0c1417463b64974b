//! Which core data plugins may read (decisions D3 and D4).
//!
//! The database enforces this: a plugin's role is granted exactly these columns.

use contract::permissions::{CoreRead, Permissions};

/// A core table that plugins may be granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CoreTable {
    /// Its name in schema `public`.
    pub name: &'static str,
    /// Columns no plugin ever reads. A table with any is granted column by column.
    pub secret_columns: &'static [&'static str],
}

/// Every core table a plugin may be granted. `api_keys` is not among them: nothing in it is of use
/// to a plugin, and its key is a credential.
pub const READABLE_CORE_TABLES: &[CoreTable] = &[
    CoreTable { name: "global_roles", secret_columns: &[] },
    CoreTable { name: "plugin_extension_settings", secret_columns: &[] },
    CoreTable { name: "plugins", secret_columns: &[] },
    CoreTable { name: "project_members", secret_columns: &[] },
    CoreTable { name: "project_roles", secret_columns: &[] },
    CoreTable { name: "projects", secret_columns: &[] },
    CoreTable { name: "tasks", secret_columns: &[] },
    CoreTable { name: "users", secret_columns: &["password_hash"] },
];

/// Core tables to whose `id` a plugin's migration may point a foreign key (decision L3).
pub const REFERENCEABLE_CORE_TABLES: &[&str] =
    &["project_members", "project_roles", "projects", "tasks", "users"];

/// Core data decisions.
#[derive(Clone, Debug)]
pub struct CoreDataPolicy {
    /// Tables that can be granted at all.
    pub readable: Vec<CoreTable>,
    /// Tables that foreign keys may point at.
    pub referenceable: Vec<&'static str>,
}

impl CoreDataPolicy {
    /// The tables a plugin with these permissions may read.
    pub fn granted(&self, permissions: &Permissions) -> Vec<CoreTable> {
        let declared = permissions.core_read();
        self.readable
            .iter()
            .filter(|table| match &declared {
                CoreRead::All => true,
                CoreRead::Only(names) => names.contains(table.name),
            })
            .copied()
            .collect()
    }
}

impl Default for CoreDataPolicy {
    fn default() -> Self {
        Self {
            readable: READABLE_CORE_TABLES.to_vec(),
            referenceable: REFERENCEABLE_CORE_TABLES.to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn granted(permissions: &[&str]) -> Vec<&'static str> {
        let permissions = Permissions::new(permissions.iter().map(ToString::to_string).collect());
        CoreDataPolicy::default().granted(&permissions).iter().map(|table| table.name).collect()
    }

    #[test]
    fn colons_grant_what_they_name_and_nothing_else() {
        assert_eq!(granted(&["db:read:tasks", "events:emit"]), ["tasks"]);
        assert_eq!(granted(&["db:read:api_keys", "db:read:pg_authid"]), [""; 0]);
        assert_eq!(granted(&["db:read:plugin_data", "db:write:tasks"]), [""; 0]);
        assert_eq!(granted(&[]), [""; 0]);
    }

    #[test]
    fn dots_grant_every_readable_table() {
        assert_eq!(granted(&["db.read"]).len(), READABLE_CORE_TABLES.len());
        assert!(!granted(&["db.read"]).contains(&"api_keys"));
    }
}
