//! Versions.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use contract::version::{InvalidVersion, PluginVersion};
use proptest::prelude::*;

proptest! {
    #[test]
    fn text_and_json_round_trip(major: u64, minor: u64, patch: u64) {
        let version = PluginVersion { major, minor, patch };
        prop_assert_eq!(PluginVersion::parse(&version.to_string()).unwrap(), version);
        prop_assert_eq!(PluginVersion::parse(&format!("v{version}")).unwrap(), version);
        let json = serde_json::to_string(&version).unwrap();
        prop_assert_eq!(serde_json::from_str::<PluginVersion>(&json).unwrap(), version);
    }

    /// Order is that of the three numbers, first the greatest.
    #[test]
    fn order_is_numeric(a: [u64; 3], b: [u64; 3]) {
        let version = |[major, minor, patch]: [u64; 3]| PluginVersion { major, minor, patch };
        prop_assert_eq!(version(a).cmp(&version(b)), a.cmp(&b));
    }

    #[test]
    fn no_text_with_a_suffix_is_a_version(text in "v?[0-9.]{0,8}[-+][0-9A-Za-z.]{0,8}") {
        prop_assert_eq!(PluginVersion::parse(&text), Err(InvalidVersion::Suffix));
    }
}

#[test]
fn edges() {
    use InvalidVersion::{Number, Parts, Suffix};
    for (text, expected) in [
        ("1.2.3", Ok((1, 2, 3))),
        ("v1.2.3", Ok((1, 2, 3))),
        ("01.002.0", Ok((1, 2, 0))),
        ("0.0.0", Ok((0, 0, 0))),
        ("18446744073709551615.0.0", Ok((u64::MAX, 0, 0))),
        ("18446744073709551616.0.0", Err(Number)),
        ("", Err(Parts)),
        ("1", Err(Parts)),
        ("1.2", Err(Parts)),
        ("1.2.3.4", Err(Parts)),
        ("1.2.3-rc.1", Err(Suffix)),
        ("1.2.3+5", Err(Suffix)),
        ("1.-2.3", Err(Suffix)),
        ("vv1.2.3", Err(Number)),
        ("V1.2.3", Err(Number)),
        ("1..3", Err(Number)),
        ("1.2.x", Err(Number)),
        (" 1.2.3", Err(Number)),
        ("1.2.3 ", Err(Number)),
        ("1.2.٣", Err(Number)),
    ] {
        let expected = expected.map(|(major, minor, patch)| PluginVersion { major, minor, patch });
        assert_eq!(PluginVersion::parse(text), expected, "{text:?}");
    }
}
