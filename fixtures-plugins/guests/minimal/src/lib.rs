//! The smallest useful plugin: it answers every POST to `/echo` with the body it was sent.

use hostproof_guest::{Plugin, Request, Response, Route, export};

struct Minimal;

impl Plugin for Minimal {
    const ROUTES: &[Route] = &[Route::post("/echo", echo)];
}

fn echo(request: &Request) -> Response {
    let content_type = request.header("content-type").unwrap_or("application/octet-stream");
    Response::bytes(200, content_type, request.body.clone())
}

export!(Minimal);

#[cfg(test)]
mod tests {
    use hostproof_guest::testing::TestHost;

    use super::*;

    #[test]
    fn a_body_comes_back_as_it_was_sent() {
        let host = TestHost::<Minimal>::new(include_str!("../plugin.json"));
        let answer = host.post("/echo").header("Content-Type", "image/x").body([0, 0xff]).send();
        assert_eq!((answer.status(), answer.body()), (200, &[0, 0xff][..]));
        assert_eq!(answer.header_value("content-type"), Some("image/x"));
        let answer = host.post("/echo").send();
        assert_eq!(answer.header_value("content-type"), Some("application/octet-stream"));
    }
}
