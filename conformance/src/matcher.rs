//! Matchers: what must be true of one value of an answer.
//!
//! The language is described for authors in `conformance/cases/README.md`. A matcher is parsed after
//! variables were replaced; its judgement is a sentence either way, for reports.

mod judge;
mod parse;

use std::fmt;

use regex::Regex;
use serde_json::Value;

/// What must be true of a value, or of its absence.
#[derive(Debug, Clone)]
pub enum Matcher {
    /// All of these rules.
    Rules(Vec<Rule>),
    /// A literal that is no list or object.
    Literal(Value),
    /// A list, element by element.
    List(Vec<Matcher>),
    /// An object's members; members that are not named do not matter.
    Members(Vec<(String, Matcher)>),
}

/// One rule of a matcher.
#[derive(Debug, Clone)]
pub enum Rule {
    /// The whole value.
    Eq(Value),
    /// Another value, or none.
    Ne(Value),
    /// Text that the expression finds a match in.
    Matches(Regex),
    /// Text that it finds none in.
    NotMatches(Regex),
    /// A JSON type or a well-known form of text.
    Type(Kind),
    /// A substring, an element, or members.
    Contains(Box<Matcher>),
    /// Each of these is contained.
    ContainsAll(Vec<Matcher>),
    /// Not contained.
    Lacks(Box<Matcher>),
    /// A member whose name differs in letter case at most.
    HasHeader(String, Box<Matcher>),
    /// Any of these.
    OneOf(Vec<Matcher>),
    /// Presence or absence.
    Exists(bool),
    /// Greater, at least, less, at most.
    Compare(Comparison, f64),
    /// Length of a text in characters, or of a list or object.
    Len(Box<Matcher>),
    /// A list in ascending order of this pointer into each element.
    SortedBy(String),
}

/// The comparisons of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `>`
    Gt,
    /// `>=`
    Gte,
    /// `<`
    Lt,
    /// `<=`
    Lte,
}

/// What `type` can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    String,
    /// Any number.
    Number,
    /// A number without a fraction.
    Integer,
    /// `true` or `false`.
    Boolean,
    /// A list.
    Array,
    /// An object.
    Object,
    /// `null`.
    Null,
    /// Text that is a UUID.
    Uuid,
    /// Text that is an RFC 3339 timestamp.
    Datetime,
}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(value) => write!(f, "{value}"),
            Self::Rules(rules) => list(f, rules, " and "),
            Self::List(items) => {
                f.write_str("[")?;
                list(f, items, ", ")?;
                f.write_str("]")
            }
            Self::Members(members) => {
                f.write_str("{")?;
                for (index, (name, matcher)) in members.iter().enumerate() {
                    write!(f, "{}{name:?}: {matcher}", if index > 0 { ", " } else { "" })?;
                }
                f.write_str(", …}")
            }
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Eq(value) => write!(f, "exactly {value}"),
            Self::Ne(value) => write!(f, "other than {value}"),
            Self::Matches(regex) => write!(f, "matching /{regex}/"),
            Self::NotMatches(regex) => write!(f, "not matching /{regex}/"),
            Self::Type(kind) => write!(f, "of type {}", format!("{kind:?}").to_lowercase()),
            Self::Contains(matcher) => write!(f, "containing {matcher}"),
            Self::ContainsAll(matchers) => {
                f.write_str("containing all of ")?;
                list(f, matchers, ", ")
            }
            Self::Lacks(matcher) => write!(f, "without {matcher}"),
            Self::HasHeader(name, matcher) => write!(f, "with header {name}: {matcher}"),
            Self::OneOf(matchers) => {
                f.write_str("one of ")?;
                list(f, matchers, ", ")
            }
            Self::Exists(true) => f.write_str("present"),
            Self::Exists(false) => f.write_str("absent"),
            Self::Compare(comparison, number) => {
                let sign = match comparison {
                    Comparison::Gt => ">",
                    Comparison::Gte => "≥",
                    Comparison::Lt => "<",
                    Comparison::Lte => "≤",
                };
                write!(f, "{sign} {number}")
            }
            Self::Len(matcher) => write!(f, "of length {matcher}"),
            Self::SortedBy(pointer) => write!(f, "sorted by {pointer}"),
        }
    }
}

fn list<T: fmt::Display>(f: &mut fmt::Formatter<'_>, items: &[T], separator: &str) -> fmt::Result {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            f.write_str(separator)?;
        }
        write!(f, "{item}")?;
    }
    Ok(())
}
