//! Answers from a cassette.

use std::sync::{Mutex, PoisonError};

use serde_json::Value;

use super::{Answer, Cassette, Question, nearest};

/// A cassette that is being played.
#[derive(Debug)]
pub(crate) struct Replay {
    cassette: Cassette,
    played: Mutex<Vec<bool>>,
}

impl Replay {
    pub(crate) fn new(cassette: Cassette) -> Self {
        let played = Mutex::new(vec![false; cassette.answers.len()]);
        Self { cassette, played }
    }

    /// The next answer to a question; where there is none, why, for people.
    pub(crate) fn answer(&self, asked: &Question) -> Result<Answer, String> {
        let mut played = self.played.lock().unwrap_or_else(PoisonError::into_inner);
        let mut times = 0;
        for (recorded, played) in self.cassette.answers.iter().zip(played.iter_mut()) {
            if !same(&recorded.question, asked) {
                continue;
            }
            if !*played {
                *played = true;
                return Ok(recorded.answer.clone());
            }
            times += 1;
        }
        drop(played);
        Err(if times > 0 {
            format!(
                "{} asks the same for the {} time, and it was recorded {times} time(s):\n{}\n{}",
                asked.call.function(),
                ordinal(times + 1),
                nearest::indented(asked),
                nearest::RECORD,
            )
        } else {
            nearest::explain(asked, &self.cassette)
        })
    }

    /// How many recorded answers nobody asked for.
    pub(crate) fn unplayed(&self) -> Vec<&Question> {
        let played = self.played.lock().unwrap_or_else(PoisonError::into_inner);
        let all = self.cassette.answers.iter().zip(played.iter());
        all.filter(|(_, played)| !**played).map(|(recorded, _)| &recorded.question).collect()
    }
}

/// The same statement with the same parameters, however their JSON is written.
fn same(a: &Question, b: &Question) -> bool {
    a.call == b.call && a.sql == b.sql && params(a) == params(b)
}

fn params(question: &Question) -> Value {
    let text = question.params.as_deref().unwrap_or("[]");
    match serde_json::from_str(text) {
        Ok(Value::Null) => Value::Array(Vec::new()),
        Ok(value) => value,
        Err(_) => Value::String(text.to_owned()),
    }
}

fn ordinal(number: usize) -> String {
    match number {
        2 => "second".to_owned(),
        3 => "third".to_owned(),
        other => format!("{other}th"),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::super::{Call, Recorded};
    use super::*;

    fn question(sql: &str, params: &str) -> Question {
        Question { call: Call::Query, sql: sql.to_owned(), params: Some(params.to_owned()) }
    }

    fn replay(answers: &[(&str, &str, &str)]) -> Replay {
        let answers = answers.iter().map(|(sql, params, result)| Recorded {
            question: question(sql, params),
            answer: Answer::Result((*result).to_owned()),
        });
        Replay::new(Cassette { answers: answers.collect() })
    }

    #[test]
    fn a_statement_is_answered_by_its_parameters_and_in_order() {
        let replay = replay(&[
            ("SELECT $1", "[1]", "first"),
            ("SELECT $1", "[2]", "other"),
            ("SELECT $1", "[1]", "second"),
        ]);
        let ask = |params| replay.answer(&question("SELECT $1", params));
        assert_eq!(ask("[ 1 ]").unwrap(), Answer::Result("first".to_owned()));
        assert_eq!(ask("[1]").unwrap(), Answer::Result("second".to_owned()));
        assert_eq!(replay.unplayed(), [&question("SELECT $1", "[2]")]);
        let error = ask("[1]").unwrap_err();
        assert!(error.contains("for the third time, and it was recorded 2 time(s)"), "{error}");
        assert_eq!(ask("[2]").unwrap(), Answer::Result("other".to_owned()));
    }

    #[test]
    fn an_unknown_statement_is_told_with_the_nearest_one() {
        let replay = replay(&[
            ("SELECT id, title FROM items WHERE task = $1", "[1]", "x"),
            ("DELETE FROM other", "[]", "x"),
        ]);
        let asked = question("SELECT id, titel FROM items WHERE task = $1", "[1]");
        let error = replay.answer(&asked).unwrap_err();
        assert!(error.contains("no answer is recorded"), "{error}");
        assert!(error.contains("- SELECT id, title FROM items WHERE task = $1"), "{error}");
        assert!(error.contains("+ SELECT id, titel FROM items WHERE task = $1"), "{error}");
        let other = replay.answer(&question("SELECT id, title FROM items WHERE task = $1", "[9]"));
        let error = other.unwrap_err();
        assert!(error.contains("with other parameters"), "{error}");
        assert!(error.contains("- [1]") && error.contains("+ [9]"), "{error}");
    }

    #[test]
    fn an_empty_cassette_says_how_to_fill_it() {
        let error = replay(&[]).answer(&question("SELECT 1", "[]")).unwrap_err();
        assert!(error.contains("nothing is recorded for this scenario"), "{error}");
        assert!(error.contains("golden record"), "{error}");
    }
}
