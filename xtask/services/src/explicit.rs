//! Servers that somebody else runs, named by the environment or the command line.

use std::time::Duration;

use url::Url;

use crate::{error::WayFailed, local};

/// Names a running Postgres, as a superuser's URL.
pub const DATABASE_URL_VARIABLE: &str = "HOSTPROOF_DATABASE_URL";
/// Names a running Valkey or Redis.
pub const VALKEY_URL_VARIABLE: &str = "HOSTPROOF_VALKEY_URL";
/// Names the empty database that `services exec --own-database` makes for its command.
pub const OWN_DATABASE_URL_VARIABLE: &str = "HOSTPROOF_OWN_DATABASE_URL";

pub(crate) const WAY: &str = "explicit URL";

/// How long a named server may take to answer. It is said to run, so it is not waited for.
const ANSWER_DEADLINE: Duration = Duration::from_secs(5);

/// The variable's value, unless it is unset or empty.
pub(crate) fn from_environment(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|value| !value.is_empty())
}

/// Checks that a Postgres answers at `url`.
pub(crate) async fn postgres(url: String) -> Result<(String, String), WayFailed> {
    answers(async { local::connect(&url).await.map_err(|error| error.to_string()) }).await?;
    Ok((url, DESCRIPTION.to_owned()))
}

/// Checks that somebody listens at `url`. Whether it is a Valkey may depend on TLS and a password,
/// which is its clients' business.
pub(crate) async fn valkey(url: String) -> Result<(String, String), WayFailed> {
    answers(async {
        let parsed = Url::parse(&url).map_err(|error| error.to_string())?;
        let address = (parsed.host_str().unwrap_or("127.0.0.1"), parsed.port().unwrap_or(6379));
        let connected = tokio::net::TcpStream::connect(address).await;
        connected.map(drop).map_err(|error| error.to_string())
    })
    .await?;
    Ok((url, DESCRIPTION.to_owned()))
}

const DESCRIPTION: &str = "run by somebody else";

async fn answers(asked: impl Future<Output = Result<(), String>>) -> Result<(), WayFailed> {
    match tokio::time::timeout(ANSWER_DEADLINE, asked).await {
        Ok(answer) => answer.map_err(|said| WayFailed::new(WAY, &said)),
        Err(_) => Err(WayFailed::new(WAY, &format!("no answer within {ANSWER_DEADLINE:?}"))),
    }
}
