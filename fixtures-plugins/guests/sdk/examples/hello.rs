//! Routing: what handlers take, what they give back, and how errors become responses.
//!
//! `cargo test --example hello` tests it here, `cargo build --release --target wasm32-unknown-unknown --example
//! hello` makes the module; `hello.json` is its manifest.

use hostproof_guest::{Caller, Error, Json, Path, Plugin, Query, Route, export};
use serde::{Deserialize, Serialize};

struct Hello;

impl Plugin for Hello {
    const ROUTES: &[Route] = &[Route::get("/hello/:name", hello), Route::get("/me", me)];
}

#[derive(Deserialize)]
struct Options {
    #[serde(default = "once")]
    times: u8,
}

fn once() -> u8 {
    1
}

fn hello(Path(name): Path<String>, Query(options): Query<Options>) -> Result<String, Error> {
    if options.times > 3 {
        return Err(Error::bad_request("times: three at most, or it gets awkward"));
    }
    Ok(vec![format!("Hello, {name}!"); options.times.into()].join(" "))
}

#[derive(Serialize)]
struct Me {
    id: String,
    admin: bool,
}

fn me(caller: Caller) -> Json<Me> {
    Json(Me { id: caller.user_id, admin: caller.role == "admin" })
}

export!(Hello);

#[cfg(test)]
mod tests {
    use hostproof_guest::testing::TestHost;

    use super::*;

    fn host() -> TestHost<Hello> {
        TestHost::new(include_str!("hello.json"))
    }

    #[test]
    fn hello_is_said_as_often_as_is_asked_for() {
        assert_eq!(host().get("/hello/Ada").send().body(), b"Hello, Ada!");
        assert_eq!(host().get("/hello/Ada?times=2").send().body(), b"Hello, Ada! Hello, Ada!");
    }

    #[test]
    fn too_often_is_refused_and_so_is_a_number_that_is_none() {
        let refused = host().get("/hello/Ada?times=4").send();
        assert_eq!(refused.status(), 400);
        assert!(String::from_utf8_lossy(refused.body()).contains("awkward"));
        assert_eq!(host().get("/hello/Ada?times=many").send().status(), 400);
    }

    #[test]
    fn a_caller_is_who_is_signed_in() {
        let me = host().get("/me").user("u1").role("admin").send();
        assert_eq!(me.body(), br#"{"id":"u1","admin":true}"#);
        assert_eq!(host().get("/me").send().status(), 401);
    }
}
