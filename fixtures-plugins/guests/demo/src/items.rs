//! Checklist items and the statements that keep them.

use hostproof_guest::{Error, db, events, log};
use serde::{Deserialize, Serialize};

use crate::place::{ItemPlace, Place};

/// The columns an item is answered with.
macro_rules! columns {
    () => {
        "id, task_id, title, done, position, created_at, updated_at"
    };
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

/// What is emitted when there is one more.
#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "what listeners know them by")]
struct ItemCreated<'a> {
    item_id: &'a str,
    task_id: &'a str,
    project_id: &'a str,
}

pub(crate) fn list(place: &Place) -> Result<Vec<Item>, Error> {
    Ok(db::read(
        concat!(
            "SELECT ",
            columns!(),
            " FROM items WHERE task_id = $1 ORDER BY position, created_at, id"
        ),
        (&place.task,),
    )?)
}

pub(crate) fn create(place: &Place, new: &NewItem) -> Result<Item, Error> {
    let title = checked_title(&new.title)?;
    let item: Item = db::query_one(
        concat!(
            "INSERT INTO items (project_id, task_id, title, done, position) ",
            "SELECT $1, $2, $3, $4, coalesce(max(position), 0) + 1 FROM items WHERE task_id = $2 ",
            "RETURNING ",
            columns!()
        ),
        (&place.project, &place.task, title, new.done),
    )?;
    let created =
        ItemCreated { item_id: &item.id, task_id: &place.task, project_id: &place.project };
    if let Err(error) = events::emit("checklist.item_created", &created) {
        // The item is stored; whoever listens for news can do without it.
        log::warn(error);
    }
    Ok(item)
}

pub(crate) fn change(place: &ItemPlace, change: &Change) -> Result<Item, Error> {
    let title = change.title.as_deref().map(checked_title).transpose()?;
    db::query_opt(
        concat!(
            "UPDATE items SET title = coalesce($3, title), done = coalesce($4, done), ",
            "position = coalesce($5, position), updated_at = now() ",
            "WHERE id = $1 AND task_id = $2 RETURNING ",
            columns!()
        ),
        (&place.item, &place.task, title, change.done, change.position),
    )?
    .ok_or_else(|| Error::not_found("item"))
}

pub(crate) fn remove(place: &ItemPlace) -> Result<(), Error> {
    let removed = db::execute(
        "DELETE FROM items WHERE id = $1 AND task_id = $2",
        (&place.item, &place.task),
    )?;
    if removed == 0 { Err(Error::not_found("item")) } else { Ok(()) }
}

/// Removes what belongs to a deleted task, and says how much. Core deletes a task by marking it, so the foreign
/// key alone would keep the items.
pub(crate) fn remove_all_of(task: &str) -> Result<u64, Error> {
    Ok(db::execute("DELETE FROM items WHERE task_id = $1", (task,))?)
}

/// How many items there are, of all tasks.
pub(crate) fn total() -> Result<u64, Error> {
    Ok(db::query_one("SELECT count(*) FROM items", ())?)
}

fn checked_title(title: &str) -> Result<&str, Error> {
    let title = title.trim();
    match title.chars().count() {
        1..=500 => Ok(title),
        _ => Err(Error::bad_request("title: between 1 and 500 characters")),
    }
}
