//! Declared routes and how a request finds its own (facts 2.2, decision R1).

mod pattern;
mod table;
mod tree;

pub use pattern::{InvalidPath, PathPattern, Specificity};
pub use table::{RouteMatch, RouteTable};

use crate::middleware::Middleware;

/// Methods a route may declare. Each is matched exactly: `GET` does not answer `HEAD`.
pub const METHODS: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

/// One entry of `backend.routes`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// One of [`METHODS`].
    pub method: String,
    /// The path as declared.
    pub path: String,
    /// The path, ready to match.
    pub pattern: PathPattern,
    /// The legacy `public` flag; it matters only when `middlewares` is absent (decision R2).
    pub public: bool,
    /// `None` when absent from the manifest, which differs from an empty list (decision R2).
    pub middlewares: Option<Vec<Middleware>>,
}

/// Normalises a method as routes are matched: trimmed, upper case.
pub fn normal_method(method: &str) -> String {
    method.trim().to_ascii_uppercase()
}
