//! The text of a scrape, without what concerns nobody any more.

/// Leaves out samples whose label `plugin` names something that is not installed. The recorder
/// keeps them (a plugin that comes back goes on counting), but a plugin that left is gone from
/// dashboards too.
pub(super) fn of_installed(text: &str, installed: impl Fn(&str) -> bool) -> String {
    let mut kept = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        if plugin_of(line).is_none_or(&installed) {
            kept.push_str(line);
        }
    }
    kept
}

/// The value of a sample's label `plugin`. Names of plugins hold nothing that would be escaped.
fn plugin_of(line: &str) -> Option<&str> {
    if line.starts_with('#') {
        return None;
    }
    let labels = line.split_once('{')?.1;
    let after = match labels.strip_prefix("plugin=\"") {
        Some(after) => after,
        None => labels.split_once(",plugin=\"")?.1,
    };
    after.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_of_other_plugins_go_and_everything_else_stays() {
        let text = "# HELP c Says plugin=\"com.gone\".\n# TYPE c counter\n\
                    c{plugin=\"com.here\",outcome=\"ok\"} 1\nc{plugin=\"com.gone\"} 2\n\
                    c{outcome=\"ok\",plugin=\"com.gone\"} 3\n\nr{route=\"/plugins\"} 4\nup 1\n";
        let expected = "# HELP c Says plugin=\"com.gone\".\n# TYPE c counter\n\
                        c{plugin=\"com.here\",outcome=\"ok\"} 1\n\nr{route=\"/plugins\"} 4\nup 1\n";
        assert_eq!(of_installed(text, |name| name == "com.here"), expected);
    }
}
