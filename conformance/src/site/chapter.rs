//! A chapter's Markdown as HTML, with the margins of its sentences.

use std::fmt::Write as _;

use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html::push_html};

use super::margin::Margin;
use crate::ledger::Chapter;
use crate::page::escape;

/// `spec/http.md` is `http`.
pub fn stem(path: &str) -> &str {
    let file = path.rsplit('/').next().unwrap_or(path);
    file.strip_suffix(".md").unwrap_or(file)
}

/// The chapter below its front matter. Links to other chapters lead to their pages.
pub(super) fn html(text: &str, chapters: &[Chapter], margin: &Margin<'_>) -> String {
    let options = Options::ENABLE_TABLES | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS;
    let mut events = Parser::new_ext(text, options).map(|event| tame(event, chapters)).peekable();
    let (mut out, mut inert) = (Vec::new(), false);
    while let Some(event) = events.next() {
        match event {
            Event::Start(Tag::MetadataBlock(_)) => inert = true,
            Event::End(TagEnd::MetadataBlock(_)) => inert = false,
            _ if inert => {}
            Event::Start(Tag::Heading { level, .. }) => {
                let inner = until(&mut events, TagEnd::Heading(level));
                out.push(heading(level, inner));
            }
            Event::Start(Tag::Item) => {
                let inner = item(&mut events);
                if let Some(item) = sentence(&inner, margin) {
                    out.push(raw(item));
                } else {
                    out.push(Event::Start(Tag::Item));
                    out.extend(inner);
                    out.push(Event::End(TagEnd::Item));
                }
            }
            Event::Start(Tag::Table(alignments)) => {
                out.push(raw(
                    "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table\">",
                ));
                out.push(Event::Start(Tag::Table(alignments)));
            }
            Event::End(TagEnd::Table) => {
                out.push(Event::End(TagEnd::Table));
                out.push(raw("</div>"));
            }
            other => out.push(other),
        }
    }
    rendered(out)
}

fn rendered<'a>(events: impl IntoIterator<Item = Event<'a>>) -> String {
    let mut html = String::new();
    push_html(&mut html, events.into_iter());
    html
}

fn raw<'a>(html: impl Into<CowStr<'a>>) -> Event<'a> {
    Event::Html(html.into())
}

/// Markup in a chapter is text; a link leads to a page of this site or to an address of the web.
fn tame<'a>(event: Event<'a>, chapters: &[Chapter]) -> Event<'a> {
    match event {
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
        Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
            let dest_url = page_of(&dest_url, chapters).unwrap_or(dest_url);
            Event::Start(Tag::Link { link_type, dest_url, title, id })
        }
        other => other,
    }
}

/// `sql.md#values` is `sql.html#values`, where there is such a chapter.
fn page_of(link: &str, chapters: &[Chapter]) -> Option<CowStr<'static>> {
    let (path, anchor) = link.split_once('#').map_or((link, None), |(path, id)| (path, Some(id)));
    let chapter = chapters.iter().find(|chapter| chapter.path.rsplit('/').next() == Some(path))?;
    let anchor = anchor.map(|id| format!("#{id}")).unwrap_or_default();
    Some(format!("{}.html{anchor}", stem(&chapter.path)).into())
}

/// What comes before `end`, which is taken too.
fn until<'a>(events: &mut impl Iterator<Item = Event<'a>>, end: TagEnd) -> Vec<Event<'a>> {
    events.take_while(|event| !matches!(event, Event::End(tag) if *tag == end)).collect()
}

/// What is in a list item, lists in it included.
fn item<'a>(events: &mut impl Iterator<Item = Event<'a>>) -> Vec<Event<'a>> {
    let mut depth = 1;
    let within = events.take_while(|event| {
        match event {
            Event::Start(Tag::Item) => depth += 1,
            Event::End(TagEnd::Item) => depth -= 1,
            _ => {}
        }
        depth > 0
    });
    within.collect()
}

/// A heading that can be linked to, by its words.
fn heading(level: HeadingLevel, inner: Vec<Event<'_>>) -> Event<'static> {
    let words: String = inner
        .iter()
        .filter_map(|event| match event {
            Event::Text(text) | Event::Code(text) => Some(text.as_ref()),
            _ => None,
        })
        .collect();
    let id = words.to_lowercase().split(|c: char| !c.is_alphanumeric()).fold(
        String::new(),
        |mut id, word| {
            if !word.is_empty() {
                let _ = write!(id, "{}{word}", if id.is_empty() { "" } else { "-" });
            }
            id
        },
    );
    let text = rendered(inner);
    raw(format!("<{level} id=\"{}\">{text}</{level}>\n", escape(&id)))
}

/// The item with its margin, if it is a sentence: `**s-7kq2** MUST: …`.
fn sentence(inner: &[Event<'_>], margin: &Margin<'_>) -> Option<String> {
    let start = usize::from(matches!(inner.first(), Some(Event::Start(Tag::Paragraph))));
    let [
        Event::Start(Tag::Strong),
        Event::Text(id),
        Event::End(TagEnd::Strong),
        Event::Text(first),
        rest @ ..,
    ] = &inner[start..]
    else {
        return None;
    };
    let sentence = margin.sentence(id)?;
    // The level is shown as such; the text goes on after it.
    let first = first.split_once(':').map_or(first.as_ref(), |(_, text)| text);
    let text = std::iter::once(Event::Text(first.trim_start().into())).chain(rest.iter().cloned());
    let text = text.filter(|event| {
        !matches!(event, Event::Start(Tag::Paragraph) | Event::End(TagEnd::Paragraph))
    });
    Some(format!(
        "<li class=\"sentence\" id=\"{id}\"><div class=\"text\"><p><a class=\"anchor\" href=\"#{id}\">{id}</a> \
         <b class=\"level\">{level}</b> {text}</p></div>{margin}</li>\n",
        level = sentence.level,
        text = rendered(text),
        margin = margin.html(sentence),
    ))
}
