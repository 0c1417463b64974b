//! The command that repeats a run: what the user typed, with the seed that was drawn.

use crate::report::quote;

/// What has no influence on what is judged, or is said anew.
const WITH_VALUE: &[&str] = &["--seed", "--run"];
const ALONE: &[&str] = &["--json"];

/// `hostproof run …` with this seed; `arguments` begin behind the program's name.
pub(super) fn command(arguments: impl IntoIterator<Item = String>, seed: u64) -> String {
    let mut line = String::from("hostproof");
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        if WITH_VALUE.contains(&argument.as_str()) {
            arguments.next();
            continue;
        }
        let name = argument.split('=').next().unwrap_or_default();
        if WITH_VALUE.contains(&name) || ALONE.contains(&name) {
            continue;
        }
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_./:=,@".contains(&b);
        line.push(' ');
        if argument.bytes().all(plain) && !argument.is_empty() {
            line.push_str(&argument);
        } else {
            line.push_str(&quote(&argument));
        }
    }
    format!("{line} --seed {seed}")
}

#[cfg(test)]
mod tests {
    use super::command;

    fn of(line: &[&str]) -> String {
        command(line.iter().map(|word| (*word).to_owned()), 7)
    }

    #[test]
    fn a_repeated_run_has_the_seed_that_was_drawn_and_the_rest_as_typed() {
        assert_eq!(of(&["run", "--url", "http://x"]), "hostproof run --url http://x --seed 7");
        assert_eq!(
            of(&["run", "--seed", "1", "--run=abcd", "--json", "--filter", "sql/*"]),
            "hostproof run --filter 'sql/*' --seed 7"
        );
    }
}
