//! What the catalog server answers: the document in the mode it is in, and archives in their shapes.

use bytes::Bytes;
use http::header::LOCATION;
use http::{HeaderValue, Request, Response};
use hyper::body::Incoming;
use serde_json::{Value, json};

use super::{Archive, State};
use crate::case::CatalogMode;
use crate::evidence::Receipt;
use crate::peers::archive::{self, Shape};
use crate::peers::gate::Gate;
use crate::peers::serve::{self, Body, Hangup, Reply};

/// What a redirect to the thing itself has behind its address.
const MOVED: &str = "moved";
/// An address of a scheme that no host fetches by.
const OTHER_SCHEME: &str = "ftp://127.0.0.1/hostproof";
/// Blanks after a catalog that stays below every limit.
const FEW_BLANKS: u64 = 64 * 1024;

/// The answer, and what to wait for before it is given.
pub(super) fn answer(state: &mut State, request: &Request<Incoming>) -> (Option<Gate>, Reply) {
    let path = request.uri().path();
    let moved = request.uri().query() == Some(MOVED);
    if path == "/catalog.json" {
        state.read = true;
        return (None, catalog(state, moved));
    }
    let found = state.plugins.values_mut().find_map(|plugin| plugin.archives.get_mut(path));
    let Some(archive) = found else { return (None, Ok(not_found())) };
    archive.asked.push(Receipt::of_request(request));
    let gate = (archive.shape == Some(Shape::Held)).then(|| archive.gate.clone());
    (gate, Ok(archive_of(archive, path, moved)))
}

fn not_found() -> Response<Body> {
    serve::response(404, "text/plain", serve::full("no such archive\n"))
}

fn archive_of(archive: &Archive, path: &str, moved: bool) -> Response<Body> {
    let bytes = &archive.bytes;
    let whole = |status| serve::response(status, "application/gzip", serve::full(bytes.clone()));
    let half = bytes.slice(..bytes.len() / 2);
    if let Some(padding) = archive.padding {
        let (length, pieces) = archive::padded(bytes, padding.length);
        let response = serve::response(200, "application/gzip", serve::pieces(pieces));
        return if padding.announced { announced(response, length) } else { response };
    }
    match archive.shape {
        Some(Shape::Missing) => not_found(),
        Some(Shape::Error) => whole(500),
        Some(Shape::Dropped) => {
            let response = serve::response(200, "application/gzip", serve::broken(half));
            // The whole length is announced, so that the missing half cannot be overlooked.
            announced(response, bytes.len() as u64)
        }
        Some(Shape::Slow) => {
            let response = serve::response(200, "application/gzip", serve::stalled(half));
            announced(response, bytes.len() as u64)
        }
        Some(Shape::Moved) if !moved => redirect(&format!("{path}?{MOVED}")),
        Some(Shape::Redirect) => redirect(path),
        Some(Shape::OtherScheme) => redirect(OTHER_SCHEME),
        _ => whole(200),
    }
}

fn announced(mut response: Response<Body>, length: u64) -> Response<Body> {
    response.headers_mut().insert(http::header::CONTENT_LENGTH, length.into());
    response
}

fn redirect(to: &str) -> Response<Body> {
    let mut response = serve::response(302, "text/plain", serve::full(""));
    if let Ok(to) = HeaderValue::from_str(to) {
        response.headers_mut().insert(LOCATION, to);
    }
    response
}

fn catalog(state: &State, moved: bool) -> Reply {
    let entries: Vec<&Value> = state.plugins.values().map(|p| &p.entry).collect();
    let document = json!({ "schema_version": 1, "plugins": entries }).to_string();
    let json = |body: Body| serve::response(200, "application/json", body);
    Ok(match state.mode {
        CatalogMode::Ok => json(serve::full(document)),
        CatalogMode::Down => return Err(Hangup),
        CatalogMode::Garbage => json(serve::full("<html>under construction")),
        CatalogMode::OtherShape => {
            json(serve::full(entries.into_iter().cloned().collect::<Value>().to_string()))
        }
        CatalogMode::Error => serve::response(500, "application/json", serve::full(document)),
        CatalogMode::Text => serve::response(200, "text/plain", serve::full(document)),
        CatalogMode::Slow => {
            let half = Bytes::copy_from_slice(&document.as_bytes()[..document.len() / 2]);
            json(serve::stalled(half))
        }
        CatalogMode::Padded => json(blanks_after(document, FEW_BLANKS)),
        // Its length is not announced: who trusts announcements only would read all of it.
        CatalogMode::Oversize => json(blanks_after(document, state.limits.catalog_bytes)),
        CatalogMode::Moved if moved => json(serve::full(document)),
        CatalogMode::Moved => redirect(&format!("/catalog.json?{MOVED}")),
        CatalogMode::Redirect => redirect("/catalog.json"),
        CatalogMode::OtherScheme => redirect(OTHER_SCHEME),
    })
}

/// The document and at least so many blanks, which mean nothing in JSON.
fn blanks_after(document: String, blanks: u64) -> Body {
    let piece = Bytes::from(" ".repeat(64 * 1024));
    let padding = (0..=blanks / piece.len() as u64).map(move |_| piece.clone());
    serve::pieces(std::iter::once(Bytes::from(document)).chain(padding))
}
