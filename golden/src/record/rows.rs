//! A scenario's users, projects, members and tasks as rows of the core tables.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::scenario::World;

/// No password has this hash.
const NO_PASSWORD: &str = "!";

pub(super) async fn insert(connection: &mut PgConnection, world: &World) -> sqlx::Result<()> {
    for user in &world.users {
        let role: Uuid = sqlx::query_scalar(
            "INSERT INTO global_roles (name, permissions) VALUES ($1, $2)
             ON CONFLICT (name) DO UPDATE SET permissions = $2 RETURNING id",
        )
        .bind(&user.role)
        .bind(permissions(&user.permissions))
        .fetch_one(&mut *connection)
        .await?;
        sqlx::query(
            "INSERT INTO users
                 (id, username, password_hash, full_name, role_id, must_change_password)
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(user.id)
        .bind(&user.name)
        .bind(NO_PASSWORD)
        .bind(&user.full_name)
        .bind(role)
        .bind(user.must_change_password)
        .execute(&mut *connection)
        .await?;
    }
    for project in &world.projects {
        let tasks = world.tasks.iter().filter(|task| task.project == project.id);
        let counter = tasks.map(|task| task.number).max().unwrap_or(0);
        sqlx::query(
            "INSERT INTO projects (id, name, description, task_id_prefix, task_counter)
             VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(project.id)
        .bind(&project.name)
        .bind(&project.description)
        .bind(&project.task_id_prefix)
        .bind(counter)
        .execute(&mut *connection)
        .await?;
        for member in &project.members {
            let role: Uuid = sqlx::query_scalar(
                "INSERT INTO project_roles (project_id, role_name, permissions)
                 VALUES ($1, $2, $3)
                 ON CONFLICT (project_id, role_name) DO UPDATE SET permissions = $3 RETURNING id",
            )
            .bind(project.id)
            .bind(&member.role)
            .bind(permissions(&member.permissions))
            .fetch_one(&mut *connection)
            .await?;
            sqlx::query(
                "INSERT INTO project_members (id, project_id, user_id, project_role_id)
                 VALUES ($1, $2, $3, $4)",
            )
            .bind(member.id)
            .bind(project.id)
            .bind(member.user)
            .bind(role)
            .execute(&mut *connection)
            .await?;
        }
    }
    for task in &world.tasks {
        sqlx::query(
            "INSERT INTO tasks (id, project_id, title, assignee_ids, task_number)
             VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(task.id)
        .bind(task.project)
        .bind(&task.title)
        .bind(&task.assignees)
        .bind(task.number)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// As the core writes them: an object with `true` for each.
fn permissions(keys: &BTreeSet<String>) -> Value {
    let granted: Map<_, _> = keys.iter().map(|key| (key.clone(), Value::Bool(true))).collect();
    Value::Object(granted)
}
