//! Permission keys: what covers what, and what a user has.

use std::collections::BTreeSet;

use storage::Database;
use uuid::Uuid;

use crate::error::ApiResult;

/// Whether a set of granted keys covers `wanted`.
///
/// `*` covers everything; `x.*` covers every key of the family `x`, however deep (`project.*`
/// covers `project.members.read`).
pub fn covers(granted: &BTreeSet<String>, wanted: &str) -> bool {
    granted.iter().any(|key| key_covers(key, wanted))
}

fn key_covers(granted: &str, wanted: &str) -> bool {
    if granted == "*" || granted == wanted {
        return true;
    }
    // The dot stays in the prefix, so that `task.*` does not cover `tasks.read`.
    granted
        .strip_suffix('*')
        .filter(|family| family.ends_with('.') && family.len() > 1)
        .is_some_and(|family| wanted.starts_with(family))
}

/// What users may do, looked up when asked: a permission taken away is gone with the next request,
/// whatever a token that is still valid says.
#[derive(Debug, Clone)]
pub struct Access {
    database: Database,
}

impl Access {
    /// Looks permissions up in this database.
    pub fn new(database: Database) -> Self {
        Self { database }
    }

    /// Whether a user has every one of `wanted`, globally or, given a project, by membership in it.
    pub async fn has_all(
        &self,
        user: Uuid,
        project: Option<Uuid>,
        wanted: &[impl AsRef<str>],
    ) -> ApiResult<bool> {
        let global = self.database.roles().global_permissions(user).await?;
        let missing: Vec<&str> =
            wanted.iter().map(AsRef::as_ref).filter(|key| !covers(&global, key)).collect();
        if missing.is_empty() {
            return Ok(true);
        }
        let Some(project) = project else { return Ok(false) };
        let membership = self.database.members().membership(project, user).await?;
        Ok(membership.is_some_and(|membership| {
            missing.iter().all(|key| covers(&membership.permissions, key))
        }))
    }

    /// The id of a user's membership in a project.
    pub async fn member(&self, project: Uuid, user: Uuid) -> ApiResult<Option<Uuid>> {
        let membership = self.database.members().membership(project, user).await?;
        Ok(membership.map(|membership| membership.member_id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_cover_their_family_and_nothing_else() {
        for (granted, wanted, expected) in [
            (&["*"][..], "tasks.read", true),
            (&["tasks.read"], "tasks.read", true),
            (&["tasks.read"], "tasks.write", false),
            (&["tasks.*"], "tasks.write", true),
            (&["users.read", "tasks.*"], "tasks.write", true),
            (&["project.*"], "project.members.read", true),
            (&["project.members.*"], "project.roles.read", false),
            (&["projects.*"], "project.members.read", false),
            (&["task.*"], "tasks.read", false),
            (&["tasks*"], "tasks.read", false),
            (&[".*"], ".read", false),
            (&["tasks.read"], "tasks.*", false),
            (&[], "tasks.read", false),
        ] {
            let set = granted.iter().map(|&key| key.to_owned()).collect();
            assert_eq!(covers(&set, wanted), expected, "{granted:?} {wanted}");
        }
    }
}
