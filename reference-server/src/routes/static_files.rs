//! `GET /plugins/{name}/…` and `GET /plugins-mcp/{name}/…`: the files that plugins bring for browsers
//! and for MCP loaders (decision S1).
//!
//! Whoever loads them has no credentials, so they need none. A file is found by the segments of the
//! path, each decoded once; what could mean another file anywhere is no file here.

use std::{path::Path, sync::Arc};

use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse as _, Response},
};
use contract::{api::ErrorCode, name::PluginName};
use futures_util::TryStreamExt as _;
use http::{
    HeaderMap, HeaderValue, Method, StatusCode,
    header::{
        ACCEPT_RANGES, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG,
        IF_NONE_MATCH, IF_RANGE, RANGE, X_CONTENT_TYPE_OPTIONS,
    },
    request::Parts,
};
use percent_encoding::percent_decode_str;
use storage::plugin_artifacts::{OpenFile, Part, Tree};

use crate::{
    app::App,
    error::{ApiError, ApiResult},
};

/// Where the two trees are mounted.
pub const FRONTEND: &str = "/plugins/";
/// See [`FRONTEND`].
pub const MCP: &str = "/plugins-mcp/";

/// The longest path of a file, in bytes as requested: what S3 allows for a whole key.
const LONGEST_PATH: usize = 1024;

/// A URL stays while an upgrade changes what is behind it: caches ask before they use what they have.
const REVALIDATE: HeaderValue = HeaderValue::from_static("no-cache");

/// `GET /plugins/{name}/…`.
pub async fn frontend(State(app): State<Arc<App>>, request: Parts) -> ApiResult<Response> {
    file(&app, Tree::Frontend, FRONTEND, &request).await
}

/// `GET /plugins-mcp/{name}/…`.
pub async fn mcp(State(app): State<Arc<App>>, request: Parts) -> ApiResult<Response> {
    file(&app, Tree::Mcp, MCP, &request).await
}

/// Plugins' files are what their names say, whatever a browser would like to see in them. So is what
/// is answered instead of one.
pub async fn nosniff(mut response: Response) -> Response {
    let nosniff = HeaderValue::from_static("nosniff");
    response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, nosniff);
    response
}

