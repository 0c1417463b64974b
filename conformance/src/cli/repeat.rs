//! The commands that repeat a run, and one case of it: what the user typed, with the seed that was drawn.

use crate::report::{Repeat, quote};

/// What has no influence on what is judged, or is said anew; whether it has a value.
const SAID_ANEW: &[(&str, bool)] = &[("--seed", true), ("--run", true), ("--json", false)];
/// What chooses among the cases.
const CHOICE: &[(&str, bool)] = &[
    ("--filter", true),
    ("--tier", true),
    ("--profile", true),
    ("--shard", true),
    ("--fail-fast", false),
];
/// What another command says by itself that stands for `hostproof run`.
const WRAPPED: &[(&str, bool)] = &[("run", false), ("--target", true), ("--repeat-as", true)];

/// The commands for a run with this seed; `arguments` begin behind the program's name. `wrapper` is what
/// was typed instead of `hostproof run` and the target file.
pub(super) fn commands(
    arguments: impl IntoIterator<Item = String>,
    seed: u64,
    wrapper: Option<&str>,
) -> Repeat {
    let arguments: Vec<String> = arguments.into_iter().collect();
    let begin = wrapper.unwrap_or("hostproof");
    let made_up = if wrapper.is_some() { WRAPPED } else { &[] };
    let line = |left_out: &[&[(&str, bool)]]| {
        let words = without(&arguments, &left_out.concat());
        [begin.to_owned()].into_iter().chain(words).collect::<Vec<_>>().join(" ")
    };
    Repeat {
        run: format!("{} --seed {seed}", line(&[SAID_ANEW, made_up])),
        // The order of one case is no matter, and its texts are made up anew.
        case: format!("{} --filter", line(&[SAID_ANEW, made_up, CHOICE])),
    }
}

/// The arguments but for some options, each as a shell takes it.
fn without(arguments: &[String], left_out: &[(&str, bool)]) -> Vec<String> {
    let mut words = Vec::new();
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let name = argument.split('=').next().unwrap_or_default();
        match left_out.iter().find(|(option, _)| *option == name) {
            Some((_, true)) if !argument.contains('=') => drop(arguments.next()),
            Some(_) => {}
            None => words.push(word(argument)),
        }
    }
    words
}

fn word(argument: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_./:=,@".contains(&b);
    if argument.bytes().all(plain) && !argument.is_empty() {
        argument.to_owned()
    } else {
        quote(argument)
    }
}

#[cfg(test)]
mod tests {
    use super::commands;

    fn of(line: &[&str], wrapper: Option<&str>) -> (String, String) {
        let repeat = commands(line.iter().map(|word| (*word).to_owned()), 7, wrapper);
        (repeat.run, repeat.case)
    }

    #[test]
    fn a_repeated_run_has_the_seed_that_was_drawn_and_the_rest_as_typed() {
        assert_eq!(
            of(&["run", "--url", "http://x"], None),
            (
                "hostproof run --url http://x --seed 7".to_owned(),
                "hostproof run --url http://x --filter".to_owned()
            )
        );
        assert_eq!(
            of(&["run", "--seed", "1", "--run=abcd", "--json", "--filter", "sql/*"], None),
            (
                "hostproof run --filter 'sql/*' --seed 7".to_owned(),
                "hostproof run --filter".to_owned()
            )
        );
    }

    #[test]
    fn a_wrapper_is_repeated_as_it_was_typed_without_what_it_made_up() {
        let line = ["run", "--target", "/tmp/x/t.toml", "--repeat-as", "make judge --", "--jobs=2"];
        assert_eq!(
            of(&line, Some("make judge --")),
            (
                "make judge -- --jobs=2 --seed 7".to_owned(),
                "make judge -- --jobs=2 --filter".to_owned()
            )
        );
    }
}
