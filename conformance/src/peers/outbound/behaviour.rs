//! Answers by path.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::SeenRequest;
use crate::peers::serve::{self, Hangup, Reply};

/// Longest body it sends for `/bytes/N`: above the specification's cap on responses, 50 MiB.
const MAX_SENT: usize = 64 * 1024 * 1024;

/// The answer to a request, by the first segment of its path.
pub(super) async fn answer(request: &SeenRequest, query: &HashMap<String, String>) -> Reply {
    let path = request.path.split('?').next().unwrap_or_default().trim_start_matches('/');
    let (name, argument) = path.split_once('/').unwrap_or((path, ""));
    let text =
        |status, text: &str| serve::response(status, "text/plain", serve::full(text.to_owned()));
    let json =
        |value: Value| serve::response(200, "application/json", serve::full(value.to_string()));
    Ok(match name {
        "echo" => {
            let body = match std::str::from_utf8(&request.body) {
                Ok(text) => json!({ "body": text }),
                Err(_) => json!({ "body_base64": STANDARD.encode(&request.body) }),
            };
            let mut answer = json!({ "method": request.method, "path": request.path, "headers": request.headers });
            crate::patch::merge(&mut answer, &body);
            json(answer)
        }
        "headers" => json(Value::Object(request.headers.clone())),
        "status" => text(argument.parse().unwrap_or(400), "as asked\n"),
        "redirect" => redirect(query.get("status"), query.get("to").ok_or(Hangup)?)?,
        // One redirect more for every step of the count, then an answer.
        "hops" => match argument.parse::<u32>() {
            Ok(0) => text(200, "arrived\n"),
            Ok(left) => redirect(None, &format!("/hops/{}{}", left - 1, token(query)))?,
            Err(_) => text(400, "no number\n"),
        },
        "loop" => redirect(None, &format!("/loop{}", token(query)))?,
        "bytes" => {
            let count = argument.parse::<usize>().unwrap_or(0).min(MAX_SENT);
            serve::response(200, "application/octet-stream", serve::full(vec![b'x'; count]))
        }
        "binary" => {
            let bytes: &[u8] = &[0x00, 0xff, 0x80, 0xfe];
            serve::response(200, "application/octet-stream", serve::full(bytes.to_vec()))
        }
        "hangup" => return Err(Hangup),
        // Never answers; the task ends with the connection or with the server.
        "slow" => std::future::pending().await,
        _ => text(404, "no such behaviour\n"),
    })
}

/// A redirect, 302 unless a status is asked for.
fn redirect(status: Option<&String>, to: &str) -> Result<http::Response<serve::Body>, Hangup> {
    let status = status.map_or(Ok(302), |status| status.parse()).map_err(|_| Hangup)?;
    let mut response = serve::response(status, "text/plain", serve::full("elsewhere\n"));
    response.headers_mut().insert(http::header::LOCATION, to.parse().map_err(|_| Hangup)?);
    Ok(response)
}

/// The query that hands a token on.
fn token(query: &HashMap<String, String>) -> String {
    query.get("token").map(|token| format!("?token={token}")).unwrap_or_default()
}
