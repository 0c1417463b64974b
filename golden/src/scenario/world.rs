//! The core rows of a scenario: who there is, and what they may do.

use std::collections::BTreeSet;

use uuid::Uuid;

/// Users, projects and tasks.
#[derive(Clone, Debug, Default)]
pub struct World {
    /// By name.
    pub users: Vec<User>,
    /// By name.
    pub projects: Vec<Project>,
    /// By name.
    pub tasks: Vec<Task>,
}

/// A user.
#[derive(Clone, Debug)]
pub struct User {
    /// The login name.
    pub name: String,
    /// Id.
    pub id: Uuid,
    /// The shown name.
    pub full_name: String,
    /// Name of the global role.
    pub role: String,
    /// Permissions of that role.
    pub permissions: BTreeSet<String>,
    /// The password must be changed first.
    pub must_change_password: bool,
}

/// A project.
#[derive(Clone, Debug)]
pub struct Project {
    /// Its name.
    pub name: String,
    /// Id.
    pub id: Uuid,
    /// What it is about.
    pub description: String,
    /// What stands before the numbers of its tasks.
    pub task_id_prefix: String,
    /// Its members.
    pub members: Vec<Member>,
}

/// A membership.
#[derive(Clone, Debug)]
pub struct Member {
    /// Id of the membership.
    pub id: Uuid,
    /// Id of the user.
    pub user: Uuid,
    /// Name of the role.
    pub role: String,
    /// Permissions of that role.
    pub permissions: BTreeSet<String>,
}

/// A task.
#[derive(Clone, Debug)]
pub struct Task {
    /// Id.
    pub id: Uuid,
    /// Id of its project.
    pub project: Uuid,
    /// What is to be done.
    pub title: String,
    /// Its number in the project.
    pub number: i32,
    /// Ids of those who are to do it.
    pub assignees: Vec<Uuid>,
}

/// Permissions that a new installation gives its global roles.
const GLOBAL_ROLES: &[(&str, &[&str])] = &[
    ("SUPER_ADMIN", &["*"]),
    ("ADMIN", &["users.*", "global_roles.*", "projects.*"]),
    ("USER", &["users.read"]),
];

/// Permissions that a new project gives its roles.
const PROJECT_ROLES: &[(&str, &[&str])] = &[
    (
        "PROJECT_OWNER",
        &["projects.*", "project.members.*", "project.roles.*", "tasks.*", "sprints.*"],
    ),
    (
        "PROJECT_MANAGER",
        &[
            "projects.read",
            "projects.write",
            "project.members.*",
            "project.roles.read",
            "tasks.*",
            "sprints.*",
        ],
    ),
    ("PROJECT_MEMBER", &["projects.read", "tasks.read", "tasks.write", "sprints.read"]),
    (
        "PROJECT_VIEWER",
        &[
            "projects.read",
            "project.members.read",
            "project.roles.read",
            "tasks.read",
            "sprints.read",
        ],
    ),
];

pub(super) fn global_role(name: &str) -> BTreeSet<String> {
    of(GLOBAL_ROLES, name)
}

pub(super) fn project_role(name: &str) -> BTreeSet<String> {
    of(PROJECT_ROLES, name)
}

fn of(roles: &[(&str, &[&str])], name: &str) -> BTreeSet<String> {
    let found = roles.iter().find(|(role, _)| *role == name);
    found.iter().flat_map(|(_, keys)| keys.iter().map(ToString::to_string)).collect()
}

impl World {
    /// A user by id.
    pub fn user(&self, id: Uuid) -> Option<&User> {
        self.users.iter().find(|user| user.id == id)
    }

    /// A project by id.
    pub fn project(&self, id: Uuid) -> Option<&Project> {
        self.projects.iter().find(|project| project.id == id)
    }

    /// A user's membership in a project.
    pub fn member(&self, project: Uuid, user: Uuid) -> Option<&Member> {
        self.project(project)?.members.iter().find(|member| member.user == user)
    }

    /// Whether a user has every one of `wanted`, globally or, given a project, by membership in it.
    pub fn has_all(
        &self,
        policy: policy::PermissionPolicy,
        user: Uuid,
        project: Option<Uuid>,
        wanted: &[impl AsRef<str>],
    ) -> bool {
        let Some(global) = self.user(user) else { return false };
        let covers = |granted, key: &str| policy.covers(granted, key);
        let mut missing = wanted
            .iter()
            .map(AsRef::as_ref)
            .filter(|key| !covers(&global.permissions, key))
            .peekable();
        if missing.peek().is_none() {
            return true;
        }
        let member = project.and_then(|project| self.member(project, user));
        member.is_some_and(|member| missing.all(|key| covers(&member.permissions, key)))
    }
}
