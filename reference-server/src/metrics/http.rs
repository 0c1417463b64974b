//! What is counted of every request.
//!
//! By route template, never by path: there are as many series as the router has routes, whatever
//! clients ask for. Methods that HTTP does not define are one.

use std::{
    collections::HashMap,
    sync::{LazyLock, PoisonError, RwLock},
    time::Duration,
};

use ::http::Method;
use ::metrics::{
    Counter, Gauge, Histogram, counter, describe_counter, describe_gauge, describe_histogram,
    gauge, histogram,
};

/// Requests by `method`, `route` and `status`.
pub const REQUESTS: &str = "hostproof_http_requests_total";
/// Time until the head of the answer was ready, by `method` and `route`.
pub const REQUEST_SECONDS: &str = "hostproof_http_request_duration_seconds";
/// Requests being served now.
pub const IN_FLIGHT: &str = "hostproof_http_requests_in_flight";

/// The route of a request that no route matches.
pub(crate) const UNMATCHED: &str = "unmatched";

pub(super) fn describe() {
    describe_counter!(REQUESTS, "Requests, by method, route and status.");
    describe_histogram!(REQUEST_SECONDS, "Time until the head of the answer was ready.");
    describe_gauge!(IN_FLIGHT, "Requests being served.");
}

/// The instruments of one method of one route.
struct Route {
    seconds: Histogram,
    by_status: HashMap<u16, Counter>,
}

type Routes = HashMap<String, HashMap<&'static str, Route>>;

/// Registered when first needed. Reading takes no names apart and allocates nothing.
static ROUTES: LazyLock<RwLock<Routes>> = LazyLock::new(RwLock::default);

/// Counts a request that was answered.
pub(crate) fn record(route: &str, method: &Method, status: u16, took: Duration) {
    let method = known(method);
    let routes = ROUTES.read().unwrap_or_else(PoisonError::into_inner);
    let found = routes.get(route).and_then(|methods| methods.get(method));
    if let Some((found, counter)) =
        found.and_then(|found| Some((found, found.by_status.get(&status)?)))
    {
        counter.increment(1);
        found.seconds.record(took);
        return;
    }
    drop(routes);
    register(route, method, status);
    // Registered by now, whoever did it.
    let routes = ROUTES.read().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = routes.get(route).and_then(|methods| methods.get(method)) {
        found.seconds.record(took);
        if let Some(counter) = found.by_status.get(&status) {
            counter.increment(1);
        }
    }
}

fn register(route: &str, method: &'static str, status: u16) {
    let mut routes = ROUTES.write().unwrap_or_else(PoisonError::into_inner);
    let labels = || [("method", method.to_owned()), ("route", route.to_owned())];
    let entry = routes.entry(route.to_owned()).or_default().entry(method).or_insert_with(|| {
        Route { seconds: histogram!(REQUEST_SECONDS, &labels()), by_status: HashMap::new() }
    });
    entry.by_status.entry(status).or_insert_with(|| {
        let [method, route] = labels();
        counter!(REQUESTS, &[method, route, ("status", status.to_string())])
    });
}

fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        Method::TRACE => "TRACE",
        Method::CONNECT => "CONNECT",
        _ => "other",
    }
}

/// One more request in flight, until this is dropped.
pub(crate) struct InFlight(Gauge);

impl InFlight {
    pub(crate) fn enter() -> Self {
        static GAUGE: LazyLock<Gauge> = LazyLock::new(|| gauge!(IN_FLIGHT));
        GAUGE.increment(1);
        Self(GAUGE.clone())
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.decrement(1);
    }
}
