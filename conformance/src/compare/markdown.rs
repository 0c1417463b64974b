//! A comparison as a comment on a pull request.

use std::fmt::Write as _;

use super::{Comparison, Difference, Kind};

/// How many cases of a kind are listed; the others are counted.
const LISTED: usize = 50;

impl Comparison {
    /// As Markdown: regressions open, everything else folded.
    pub fn markdown(&self) -> String {
        let mut out = String::from("### Conformance: ");
        let regressions = self.of(Kind::Regression).count();
        let _ = match regressions {
            0 => writeln!(out, "no regression\n"),
            1 => writeln!(out, "1 regression\n"),
            some => writeln!(out, "{some} regressions\n"),
        };
        for remark in &self.remarks {
            let _ = writeln!(out, "> {}", escape(remark));
        }
        for kind in Kind::ALL {
            self.section(kind, &mut out);
        }
        let _ = writeln!(out, "\n{}", self.headline());
        out
    }

    fn section(&self, kind: Kind, out: &mut String) {
        let count = self.of(kind).count();
        if count == 0 {
            return;
        }
        let open = if kind == Kind::Regression { " open" } else { "" };
        let heading = kind.heading();
        let _ = writeln!(out, "\n<details{open}><summary>{count} {heading}</summary>\n");
        let _ = writeln!(out, "| case | verdict | sentences | why |\n|---|---|---|---|");
        for difference in self.of(kind).take(LISTED) {
            let Difference { id, slug, cites, why, .. } = difference;
            let verdicts = self.verdicts(kind, id);
            let why = escape(&why.first().cloned().unwrap_or_default());
            let _ = writeln!(out, "| `{id}` {slug} | {verdicts} | {} | {why} |", cites.join(" "));
        }
        if count > LISTED {
            let _ = writeln!(out, "\n… and {} more", count - LISTED);
        }
        let _ = writeln!(out, "\n</details>");
    }
}

/// Text for a cell of a table: one line, short, nothing that is read as markup.
fn escape(text: &str) -> String {
    const LIMIT: usize = 200;
    let mut short: String = text.chars().take(LIMIT).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    let mut out = String::new();
    for character in short.chars() {
        match character {
            '\n' | '\r' => out.push(' '),
            '<' => out.push_str("&lt;"),
            '|' | '`' | '*' | '_' | '[' | ']' | '\\' => out.extend(['\\', character]),
            other => out.push(other),
        }
    }
    out
}
