//! What a page asks its reader to do.
//!
//! | fence | the reader |
//! |---|---|
//! | `toml file=golden/first.toml` | writes the file |
//! | `sh run` | runs it, and it succeeds |
//! | `sh fails=1` | runs it, and it ends with that code |
//! | `text says`, below a command | sees each of its lines somewhere in what the command printed; `…` stands for anything |
//! | any other | only reads |

use std::fmt;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail, ensure};

/// One thing to do.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    Write { line: usize, path: PathBuf, text: String },
    Run { line: usize, script: String, outcome: Outcome, says: Vec<String> },
}

impl Step {
    /// Where the page says so.
    pub(super) fn line(&self) -> usize {
        match self {
            Self::Write { line, .. } | Self::Run { line, .. } => *line,
        }
    }
}

/// How a command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Succeeds,
    Fails(i32),
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Succeeds => f.write_str("succeeds"),
            Self::Fails(code) => write!(f, "ends with {code}"),
        }
    }
}

/// The steps of a page, in order.
pub(super) fn steps(page: &str) -> Result<Vec<Step>> {
    let mut steps = Vec::new();
    let mut lines = page.lines().enumerate();
    while let Some((at, opening)) = lines.next() {
        let Some(info) = opening.strip_prefix("```") else { continue };
        let mut text = String::new();
        loop {
            let Some((_, line)) = lines.next() else { bail!("line {}: never closed", at + 1) };
            if line == "```" {
                break;
            }
            text.push_str(line);
            text.push('\n');
        }
        let what = info.split_once(' ').map_or("", |(_, what)| what.trim());
        add(&mut steps, at + 1, what, text).with_context(|| format!("line {}", at + 1))?;
    }
    Ok(steps)
}

fn add(steps: &mut Vec<Step>, line: usize, what: &str, text: String) -> Result<()> {
    let run = |outcome| Step::Run { line, script: text.clone(), outcome, says: Vec::new() };
    match what.split_once('=').unwrap_or((what, "")) {
        ("", _) => {}
        ("file", path) => {
            let path = PathBuf::from(path);
            ensure!(path.is_relative(), "a page writes below its own folder");
            steps.push(Step::Write { line, path, text });
        }
        ("run", "") => steps.push(run(Outcome::Succeeds)),
        ("fails", code) => {
            let code = code.parse().with_context(|| format!("`{what}`: a code"))?;
            ensure!(code != 0, "what ends with 0 has succeeded");
            steps.push(run(Outcome::Fails(code)));
        }
        ("says", "") => {
            let Some(Step::Run { says, .. }) = steps.last_mut() else {
                bail!("nothing was run that could have said this");
            };
            // A line may show a part only: what is around `…` has to be there.
            let parts = text.lines().flat_map(|line| line.split('…')).map(str::trim);
            says.extend(parts.filter(|part| !part.is_empty()).map(str::to_owned));
        }
        _ => bail!("`{what}` is none of `file=PATH`, `run`, `fails=CODE` and `says`"),
    }
    Ok(())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    const PAGE: &str = "\
# A page

```toml file=a/b.toml
x = 1
```

```sh
only read
```

```sh fails=1
golden test
```

It says:

```text says
  FAIL first … host calls
never
```
";

    #[test]
    fn a_page_is_files_and_commands() {
        assert_eq!(
            steps(PAGE).unwrap(),
            [
                Step::Write { line: 3, path: "a/b.toml".into(), text: "x = 1\n".to_owned() },
                Step::Run {
                    line: 11,
                    script: "golden test\n".to_owned(),
                    outcome: Outcome::Fails(1),
                    says: ["FAIL first", "host calls", "never"].map(str::to_owned).into(),
                },
            ]
        );
    }

    #[test]
    fn a_page_that_nobody_can_follow_is_refused() {
        for (page, why) in [
            ("```sh runs\nx\n```", "none of"),
            ("```text says\nx\n```", "nothing was run"),
            ("```sh fails=0\nx\n```", "has succeeded"),
            ("```toml file=/etc/x\nx\n```", "below its own folder"),
            ("```sh run\nx", "never closed"),
        ] {
            let error = format!("{:#}", steps(page).unwrap_err());
            assert!(error.contains(why), "{error}");
        }
    }
}
