//! Path patterns: literals, `:name` for one segment, a final `*name` for the rest.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::percent;

/// A declared path, parsed.
///
/// Leading and trailing slashes mean nothing. `:name` takes one segment, a last `*name` takes one
/// or more. Literals are case-sensitive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathPattern {
    segments: Vec<Segment>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Segment {
    /// This text.
    Literal(String),
    /// Any one segment.
    Param(String),
    /// One or more. Only ever the last one.
    Wildcard(String),
}

/// How specific a pattern is; the greater one wins when several match: fewer wildcards, then more
/// literals, then fewer parameters. Equals are decided by manifest order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Specificity(Reverse<usize>, usize, Reverse<usize>);

impl PathPattern {
    /// Reads a declared path.
    pub fn parse(path: &str) -> Result<Self, InvalidPath> {
        let texts: Vec<&str> = split(path).collect();
        let mut segments = Vec::with_capacity(texts.len());
        for (at, text) in texts.iter().enumerate() {
            let segment = parse_segment(text)?;
            if matches!(segment, Segment::Wildcard(_)) && at + 1 != texts.len() {
                return Err(InvalidPath::WildcardNotLast);
            }
            segments.push(segment);
        }
        let pattern = Self { segments };
        let mut seen = BTreeSet::new();
        if let Some(twice) = pattern.params().find(|name| !seen.insert(*name)) {
            return Err(InvalidPath::DuplicateParam(twice.to_owned()));
        }
        Ok(pattern)
    }

    /// Names of all parameters, the wildcard's included, in order.
    pub fn params(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().filter_map(|segment| match segment {
            Segment::Literal(_) => None,
            Segment::Param(name) | Segment::Wildcard(name) => Some(name.as_str()),
        })
    }

    /// What its segments are.
    pub(super) fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// What the parameters hold in a request that matches, whose segments were split and decoded.
    pub(super) fn params_in(&self, request: &[String]) -> BTreeMap<String, String> {
        let held = |(at, segment): (usize, &Segment)| match segment {
            Segment::Literal(_) => None,
            Segment::Param(name) => Some((name.clone(), request.get(at)?.clone())),
            Segment::Wildcard(name) => Some((name.clone(), request.get(at..)?.join("/"))),
        };
        self.segments.iter().enumerate().filter_map(held).collect()
    }

    /// How specific this pattern is.
    pub fn specificity(&self) -> Specificity {
        let count =
            |wanted: fn(&Segment) -> bool| self.segments.iter().filter(|s| wanted(s)).count();
        Specificity(
            Reverse(count(|s| matches!(s, Segment::Wildcard(_)))),
            count(|s| matches!(s, Segment::Literal(_))),
            Reverse(count(|s| matches!(s, Segment::Param(_)))),
        )
    }

    /// The pattern without its parameters' names. Two routes of one method and one shape match the
    /// same requests, so that the later one could never be reached.
    pub fn shape(&self) -> String {
        let mut shape = String::new();
        for segment in &self.segments {
            shape.push('/');
            match segment {
                Segment::Literal(literal) => shape.push_str(&percent::encode_segment(literal)),
                Segment::Param(_) => shape.push(':'),
                Segment::Wildcard(_) => shape.push('*'),
            }
        }
        shape
    }
}

/// Splits a path into segments; the root has none. An inner `//` yields an empty segment.
pub(crate) fn split(path: &str) -> impl Iterator<Item = &str> {
    let trimmed = path.trim_matches('/');
    trimmed.split('/').filter(move |_| !trimmed.is_empty())
}

fn parse_segment(text: &str) -> Result<Segment, InvalidPath> {
    if let Some(name) = text.strip_prefix(':') {
        return param_name(text, name).map(Segment::Param);
    }
    if let Some(name) = text.strip_prefix('*') {
        return param_name(text, name).map(Segment::Wildcard);
    }
    if text.is_empty() {
        return Err(InvalidPath::EmptySegment);
    }
    if text == "." || text == ".." {
        return Err(InvalidPath::DotSegment);
    }
    if let Some(found) = text.chars().find(|c| !may_stand_in_literal(*c)) {
        return Err(InvalidPath::Character(found));
    }
    percent::decode_segment(text)
        .map(Segment::Literal)
        .ok_or_else(|| InvalidPath::PercentEncoding(text.to_owned()))
}

fn param_name(text: &str, name: &str) -> Result<String, InvalidPath> {
    if name.is_empty() {
        return Err(InvalidPath::UnnamedParam(text.to_owned()));
    }
    if name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-') {
        Ok(name.to_owned())
    } else {
        Err(InvalidPath::ParamName(name.to_owned()))
    }
}

/// `pchar` of RFC 3986, and letters outside ASCII, which clients send encoded.
fn may_stand_in_literal(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || "-._~!$&'()*+,;=:@%".contains(c)
        || (!c.is_ascii() && !c.is_control() && !c.is_whitespace())
}

/// Why a declared path cannot be a pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPath {
    /// `//` inside the path.
    #[error("the path has an empty segment")]
    EmptySegment,
    /// `.` or `..`, which clients resolve before they send.
    #[error("the path has a '.' or '..' segment")]
    DotSegment,
    /// `:` or `*` alone.
    #[error("the parameter '{0}' has no name")]
    UnnamedParam(String),
    /// A parameter's name outside letters, digits, `_` and `-`.
    #[error("'{0}' is no parameter name: letters, digits, '_' and '-' are")]
    ParamName(String),
    /// The same name twice in one path.
    #[error("the parameter '{0}' occurs twice")]
    DuplicateParam(String),
    /// `*name` before the end.
    #[error("a wildcard may only be the last segment")]
    WildcardNotLast,
    /// A character no path may hold unencoded.
    #[error("the character {0:?} may not stand in a path")]
    Character(char),
    /// `%` not followed by two hexadecimal digits, or bytes that are not UTF-8.
    #[error("'{0}' is not valid percent-encoding")]
    PercentEncoding(String),
}