async fn file(app: &App, tree: Tree, mount: &str, request: &Parts) -> ApiResult<Response> {
    let tail = request.uri.path().strip_prefix(mount).unwrap_or_default();
    let (name, path) = tail.split_once('/').unwrap_or((tail, ""));
    let name = PluginName::parse(name).map_err(|_| plugin_not_found())?;
    let enabled =
        app.lifecycle.snapshot().get(name.as_str()).is_some_and(|plugin| plugin.row.enabled);
    if !enabled {
        return Err(plugin_not_found());
    }
    let segments = segments(path).ok_or_else(no_such_file)?;
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let open = async |part| {
        let opened = app.lifecycle.open_file(tree, &name, &segments, part).await?;
        opened.ok_or_else(no_such_file)
    };
    let headers = &request.headers;
    let mut found = if request.method == Method::HEAD {
        open(Part::Nothing).await?
    } else if headers.contains_key(IF_NONE_MATCH) || headers.contains_key(RANGE) {
        // Whether any bytes are wanted is seen from the tag and the size.
        let seen = open(Part::Nothing).await?;
        match wanted(headers, &seen) {
            None => return unsatisfiable(seen.size),
            Some(Part::Nothing) => seen,
            Some(part) => {
                let opened = open(part).await?;
                // Replaced in between: another file, of which no part was asked for.
                if opened.etag == seen.etag { opened } else { open(Part::Whole).await? }
            }
        }
    } else {
        open(Part::Whole).await?
    };
    let unchanged = is_among(headers.get(IF_NONE_MATCH), found.etag.as_deref());

    let mut response = Response::new(Body::empty());
    let answer = response.headers_mut();
    answer.insert(CACHE_CONTROL, REVALIDATE);
    if let Some(etag) = found.etag.take() {
        answer.insert(ETAG, HeaderValue::try_from(etag).map_err(ApiError::internal)?);
    }
    if unchanged {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return Ok(response);
    }
    answer.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    let kind = HeaderValue::try_from(media_type(segments.last().copied().unwrap_or_default()));
    answer.insert(CONTENT_TYPE, kind.map_err(ApiError::internal)?);
    if request.method == Method::HEAD {
        answer.insert(CONTENT_LENGTH, found.size.into());
        return Ok(response);
    }
    let length = found.range.end.saturating_sub(found.range.start);
    answer.insert(CONTENT_LENGTH, length.into());
    if length < found.size {
        let range = format!("bytes {}-{}/{}", found.range.start, found.range.end - 1, found.size);
        answer.insert(CONTENT_RANGE, HeaderValue::try_from(range).map_err(ApiError::internal)?);
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    let bytes = found.bytes.inspect_err(|error| {
        // The client sees a connection that ends too early, which is all that can be said by then.
        tracing::error!(error = crate::error::chain(error), "a file was not sent to its end");
    });
    *response.body_mut() = Body::from_stream(bytes);
    Ok(response)
}

/// The media type that a file's name stands for.
fn media_type(name: &str) -> String {
    match mime_guess::from_path(name).first_raw() {
        // Source maps; the table knows an older kind of map.
        _ if has_extension(name, "map") => "application/json".to_owned(),
        // One name for one thing (RFC 9239); the table has the old one for modules.
        Some("application/javascript") => "text/javascript".to_owned(),
        Some(known) => known.to_owned(),
        None => "application/octet-stream".to_owned(),
    }
}

/// The decoded segments of a path that can name a file to be served.
///
/// Modules, migrations and manifests are not for clients, wherever an archive had them, and neither
/// is what an author's tools hide behind a dot.
fn segments(path: &str) -> Option<Vec<String>> {
    if path.len() > LONGEST_PATH {
        return None;
    }
    let segments: Option<Vec<String>> = path
        .split('/')
        .map(|segment| {
            let segment = percent_decode_str(segment).decode_utf8().ok()?;
            let odd = |c: char| matches!(c, '/' | '\\') || c.is_control();
            let usable = !segment.is_empty() && !segment.starts_with('.') && !segment.contains(odd);
            usable.then(|| segment.into_owned())
        })
        .collect();
    let segments = segments?;
    let file = segments.last()?;
    let withheld = has_extension(file, "wasm")
        || has_extension(file, "sql")
        || file.eq_ignore_ascii_case("plugin.json");
    (!withheld).then_some(segments)
}

fn has_extension(name: &str, wanted: &str) -> bool {
    Path::new(name).extension().is_some_and(|found| found.eq_ignore_ascii_case(wanted))
}

/// What of a file a request with conditions gets; `None` when the file does not reach so far.
fn wanted(headers: &HeaderMap, file: &OpenFile) -> Option<Part> {
    if is_among(headers.get(IF_NONE_MATCH), file.etag.as_deref()) {
        return Some(Part::Nothing);
    }
    let Some(range) = headers.get(RANGE).and_then(|range| range.to_str().ok()) else {
        return Some(Part::Whole);
    };
    // A part of what the client had a part of, else all. A date cannot tell what a tag can.
    if let Some(of) = headers.get(IF_RANGE)
        && file.etag.as_deref().map(str::as_bytes) != Some(of.as_bytes())
    {
        return Some(Part::Whole);
    }
    // What is no range of bytes is ignored (RFC 9110, 14.2), and so are several at once.
    let Ok(ranges) = http_range_header::parse_range_header(range) else {
        return Some(Part::Whole);
    };
    let ranges = ranges.validate(file.size).ok()?;
    Some(match ranges.as_slice() {
        [one] => Part::Range(*one.start()..one.end() + 1),
        _ => Part::Whole,
    })
}

fn unsatisfiable(size: u64) -> ApiResult<Response> {
    let message = format!("the file has {size} bytes");
    let mut response = ApiError::new(ErrorCode::RangeNotSatisfiable, message).into_response();
    let range = HeaderValue::try_from(format!("bytes */{size}")).map_err(ApiError::internal)?;
    response.headers_mut().insert(CONTENT_RANGE, range);
    Ok(response)
}

/// Whether an `If-None-Match` names a tag, weakly compared (RFC 9110, 13.1.2).
fn is_among(header: Option<&HeaderValue>, etag: Option<&str>) -> bool {
    let (Some(header), Some(etag)) = (header.and_then(|value| value.to_str().ok()), etag) else {
        return false;
    };
    let strong = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    header.trim() == "*" || header.split(',').any(|tag| strong(tag) == strong(etag))
}

fn plugin_not_found() -> ApiError {
    ApiError::new(ErrorCode::PluginNotFound, "plugin not found or disabled")
}

fn no_such_file() -> ApiError {
    ApiError::new(ErrorCode::NotFound, "the plugin has no such file")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_decoded_once_and_climbs_nowhere() {
        for (path, expected) in [
            ("remoteEntry.js", Some(vec!["remoteEntry.js"])),
            ("assets/a%20b/%C3%A9.css", Some(vec!["assets", "a b", "é.css"])),
            ("a/%2525", Some(vec!["a", "%25"])),
            ("", None),
            ("assets/", None),
            ("/a.js", None),
            ("a//b.js", None),
            ("./a.js", None),
            ("../com.b/a.js", None),
            ("%2e%2e/a.js", None),
            ("a%2Fb.js", None),
            ("a%5Cb.js", None),
            ("a%00.js", None),
            ("%ff.js", None),
            (".env", None),
            (".git/config", None),
            ("deep/plugin.json", None),
            ("Plugin.JSON", None),
            ("a.WASM", None),
            ("0001.sql", None),
            ("a.wasm.js", Some(vec!["a.wasm.js"])),
        ] {
            let found = segments(path);
            let found = found.as_ref().map(|s| s.iter().map(String::as_str).collect::<Vec<_>>());
            assert_eq!(found, expected, "{path}");
        }
    }

    #[test]
    fn tags_are_compared_weakly() {
        let header = |text: &'static str| Some(HeaderValue::from_static(text));
        for (text, among) in [
            ("\"a\"", true),
            ("W/\"a\"", true),
            ("\"b\", \"a\"", true),
            ("*", true),
            ("\"b\"", false),
            ("a", false),
        ] {
            assert_eq!(is_among(header(text).as_ref(), Some("\"a\"")), among, "{text}");
        }
        assert!(!is_among(None, Some("\"a\"")));
        assert!(!is_among(header("*").as_ref(), None));
    }

    #[test]
    fn what_loaders_ask_for_has_the_type_they_insist_on() {
        for (name, expected) in [
            ("a.js", "text/javascript"),
            ("a.mjs", "text/javascript"),
            ("a.css", "text/css"),
            ("a.json", "application/json"),
            ("a.js.map", "application/json"),
            ("a.html", "text/html"),
            ("a.svg", "image/svg+xml"),
            ("a.woff2", "font/woff2"),
            ("a.unheard-of", "application/octet-stream"),
            ("a", "application/octet-stream"),
        ] {
            assert_eq!(media_type(name), expected, "{name}");
        }
    }
}
