//! The other server.

use std::collections::BTreeMap;

use hostproof_guest::{Error, cache, config, fetch, log};
use serde::{Deserialize, Serialize};

const SECONDS: i32 = 3600;

/// What one unit of a currency is worth in others.
#[derive(Deserialize, Serialize)]
pub(crate) struct Rates {
    pub(crate) base: String,
    pub(crate) rates: BTreeMap<String, f64>,
}

/// The rates, of the cache or of the server.
pub(crate) fn rates(base: &str) -> Result<Rates, Error> {
    let key = format!("rates:{base}");
    if let Some(rates) = cache::get_json(&key)? {
        return Ok(rates);
    }
    let rates = ask(base)?;
    if let Err(error) = cache::set_json(&key, &rates, SECONDS) {
        // The next one asks again.
        log::warn(error);
    }
    Ok(rates)
}

fn ask(base: &str) -> Result<Rates, Error> {
    let answer = fetch::get(&format!("https://rates.example.com/v1/latest?base={base}"))
        .bearer(&config::require("rates.api_key")?)
        .header("Accept", "application/json")
        .send()
        .map_err(Error::bad_gateway)?;
    if answer.status == 404 {
        return Err(Error::not_found("currency"));
    }
    answer.error_for_status()?.json()
}
