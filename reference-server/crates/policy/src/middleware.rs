//! Which middlewares guard a route (decision R2).

use contract::middleware::Middleware;
use contract::route::Route;

/// Chains for routes that name none.
#[derive(Clone, Debug)]
pub struct MiddlewarePolicy {
    /// When `middlewares` is absent.
    pub absent: Vec<Middleware>,
    /// When `middlewares` is absent and the route is `public`.
    pub public: Vec<Middleware>,
    /// Picks the chain of a route. A list in the manifest always wins, the empty one included.
    pub choose: fn(&MiddlewarePolicy, &Route) -> Vec<Middleware>,
}

impl MiddlewarePolicy {
    /// The chain that guards `route`.
    pub fn chain(&self, route: &Route) -> Vec<Middleware> {
        (self.choose)(self, route)
    }
}

impl Default for MiddlewarePolicy {
    fn default() -> Self {
        Self {
            absent: vec![Middleware::OptionalAuthn, Middleware::RequireFreshPassword],
            public: Vec::new(),
            choose,
        }
    }
}

fn choose(policy: &MiddlewarePolicy, route: &Route) -> Vec<Middleware> {
    match (&route.middlewares, route.public) {
        (Some(listed), _) => listed.clone(),
        (None, true) => policy.public.clone(),
        (None, false) => policy.absent.clone(),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use contract::route::PathPattern;

    use super::*;

    fn chain(public: bool, middlewares: Option<Vec<Middleware>>) -> Vec<Middleware> {
        MiddlewarePolicy::default().chain(&Route {
            method: "GET".into(),
            path: "/x".into(),
            pattern: PathPattern::parse("/x").unwrap(),
            public,
            middlewares,
        })
    }

    #[test]
    fn an_absent_list_takes_the_default_chain() {
        let default = vec![Middleware::OptionalAuthn, Middleware::RequireFreshPassword];
        assert_eq!(chain(false, None), default);
    }

    #[test]
    fn public_alone_takes_no_middleware() {
        assert_eq!(chain(true, None), []);
    }

    #[test]
    fn a_list_wins_whatever_public_says() {
        for public in [true, false] {
            assert_eq!(chain(public, Some(vec![])), []);
            assert_eq!(chain(public, Some(vec![Middleware::Authn])), [Middleware::Authn]);
        }
    }
}
