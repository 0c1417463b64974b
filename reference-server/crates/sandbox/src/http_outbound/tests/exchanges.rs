//! Responses of every shape, and those that are none.

use super::*;

/// The path names the response.
fn script(path: &str) -> (Vec<u8>, bool) {
    let text = |text: &str| text.replace('\n', "\r\n").into_bytes();
    let headers = |count: usize, size: usize| {
        let header = |index| format!("x-{index}: {}\n", "v".repeat(size));
        let headers: String = (0..count).map(header).collect();
        text(&format!("HTTP/1.1 200 OK\n{headers}content-length: 2\n\nok"))
    };
    match path {
        "/early-hints" => (
            text(
                "HTTP/1.1 103 Early Hints\nlink: </x>\n\nHTTP/1.1 200 OK\ncontent-length: 2\n\nok",
            ),
            true,
        ),
        "/switch" => {
            (text("HTTP/1.1 101 Switching Protocols\nconnection: upgrade\nupgrade: x\n\n"), true)
        }
        "/204" => (text("HTTP/1.1 204 No Content\n\nnot a body"), true),
        "/304" => (text("HTTP/1.1 304 Not Modified\ncontent-length: 5\n\n"), true),
        "/head" => (text("HTTP/1.1 200 OK\ncontent-length: 99999999999\n\n"), true),
        "/short" => (text("HTTP/1.1 200 OK\ncontent-length: 10\n\n12345"), true),
        "/chunks" => {
            (text("HTTP/1.1 200 OK\ntransfer-encoding: chunked\n\n3\nabc\n2\nde\n0\n\n"), true)
        }
        "/few-chunks" => (text("HTTP/1.1 200 OK\ntransfer-encoding: chunked\n\n5\nabcde\n"), true),
        "/to-the-end" => (text("HTTP/1.1 200 OK\n\nall there is"), true),
        "/cut" => (text("HTTP/1.1 200 OK\n\nall there i"), false),
        "/half-a-head" => (text("HTTP/1.1 200 OK\ncontent-le"), true),
        "/silence" => (Vec::new(), true),
        "/garbage" => (text("what?\n\n"), true),
        "/two-lengths" => {
            (text("HTTP/1.1 200 OK\ncontent-length: 2\ncontent-length: 3\n\nabc"), true)
        }
        "/gzip" => {
            let mut bytes = text("HTTP/1.1 200 OK\ncontent-encoding: gzip\ncontent-length: 4\n\n");
            bytes.extend_from_slice(&[0x1f, 0x8b, 0x08, 0x00]);
            (bytes, true)
        }
        "/hops" => (
            text(
                "HTTP/1.1 200 OK\nconnection: close, x-hop\nx-hop: 1\nkeep-alive: 1\nupgrade: h2c\n\
                 x-end: 1\nset-cookie: a=1\nset-cookie: b=2\ncontent-length: 2\n\nok",
            ),
            true,
        ),
        "/some-headers" => (headers(60, 1000), true),
        "/large-headers" => (headers(70, 1000), true),
        "/huge-headers" => (headers(1, 1_000_000), true),
        "/many-headers" => (headers(1001, 1), true),
        _ => (ok(path), true),
    }
}

#[tokio::test]
async fn whole_responses_are_given_whole() {
    let peer = Peer::start(script).await;
    let client = peer.client();
    for (path, status, body) in [
        ("/early-hints", 200, "ok"),
        ("/204", 204, ""),
        ("/304", 304, ""),
        ("/chunks", 200, "abcde"),
        ("/to-the-end", 200, "all there is"),
        ("/some-headers", 200, "ok"),
    ] {
        let response = client.fetch(call(&peer.url(path))).await;
        let response = response.unwrap_or_else(|refusal| panic!("{path}: {refusal}"));
        assert_eq!((response.status, response.body.as_str()), (status, body), "{path}");
    }
    let head = OutboundCall { method: "HEAD".to_owned(), ..call(&peer.url("/head")) };
    let response = client.fetch(head).await.unwrap();
    assert_eq!((response.status, response.body.as_str()), (200, ""));
    assert_eq!(response.headers["Content-Length"], "99999999999");
}

#[tokio::test]
async fn half_a_response_is_none() {
    let peer = Peer::start(script).await;
    let client = peer.client();
    for path in [
        "/switch",
        "/short",
        "/few-chunks",
        "/cut",
        "/half-a-head",
        "/silence",
        "/garbage",
        "/two-lengths",
    ] {
        let outcome = client.fetch(call(&peer.url(path))).await;
        let code = outcome.map(|response| (path, response)).map_err(|refusal| refusal.code);
        assert_eq!(code, Err(code::CONNECTION_FAILED), "{path}");
    }
}

#[tokio::test]
async fn headers_have_a_limit() {
    let peer = Peer::start(script).await;
    let client = peer.client();
    for path in ["/large-headers", "/huge-headers", "/many-headers"] {
        assert_eq!(refused(&client, &peer.url(path)).await, code::HEADERS_TOO_LARGE, "{path}");
    }
}

#[tokio::test]
async fn headers_of_the_connection_end_there_and_the_first_of_several_counts() {
    let peer = Peer::start(script).await;
    let response = peer.client().fetch(call(&peer.url("/hops"))).await.unwrap();
    let headers: Vec<_> = response.headers.iter().map(|(k, v)| format!("{k}: {v}")).collect();
    assert_eq!(headers, ["Content-Length: 2", "Set-Cookie: a=1", "X-End: 1"]);
}

#[tokio::test]
async fn nothing_is_unpacked_or_asked_for_and_no_cookie_is_kept() {
    let peer = Peer::start(script).await;
    let client = peer.client();
    let response = client.fetch(call(&peer.url("/gzip"))).await.unwrap();
    assert_eq!((response.body.as_str(), response.body_base64), ("H4sIAA==", true));
    assert_eq!(response.headers["Content-Encoding"], "gzip");
    client.fetch(call(&peer.url("/hops"))).await.unwrap();
    client.fetch(call(&peer.url("/after"))).await.unwrap();
    for head in peer.seen.lock().unwrap().iter() {
        let head = head.to_ascii_lowercase();
        assert!(!head.contains("accept-encoding") && !head.contains("cookie"), "{head}");
    }
}
