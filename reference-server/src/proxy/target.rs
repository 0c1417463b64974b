//! Which plugin and which of its paths a request is for.

use contract::name::PluginName;
use percent_encoding::percent_decode_str;

/// Where the plugins are mounted, below the `/api/v1` that the router has taken off.
const MOUNT: &str = "/plugins/";

/// What the path of a proxied request names.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Target<'a> {
    /// The plugin, if the segment can be a plugin's name at all.
    pub(super) plugin: Option<PluginName>,
    /// What follows the plugin, as it came: not decoded, so that `%2F` stays part of a segment.
    pub(super) tail: &'a str,
}

/// Splits a raw path. `None` when it is not below the mount point.
pub(super) fn parse(path: &str) -> Option<Target<'_>> {
    let (name, tail) = path.strip_prefix(MOUNT)?.split_once('/')?;
    let name = percent_decode_str(name).decode_utf8().ok()?;
    Some(Target { plugin: PluginName::parse(&name).ok(), tail })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_stays_raw_and_the_name_is_decoded() {
        for (path, expected) in [
            ("/plugins/com.a/x/y", Some((Some("com.a"), "x/y"))),
            ("/plugins/com.a/", Some((Some("com.a"), ""))),
            ("/plugins/com%2Ea/x%2Fy/", Some((Some("com.a"), "x%2Fy/"))),
            ("/plugins/com.a//x", Some((Some("com.a"), "/x"))),
            ("/plugins/..%2Fa/x", Some((None, "x"))),
            ("/plugins/%ff/x", None),
            ("/plugins/com.a", None),
            ("/projects/", None),
        ] {
            let target = parse(path);
            let parts =
                target.as_ref().map(|t| (t.plugin.as_ref().map(PluginName::as_str), t.tail));
            assert_eq!(parts, expected, "{path}");
        }
    }
}
