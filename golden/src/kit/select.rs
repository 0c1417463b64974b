//! Which scenarios are meant.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{KitError, shown};
use crate::Diagnostic;
use crate::plugin::Plugin;
use crate::scenario::Scenario;

/// A scenario, or what is wrong with its file.
pub(crate) type Read = Result<Arc<Scenario>, (PathBuf, Box<Diagnostic>)>;

/// The scenarios that are meant, and whether they are all there are.
pub(crate) fn scenarios(
    plugin: &Plugin,
    path: &Path,
    filters: &[String],
) -> Result<(Vec<Read>, bool), KitError> {
    let all = plugin.scenario_files()?;
    if all.is_empty() {
        return Err(KitError::NoScenarios(shown(&plugin.root)));
    }
    let is_file = path.is_file() && path.extension().is_some_and(|it| it == "toml");
    let one = is_file.then(|| std::path::absolute(path).ok()).flatten();
    let name = |file: &Path| file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let wanted = |file: &PathBuf| {
        let selected =
            filters.is_empty() || filters.iter().any(|it| name(file).contains(it.as_str()));
        selected && one.as_ref().is_none_or(|one| one == file)
    };
    let meant: Vec<_> = all.iter().filter(|file| wanted(file)).cloned().collect();
    if meant.is_empty() {
        let names = all.iter().map(|file| name(file)).collect::<Vec<_>>().join(", ");
        let filters = if filters.is_empty() { shown(path) } else { filters.join(" or ") };
        return Err(KitError::NothingSelected { filters, names });
    }
    let complete = meant.len() == all.len();
    let read = |file: PathBuf| match Scenario::read(&file) {
        Ok(scenario) => Ok(Arc::new(scenario)),
        Err(mut diagnostic) => {
            diagnostic.file = PathBuf::from(shown(&file));
            Err((file, Box::new(diagnostic)))
        }
    };
    Ok((meant.into_iter().map(read).collect(), complete))
}
