//! Names and passwords of plugin roles.
//!
//! Roles belong to the whole server, schemas to one database, so a role's name begins with a mark
//! of its database: two hosts on two databases of one server never meet on a role.

use contract::name::{PluginName, SchemaName, SchemaNameTooLong};
use hmac::{Hmac, Mac as _};
use sha2::{Digest as _, Sha256};

/// Derives the names and passwords of roles in one database.
#[derive(Clone)]
pub(crate) struct RoleNames {
    mark: String,
    secret: Vec<u8>,
}

/// A plugin's names in the database.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    /// Its schema.
    pub(crate) schema: SchemaName,
    /// The role its own statements run as.
    pub(crate) runtime_role: String,
    /// The role its migrations run as.
    pub(crate) migration_role: String,
}

impl RoleNames {
    pub(crate) fn new(database: &str, secret: &[u8]) -> Self {
        Self { mark: digest(database, 12), secret: secret.to_vec() }
    }

    /// The names of a plugin. Role names hold a hash of the schema's name, not the name itself,
    /// which may fill the 63 bytes of an identifier alone.
    pub(crate) fn identity(&self, plugin: &PluginName) -> Result<Identity, SchemaNameTooLong> {
        let schema = plugin.schema_name()?;
        let hash = digest(schema.as_str(), 16);
        Ok(Identity {
            runtime_role: format!("hp_{}_{hash}_run", self.mark),
            migration_role: format!("hp_{}_{hash}_own", self.mark),
            schema,
        })
    }

    /// The group role that carries reading rights on one core table.
    pub(crate) fn reader(&self, table: &str) -> String {
        format!("hp_{}_read_{table}", self.mark)
    }

    /// The group role that carries the right to point foreign keys at core tables.
    pub(crate) fn referrer(&self) -> String {
        format!("hp_{}_references", self.mark)
    }

    /// What every reading group's name begins with.
    pub(crate) fn group_prefix(&self) -> String {
        format!("hp_{}_read_", self.mark)
    }

    /// A role's password: 256 bits nobody can guess, the same on every host with this secret.
    pub(crate) fn password(&self, role: &str) -> String {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.secret).expect("HMAC takes a key of any length");
        mac.update(b"plugin role password\0");
        mac.update(role.as_bytes());
        hex::encode(mac.finalize().into_bytes())
    }
}

impl std::fmt::Debug for RoleNames {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RoleNames").field("mark", &self.mark).finish_non_exhaustive()
    }
}

fn digest(text: &str, characters: usize) -> String {
    let mut hash = hex::encode(Sha256::digest(text.as_bytes()));
    hash.truncate(characters);
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONGEST: &str = "com.example.a-plugin-whose-schema-name-just-fits-it";

    fn identity(names: &RoleNames, plugin: &str) -> Identity {
        names.identity(&PluginName::parse(plugin).expect("a name")).expect("a schema")
    }

    #[test]
    fn every_role_name_fits_an_identifier() {
        let names = RoleNames::new(&"d".repeat(63), b"secret");
        let plugin = identity(&names, LONGEST);
        assert_eq!(plugin.schema.as_str().len(), 63);
        let reader = names.reader("plugin_extension_settings");
        for role in [&plugin.runtime_role, &plugin.migration_role, &reader, &names.referrer()] {
            assert!(role.len() <= 63, "{role}");
        }
    }

    #[test]
    fn databases_plugins_and_purposes_do_not_meet() {
        let one = RoleNames::new("one", b"secret");
        let two = RoleNames::new("two", b"secret");
        let a = identity(&one, "a.b");
        assert_ne!(a.runtime_role, a.migration_role);
        assert_ne!(a.runtime_role, identity(&one, "a.c").runtime_role);
        assert_ne!(a.runtime_role, identity(&two, "a.b").runtime_role);
    }

    #[test]
    fn passwords_depend_on_secret_and_role() {
        let names = RoleNames::new("one", b"secret");
        assert_eq!(names.password("r"), RoleNames::new("two", b"secret").password("r"));
        assert_ne!(names.password("r"), names.password("s"));
        assert_ne!(names.password("r"), RoleNames::new("one", b"other").password("r"));
    }
}
