//! The demo plugin: a checklist on every task.
//!
//! Items live in a table of the plugin's own, `/stats` counts in key-value storage, and a deleted task takes
//! its items with it. Who may do what is not decided here: the manifest says which middlewares guard a route.

mod items;
mod place;
#[cfg(test)]
mod tests;

use hostproof_guest::{Error, Json, Plugin, Route, Subscription, export, kv, log};
use serde::{Deserialize, Serialize};

use items::{Change, Item, NewItem};
use place::{ItemPlace, Place};

struct Checklist;

impl Plugin for Checklist {
    const ROUTES: &[Route] = &[
        Route::get("/projects/:projectId/tasks/:taskId/items", list),
        Route::post("/projects/:projectId/tasks/:taskId/items", create),
        Route::patch("/projects/:projectId/tasks/:taskId/items/:itemId", change),
        Route::delete("/projects/:projectId/tasks/:taskId/items/:itemId", remove),
        Route::get("/stats", stats),
    ];

    const SUBSCRIPTIONS: &[Subscription] = &[Subscription::to("task.deleted", task_deleted)];
}

#[derive(Serialize)]
struct Items {
    items: Vec<Item>,
}

fn list(place: Place) -> Result<Json<Items>, Error> {
    Ok(Json(Items { items: items::list(&place)? }))
}

fn create(place: Place, Json(new): Json<NewItem>) -> Result<(u16, Json<Item>), Error> {
    let item = items::create(&place, &new)?;
    count("items_created")?;
    Ok((201, Json(item)))
}

fn change(place: ItemPlace, Json(change): Json<Change>) -> Result<Json<Item>, Error> {
    Ok(Json(items::change(&place, &change)?))
}

fn remove(place: ItemPlace) -> Result<(), Error> {
    items::remove(&place)
}

#[derive(Serialize)]
struct Stats {
    views: u64,
    items_created: u64,
    items: u64,
}

fn stats() -> Result<Json<Stats>, Error> {
    Ok(Json(Stats {
        views: count("stats_views")?,
        items_created: kv::get_json("items_created")?.unwrap_or(0),
        items: items::total()?,
    }))
}

#[derive(Deserialize)]
struct TaskDeleted {
    task_id: String,
}

fn task_deleted(event: TaskDeleted) -> Result<(), Error> {
    let removed = items::remove_all_of(&event.task_id)?;
    log::info(format_args!("task {} is gone, and {removed} items with it", event.task_id));
    Ok(())
}

/// Counts up under a key. Two calls at the same moment may count as one: key-value storage has no increment,
/// and a statistic can bear it.
fn count(key: &str) -> Result<u64, Error> {
    let count = kv::get_json(key)?.unwrap_or(0_u64) + 1;
    kv::set_json(key, &count)?;
    Ok(count)
}

export!(Checklist);
