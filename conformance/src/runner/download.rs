//! Steps at the catalog's archives.

use serde_json::Value;

use super::attempt::Attempt;
use super::observe::{count, difference};
use crate::case::DownloadSpec;
use crate::evidence::Fact;
use crate::vars::Vars;
use crate::world::Trouble;

/// Judges how many requests came for an archive of a plugin.
pub(super) fn seen(
    attempt: &Attempt,
    key: Option<&str>,
    spec: &DownloadSpec,
    vars: &Vars,
) -> Result<Vec<Fact>, Trouble> {
    let catalog = attempt.world.catalog.as_ref().map_err(|e| Trouble::Blocked(e.clone()))?;
    let asked = catalog.asked(attempt.plugin(key)?.name(), spec.artifact);
    let count = count(spec.count.as_ref(), vars)?;
    let number = Value::from(asked.len());
    let subject = format!("requests for the archive `{}`", spec.artifact);
    let Some(receipt) = asked.last() else {
        // Nothing came: that is no evidence, but it can be a difference.
        return match count.judge(Some(&number)) {
            Ok(()) => Ok(Vec::new()),
            Err(why) => Err(difference(format!("{subject}: {why}"))),
        };
    };
    let fact = Fact::judge(receipt, &subject, &count, Some(&number)).map_err(difference)?;
    Ok(vec![fact])
}
