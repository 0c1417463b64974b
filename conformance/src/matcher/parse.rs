//! From data to matchers. A table is a matcher when all its keys are rules, and an object otherwise.

use regex::Regex;
use serde_json::{Map, Value};

use super::{Comparison, Kind, Matcher, Rule};

const RULES: &[&str] = &[
    "eq",
    "ne",
    "matches",
    "not_matches",
    "type",
    "contains",
    "contains_all",
    "lacks",
    "has_header",
    "one_of",
    "exists",
    "gt",
    "gte",
    "lt",
    "lte",
    "len",
    "sorted_by",
];

impl Matcher {
    /// Parses a matcher; the error says what is wrong with it.
    pub fn parse(value: &Value) -> Result<Self, String> {
        match value {
            Value::Array(items) => Ok(Self::List(parse_all(items)?)),
            Value::Object(members) => parse_table(members),
            literal => Ok(Self::Literal(literal.clone())),
        }
    }
}

fn parse_all(items: &[Value]) -> Result<Vec<Matcher>, String> {
    items.iter().map(Matcher::parse).collect()
}

fn parse_table(members: &Map<String, Value>) -> Result<Matcher, String> {
    let rules = members.keys().filter(|key| RULES.contains(&key.as_str())).count();
    if rules > 0 && rules == members.len() {
        let rules = members.iter().map(|(name, value)| parse_rule(name, value));
        return Ok(Matcher::Rules(rules.collect::<Result<_, _>>()?));
    }
    if let Some(key) = members.keys().find(|key| RULES.contains(&key.as_str())) {
        let rest = members.keys().filter(|key| !RULES.contains(&key.as_str()));
        let rest = rest.map(String::as_str).collect::<Vec<_>>().join("`, `");
        return Err(format!(
            "`{key}` is a matcher, `{rest}` is none: use `eq` for an object with such keys"
        ));
    }
    // A lone key that is almost a rule is a typing error, not an object.
    if let (1, Some(key)) = (members.len(), members.keys().next())
        && let Some(near) =
            RULES.iter().find(|rule| strsim::levenshtein(key, rule) <= 1 && rule.len() > 3)
    {
        return Err(format!("`{key}` is no matcher (did you mean `{near}`?)"));
    }
    let members = members.iter().map(|(k, v)| Matcher::parse(v).map(|m| (k.clone(), m)));
    Ok(Matcher::Members(members.collect::<Result<_, _>>()?))
}

fn parse_rule(name: &str, value: &Value) -> Result<Rule, String> {
    let nested = || Matcher::parse(value).map(Box::new);
    let number = || value.as_f64().ok_or_else(|| format!("`{name}` takes a number, not {value}"));
    let text = || value.as_str().ok_or_else(|| format!("`{name}` takes text, not {value}"));
    let many = || match value {
        Value::Array(items) if !items.is_empty() => parse_all(items),
        _ => Err(format!("`{name}` takes a list that is not empty, not {value}")),
    };
    Ok(match name {
        "eq" => Rule::Eq(value.clone()),
        "ne" => Rule::Ne(value.clone()),
        "matches" => Rule::Matches(regex(text()?)?),
        "not_matches" => Rule::NotMatches(regex(text()?)?),
        "type" => Rule::Type(kind(text()?)?),
        "contains" => Rule::Contains(nested()?),
        "contains_all" => Rule::ContainsAll(many()?),
        "lacks" => Rule::Lacks(nested()?),
        "has_header" => header(value)?,
        "one_of" => Rule::OneOf(many()?),
        "exists" => Rule::Exists(
            value.as_bool().ok_or_else(|| format!("`exists` takes true or false, not {value}"))?,
        ),
        "gt" => Rule::Compare(Comparison::Gt, number()?),
        "gte" => Rule::Compare(Comparison::Gte, number()?),
        "lt" => Rule::Compare(Comparison::Lt, number()?),
        "lte" => Rule::Compare(Comparison::Lte, number()?),
        "len" => Rule::Len(nested()?),
        "sorted_by" => {
            let member = text()?;
            let pointer = member.starts_with('/') || member.is_empty();
            Rule::SortedBy(if pointer { member.to_owned() } else { format!("/{member}") })
        }
        other => return Err(format!("`{other}` is no matcher")),
    })
}

fn header(value: &Value) -> Result<Rule, String> {
    let shape = || "`has_header` takes { name = \"…\", value = … }".to_owned();
    let members = value.as_object().ok_or_else(shape)?;
    let name = members.get("name").and_then(Value::as_str).ok_or_else(shape)?;
    let expected = match members.get("value") {
        Some(value) => Matcher::parse(value)?,
        None => Matcher::Rules(vec![Rule::Exists(true)]),
    };
    if members.keys().any(|key| key != "name" && key != "value") {
        return Err(shape());
    }
    Ok(Rule::HasHeader(name.to_owned(), Box::new(expected)))
}

fn regex(text: &str) -> Result<Regex, String> {
    Regex::new(text).map_err(|e| format!("`{text}` is no regular expression: {e}"))
}

fn kind(text: &str) -> Result<Kind, String> {
    Ok(match text {
        "string" => Kind::String,
        "number" => Kind::Number,
        "integer" => Kind::Integer,
        "boolean" => Kind::Boolean,
        "array" => Kind::Array,
        "object" => Kind::Object,
        "null" => Kind::Null,
        "uuid" => Kind::Uuid,
        "datetime" => Kind::Datetime,
        other => {
            let known = [
                "string", "number", "integer", "boolean", "array", "object", "null", "uuid",
                "datetime",
            ];
            return Err(format!("`{other}` is no type{}", crate::suggest::hint(other, known)));
        }
    })
}
