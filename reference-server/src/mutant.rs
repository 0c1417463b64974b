//! `--mutant` and `--list-mutants`: the host with one known mistake. What the mistakes are is in the
//! crate [`mutants`], and in `reference-server/mutants/`.

use ::metrics::{counter, describe_counter};
use serde_json::json;

/// How often the mistake was made, or could have been. Stays 0 for mutants of the kind `value`.
pub const HITS: &str = "hostproof_mutant_hits_total";

/// Names told when one is unknown.
const NEAREST: usize = 3;

/// No mutant has this name.
#[derive(Debug, thiserror::Error)]
#[error("there is no mutant '{name}'; the nearest names are {}", nearest.join(", "))]
pub struct UnknownMutant {
    name: String,
    nearest: Vec<&'static str>,
}

/// Makes this process the mutant of a name, before anything else happens.
///
/// # Errors
/// There is none of this name.
pub fn choose(name: &str) -> Result<(), UnknownMutant> {
    let Some(entry) = mutants::find(name) else {
        let mut nearest: Vec<&str> = mutants::all().map(|(_, entry)| entry.name).collect();
        let likeness = |known: &str| strsim::jaro_winkler(name, known);
        nearest.sort_by(|one, other| likeness(other).total_cmp(&likeness(one)));
        nearest.truncate(NEAREST);
        return Err(UnknownMutant { name: name.to_owned(), nearest });
    };
    mutant_switch::choose(entry.name);
    Ok(())
}

/// Says in the log that this host is wrong on purpose.
pub fn warn() {
    if let Some(entry) = mutants::chosen() {
        let sentences = entry.sentences.join(" ");
        tracing::warn!(mutant = entry.name, sentences, "this host is a mutant: {}", entry.what);
    }
}

/// The catalogue as JSON.
pub fn list() -> String {
    let all: Vec<_> = mutants::all()
        .map(|(area, entry)| {
            json!({
                "name": entry.name,
                "sentences": entry.sentences,
                "kind": entry.kind(),
                "area": area,
                "what": entry.what,
            })
        })
        .collect();
    format!("{:#}", json!(all))
}

pub(crate) fn describe_metrics() {
    describe_counter!(HITS, "How often the mistake of this mutant was made, or could have been.");
}

pub(crate) fn record_metrics() {
    let name = mutants::chosen().map_or("none", |entry| entry.name);
    counter!(HITS, "mutant" => name).absolute(mutant_switch::hits());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_name_is_answered_with_near_ones() {
        let error = choose("contorl").expect_err("no such mutant");
        assert!(error.to_string().contains("the nearest names are control"), "{error}");
    }

    #[test]
    fn the_list_has_every_mutant_with_what_it_breaks() {
        let list: serde_json::Value = serde_json::from_str(&list()).expect("JSON");
        let all = list.as_array().expect("a list");
        assert_eq!(all.len(), mutants::all().count());
        assert_eq!(all[0]["name"], "control");
        assert_eq!(all[0]["kind"], "control");
        assert_eq!(all[1]["kind"], "decision");
    }
}
