//! The span of a request, and the line about its end. The only place that opens the one and writes the
//! other.
//!
//! | field | meaning |
//! |---|---|
//! | `request_id` | also in the answer |
//! | `method`, `route` | `route` is the pattern, such as `/api/v1/projects/{projectId}`; a path may hold what should not be logged |
//! | `plugin`, `plugin_route` | proxied requests: the plugin and the route of its manifest, recorded by the proxy |
//!
//! How it ended is of the line that says so, and not of the span: most requests go well, and nobody
//! reads a line about them, so that what a span was told at its end would be written down for nothing.
//!
//! | field | meaning |
//! |---|---|
//! | `status`, `outcome` | status code; `ok` or the error code |
//! | `duration_ms` | until the head of the answer was ready |

use std::time::Instant;

use ::http::StatusCode;
use axum::{
    extract::{MatchedPath, Request},
    middleware::Next,
    response::Response,
};
use tracing::{Instrument as _, Span, field::Empty};

use crate::{error::Failure, metrics::http, middleware::request_id};

/// Opens the span, runs the request in it, counts and logs the outcome.
pub(crate) async fn layer(request: Request, next: Next) -> Response {
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let route = matched.as_ref().map_or(http::UNMATCHED, MatchedPath::as_str);
    let method = request.method().clone();
    let _in_flight = http::InFlight::enter();
    let span = tracing::info_span!(
        "request",
        request_id = request_id::current(),
        %method,
        route,
        plugin = Empty,
        plugin_route = Empty,
    );
    let start = Instant::now();
    let response = next.run(request).instrument(span.clone()).await;
    http::record(route, &method, response.status().as_u16(), start.elapsed());
    record(&span, &response, start);
    response
}

/// Called by the proxy once it knows where a request goes.
pub(crate) fn record_plugin(plugin: &str, route: &str) {
    Span::current().record("plugin", plugin).record("plugin_route", route);
}

fn record(span: &Span, response: &Response, start: Instant) {
    let status = response.status();
    let failure = response.extensions().get::<Failure>();
    let outcome = failure.map_or("ok", |failure| failure.code.as_str());
    let duration_ms = start.elapsed().as_secs_f64() * 1000.0;
    let cause = failure.and_then(|failure| failure.chain.as_deref());
    let _entered = span.enter();
    // A macro, since a line's level is a constant of its place.
    macro_rules! line {
        ($level:ident, $message:literal) => {
            tracing::$level!(status = status.as_u16(), outcome, duration_ms, cause, $message)
        };
    }
    match status {
        // A guest's own answer, whatever its status, is a request served.
        _ if failure.is_none() => line!(debug, "request served"),
        // Ours: somebody should look.
        StatusCode::INTERNAL_SERVER_ERROR | StatusCode::SERVICE_UNAVAILABLE => {
            line!(error, "request failed");
        }
        // A plugin's, or another server's.
        _ if status.is_server_error() => line!(warn, "request failed"),
        _ => line!(debug, "request refused"),
    }
}
