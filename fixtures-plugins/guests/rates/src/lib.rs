//! Exchange rates: asked of another server with the operator's key, and kept in the cache for an hour.

mod source;
#[cfg(test)]
mod tests;

use hostproof_guest::{Error, FromRequest, Json, Path, Plugin, Request, Route, config, export};
use serde::{Deserialize, Serialize};

use source::Rates;

struct Exchange;

impl Plugin for Exchange {
    const ROUTES: &[Route] = &[Route::get("/rates/:base", rates), Route::post("/convert", convert)];
}

/// The code of a currency: three capital letters.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Currency(String);

impl TryFrom<String> for Currency {
    type Error = &'static str;

    fn try_from(code: String) -> Result<Self, Self::Error> {
        if code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase()) {
            Ok(Self(code))
        } else {
            Err("a currency is three capital letters")
        }
    }
}

fn rates(Path(base): Path<Currency>) -> Result<Json<Rates>, Error> {
    Ok(Json(source::rates(&base.0)?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    amount: f64,
    from: Currency,
    to: Currency,
}

#[derive(Serialize)]
struct Converted {
    amount: f64,
    rate: f64,
}

/// What the operator keeps of every conversion.
struct Margin(f64);

impl FromRequest for Margin {
    fn from_request(_: &Request) -> Result<Self, Error> {
        const KEY: &str = "rates.margin_percent";
        let Some(percent) = config::get(KEY)? else { return Ok(Self(0.0)) };
        match percent.parse() {
            Ok(percent @ 0.0..=50.0) => Ok(Self(percent)),
            _ => Err(Error::internal(format_args!("{KEY}: {percent} is no share of up to 50 %"))),
        }
    }
}

fn convert(margin: Margin, Json(order): Json<Order>) -> Result<Json<Converted>, Error> {
    if !(0.0..=1e12).contains(&order.amount) {
        return Err(Error::bad_request("amount: between 0 and 1 000 000 000 000"));
    }
    let rates = source::rates(&order.from.0)?;
    let rate = rates.rates.get(&order.to.0).ok_or_else(|| Error::not_found("currency"))?;
    let rate = rate * (1.0 - margin.0 / 100.0);
    // Whole cents: what is less belongs to nobody.
    let amount = (order.amount * rate * 100.0).floor() / 100.0;
    Ok(Json(Converted { amount, rate }))
}

export!(Exchange);
