//! All routes of one plugin, ordered so that of those that match the first is the right one.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use super::pattern::split;
use super::tree::Tree;
use super::{Route, normal_method};
use crate::percent;

/// The routes of one plugin, most specific first.
#[derive(Clone, Debug, Default)]
pub struct RouteTable {
    routes: Vec<Route>,
    /// Where to find them, by method. Their places in `routes` are their ranks.
    trees: HashMap<String, Tree>,
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
        let mut trees: HashMap<String, Tree> = HashMap::new();
        for (rank, route) in routes.iter().enumerate() {
            let tree = trees.entry(route.method.clone()).or_insert_with(Tree::new);
            tree.add(&route.pattern, rank);
        }
        Self { routes, trees }
    }

    /// The route for a request, or `None`: then the host answers 404 itself, before any middleware
    /// and before the guest (decision R1).
    ///
    /// `path` is the raw tail behind `/plugins/{name}`. It is split first and each segment decoded
    /// once, so that `%2F` never separates; an undecodable segment matches nothing.
    pub fn find(&self, method: &str, path: &str) -> Option<RouteMatch<'_>> {
        let tree = self.trees.get(&normal_method(method))?;
        let segments: Vec<String> =
            split(path).map(percent::decode_segment).collect::<Option<_>>()?;
        let route = self.routes.get(tree.first(&segments)?)?;
        Some(RouteMatch { route, params: route.pattern.params_in(&segments) })
    }

    /// All routes, most specific first.
    pub fn routes(&self) -> &[Route] {
        &self.routes
    }
}
