//! What a request is about, checked before a handler sees it.

use hostproof_guest::{Error, FromRequest, Request, db};

/// A task; known to exist in the project whose permissions the host has checked.
pub(crate) struct Place {
    pub(crate) project: String,
    pub(crate) task: String,
}

impl FromRequest for Place {
    fn from_request(request: &Request) -> Result<Self, Error> {
        let (project, task) = (request.param("projectId"), request.param("taskId"));
        if !is_uuid(project) || !is_uuid(task) {
            return Err(Error::not_found("task"));
        }
        db::query_opt::<u8>(
            "SELECT 1 FROM tasks WHERE id = $1 AND project_id = $2 AND deleted_at IS NULL",
            (task, project),
        )?
        .ok_or_else(|| Error::not_found("task"))?;
        Ok(Self { project: project.to_owned(), task: task.to_owned() })
    }
}

/// What could be an item of a task: an id that is no UUID names none, and Postgres would call it an error.
pub(crate) struct ItemPlace {
    pub(crate) task: String,
    pub(crate) item: String,
}

impl FromRequest for ItemPlace {
    fn from_request(request: &Request) -> Result<Self, Error> {
        let Place { task, .. } = request.extract()?;
        let item = request.param("itemId").to_owned();
        if is_uuid(&item) { Ok(Self { task, item }) } else { Err(Error::not_found("item")) }
    }
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}
