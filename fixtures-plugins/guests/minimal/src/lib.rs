//! The smallest useful plugin: it answers every POST to `/echo` with the body it was sent.

use hostproof_guest::{Error, Plugin, Request, Response, Route, export};

struct Minimal;

impl Plugin for Minimal {
    const ROUTES: &[Route] = &[Route::post("/echo", echo)];
}

#[expect(clippy::unnecessary_wraps, reason = "the shape of every handler")]
fn echo(request: &Request) -> Result<Response, Error> {
    let content_type = request.header("content-type").unwrap_or("application/octet-stream");
    Ok(Response::bytes(200, content_type, request.body.clone()))
}

export!(Minimal);
