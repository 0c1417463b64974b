//! What `fetch` may reach and carry: URLs, addresses, headers, redirects.

mod addresses;
mod headers;
mod redirects;
mod urls;

use policy::OutboundPolicy;

/// The verdict on a URL for a plugin that listed `allowed`.
fn check(url: &str, allowed: &[&str]) -> Result<String, &'static str> {
    let allowed: Vec<String> = allowed.iter().map(ToString::to_string).collect();
    OutboundPolicy::default()
        .check_url(url, &allowed, &["test.example".to_owned()])
        .map(|url| url.to_string())
        .map_err(|refusal| refusal.code)
}
