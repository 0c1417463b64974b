//! What happens to every request, whatever its route. One function, so that the order is read in
//! one place.

pub mod panics;
pub mod request_id;
pub mod trace;

use axum::{Router, extract::DefaultBodyLimit, middleware::from_fn};
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;

/// The largest body of a host route. The largest one a client has reason to send is a manifest.
/// Routes of plugins have a limit of their own, `PLUGINS_MAX_REQUEST_BODY_BYTES`.
pub const MAX_BODY_BYTES: usize = 1024 * 1024;

/// Wraps the routes. A request passes the layers from top to bottom, its answer from bottom to top.
pub fn apply(router: Router) -> Router {
    router.layer(
        ServiceBuilder::new()
            // First, because everything below logs it or puts it into a body.
            .layer(from_fn(request_id::layer))
            // Around the panic catch, so that a panic is a traced request with outcome 500 and
            // not a gap in the log.
            .layer(from_fn(trace::layer))
            // Inside the trace, around all code of ours: one request's panic ends that request,
            // with the envelope, and not its connection.
            .layer(CatchPanicLayer::custom(panics::respond))
            // Innermost: it only tells extractors how much to read.
            .layer(DefaultBodyLimit::max(MAX_BODY_BYTES)),
    )
}
