//! Checklist items and the statements that keep them.

use hostproof_guest::{Error, Request, db, events, log, params};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The columns an item is answered with.
macro_rules! columns {
    () => {
        "id, task_id, title, done, position, created_at, updated_at"
    };
}

/// The task a request is about; known to exist in the project whose permissions the host has checked.
pub(crate) struct Place {
    project: String,
    task: String,
}

impl Place {
    pub(crate) fn of(request: &Request) -> Result<Self, Error> {
        let (project, task) = (request.param("projectId"), request.param("taskId"));
        if !is_uuid(project) || !is_uuid(task) {
            return Err(Error::not_found("task"));
        }
        let found = db::query(
            "SELECT 1 FROM tasks WHERE id = $1 AND project_id = $2 AND deleted_at IS NULL",
            params![task, project],
        )?;
        if found.is_empty() {
            return Err(Error::not_found("task"));
        }
        Ok(Self { project: project.to_owned(), task: task.to_owned() })
    }
}

/// One item, as it is stored and answered.
#[derive(Deserialize, Serialize)]
pub(crate) struct Item {
    id: String,
    task_id: String,
    title: String,
    done: bool,
    position: i32,
    created_at: String,
    updated_at: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewItem {
    title: String,
    #[serde(default)]
    done: bool,
}

/// What is absent stays as it is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Change {
    title: Option<String>,
    done: Option<bool>,
    position: Option<i32>,
}

pub(crate) fn list(place: &Place) -> Result<Vec<Item>, Error> {
    let rows = db::read(
        concat!(
            "SELECT ",
            columns!(),
            " FROM items WHERE task_id = $1 ORDER BY position, created_at, id"
        ),
        params![place.task],
    )?;
    Ok(rows.into_typed()?)
}

pub(crate) fn create(place: &Place, new: &NewItem) -> Result<Item, Error> {
    let title = checked_title(&new.title)?;
    let item = one(
        concat!(
            "INSERT INTO items (project_id, task_id, title, done, position) ",
            "SELECT $1, $2, $3, $4, coalesce(max(position), 0) + 1 FROM items WHERE task_id = $2 ",
            "RETURNING ",
            columns!()
        ),
        params![place.project, place.task, title, new.done],
    )?;
    let payload = json!({ "item_id": item.id, "task_id": place.task, "project_id": place.project });
    if let Err(error) = events::emit("checklist.item_created", &payload) {
        // The item is stored; whoever listens for news can do without it.
        log::warn(error);
    }
    Ok(item)
}

pub(crate) fn change(place: &Place, id: &str, change: &Change) -> Result<Item, Error> {
    let title = change.title.as_deref().map(checked_title).transpose()?;
    one(
        concat!(
            "UPDATE items SET title = coalesce($3, title), done = coalesce($4, done), ",
            "position = coalesce($5, position), updated_at = now() ",
            "WHERE id = $1 AND task_id = $2 RETURNING ",
            columns!()
        ),
        params![checked_id(id)?, place.task, title, change.done, change.position],
    )
}

pub(crate) fn remove(place: &Place, id: &str) -> Result<(), Error> {
    let removed = db::exec(
        "DELETE FROM items WHERE id = $1 AND task_id = $2",
        params![checked_id(id)?, place.task],
    )?;
    if removed == 0 { Err(Error::not_found("item")) } else { Ok(()) }
}

/// Removes what belongs to a deleted task, and says how much. Core deletes a task by marking it, so the foreign
/// key alone would keep the items.
pub(crate) fn remove_all_of(task: &str) -> Result<u64, Error> {
    Ok(db::exec("DELETE FROM items WHERE task_id = $1", params![task])?)
}

/// How many items there are, of all tasks.
pub(crate) fn total() -> Result<u64, Error> {
    #[derive(Deserialize)]
    struct Total {
        total: u64,
    }
    let rows = db::read("SELECT count(*) AS total FROM items", params![])?;
    Ok(rows.into_typed::<Total>()?.first().map_or(0, |row| row.total))
}

/// The one row a write returns.
fn one(sql: &str, params: &[Value]) -> Result<Item, Error> {
    db::query(sql, params)?.into_typed()?.pop().ok_or_else(|| Error::not_found("item"))
}

fn checked_title(title: &str) -> Result<&str, Error> {
    let title = title.trim();
    match title.chars().count() {
        1..=500 => Ok(title),
        _ => Err(Error::bad_request("title: between 1 and 500 characters")),
    }
}

/// An id that is no UUID names no item, and Postgres would call it an error.
fn checked_id(id: &str) -> Result<&str, Error> {
    if is_uuid(id) { Ok(id) } else { Err(Error::not_found("item")) }
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}
