//! What the person at the keyboard asked for: `--services auto|local|docker|URL`.

use std::{fmt, str::FromStr};

/// Which ways to a server may be tried.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// Every way in the documented order; the first that works is taken.
    #[default]
    Auto,
    /// Only server binaries on this machine, or a fetched Postgres.
    Local,
    /// Only containers. A missing engine or image is an error, not a reason to look further.
    Docker,
    /// Only these servers, which are left alone afterwards.
    Url(ExplicitUrls),
}

/// Servers that somebody else runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExplicitUrls {
    /// `postgres://…`
    pub postgres: Option<String>,
    /// `redis://…`, or `valkey://…`, which means the same and is rewritten to it.
    pub valkey: Option<String>,
}

/// The text after `--services` is none of the words and no URL we know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not one of auto, local, docker, or a URL (postgres://…, redis://…, or both with a comma between)"
)]
pub struct InvalidChoice(String);

impl FromStr for Choice {
    type Err = InvalidChoice;

    fn from_str(text: &str) -> Result<Self, InvalidChoice> {
        match text {
            "auto" => Ok(Self::Auto),
            "local" => Ok(Self::Local),
            "docker" => Ok(Self::Docker),
            urls => explicit(urls).map(Self::Url).ok_or_else(|| InvalidChoice(text.to_owned())),
        }
    }
}

fn explicit(text: &str) -> Option<ExplicitUrls> {
    let mut urls = ExplicitUrls::default();
    for part in text.split(',') {
        let (scheme, rest) = part.split_once("://")?;
        let (slot, url) = match scheme {
            "postgres" | "postgresql" => (&mut urls.postgres, part.to_owned()),
            "redis" | "rediss" => (&mut urls.valkey, part.to_owned()),
            "valkey" => (&mut urls.valkey, format!("redis://{rest}")),
            _ => return None,
        };
        if slot.replace(url).is_some() {
            return None;
        }
    }
    Some(urls)
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Local => f.write_str("local"),
            Self::Docker => f.write_str("docker"),
            Self::Url(urls) => {
                let both = [urls.postgres.as_deref(), urls.valkey.as_deref()];
                f.write_str(&both.into_iter().flatten().collect::<Vec<_>>().join(","))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_urls_round_trip() {
        for text in ["auto", "local", "docker", "postgres://u@h/d", "postgres://u@h/d,redis://h"] {
            let choice: Choice = text.parse().expect("a documented form");
            assert_eq!(choice.to_string(), text);
        }
        let choice: Choice = "valkey://h:1".parse().expect("a documented form");
        assert_eq!(choice.to_string(), "redis://h:1");
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "podman", "mysql://h", "postgres://a,postgres://b", "docker,local"] {
            assert!(text.parse::<Choice>().is_err(), "{text:?} was accepted");
        }
    }
}
