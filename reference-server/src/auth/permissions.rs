//! What a user may do.

use std::collections::BTreeSet;

use policy::PermissionPolicy;
use storage::{Database, StorageError};
use uuid::Uuid;

/// What users may do, looked up when asked: a permission taken away is gone with the next request,
/// whatever a token that is still valid says.
#[derive(Debug, Clone)]
pub struct Access {
    database: Database,
    policy: PermissionPolicy,
}

impl Access {
    /// Looks permissions up in this database.
    pub fn new(database: Database, policy: PermissionPolicy) -> Self {
        Self { database, policy }
    }

    /// Whether a set of granted keys covers `wanted`.
    pub fn covers(&self, granted: &BTreeSet<String>, wanted: &str) -> bool {
        self.policy.covers(granted, wanted)
    }

    /// Whether a user has every one of `wanted`, globally or, given a project, by membership in it.
    pub async fn has_all(
        &self,
        user: Uuid,
        project: Option<Uuid>,
        wanted: &[impl AsRef<str>],
    ) -> Result<bool, StorageError> {
        let global = self.database.roles().global_permissions(user).await?;
        let missing: Vec<&str> =
            wanted.iter().map(AsRef::as_ref).filter(|key| !self.covers(&global, key)).collect();
        if missing.is_empty() {
            return Ok(true);
        }
        let Some(project) = project else { return Ok(false) };
        let membership = self.database.members().membership(project, user).await?;
        Ok(membership.is_some_and(|membership| {
            missing.iter().all(|key| self.covers(&membership.permissions, key))
        }))
    }

    /// The id of a user's membership in a project.
    pub async fn member(&self, project: Uuid, user: Uuid) -> Result<Option<Uuid>, StorageError> {
        let membership = self.database.members().membership(project, user).await?;
        Ok(membership.map(|membership| membership.member_id))
    }
}
