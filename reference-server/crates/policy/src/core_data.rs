//! Which core data plugins may read (decisions D3 and D4).
//!
//! The database enforces this: a plugin's role is granted exactly these columns.

use contract::envelope::RequestEnvelope;
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

/// Which projects the core reads of one call may show.
///
/// A plugin that passes on an id it was sent must not become the way to a project its caller cannot
/// see. Without a caller, the plugin acts for itself, and its grants are the only bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Every project.
    All,
    /// The one the request is about, by id.
    Project(String),
    /// Those that this user may read, by id of the user.
    User(String),
    /// None.
    Nothing,
}

/// What a user needs in a project for [`Reach::User`].
pub const PROJECT_READ: &str = "projects.read";

/// Core data decisions.
#[derive(Clone, Debug)]
pub struct CoreDataPolicy {
    /// The reach of a call with this request, or without one.
    pub reach: fn(Option<&RequestEnvelope>) -> Reach,
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
            reach,
            readable: READABLE_CORE_TABLES.to_vec(),
            referenceable: REFERENCEABLE_CORE_TABLES.to_vec(),
        }
    }
}

fn reach(request: Option<&RequestEnvelope>) -> Reach {
    match request {
        None => Reach::All,
        Some(request) if !request.project_id.is_empty() => {
            Reach::Project(request.project_id.clone())
        }
        Some(request) if !request.user_id.is_empty() => Reach::User(request.user_id.clone()),
        Some(_) => Reach::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_shows_what_its_caller_may_see() {
        let reach = |project: &str, user: &str| {
            (CoreDataPolicy::default().reach)(Some(&RequestEnvelope {
                project_id: project.to_owned(),
                user_id: user.to_owned(),
                ..RequestEnvelope::default()
            }))
        };
        assert_eq!((CoreDataPolicy::default().reach)(None), Reach::All);
        assert_eq!(reach("p", "u"), Reach::Project("p".to_owned()));
        assert_eq!(reach("", "u"), Reach::User("u".to_owned()));
        assert_eq!(reach("", ""), Reach::Nothing);
    }

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
