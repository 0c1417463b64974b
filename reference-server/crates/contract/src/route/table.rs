//! All routes of one plugin, ordered so that the first match is the right one.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::pattern::split;
use super::{Route, normal_method};
use crate::percent;

/// The routes of one plugin, most specific first.
#[derive(Clone, Debug, Default)]
pub struct RouteTable {
    routes: Vec<Route>,
}

/// A route that answers a request, and what its parameters hold.
#[derive(Clone, Debug, PartialEq)]
pub struct RouteMatch<'t> {
    /// The declared route.
    pub route: &'t Route,
    /// Decoded parameter values by name; a wildcard holds its segments joined with `/`.
    pub params: BTreeMap<String, String>,
}

impl RouteTable {
    /// Orders routes by specificity; equals keep manifest order.
    pub fn new(mut routes: Vec<Route>) -> Self {
        routes.sort_by_key(|route| Reverse(route.pattern.specificity()));
        Self { routes }
    }

    /// The route for a request, or `None`: then the host answers 404 itself, before any middleware
    /// and before the guest (decision R1).
    ///
    /// `path` is the raw tail behind `/plugins/{name}`. It is split first and each segment decoded
    /// once, so that `%2F` never separates; an undecodable segment matches nothing.
    pub fn find(&self, method: &str, path: &str) -> Option<RouteMatch<'_>> {
        let method = normal_method(method);
        let segments: Vec<String> =
            split(path).map(percent::decode_segment).collect::<Option<_>>()?;
        self.routes.iter().filter(|route| route.method == method).find_map(|route| {
            route.pattern.matches(&segments).map(|params| RouteMatch { route, params })
        })
    }

    /// All routes, most specific first.
    pub fn routes(&self) -> &[Route] {
        &self.routes
    }
}
