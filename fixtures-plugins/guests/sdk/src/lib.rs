//! Write plugins in Rust for hosts that speak the `paca` ABI.
//!
//! A plugin is a type that implements [`Plugin`], and one [`export!`]:
//!
//! ```
//! use hostproof_guest::{Error, Plugin, Request, Response, Route, db, export, kv, params};
//!
//! struct Notes;
//!
//! impl Plugin for Notes {
//!     const ROUTES: &[Route] = &[Route::get("/notes/:id", note), Route::get("/visits", visits)];
//! }
//!
//! fn note(request: &Request) -> Result<Response, Error> {
//!     let rows = db::query("SELECT id, text FROM notes WHERE id = $1", params![request.param("id")])?;
//!     let note = rows.into_objects().pop().ok_or_else(|| Error::not_found("note"))?;
//!     Ok(Response::json(200, &note))
//! }
//!
//! fn visits(_: &Request) -> Result<Response, Error> {
//!     let visits = kv::get_json("visits")?.unwrap_or(0) + 1;
//!     kv::set_json("visits", &visits)?;
//!     Ok(Response::json(200, &visits))
//! }
//!
//! export!(Notes);
//! # fn main() {}
//! ```
//!
//! Build it as a `cdylib` for `wasm32-unknown-unknown`. The same routes, with the middlewares that guard them,
//! go into `plugin.json`: a host calls the plugin only for what the manifest declares.
//!
//! A host may run several instances of a plugin and throw one away at any time. Keep nothing in memory between
//! calls; use [`db`] and [`kv`].
//!
//! Everything that does not call the host is ordinary Rust: handlers' logic, and [`dispatch`] itself, can be
//! tested natively. Outside wasm a host function answers [`HostError`] with the code `no_answer`.

mod base64;
pub mod cache;
pub mod caller;
pub mod config;
pub mod db;
mod error;
pub mod events;
pub mod fetch;
#[doc(hidden)]
pub mod glue;
mod host;
pub mod kv;
pub mod log;
mod memory;
pub mod raw;
mod request;
mod response;
mod router;
#[expect(unsafe_code, reason = "host functions are foreign functions")]
mod sys;

pub use error::Error;
pub use host::HostError;
pub use request::{BadEnvelope, Request};
pub use response::Response;
pub use router::{Handler, Route, dispatch};
pub use serde_json as json;

/// What a plugin does. Every item has a default, so a plugin says only what it needs.
pub trait Plugin {
    /// The routes it answers.
    const ROUTES: &[Route] = &[];

    /// Called once for each instance, before anything else. An error fails the load of the plugin.
    fn init() -> Result<(), Error> {
        Ok(())
    }

    /// Called for each event that the manifest subscribes to, with the payload as JSON text. After an error the
    /// host delivers the event again, so what it did must bear repetition.
    fn event(topic: &str, payload: &[u8]) -> Result<(), Error> {
        let _ = (topic, payload);
        Ok(())
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
