//! Removing what the suite created, whatever became of the case.

use std::time::Duration;

use super::identity::{bearer, describe};
use super::{Stop, World};
use crate::client::{Answer, Outgoing};

/// For one request of the cleanup; a host that hangs must not hang the end of a run.
const PATIENCE: Duration = Duration::from_secs(15);

/// Why users stay, on a host that follows the specification to the letter.
const NO_WAY: &str = "the host has no route to remove users";

/// Something on the host that the suite created.
#[derive(Debug, Clone)]
pub enum Resource {
    /// All plugins whose name begins with one of these: one may exist although the install's answer
    /// never came.
    Plugins(Vec<String>),
    /// A project by id, with its tasks and members.
    Project(String),
    /// A user by id.
    User(String),
    /// An API key by id, with its owner's credentials.
    ApiKey {
        /// Row id.
        id: String,
        /// Headers.
        owner: Vec<(String, String)>,
    },
}

impl World {
    /// Removes these, newest first. Returns what is left, in words.
    pub async fn remove(&self, resources: Vec<Resource>) -> Vec<String> {
        let mut left = Vec::new();
        // Nothing can be removed from a host that is gone, and the report says that it is.
        if resources.is_empty() || matches!(self.stopped(), Some(Stop::HostLost(_))) {
            return left;
        }
        let Ok(admin) = self.admin().await else { return left };
        let admin = bearer(&admin);
        let mut users = 0;
        for resource in resources.into_iter().rev() {
            let removal = tokio::time::timeout(PATIENCE, self.remove_one(&resource, &admin)).await;
            let problem = removal.unwrap_or_else(|_| Err("no answer".to_owned())).err();
            match problem {
                Some(why) if why == NO_WAY => users += 1,
                Some(why) => left.push(format!("{}: {why}", resource.describe())),
                None => {}
            }
        }
        if users > 0 {
            left.push(format!("{users} users named hostproof-{}-…: {NO_WAY}", self.run));
        }
        left
    }

    async fn remove_one(
        &self,
        resource: &Resource,
        admin: &[(String, String)],
    ) -> Result<(), String> {
        let path = match resource {
            Resource::Plugins(prefixes) => {
                for id in self.plugin_ids(prefixes, admin).await? {
                    let path = format!("/api/v1/admin/plugins/{id}");
                    gone(&self.call(&Outgoing::plain("DELETE", path).with(admin)).await?)?;
                }
                return Ok(());
            }
            Resource::Project(id) => format!("/api/v1/projects/{id}"),
            Resource::User(id) => {
                // The specification has no such route; a host that has one gets its users removed.
                let path = format!("/api/v1/admin/users/{id}");
                let answer = self.call(&Outgoing::plain("DELETE", path).with(admin)).await?;
                return match answer.status {
                    200..300 => Ok(()),
                    // The route is there, and the case removed the user itself.
                    404 if is_nobody(&answer) => Ok(()),
                    404 | 405 => Err(NO_WAY.to_owned()),
                    _ => Err(format!("not removed, {}", describe(&answer))),
                };
            }
            Resource::ApiKey { id, owner } => {
                let request = Outgoing::plain("DELETE", format!("/api/v1/users/me/api-keys/{id}"));
                return gone(&self.call(&request.with(owner)).await?);
            }
        };
        gone(&self.call(&Outgoing::plain("DELETE", path).with(admin)).await?)
    }

    /// The row ids of all installed plugins whose name begins with one of these.
    async fn plugin_ids(
        &self,
        prefixes: &[String],
        admin: &[(String, String)],
    ) -> Result<Vec<String>, String> {
        let answer =
            self.expect(&Outgoing::plain("GET", "/api/v1/plugins").with(admin), 200).await?;
        let plugins = answer.pointer("/data/plugins").unwrap_or_default();
        let ours = plugins.as_array().into_iter().flatten().filter(|plugin| {
            plugin["name"]
                .as_str()
                .is_some_and(|name| prefixes.iter().any(|prefix| name.starts_with(prefix)))
        });
        Ok(ours.filter_map(|plugin| plugin["id"].as_str().map(str::to_owned)).collect())
    }
}

/// Whether the host says that there is no such user, rather than no such route.
fn is_nobody(answer: &Answer) -> bool {
    answer.pointer("/error_code").is_some_and(|code| code == "USER_NOT_FOUND")
}

fn gone(answer: &Answer) -> Result<(), String> {
    match answer.status {
        200..300 | 404 => Ok(()),
        _ => Err(format!("not removed, {}", describe(answer))),
    }
}

impl Resource {
    /// For people.
    pub fn describe(&self) -> String {
        match self {
            Self::Plugins(prefixes) => format!("plugins {}…", prefixes.join("…, ")),
            Self::Project(id) => format!("project {id}"),
            Self::User(id) => format!("user {id}"),
            Self::ApiKey { id, .. } => format!("API key {id}"),
        }
    }
}
