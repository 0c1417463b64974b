//! The database: typed rows, parameters, a transaction, and an error type of the plugin's own.
//!
//! Its table is what a migration in `migrations/` makes:
//! `CREATE TABLE notes (id bigserial PRIMARY KEY, author text NOT NULL, text text NOT NULL, position int NOT NULL)`.

use hostproof_guest::{Caller, Error, HostError, Json, Path, Plugin, Query, Route, db, export, kv};
use serde::{Deserialize, Serialize};

struct Notes;

impl Plugin for Notes {
    const ROUTES: &[Route] = &[
        Route::get("/notes", list),
        Route::post("/notes", create),
        Route::post("/notes/:id/top", move_to_top),
    ];
}

#[derive(Deserialize, Serialize)]
struct Note {
    id: i64,
    text: String,
    position: i32,
}

/// Why a note is not written.
enum Refused {
    Empty,
    Full { most: i64 },
    Host(HostError),
}

impl From<HostError> for Refused {
    fn from(error: HostError) -> Self {
        Self::Host(error)
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Empty => Self::bad_request("text: a note says something"),
            Refused::Full { most } => Self::conflict(format!("there are {most} notes already")),
            Refused::Host(error) => error.into(),
        }
    }
}

#[derive(Deserialize)]
struct Filter {
    contains: Option<String>,
}

fn list(caller: Caller, Query(filter): Query<Filter>) -> Result<Json<Vec<Note>>, Error> {
    let notes = db::query(
        "SELECT id, text, position FROM notes
         WHERE author = $1 AND ($2::text IS NULL OR position($2 IN text) > 0) ORDER BY position",
        (caller.user_id, filter.contains),
    )?;
    Ok(Json(notes))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewNote {
    text: String,
}

fn create(caller: Caller, Json(new): Json<NewNote>) -> Result<(u16, Json<Note>), Refused> {
    const MOST: i64 = 100;
    if new.text.trim().is_empty() {
        return Err(Refused::Empty);
    }
    let (count, last): (i64, Option<i32>) = db::query_one(
        "SELECT count(*), max(position) FROM notes WHERE author = $1",
        (&caller.user_id,),
    )?;
    if count >= MOST {
        return Err(Refused::Full { most: MOST });
    }
    let note = db::query_one(
        "INSERT INTO notes (author, text, position) VALUES ($1, $2, $3) RETURNING id, text, position",
        (&caller.user_id, new.text, last.unwrap_or(0) + 1),
    )?;
    Ok((201, Json(note)))
}

/// All of it happens, or nothing.
fn move_to_top(caller: Caller, Path(id): Path<i64>) -> Result<(), Error> {
    db::transaction(|| {
        db::execute(
            "UPDATE notes SET position = position + 1 WHERE author = $1",
            (&caller.user_id,),
        )?;
        kv::set_json(&format!("top:{}", caller.user_id), &id)?;
        let moved = db::execute(
            "UPDATE notes SET position = 1 WHERE author = $1 AND id = $2",
            (&caller.user_id, id),
        )?;
        if moved == 0 { Err(Error::not_found("note")) } else { Ok(()) }
    })
}

export!(Notes);

#[cfg(test)]
mod tests {
    use hostproof_guest::testing::TestHost;
    use serde_json::json;

    use super::*;

    fn host() -> TestHost<Notes> {
        TestHost::new(include_str!("notes.json"))
    }

    fn note(id: i64, text: &str) -> Note {
        Note { id, text: text.to_owned(), position: 1 }
    }

    #[test]
    fn notes_are_listed_and_filtered() {
        let host = host();
        host.on_sql("FROM notes").with(("ada", None::<&str>)).rows([note(1, "a"), note(2, "b")]);
        host.on_sql("FROM notes").with(("ada", "b")).rows([note(2, "b")]);
        let listed = |path| {
            let notes: Vec<Note> = host.get(path).user("ada").send().read_json().expect("notes");
            notes.iter().map(|note| note.id).collect::<Vec<_>>()
        };
        assert_eq!(listed("/notes"), [1, 2]);
        assert_eq!(listed("/notes?contains=b"), [2]);
    }

    #[test]
    fn a_note_is_written_at_the_end() {
        let host = host();
        host.on_sql("SELECT count(*), max(position)").rows([(1, 4)]);
        host.on_sql("INSERT INTO notes").with(("ada", "hi", 5)).rows([note(2, "hi")]);
        let created = host.post("/notes").user("ada").json(&json!({ "text": "hi" })).send();
        assert_eq!(created.status(), 201);
    }

    #[test]
    fn a_note_that_is_empty_or_one_too_many_is_refused() {
        let host = host();
        host.on_sql("SELECT count(*), max(position)").rows([(100, 100)]);
        let status =
            |text| host.post("/notes").user("ada").json(&json!({ "text": text })).send().status();
        assert_eq!(status(" "), 400);
        assert_eq!(status("one more"), 409);
    }

    #[test]
    fn moving_a_note_is_one_transaction() {
        let host = host();
        host.on_sql("SET position = position + 1").affects(3);
        host.on_sql("SET position = 1").with(("ada", 7)).affects(1);
        host.on_sql("SET position = 1").affects(0);
        let moved = |id: i64| host.post(&format!("/notes/{id}/top")).user("ada").send().status();
        assert_eq!(moved(7), 204);
        assert_eq!(moved(8), 404);
        assert_eq!(host.stored("top:ada").as_deref(), Some("7"), "the second one was undone");
        let ends: Vec<_> =
            host.calls().into_iter().filter(|call| call.starts_with("db_tx")).collect();
        assert_eq!(ends, ["db_tx_begin()", "db_tx_commit()", "db_tx_begin()", "db_tx_rollback()"]);
    }
}
