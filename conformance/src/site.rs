//! The specification as pages to read: a chapter per page, and in the margin of each sentence what
//! guards it. Every page stands alone, works from a file and loads nothing.

mod chapter;
mod margin;
mod mutants;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::case::Case;
use crate::ledger::{Chapter, Level, Sentence};
use crate::page::{self, escape};
use crate::report::Report;
use crate::sources::Sources;
use crate::suite::Suite;

pub use chapter::stem;
use margin::Margin;
pub use mutants::{Mutant, MutantsError, Outcome, read as read_mutants};

const TEMPLATE: &str = include_str!("site/page.html");
const STYLE: &str = include_str!("site/style.css");

/// What a run found out, as far as margins show it. Its page, `report.html`, stands beside the others.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    /// Of whom, and when: a line for people.
    pub of: String,
    /// Case id → verdict.
    pub verdicts: BTreeMap<String, String>,
}

impl Findings {
    /// What this report says.
    pub fn new(report: &Report) -> Self {
        let day = report.header.started_at.split('T').next().unwrap_or_default();
        let verdicts =
            report.cases.iter().map(|case| (case.id.clone(), case.verdict.as_str().to_owned()));
        Self { of: format!("{}, {day}", report.header.host.name), verdicts: verdicts.collect() }
    }
}

/// What the pages are made of.
#[derive(Debug)]
pub struct Site<'a> {
    /// The chapters' texts.
    pub sources: &'a Sources,
    /// The same, parsed, and the cases.
    pub suite: &'a Suite,
    /// The last run, if there is a report of one.
    pub findings: Option<Findings>,
    /// The mutants, if they were hunted.
    pub mutants: Option<Vec<Mutant>>,
}

/// A page could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {}", path.display())]
pub struct WriteError {
    path: PathBuf,
    #[source]
    source: std::io::Error,
}

impl Site<'_> {
    /// All pages: name, text.
    pub fn pages(&self) -> Vec<(String, String)> {
        let chapters = &self.suite.ledger.chapters;
        let mut pages = vec![("index.html".to_owned(), self.index())];
        for (at, chapter) in chapters.iter().enumerate() {
            let text = self.sources.chapters.iter().find(|file| file.path == chapter.path);
            let text = text.map(|file| file.text.as_str()).unwrap_or_default();
            let before = at.checked_sub(1).and_then(|at| chapters.get(at));
            let steps = steps(before, chapters.get(at + 1));
            let margin = self.margin();
            let body =
                format!("<article>{}</article>{steps}", chapter::html(text, chapters, &margin));
            pages.push((format!("{}.html", stem(&chapter.path)), self.page(&chapter.title, &body)));
        }
        pages
    }

    /// Writes all pages below `folder`, which is made if need be. Answers with the first one.
    pub fn write(&self, folder: &Path) -> Result<PathBuf, WriteError> {
        let error = |path: &Path| {
            let path = path.to_path_buf();
            |source| WriteError { path, source }
        };
        std::fs::create_dir_all(folder).map_err(error(folder))?;
        for (name, text) in self.pages() {
            let path = folder.join(name);
            std::fs::write(&path, text).map_err(error(&path))?;
        }
        Ok(folder.join("index.html"))
    }

    fn margin(&self) -> Margin<'_> {
        Margin::new(self.suite, self.findings.as_ref(), self.mutants.as_deref())
    }

    fn page(&self, title: &str, body: &str) -> String {
        let style = [page::STYLE, STYLE].concat();
        let script = page::script(&[page::THEME]);
        let policy = page::policy(&style, &script);
        let title = escape(title);
        let digest = self.suite.ledger.digest();
        let foot = match &self.findings {
            Some(findings) => format!("Verdicts are those of {}.", escape(&findings.of)),
            None => "Without a report: margins show cases, and no verdicts.".to_owned(),
        };
        let values = [
            ("csp", policy.as_str()),
            ("title", &title),
            ("style", &style),
            ("script", &script),
            ("body", body),
            ("foot", &foot),
            ("digest", &digest),
        ];
        page::fill(TEMPLATE, &values)
    }

    fn index(&self) -> String {
        let margin = self.margin();
        let ledger = &self.suite.ledger;
        let count = |level| ledger.sentences().filter(|one| one.level == level).count();
        let uncased = ledger.lock.entries.values().filter(|entry| entry.uncased.is_some()).count();
        let mut body = format!(
            "<article class=\"index\"><h1>The specification</h1>\n<p class=\"lead\">What a host that runs \
             WebAssembly plugins must do: {} sentences that say MUST, {} SHOULD, {} MAY. {} cases judge \
             them; {uncased} sentences cannot be seen from outside, and say why.</p>\n",
            count(Level::Must),
            count(Level::Should),
            count(Level::May),
            self.suite.cases.len(),
        );
        if let Some(findings) = &self.findings {
            let of = escape(&findings.of);
            let _ = writeln!(body, "<p><a href=\"report.html\">The report</a> of {of}.</p>");
        }
        body.push_str("<table class=\"chapters\"><thead><tr><th scope=\"col\">Chapter</th><th scope=\"col\">Sentences</th>\
            <th scope=\"col\" class=\"number\">Cases</th>");
        let mutants = self.mutants.is_some();
        if mutants {
            body.push_str("<th scope=\"col\" class=\"number\">Mutants killed</th>");
        }
        body.push_str("</tr></thead><tbody>\n");
        for chapter in &ledger.chapters {
            let file = stem(&chapter.path);
            let squares: String =
                chapter.sentences.iter().map(|one| margin.square(one, file)).collect();
            let cases: usize = self.cases_of(&chapter.sentences).count();
            let _ = write!(
                body,
                "<tr><th scope=\"row\"><a href=\"{file}.html\">{}</a></th><td><span class=\"squares\">{squares}</span></td>\
                 <td class=\"number\">{cases}</td>",
                escape(&chapter.title),
            );
            if mutants {
                let (killed, all) = margin.score(&chapter.sentences);
                let _ = write!(body, "<td class=\"number\">{killed}/{all}</td>");
            }
            body.push_str("</tr>\n");
        }
        body.push_str("</tbody></table></article>");
        self.page("The specification", &body)
    }

    /// Cases that cite any of these sentences.
    fn cases_of<'a>(&'a self, sentences: &'a [Sentence]) -> impl Iterator<Item = &'a Case> {
        self.suite.cases.iter().filter(move |case| {
            case.cites.iter().any(|id| sentences.iter().any(|sentence| sentence.id == *id))
        })
    }
}

/// Links to the chapters before and after.
fn steps(before: Option<&Chapter>, after: Option<&Chapter>) -> String {
    let link = |chapter: Option<&Chapter>, rel: &str, arrow: (&str, &str)| {
        let Some(chapter) = chapter else { return "<span></span>".to_owned() };
        let (file, title) = (stem(&chapter.path), escape(&chapter.title));
        format!("<a rel=\"{rel}\" href=\"{file}.html\">{}{title}{}</a>", arrow.0, arrow.1)
    };
    format!(
        "<nav class=\"steps\" aria-label=\"Chapters\">{}{}</nav>",
        link(before, "prev", ("← ", "")),
        link(after, "next", ("", " →"))
    )
}
