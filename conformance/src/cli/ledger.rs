//! `hostproof ledger`: the sentences with their cases, and the lock.

use std::fmt::Write as _;
use std::path::PathBuf;

use serde_json::json;

use super::{Failed, SourceArgs, chain, print};
use crate::case::{Case, Profile, Tier};
use crate::exit;
use crate::ledger::{Level, Sentence, bless};
use crate::suite::Suite;

/// Print the specification's sentences with their cases.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Rewrite spec/ledger.toml with today's texts; needs --root, or to be called where conformance/ is.
    #[arg(long)]
    bless: bool,
    /// Print only what is wrong, if anything is; the exit code is 3 then.
    #[arg(long, conflicts_with = "bless")]
    check: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    sources: SourceArgs,
}

pub(super) fn ledger(args: &Args) -> Result<u8, Failed> {
    if args.bless {
        return write_lock(args);
    }
    let suite = Suite::read(&args.sources.sources()?).map_err(|e| Failed::harness(chain(&e)))?;
    let problems = suite.problems();
    if args.json {
        let text = serde_json::to_string_pretty(&json!({
            "digest": suite.ledger.digest(),
            "sentences": sentences(&suite),
            "problems": problems.iter().map(ToString::to_string).collect::<Vec<_>>(),
        }));
        print(&format!("{}\n", text.map_err(|e| Failed::harness(e.to_string()))?))?;
    } else if !args.check {
        print(&readable(&suite))?;
    }
    for problem in &problems {
        eprintln!("{problem}");
    }
    Ok(if problems.is_empty() { exit::CONFORMANT } else { exit::HARNESS })
}

fn citing<'a>(suite: &'a Suite, id: &str) -> Vec<&'a Case> {
    suite.cases.iter().filter(|case| case.cites.iter().any(|cited| cited == id)).collect()
}

fn sentences(suite: &Suite) -> Vec<serde_json::Value> {
    let list = suite.ledger.sentences().map(|sentence| {
        let cases = citing(suite, &sentence.id);
        json!({
            "id": sentence.id, "level": sentence.level, "profile": sentence.profile,
            "hash": sentence.hash(), "text": sentence.text, "source": format!("{}:{}", sentence.path, sentence.line),
            "cases": cases.iter().map(|case| &case.id).collect::<Vec<_>>(),
            "uncased": suite.ledger.lock.entries.get(&sentence.id).and_then(|e| e.uncased.as_ref()),
        })
    });
    list.collect()
}

fn readable(suite: &Suite) -> String {
    let mut out = String::new();
    for chapter in &suite.ledger.chapters {
        let _ = writeln!(out, "{} ({}, profile {})", chapter.title, chapter.path, chapter.profile);
        for sentence in &chapter.sentences {
            let Sentence { id, level, text, .. } = sentence;
            let _ = writeln!(out, "  {id} {level}: {text} [{}]", sentence.hash());
            for case in citing(suite, &sentence.id) {
                let _ = writeln!(out, "         {} {}", case.id, case.slug);
            }
            let entry = suite.ledger.lock.entries.get(&sentence.id);
            if let Some(reason) = entry.and_then(|entry| entry.uncased.as_ref()) {
                let _ = writeln!(out, "         no case: {reason}");
            }
        }
        out.push('\n');
    }
    for profile in Profile::ALL {
        for level in [Level::Must, Level::Should, Level::May] {
            let of_both =
                || suite.ledger.sentences().filter(|s| s.level == level && s.profile == *profile);
            let total = of_both().count();
            let cased = of_both().filter(|s| !citing(suite, &s.id).is_empty()).count();
            if total > 0 {
                let _ = writeln!(out, "{profile}, {level}: {total} sentences, {cased} with cases");
            }
        }
    }
    for tier in Tier::ALL {
        let count = suite.cases.iter().filter(|case| case.tier == *tier).count();
        let _ = writeln!(out, "{tier}: {count} cases");
    }
    let _ = writeln!(out, "{} cases", suite.cases.len());
    out
}

fn write_lock(args: &Args) -> Result<u8, Failed> {
    let root = args.sources.root.clone().unwrap_or_else(|| PathBuf::from("conformance"));
    let path = root.join("spec/ledger.toml");
    let sources = SourceArgs { root: Some(root) }.sources()?;
    // The cases are not asked: sentences can be locked while their cases are being written.
    let ledger = crate::ledger::Ledger::parse(&sources).map_err(|e| Failed::harness(chain(&e)))?;
    let text = bless(&ledger);
    let old = sources.lock.map(|file| file.text).unwrap_or_default();
    for sentence in ledger.sentences() {
        match ledger.lock.entries.get(&sentence.id) {
            None => eprintln!("locked   {} {}", sentence.id, sentence.text),
            Some(entry) if entry.hash != sentence.hash() => {
                eprintln!("relocked {} {}", sentence.id, sentence.text);
            }
            Some(_) => {}
        }
    }
    for id in ledger.lock.entries.keys().filter(|id| ledger.sentence(id).is_none()) {
        eprintln!("removed  {id}");
    }
    if text != old {
        std::fs::write(&path, text)
            .map_err(|e| Failed::usage(format!("cannot write {}: {e}", path.display())))?;
    }
    Ok(exit::CONFORMANT)
}
