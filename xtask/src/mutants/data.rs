//! The mistakes that no policy decides, as they are written down in `reference-server/mutants/`: the
//! right code of a place and the wrong one, side by side.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

/// Where they are, in the workspace.
pub(crate) const FOLDER: &str = "reference-server/mutants";

/// A mistake in the host's code.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "Entry")]
pub(crate) struct Wiring {
    /// Ids of the sentences it breaks.
    pub(crate) sentences: BTreeSet<String>,
    /// The mistake, in a line.
    pub(crate) what: String,
    /// Every place where it is made.
    pub(crate) edits: Vec<Edit>,
}

/// A mistake as it is written down: most have one place.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    sentences: BTreeSet<String>,
    what: String,
    file: String,
    right: String,
    wrong: String,
    #[serde(default)]
    around: Around,
    /// Further places.
    #[serde(default)]
    also: Vec<Edit>,
}

/// One place of a mistake.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Edit {
    /// The source, below `reference-server/`.
    pub(crate) file: String,
    /// Code that is there exactly once, however it is broken into lines.
    pub(crate) right: String,
    /// The same code with the mistake in it.
    pub(crate) wrong: String,
    /// How much code there has to be twice, in the host that can be right and wrong.
    #[serde(default)]
    pub(crate) around: Around,
}

/// What a switch between right and wrong is built around.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Around {
    /// The smallest expression or block that holds the difference.
    #[default]
    Expression,
    /// The smallest block: where the two values of an expression would not live long enough, or would
    /// be of different types.
    Block,
}

/// What was thought of and is no mutant, because nobody can notice.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Equivalent {
    /// Ids of the sentences it seems to break.
    pub(crate) sentences: BTreeSet<String>,
    /// The mistake, in a line.
    pub(crate) what: String,
    /// Why nobody can notice.
    pub(crate) why: String,
}

/// Everything in the folder.
#[derive(Debug, Default)]
pub(crate) struct Data {
    /// Mistakes by name, and by the chapter that their file is named for.
    pub(crate) wirings: BTreeMap<String, BTreeMap<String, Wiring>>,
    /// By name.
    pub(crate) equivalent: BTreeMap<String, Equivalent>,
    /// Binding sentences that have no mutant, each with the reason.
    pub(crate) without: BTreeMap<String, String>,
}

impl From<Entry> for Wiring {
    fn from(entry: Entry) -> Self {
        let Entry { sentences, what, file, right, wrong, around, also } = entry;
        let mut edits = vec![Edit { file, right, wrong, around }];
        edits.extend(also);
        Self { sentences, what, edits }
    }
}

impl Data {
    /// Reads the folder of a workspace.
    pub(crate) fn read(root: &Path) -> Result<Self> {
        let folder = root.join(FOLDER);
        let mut data = Self::default();
        let files = folder.read_dir().with_context(|| format!("list {}", folder.display()))?;
        for file in files {
            let path = file?.path();
            let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let text =
                fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
            let parsed = match stem.as_str() {
                "equivalent" => toml::from_str(&text).map(|read| data.equivalent = read),
                "without" => toml::from_str(&text).map(|read| data.without = read),
                _ => toml::from_str(&text).map(|read| drop(data.wirings.insert(stem, read))),
            };
            parsed.with_context(|| format!("parse {}", path.display()))?;
        }
        Ok(data)
    }

    /// Every mistake, with its chapter and its name.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, &str, &Wiring)> {
        self.wirings.iter().flat_map(|(area, all)| {
            all.iter().map(move |(name, wiring)| (area.as_str(), name.as_str(), wiring))
        })
    }

    /// The edits of each file, with the names of their mistakes.
    pub(crate) fn by_file(&self) -> BTreeMap<&str, Vec<(&str, &Edit)>> {
        let mut files: BTreeMap<&str, Vec<(&str, &Edit)>> = BTreeMap::new();
        for (_, name, wiring) in self.all() {
            for edit in &wiring.edits {
                files.entry(&edit.file).or_default().push((name, edit));
            }
        }
        files
    }
}

/// Where `wanted` is in `text`, as a range of bytes. White space matches white space, so that an entry
/// does not depend on where lines are broken.
pub(crate) fn find(text: &str, wanted: &str) -> Result<std::ops::Range<usize>> {
    let first = wanted.split_whitespace().next().unwrap_or_default();
    if first.is_empty() {
        bail!("the right code is empty");
    }
    let starts = text.match_indices(first).map(|(start, _)| start);
    let mut found = starts.filter_map(|start| Some(start..end_of(text, start, wanted)?));
    match (found.next(), found.count()) {
        (Some(range), 0) => Ok(range),
        (None, _) => bail!("the right code is not there:\n{wanted}"),
        (Some(_), more) => bail!("the right code is there {} times:\n{wanted}", more + 1),
    }
}

/// Where `wanted` ends in `text`, if it is at `start`.
fn end_of(text: &str, start: usize, wanted: &str) -> Option<usize> {
    let mut rest = &text[start..];
    for (number, word) in wanted.split_whitespace().enumerate() {
        let blank = rest.len() - rest.trim_start().len();
        if number > 0 && blank == 0 {
            return None;
        }
        rest = rest.trim_start().strip_prefix(word)?;
    }
    Some(text.len() - rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_found_however_it_is_broken_into_lines() {
        let text = "fn f() {\n    if a\n        && b\n    {}\n}\n";
        let range = find(text, "if a && b {").expect("there");
        assert_eq!(&text[range], "if a\n        && b\n    {");
        for absent in ["if a&& b", "if b", "ifa", "  "] {
            assert!(find(text, absent).is_err(), "{absent}");
        }
        assert!(find("x = 1; x = 1;", "x = 1;").is_err(), "twice");
    }
}
