//! The handlers on a host in memory.

use hostproof_guest::testing::{TestHost, TestRequest};
use serde_json::{Value, json};

use super::Exchange;

const EUR: &str = "https://rates.example.com/v1/latest?base=EUR";

fn host() -> TestHost<Exchange> {
    let host = TestHost::new(include_str!("../plugin.json"));
    host.config("rates.api_key", "k3y");
    host.on_fetch("GET", EUR).json(200, &json!({ "base": "EUR", "rates": { "USD": 1.25 } }));
    host
}

fn answer(request: TestRequest<'_, Exchange>) -> (u16, Value) {
    let response = request.send();
    (response.status(), response.read_json().unwrap_or_default())
}

fn order(amount: f64, to: &str) -> Value {
    json!({ "amount": amount, "from": "EUR", "to": to })
}

#[test]
fn the_server_is_asked_once_an_hour_and_with_the_key() {
    let host = host();
    for _ in 0..2 {
        assert_eq!(answer(host.get("/rates/EUR")).1["rates"]["USD"], 1.25);
    }
    let [request] = &host.fetched()[..] else { panic!("{:?}", host.fetched()) };
    assert_eq!(request["headers"]["Authorization"], "Bearer k3y");
    assert_eq!(host.cached("rates:EUR").map(|(_, seconds)| seconds), Some(3600));
}

#[test]
fn without_a_cache_it_is_asked_each_time() {
    let host = host();
    host.failing("cache_get").failing("cache_set");
    assert_eq!(answer(host.get("/rates/EUR")).0, 200);
    assert_eq!(answer(host.get("/rates/EUR")).0, 200);
    assert_eq!(host.fetched().len(), 2);
}

#[test]
fn what_is_no_currency_is_not_asked_for() {
    let host = host();
    assert_eq!(answer(host.get("/rates/eur")).0, 404);
    assert_eq!(answer(host.get("/rates/EURO")).0, 404);
    host.on_fetch("GET", &EUR.replace("EUR", "XXX")).text(404, "");
    assert_eq!(answer(host.get("/rates/XXX")).0, 404);
}

#[test]
fn a_server_that_fails_is_a_502_and_is_not_remembered() {
    let host = TestHost::<Exchange>::new(include_str!("../plugin.json"));
    host.config("rates.api_key", "k3y").on_fetch("GET", EUR).fails("timeout: no answer");
    assert_eq!(answer(host.get("/rates/EUR")).0, 502);
    assert_eq!(host.cached("rates:EUR"), None);
    assert!(host.logged().iter().any(|line| line.contains("no answer")), "{:?}", host.logged());
}

#[test]
fn without_a_key_nothing_is_sent() {
    let host = TestHost::<Exchange>::new(include_str!("../plugin.json"));
    assert_eq!(answer(host.get("/rates/EUR")).0, 500);
    assert!(host.fetched().is_empty());
}

#[test]
fn an_amount_is_converted_to_whole_cents() {
    let host = host();
    let converted = answer(host.post("/convert").json(&order(10.01, "USD")));
    assert_eq!(converted, (200, json!({ "amount": 12.51, "rate": 1.25 })));
    host.config("rates.margin_percent", "2");
    let converted = answer(host.post("/convert").json(&order(10.0, "USD")));
    assert_eq!(converted, (200, json!({ "amount": 12.25, "rate": 1.225 })));
}

#[test]
fn an_order_that_cannot_be_met_is_refused() {
    let host = host();
    let status = |order: Value| answer(host.post("/convert").json(&order)).0;
    assert_eq!(status(order(-1.0, "USD")), 400);
    assert_eq!(status(order(1.0, "usd")), 400);
    assert_eq!(status(order(1.0, "CHF")), 404);
    assert!(host.config("rates.margin_percent", "99").logged().is_empty());
    assert_eq!(status(order(1.0, "USD")), 500, "the operator's mistake is not the caller's");
}
