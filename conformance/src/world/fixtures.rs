//! Projects, members and tasks of a case, made through the host's own API.

use serde_json::{Value, json};

use super::identity::{bearer, id_of};
use super::{Resource, Trouble, World};
use crate::case::{Identity, Need};
use crate::client::Outgoing;

/// The permissions of a role, if the host has no template of that name.
const MEMBER: [&str; 4] = ["projects.read", "tasks.read", "tasks.write", "sprints.read"];
const VIEWER: [&str; 3] = ["projects.read", "tasks.read", "sprints.read"];

impl World {
    /// A project of the administrator.
    pub async fn make_project(
        &self,
        name: &str,
        created: impl Fn(Resource),
    ) -> Result<String, Trouble> {
        let admin = self.admin().await?;
        let body = json!({ "name": name, "description": "made by hostproof, removed by it" });
        let request = Outgoing::json("POST", "/api/v1/projects", &body).with(&bearer(&admin));
        let id = self.made(&request, "project").await?;
        created(Resource::Project(id.clone()));
        Ok(id)
    }

    /// A task in a project.
    pub async fn make_task(&self, project: &str) -> Result<String, Trouble> {
        let admin = self.admin().await?;
        let path = format!("/api/v1/projects/{project}/tasks");
        let request =
            Outgoing::json("POST", path, &json!({ "title": "A task" })).with(&bearer(&admin));
        self.made(&request, "task").await
    }

    /// Makes an identity's user a member of a project; the result is the member's row id.
    pub async fn make_member(&self, project: &str, need: Need) -> Result<String, Trouble> {
        let (identity, role, permissions) = match need {
            Need::Viewer => (Identity::Viewer, "PROJECT_VIEWER", VIEWER.as_slice()),
            _ => (Identity::Member, "PROJECT_MEMBER", MEMBER.as_slice()),
        };
        let admin = self.admin().await?;
        let user = self.user(identity).await?;
        let role = self.project_role(project, role, permissions).await?;
        let path = format!("/api/v1/projects/{project}/members");
        let body = json!({ "user_id": user.id, "project_role_id": role });
        let request = Outgoing::json("POST", path, &body).with(&bearer(&admin));
        self.made(&request, "project member").await
    }

    /// The id of a project role: one the host lists, or one made here with the same permissions.
    async fn project_role(
        &self,
        project: &str,
        name: &str,
        permissions: &[&str],
    ) -> Result<String, Trouble> {
        let admin = self.admin().await?;
        let path = format!("/api/v1/projects/{project}/roles");
        let listed = self
            .call(&Outgoing::plain("GET", path.clone()).with(&bearer(&admin)))
            .await
            .map_err(Trouble::preparation)?;
        let data = listed.pointer("/data").unwrap_or_default();
        // A list, or an object with the list under some name and counts beside it.
        let lists = data.as_array().into_iter();
        let lists = lists.chain(
            data.as_object().into_iter().flat_map(|o| o.values()).filter_map(Value::as_array),
        );
        let role = lists.flatten().find(|role| role["role_name"] == name);
        if let Some(id) = role.and_then(|role| role["id"].as_str()) {
            return Ok(id.to_owned());
        }
        let permissions: serde_json::Map<_, _> =
            permissions.iter().map(|key| ((*key).to_owned(), true.into())).collect();
        let body = json!({ "role_name": name, "permissions": permissions });
        self.made(&Outgoing::json("POST", path, &body).with(&bearer(&admin)), "project role").await
    }

    async fn made(&self, request: &Outgoing, what: &str) -> Result<String, Trouble> {
        let answer = self.expect(request, 201).await;
        answer
            .and_then(|answer| id_of(&answer))
            .map_err(|why| Trouble::preparation(format!("the case needs a {what}: {why}")))
    }
}
