//! Parsing a chapter: front matter, and list items of the form `- **s-7kq2** MUST: …`.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::case::Profile;
use crate::sources::SourceFile;

/// How strongly a sentence binds (RFC 2119).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "UPPERCASE")]
pub enum Level {
    /// A host that does otherwise is not conformant.
    Must,
    /// A host may do otherwise with a reason.
    Should,
    /// Allowed; judged only where a host claims it.
    May,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Must => "MUST",
            Self::Should => "SHOULD",
            Self::May => "MAY",
        })
    }
}

/// One binding sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    /// Opaque id, `s-` and four of a–z, 2–9; it outlives every rewording.
    pub id: String,
    /// How strongly it binds.
    pub level: Level,
    /// The profile it belongs to, from the chapter's front matter.
    pub profile: Profile,
    /// The text in one line.
    pub text: String,
    /// Path of its chapter.
    pub path: String,
    /// Line of its list item, from 1.
    pub line: usize,
}

impl Sentence {
    /// Hash of level and normalised text: re-wrapping a paragraph changes nothing, rewording does.
    pub fn hash(&self) -> String {
        short_hash(&format!("{}: {}", self.level, self.text))
    }
}

/// One chapter of the specification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chapter {
    /// Path below the conformance folder.
    pub path: String,
    /// Title from the front matter.
    pub title: String,
    /// Profile of all its sentences.
    pub profile: Profile,
    /// Its binding sentences in reading order.
    pub sentences: Vec<Sentence>,
}

/// A chapter that does not parse.
#[derive(Debug, thiserror::Error)]
#[error("{path}:{line}: {message}")]
pub struct ChapterError {
    path: String,
    line: usize,
    message: String,
}

impl Chapter {
    /// Parses one chapter.
    pub fn parse(file: &SourceFile) -> Result<Self, ChapterError> {
        let fail = |line: usize, message: String| ChapterError {
            path: file.path.clone(),
            line: line + 1,
            message,
        };
        let lines: Vec<&str> = file.text.lines().collect();
        let (title, profile, body) = front_matter(&lines).map_err(|(l, m)| fail(l, m))?;
        let mut sentences = Vec::new();
        let mut index = body;
        let mut code = false;
        while index < lines.len() {
            let Some(item) = lines[index].strip_prefix("- **s-") else {
                if lines[index].contains("**s-") {
                    let message = "a sentence id is marked outside `- **s-xxxx** LEVEL: text`";
                    return Err(fail(index, message.to_owned()));
                }
                code ^= lines[index].trim_start().starts_with("```");
                if !code && let Some(word) = binding(lines[index]) {
                    let message = format!(
                        "a list item says {word} and is no sentence: give it an id, `- **s-xxxx** {word}: text`, or say it without capitals"
                    );
                    return Err(fail(index, message));
                }
                index += 1;
                continue;
            };
            let start = index;
            let (id, level, text) = head(item).map_err(|m| fail(start, m))?;
            let mut words = vec![text];
            index += 1;
            while index < lines.len() && lines[index].starts_with("  ") {
                words.push(lines[index]);
                index += 1;
            }
            let text =
                words.iter().flat_map(|l| l.split_whitespace()).collect::<Vec<_>>().join(" ");
            if text.is_empty() {
                return Err(fail(start, format!("{id} has no text")));
            }
            let path = file.path.clone();
            sentences.push(Sentence { id, level, profile, text, path, line: start + 1 });
        }
        Ok(Self { path: file.path.clone(), title, profile, sentences })
    }
}

/// The word by which a list item would bind a host, if it has one.
fn binding(line: &str) -> Option<&str> {
    let text = line.trim_start();
    let item = text.starts_with(['-', '*', '+'])
        || text.trim_start_matches(|c: char| c.is_ascii_digit()).starts_with(['.', ')'])
        || text.len() < line.len();
    let mut words = text.split(|c: char| !c.is_ascii_alphanumeric());
    words.find(|word| item && matches!(*word, "MUST" | "SHOULD" | "MAY" | "SHALL"))
}

type Front = (String, Profile, usize);

fn front_matter(lines: &[&str]) -> Result<Front, (usize, String)> {
    if lines.first() != Some(&"---") {
        return Err((0, "a chapter begins with front matter between `---` lines".to_owned()));
    }
    let (mut title, mut profile) = (None, None);
    for (index, line) in lines.iter().enumerate().skip(1) {
        if *line == "---" {
            let profile = profile.ok_or((index, "front matter lacks `profile`".to_owned()))?;
            let title = title.ok_or((index, "front matter lacks `title`".to_owned()))?;
            return Ok((title, profile, index + 1));
        }
        match line.split_once(':').map(|(k, v)| (k.trim(), v.trim())) {
            Some(("title", value)) => title = Some(value.to_owned()),
            Some(("profile", value)) => {
                profile = Some(value.parse().map_err(|message| (index, message))?);
            }
            _ => {
                let message =
                    format!("unknown front matter `{line}`; expected `title: …`, `profile: …`");
                return Err((index, message));
            }
        }
    }
    Err((0, "the front matter has no end".to_owned()))
}

/// Splits what follows `- **s-` into id, level and the text's first line.
fn head(item: &str) -> Result<(String, Level, &str), String> {
    let (suffix, rest) = item.split_once("**").ok_or("the id has no closing `**`")?;
    let id = format!("s-{suffix}");
    if suffix.len() != 4 || !suffix.bytes().all(|b| matches!(b, b'a'..=b'z' | b'2'..=b'9')) {
        return Err(format!("`{id}` is no sentence id: `s-` and four of a–z, 2–9"));
    }
    let (level, text) = rest.split_once(':').ok_or(format!("{id}: no `:` after the level"))?;
    let level = match level.trim() {
        "MUST" => Level::Must,
        "SHOULD" => Level::Should,
        "MAY" => Level::May,
        other => return Err(format!("{id}: level `{other}` is none of MUST, SHOULD, MAY")),
    };
    Ok((id, level, text))
}

/// The first twelve hex digits of SHA-256: enough to notice a change, short enough for a diff.
pub(crate) fn short_hash(text: &str) -> String {
    let mut digest = hex::encode(Sha256::digest(text.as_bytes()));
    digest.truncate(12);
    digest
}
