//! Which recorded statement an unknown one is most like: as a rule, the one it was before the change.

use std::fmt::Write as _;

use similar::{ChangeTag, TextDiff};

use super::{Cassette, Question};

/// What to do about an answer that is missing.
pub(super) const RECORD: &str =
    "If the plugin is meant to ask this, `golden record` has the database answer it.";

pub(super) fn explain(asked: &Question, cassette: &Cassette) -> String {
    let function = asked.call.function();
    let recorded = cassette.answers.iter().map(|recorded| &recorded.question);
    // The statement counts first; among equals the parameters decide.
    let likeness = |question: &Question| {
        (
            u8::from(question.call == asked.call),
            TextDiff::from_words(&question.sql, &asked.sql).ratio(),
            TextDiff::from_chars(params(question), params(asked)).ratio(),
        )
    };
    let nearest = recorded.max_by(|a, b| {
        let (a, b) = (likeness(a), likeness(b));
        a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)).then(a.2.total_cmp(&b.2))
    });
    let Some(nearest) = nearest else {
        return format!(
            "{function} asks the database, and nothing is recorded for this scenario:\n{}\n{RECORD}",
            indented(asked)
        );
    };
    let mut text = if nearest.sql != asked.sql {
        format!("{function}: no answer is recorded for this statement; the nearest recorded one:\n")
    } else if nearest.call != asked.call {
        return format!(
            "{function}: the statement is recorded, but as {}:\n{}\n{RECORD}",
            nearest.call.function(),
            indented(asked)
        );
    } else {
        format!("{function}: the statement is recorded with other parameters:\n")
    };
    differences(&mut text, &nearest.sql, &asked.sql);
    differences(&mut text, params(nearest), params(asked));
    text.push_str(RECORD);
    text
}

/// A question as an indented block.
pub(super) fn indented(question: &Question) -> String {
    let mut text = String::new();
    for line in question.sql.lines() {
        let _ = writeln!(text, "    {line}");
    }
    let _ = write!(text, "    {}", params(question));
    text
}

fn params(question: &Question) -> &str {
    question.params.as_deref().unwrap_or("[]")
}

fn differences(text: &mut String, before: &str, after: &str) {
    for change in TextDiff::from_lines(before, after).iter_all_changes() {
        let mark = match change.tag() {
            ChangeTag::Delete => '-',
            ChangeTag::Insert => '+',
            ChangeTag::Equal => ' ',
        };
        let _ = writeln!(text, "  {mark} {}", change.value().trim_end_matches('\n'));
    }
}
