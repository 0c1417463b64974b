//! The demo plugin: a checklist on every task.
//!
//! Items live in a table of the plugin's own, `/stats` counts in key-value storage, and a deleted task takes
//! its items with it. Who may do what is not decided here: the manifest says which middlewares guard a route.

mod items;

use hostproof_guest::{Error, Plugin, Request, Response, Route, export, kv, log};
use serde::Deserialize;
use serde_json::json;

use items::{Change, NewItem, Place};

struct Checklist;

impl Plugin for Checklist {
    const ROUTES: &[Route] = &[
        Route::get("/projects/:projectId/tasks/:taskId/items", list),
        Route::post("/projects/:projectId/tasks/:taskId/items", create),
        Route::patch("/projects/:projectId/tasks/:taskId/items/:itemId", change),
        Route::delete("/projects/:projectId/tasks/:taskId/items/:itemId", remove),
        Route::get("/stats", stats),
    ];

    fn event(topic: &str, payload: &[u8]) -> Result<(), Error> {
        #[derive(Deserialize)]
        struct TaskDeleted {
            task_id: String,
        }
        if topic != "task.deleted" {
            return Ok(());
        }
        let event: TaskDeleted = serde_json::from_slice(payload)
            .map_err(|error| Error::bad_request(format!("task.deleted: {error}")))?;
        let removed = items::remove_all_of(&event.task_id)?;
        log::info(format_args!("task {} is gone, and {removed} items with it", event.task_id));
        Ok(())
    }
}

fn list(request: &Request) -> Result<Response, Error> {
    let items = items::list(&Place::of(request)?)?;
    Ok(Response::json(200, &json!({ "items": items })))
}

fn create(request: &Request) -> Result<Response, Error> {
    let place = Place::of(request)?;
    let item = items::create(&place, &request.json::<NewItem>()?)?;
    count("items_created")?;
    Ok(Response::json(201, &item))
}

fn change(request: &Request) -> Result<Response, Error> {
    let place = Place::of(request)?;
    let item = items::change(&place, request.param("itemId"), &request.json::<Change>()?)?;
    Ok(Response::json(200, &item))
}

fn remove(request: &Request) -> Result<Response, Error> {
    items::remove(&Place::of(request)?, request.param("itemId"))?;
    Ok(Response::empty(204))
}

fn stats(_: &Request) -> Result<Response, Error> {
    let views = count("stats_views")?;
    let created: u64 = kv::get_json("items_created")?.unwrap_or(0);
    Ok(Response::json(
        200,
        &json!({ "views": views, "items_created": created, "items": items::total()? }),
    ))
}

/// Counts up under a key. Two calls at the same moment may count as one: key-value storage has no increment,
/// and a statistic can bear it.
fn count(key: &str) -> Result<u64, Error> {
    let count = kv::get_json(key)?.unwrap_or(0_u64) + 1;
    kv::set_json(key, &count)?;
    Ok(count)
}

export!(Checklist);
