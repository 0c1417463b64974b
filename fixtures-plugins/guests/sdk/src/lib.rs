//! Write plugins in Rust for hosts that speak the `paca` ABI.
//!
//! A plugin is a type that implements [`Plugin`], and one [`export!`]:
//!
//! ```
//! use hostproof_guest::{Error, Json, Path, Plugin, Route, db, export, kv};
//! use serde::{Deserialize, Serialize};
//!
//! struct Notes;
//!
//! impl Plugin for Notes {
//!     const ROUTES: &[Route] = &[
//!         Route::get("/notes/:id", show),
//!         Route::post("/notes", create),
//!         Route::get("/visits", visits),
//!     ];
//! }
//!
//! #[derive(Deserialize, Serialize)]
//! struct Note {
//!     id: String,
//!     text: String,
//! }
//!
//! #[derive(Deserialize)]
//! struct NewNote {
//!     text: String,
//! }
//!
//! fn show(Path(id): Path<String>) -> Result<Json<Note>, Error> {
//!     db::query_opt("SELECT id, text FROM notes WHERE id = $1", (&id,))?
//!         .map(Json)
//!         .ok_or_else(|| Error::not_found("note"))
//! }
//!
//! fn create(Json(new): Json<NewNote>) -> Result<(u16, Json<Note>), Error> {
//!     let note = db::query_one("INSERT INTO notes (text) VALUES ($1) RETURNING id, text", (new.text,))?;
//!     Ok((201, Json(note)))
//! }
//!
//! fn visits() -> Result<Json<u64>, Error> {
//!     let visits = kv::get_json("visits")?.unwrap_or(0) + 1;
//!     kv::set_json("visits", &visits)?;
//!     Ok(Json(visits))
//! }
//!
//! export!(Notes);
//! # fn main() {}
//! ```
//!
//! Build it as a `cdylib` for `wasm32-unknown-unknown`. The same routes, with the middlewares that guard them,
//! go into `plugin.json`: a host calls the plugin only for what the manifest declares.
//!
//! - Handlers take what they need ([`Path`], [`Query`], [`Json`], [`Caller`], types of the plugin's own by
//!   [`FromRequest`]) and give back what [`IntoResponse`] lists.
//! - `?` turns an error into its response: see [`Error`].
//! - Rows of the database become structs, tuples or single values: see [`db`].
//! - Events go to functions that take their payload: see [`Subscription`].
//! - `examples/` has whole plugins, with their tests.
//!
//! A host may run several instances of a plugin and throw one away at any time. Keep nothing in memory between
//! calls; use [`db`] and [`kv`].
//!
//! # Tests without wasm
//!
//! Compiled for the machine it is developed on, a plugin talks to a host in memory:
//! `testing::TestHost` answers requests and events by the manifest, keeps key-value storage
//! and cache, answers statements and outbound requests as it is told, and remembers every call.
//!
//! ```
//! # #[cfg(not(target_arch = "wasm32"))] {
//! use hostproof_guest::{Error, Json, Plugin, Route, kv, testing::TestHost};
//!
//! struct Counter;
//!
//! impl Plugin for Counter {
//!     const ROUTES: &[Route] = &[Route::post("/count", count)];
//! }
//!
//! fn count() -> Result<Json<u64>, Error> {
//!     let count = kv::get_json("count")?.unwrap_or(0) + 1;
//!     kv::set_json("count", &count)?;
//!     Ok(Json(count))
//! }
//!
//! let host = TestHost::<Counter>::new(
//!     r#"{"backend": {"routes": [{"method": "POST", "path": "/count"}]}}"#, // include_str!("../plugin.json")
//! );
//! assert_eq!(host.post("/count").send().body(), b"1");
//! assert_eq!(host.post("/count").send().body(), b"2");
//! assert_eq!(host.stored("count").as_deref(), Some("2"));
//!
//! host.failing("storage_set");
//! assert_eq!(host.post("/count").send().status(), 500);
//! # }
//! ```

mod base64;
pub mod cache;
pub mod caller;
pub mod config;
pub mod db;
mod error;
pub mod events;
mod extract;
pub mod fetch;
#[doc(hidden)]
pub mod glue;
mod handler;
mod host;
pub mod kv;
pub mod log;
mod memory;
pub mod raw;
mod request;
mod response;
mod router;
pub mod settings;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;

pub use caller::Caller;
pub use error::Error;
pub use events::Subscription;
pub use extract::{FromRequest, Json, Path, Query};
pub use handler::Handler;
pub use host::HostError;
pub use request::{BadEnvelope, Request};
pub use response::{IntoResponse, Response};
pub use router::{Route, dispatch};
pub use serde_json as json;

/// What a plugin does. Every item has a default, so a plugin says only what it needs.
pub trait Plugin {
    /// The routes it answers.
    const ROUTES: &[Route] = &[];

    /// The events it takes.
    const SUBSCRIPTIONS: &[Subscription] = &[];

    /// Called once for each instance, before anything else. An error fails the load of the plugin.
    fn init() -> Result<(), Error> {
        Ok(())
    }

    /// Called for each event that the manifest subscribes to, with the payload as JSON text. After an error the
    /// host delivers the event again, so what it did must bear repetition. Only a plugin that takes events whose
    /// topics it does not know replaces this.
    fn event(topic: &str, payload: &[u8]) -> Result<(), Error> {
        events::dispatch(Self::SUBSCRIPTIONS, topic, payload)
    }

    /// Turns a request envelope into a result. Only a plugin that must break the rules replaces this.
    fn answer(envelope: Vec<u8>) -> Answer {
        let response = match Request::decode(&envelope) {
            Ok(request) => dispatch(Self::ROUTES, request),
            Err(error) => Error::bad_request(error.to_string()).to_response(),
        };
        Answer::Bytes(response.encode())
    }
}

/// What `HandleRequest` returns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Bytes, normally a response envelope. Empty is the ABI's "nothing".
    Bytes(Vec<u8>),
    /// An address and a length, whatever lies there.
    Place {
        /// The byte offset in memory.
        address: u32,
        /// The length in bytes.
        len: u32,
    },
}

/// Exports a [`Plugin`] under the names a host calls.
#[macro_export]
macro_rules! export {
    ($plugin:ty) => {
        #[allow(non_snake_case, unsafe_code, reason = "the names are the host's")]
        const _: () = {
            #[unsafe(no_mangle)]
            extern "C" fn Init() -> i32 {
                $crate::glue::init::<$plugin>()
            }
            #[unsafe(no_mangle)]
            extern "C" fn HandleRequest(address: usize, len: usize) -> i64 {
                $crate::glue::handle_request::<$plugin>(address, len)
            }
            #[unsafe(no_mangle)]
            extern "C" fn HandleEvent(
                topic: usize,
                topic_len: usize,
                payload: usize,
                payload_len: usize,
            ) {
                $crate::glue::handle_event::<$plugin>(topic, topic_len, payload, payload_len);
            }
            #[unsafe(no_mangle)]
            extern "C" fn ResetAllocator() {
                $crate::glue::reset_allocator();
            }
            #[unsafe(no_mangle)]
            extern "C" fn paca_malloc(len: usize) -> usize {
                $crate::glue::malloc(len)
            }
        };
    };
}
