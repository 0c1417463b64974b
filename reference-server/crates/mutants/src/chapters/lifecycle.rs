//! Install, upgrade, uninstall: the operations.

use contract::version::PluginVersion;

use crate::catalogue::{Entry, decision};
use mutant_switch::mistake;
use policy::VersionPolicy;
use policy::versions::UpgradeRefusal;

/// The specification's verdict.
fn upgrade(installed: &str, offered: &str) -> Result<(), UpgradeRefusal> {
    VersionPolicy::default().decide_upgrade(installed, offered)
}

/// The refusal of a version that is taken for an older one.
fn older() -> UpgradeRefusal {
    let version = PluginVersion { major: 0, minor: 0, patch: 0 };
    UpgradeRefusal::Older { installed: version, offered: version }
}

pub(super) const MUTANTS: &[Entry] = &[
    decision("versions-compared-as-text", &["s-qvsz"], "1.10.0 is older than 1.9.0", |policy| {
        policy.versions.upgrade = |installed, offered| {
            let newer = offered.trim_start_matches('v') > installed.trim_start_matches('v');
            match upgrade(installed, offered) {
                Ok(()) if !newer => mistake(Err(older())),
                Err(UpgradeRefusal::Older { .. }) if newer => mistake(Ok(())),
                verdict => verdict,
            }
        }
    }),
    decision(
        "equal-versions-installed-again",
        &["s-unuv"],
        "an upgrade to an equal version is done",
        |policy| {
            policy.versions.upgrade = |installed, offered| match upgrade(installed, offered) {
                Err(UpgradeRefusal::Equal(_)) => mistake(Ok(())),
                verdict => verdict,
            }
        },
    ),
    decision(
        "older-versions-installed",
        &["s-2xej"],
        "an upgrade to another version is done, newer or not",
        |policy| {
            policy.versions.upgrade = |installed, offered| match upgrade(installed, offered) {
                Err(UpgradeRefusal::Older { .. }) => mistake(Ok(())),
                verdict => verdict,
            }
        },
    ),
    decision(
        "older-versions-are-up-to-date",
        &["s-2xej"],
        "an upgrade to an older version is answered like one to an equal version",
        |policy| {
            policy.versions.upgrade = |installed, offered| match upgrade(installed, offered) {
                Err(UpgradeRefusal::Older { installed, .. }) => {
                    mistake(Err(UpgradeRefusal::Equal(installed)))
                }
                verdict => verdict,
            }
        },
    ),
    decision(
        "manifests-version-not-compared",
        &["s-4hew"],
        "the version of the manifest may be another than the catalog's",
        |policy| policy.versions.same = |_, _| mistake(true),
    ),
];
