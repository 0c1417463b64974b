//! Which version may replace which (decision L2).

use std::cmp::Ordering;

use contract::version::{InvalidVersion, PluginVersion};

/// Version decisions.
#[derive(Clone, Debug)]
pub struct VersionPolicy {
    /// Whether `offered` may replace `installed`: strictly newer, both strict X.Y.Z.
    pub upgrade: fn(installed: &str, offered: &str) -> Result<(), UpgradeRefusal>,
    /// Whether a manifest's version is the announced one. `v1.2.3` and `1.2.3` are equal.
    pub same: fn(announced: &str, manifest: &str) -> bool,
}

impl VersionPolicy {
    /// Whether `offered` may replace `installed`.
    pub fn decide_upgrade(&self, installed: &str, offered: &str) -> Result<(), UpgradeRefusal> {
        (self.upgrade)(installed, offered)
    }

    /// Whether the manifest's version is the one the catalog or the request announced.
    pub fn is_same(&self, announced: &str, manifest: &str) -> bool {
        (self.same)(announced, manifest)
    }
}

impl Default for VersionPolicy {
    fn default() -> Self {
        Self { upgrade, same }
    }
}

/// Why an upgrade is not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UpgradeRefusal {
    /// 409 `PLUGIN_ALREADY_UP_TO_DATE`.
    #[error("version {0} is installed already")]
    Equal(PluginVersion),
    /// 409 `PLUGIN_DOWNGRADE_NOT_ALLOWED`.
    #[error("version {offered} is older than the installed {installed}")]
    Older {
        /// What runs.
        installed: PluginVersion,
        /// What was offered.
        offered: PluginVersion,
    },
    /// 400 `PLUGIN_VERSION_INVALID`.
    #[error("'{text}' is no version")]
    Invalid {
        /// What was given.
        text: String,
        /// What is wrong with it.
        #[source]
        reason: InvalidVersion,
    },
}

fn upgrade(installed: &str, offered: &str) -> Result<(), UpgradeRefusal> {
    let (installed, offered) = (version(installed)?, version(offered)?);
    match offered.cmp(&installed) {
        Ordering::Greater => Ok(()),
        Ordering::Equal => Err(UpgradeRefusal::Equal(installed)),
        Ordering::Less => Err(UpgradeRefusal::Older { installed, offered }),
    }
}

fn same(announced: &str, manifest: &str) -> bool {
    matches!((version(announced), version(manifest)), (Ok(a), Ok(b)) if a == b)
}

fn version(text: &str) -> Result<PluginVersion, UpgradeRefusal> {
    PluginVersion::parse(text)
        .map_err(|reason| UpgradeRefusal::Invalid { text: text.to_owned(), reason })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_strictly_newer_replaces() {
        let decide =
            |installed, offered| VersionPolicy::default().decide_upgrade(installed, offered);
        for (installed, offered) in
            [("1.0.0", "1.0.1"), ("1.9.0", "1.10.0"), ("v1.0.0", "2.0.0"), ("0.9.9", "v1.0.0")]
        {
            assert_eq!(decide(installed, offered), Ok(()), "{installed} -> {offered}");
        }
        for (installed, offered) in [("1.0.0", "1.0.0"), ("v1.2.3", "1.2.3"), ("1.02.3", "1.2.3")] {
            assert!(matches!(decide(installed, offered), Err(UpgradeRefusal::Equal(_))));
        }
        for (installed, offered) in [("1.10.0", "1.9.0"), ("2.0.0", "1.99.99")] {
            assert!(matches!(decide(installed, offered), Err(UpgradeRefusal::Older { .. })));
        }
        for offered in ["2.0.0-rc.1", "2.0.0+build", "2.0", "2.0.0.0", "", "two", "2.0.x", "+2.0.0"]
        {
            let refusal = decide("1.0.0", offered);
            assert!(
                matches!(refusal, Err(UpgradeRefusal::Invalid { .. })),
                "{offered}: {refusal:?}"
            );
        }
    }

    #[test]
    fn sameness_is_numeric_and_never_holds_for_what_is_no_version() {
        let same = |a, b| VersionPolicy::default().is_same(a, b);
        assert!(same("1.2.3", "v1.2.3"));
        assert!(!same("1.2.3", "1.2.4"));
        assert!(!same("1.2.3-rc.1", "1.2.3-rc.1"));
    }
}
