//! Answers with the body it was sent, as a component of the world `wasi:http/proxy`.
#![cfg(target_arch = "wasm32")]

use wasi::http::types::{Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam};
use wasi::io::streams::StreamError;

struct Echo;

/// As much is read at once.
const CHUNK: u64 = 64 * 1024;

impl wasi::exports::http::incoming_handler::Guest for Echo {
    fn handle(request: IncomingRequest, answer: ResponseOutparam) {
        let mut read = Vec::new();
        let incoming = request.consume().expect("the body, once");
        let stream = incoming.stream().expect("its stream, once");
        loop {
            match stream.blocking_read(CHUNK) {
                Ok(bytes) => read.extend(bytes),
                Err(StreamError::Closed) => break,
                Err(StreamError::LastOperationFailed(error)) => {
                    panic!("the body broke off: {}", error.to_debug_string())
                }
            }
        }
        drop(stream);
        let length = read.len().to_string().into_bytes();
        let headers = [
            ("content-type".to_owned(), b"application/json".to_vec()),
            ("content-length".to_owned(), length),
        ];
        let response = OutgoingResponse::new(Fields::from_list(&headers).expect("headers"));
        let body = response.body().expect("the body, once");
        ResponseOutparam::set(answer, Ok(response));
        let out = body.write().expect("its stream, once");
        // One call writes four KiB at most.
        for part in read.chunks(4096) {
            out.blocking_write_and_flush(part).expect("the client is there");
        }
        drop(out);
        OutgoingBody::finish(body, None).expect("the announced length");
    }
}

wasi::http::proxy::export!(Echo);
