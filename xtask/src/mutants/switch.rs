//! From the right code and the wrong code of a place to code that can be either: around the
//! difference, the smallest expression or block is there twice, behind a question to `mutant_switch`.
//!
//! ```text
//! if member.is_none() && stranger {                                     the right code
//! if (if ::mutant_switch::is("stranger-goes-on") { false } else { stranger }) && … {
//! ```
//!
//! What is smallest is read off the syntax tree of the right file and that of the wrong one: only what
//! is a whole expression, or a whole block, in both of them may be exchanged for the other.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use anyhow::{Context as _, Result, bail};
use tree_sitter::{Node, Parser, Tree};

use super::data::{self, Around, Edit};

/// Bytes of a file that are a whole of some form.
type Place = (usize, usize, Form);

/// What is wrong at a place, by the names of the mistakes.
type Wrongs = Vec<(String, String)>;

/// What a switch between two of a kind looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Form {
    /// In brackets, since it may be part of an expression.
    Value,
    /// Without, since no semicolon follows it.
    Statement,
    /// In braces, since a block has to be one.
    Block,
}

/// The source with all of its mistakes in it, each behind its question.
pub(crate) fn apply(source: &str, edits: &[(&str, &Edit)]) -> Result<String> {
    let tree = parse(source)?;
    let right = places(&tree, source);
    let mut switches: BTreeMap<(usize, Reverse<usize>, Form), Wrongs> = BTreeMap::new();
    let mut taken: BTreeMap<&str, Vec<Range<usize>>> = BTreeMap::new();
    for (name, edit) in edits {
        let switch =
            switch(source, &right, edit).with_context(|| format!("{name} in {}", edit.file));
        let ((start, end, form), wrong) = switch?;
        // One within the other would be in the right half of it, and never be made.
        let others = taken.entry(name).or_default();
        if others.iter().any(|other| start < other.end && other.start < end) {
            bail!("{name} in {}: two of its places share a block: write them as one", edit.file);
        }
        others.push(start..end);
        let at = (start, Reverse(end), form);
        switches.entry(at).or_default().push(((*name).to_owned(), wrong));
    }
    let switches = switches.into_iter().map(|((start, end, form), wrongs)| Switch {
        at: start..end.0,
        form,
        wrongs,
    });
    let switches: Vec<Switch> = switches.collect();
    Ok(render(source, 0..source.len(), &switches))
}

/// One place, with what is wrong there by the names of the mistakes.
struct Switch {
    at: Range<usize>,
    form: Form,
    wrongs: Wrongs,
}

/// A part of the source. Switches are sorted: those within another follow it.
fn render(source: &str, part: Range<usize>, switches: &[Switch]) -> String {
    let mut text = String::new();
    let (mut at, mut next) = (part.start, 0);
    while let Some(switch) = switches.get(next) {
        let within = switches[next + 1..].iter();
        let within = within.take_while(|other| other.at.end <= switch.at.end).count();
        let inner = &switches[next + 1..next + 1 + within];
        let mut code = render(source, switch.at.clone(), inner);
        for (name, wrong) in &switch.wrongs {
            code = braced(name, wrong, &code, switch.form);
        }
        text.push_str(&source[at..switch.at.start]);
        text.push_str(&code);
        at = switch.at.end;
        next += 1 + within;
    }
    text.push_str(&source[at..part.end]);
    text
}

fn braced(name: &str, wrong: &str, right: &str, form: Form) -> String {
    let question = format!("::mutant_switch::is(\"{name}\")");
    match form {
        Form::Value => format!("(if {question} {{ {wrong} }} else {{ {right} }})"),
        Form::Statement => format!("if {question} {{ {wrong} }} else {{ {right} }}"),
        Form::Block => format!("{{ if {question} {wrong} else {right} }}"),
    }
}

/// The place that has to be there twice, and what is there in the wrong file.
fn switch(source: &str, right: &BTreeSet<Place>, edit: &Edit) -> Result<(Place, String)> {
    let found = data::find(source, &edit.right)?;
    let (before, after) = differences(&source[found.clone()], edit.wrong.trim());
    let difference = found.start + before.start..found.start + before.end;
    let put = &edit.wrong.trim()[after];
    let mut wrong = source.to_owned();
    wrong.replace_range(difference.clone(), put);
    if wrong == source {
        bail!("the wrong code is the right one");
    }
    let tree = parse(&wrong)?;
    if tree.root_node().has_error() && !parse(source)?.root_node().has_error() {
        bail!("the wrong code is no code:\n{}", edit.wrong);
    }
    let there = places(&tree, &wrong);
    let longer = |end: usize| end + put.len() - difference.len();
    let fits = right.iter().filter(|(start, end, form)| {
        *start <= difference.start
            && difference.end <= *end
            && (*form == Form::Block || edit.around == Around::Expression)
            && there.contains(&(*start, longer(*end), *form))
    });
    let place = fits.min_by_key(|(start, end, form)| (end - start, *form));
    let place = *place.context("no expression and no block holds the difference")?;
    Ok((place, wrong[place.0..longer(place.1)].to_owned()))
}

/// What differs, in the one and in the other.
fn differences(right: &str, wrong: &str) -> (Range<usize>, Range<usize>) {
    let head = matching(right.char_indices(), wrong.char_indices());
    let tail = matching(backwards(&right[head.0..]), backwards(&wrong[head.1..]));
    (head.0..right.len() - tail.0, head.1..wrong.len() - tail.1)
}

/// The characters from the end on, each with the bytes that follow it.
fn backwards(text: &str) -> impl Iterator<Item = (usize, char)> {
    text.char_indices().rev().map(|(at, c)| (text.len() - at - c.len_utf8(), c))
}

/// How many bytes of each are alike from where they begin, any white space being as good as another.
fn matching(
    one: impl Iterator<Item = (usize, char)>,
    other: impl Iterator<Item = (usize, char)>,
) -> (usize, usize) {
    let (mut one, mut other) = (one.peekable(), other.peekable());
    let mut alike = (0, 0);
    loop {
        let (Some((_, a)), Some((_, b))) = (one.peek().copied(), other.peek().copied()) else {
            return alike;
        };
        if a.is_whitespace() && b.is_whitespace() {
            while let Some((at, c)) = one.next_if(|(_, c)| c.is_whitespace()) {
                alike.0 = at + c.len_utf8();
            }
            while let Some((at, c)) = other.next_if(|(_, c)| c.is_whitespace()) {
                alike.1 = at + c.len_utf8();
            }
        } else if a == b {
            alike.0 = one.next().map_or(alike.0, |(at, c)| at + c.len_utf8());
            alike.1 = other.next().map_or(alike.1, |(at, c)| at + c.len_utf8());
        } else {
            return alike;
        }
    }
}

/// A source, read.
fn parse(source: &str) -> Result<Tree> {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_rust::LANGUAGE.into()).context("the grammar of Rust")?;
    parser.parse(source, None).context("the source cannot be read")
}

/// Everything in a source that may be exchanged for another of its kind.
fn places(tree: &Tree, source: &str) -> BTreeSet<Place> {
    let mut found = BTreeSet::new();
    collect(tree.root_node(), source, false, &mut found);
    found
}

fn collect(node: Node<'_>, source: &str, in_body: bool, found: &mut BTreeSet<Place>) {
    let in_body = in_body || node.kind() == "block";
    if let Some(form) = form(node, source).filter(|_| in_body) {
        found.insert((node.start_byte(), node.end_byte(), form));
    }
    match node.kind() {
        // What is computed when the host is compiled cannot ask which mutant it is, and neither can
        // what is no code: types, names, what a macro will make into code.
        "const_item" | "static_item" | "const_block" | "attribute_item" | "use_declaration"
        | "token_tree" | "scoped_identifier" | "type_arguments" | "parameters"
        | "closure_parameters" | "where_clause" => return,
        "function_item" if is_const(node, source) => return,
        "match_pattern" => {
            if let Some(guard) = node.child_by_field_name("condition") {
                collect(guard, source, in_body, found);
            }
            return;
        }
        _ => {}
    }
    for (number, child) in (0..).zip(node.children(&mut node.walk())) {
        let pattern = matches!(node.field_name_for_child(number), Some("pattern" | "type"));
        if !pattern {
            collect(child, source, in_body, found);
        }
    }
}

fn is_const(function: Node<'_>, source: &str) -> bool {
    let mut cursor = function.walk();
    let mut modifiers = function.children(&mut cursor);
    modifiers
        .any(|child| child.kind() == "function_modifiers" && text(child, source).contains("const"))
}

fn text<'s>(node: Node<'_>, source: &'s str) -> &'s str {
    &source[node.byte_range()]
}

/// How a node can be exchanged, if it is a value or a block.
fn form(node: Node<'_>, source: &str) -> Option<Form> {
    let parent = node.parent()?.kind();
    match node.kind() {
        "block" => Some(Form::Block),
        // Those that stand as statements have no semicolon, and `else if` no brackets.
        "if_expression" if parent == "else_clause" => None,
        "if_expression" | "match_expression" | "for_expression" | "while_expression"
        | "loop_expression"
            if matches!(parent, "block" | "expression_statement") =>
        {
            Some(Form::Statement)
        }
        // A place may be borrowed or assigned to, which another value of it could not be.
        "unary_expression" if text(node, source).starts_with('*') => None,
        // A constant, a variant; not what is called, whose type is its own.
        "identifier" | "scoped_identifier" => {
            let called = node.parent()?.child_by_field_name("function") == Some(node);
            let last = text(node, source).rsplit("::").next().unwrap_or_default();
            let value = node.kind() == "scoped_identifier" || last == last.to_uppercase();
            (value
                && !called
                && matches!(
                    parent,
                    "arguments"
                        | "match_arm"
                        | "block"
                        | "field_initializer"
                        | "let_declaration"
                        | "binary_expression"
                        | "parenthesized_expression"
                        | "return_expression"
                        | "tuple_expression"
                ))
            .then_some(Form::Value)
        }
        "call_expression"
        | "await_expression"
        | "try_expression"
        | "binary_expression"
        | "unary_expression"
        | "if_expression"
        | "match_expression"
        | "macro_invocation"
        | "reference_expression"
        | "struct_expression"
        | "tuple_expression"
        | "range_expression"
        | "array_expression"
        | "return_expression"
        | "break_expression"
        | "continue_expression"
        | "assignment_expression"
        | "compound_assignment_expr"
        | "unit_expression"
        | "type_cast_expression"
        | "string_literal"
        | "raw_string_literal"
        | "boolean_literal"
        | "integer_literal" => Some(Form::Value),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(source: &str, mistakes: &[(&str, &str, &str)]) -> String {
        let edit = |right: &str, wrong: &str| Edit {
            file: "a.rs".to_owned(),
            right: right.to_owned(),
            wrong: wrong.to_owned(),
            around: Around::Expression,
        };
        let edits: Vec<(&str, Edit)> =
            mistakes.iter().map(|(name, right, wrong)| (*name, edit(right, wrong))).collect();
        let edits: Vec<(&str, &Edit)> = edits.iter().map(|(name, edit)| (*name, edit)).collect();
        let text = apply(source, &edits).expect("code");
        assert!(!parse(&text).expect("a tree").root_node().has_error(), "{text}");
        text.replace("::mutant_switch::is", "is")
    }

    #[test]
    fn the_smallest_expression_is_there_twice() {
        assert_eq!(
            applied("fn f() { if a && b() { c() } }", &[("m", "a && b()", "a && d()")]),
            "fn f() { if a && (if is(\"m\") { d() } else { b() }) { c() } }"
        );
        // An operator that binds differently takes more with it than its own place.
        assert_eq!(
            applied("fn f() { g(a() * b()) }", &[("m", "* b()", "* b() + c()")]),
            "fn f() { g((if is(\"m\") { a() * b() + c() } else { a() * b() })) }"
        );
    }

    #[test]
    fn a_statement_more_or_less_makes_it_the_block() {
        assert_eq!(
            applied("fn f() { a(); b(); }", &[("m", "a(); b();", "a();")]),
            "fn f() { if is(\"m\") { a(); } else { a(); b(); } }"
        );
    }

    #[test]
    fn names_that_a_condition_makes_stay_with_it() {
        let source = "fn f() { if let Some(x) = a && x.b() { c(x) } }";
        assert_eq!(
            applied(source, &[("m", "= a && x.b() {", "= a {")]),
            "fn f() { if is(\"m\") { if let Some(x) = a { c(x) } } else { if let Some(x) = a && x.b() { c(x) } } }"
        );
    }

    #[test]
    fn mistakes_may_lie_within_each_other_and_in_one_place() {
        assert_eq!(
            applied(
                "fn f() { a(b()); c(); }",
                &[("all", "c();", "c(); d();"), ("one", "b()", "e()"), ("two", "b()", "g()")]
            ),
            "fn f() { if is(\"all\") { a(b()); c(); d(); } else { a((if is(\"two\") { g() } else { \
             (if is(\"one\") { e() } else { b() }) })); c(); } }"
        );
    }

    #[test]
    fn what_is_no_code_or_no_mistake_is_refused() {
        let edit = |right: &str, wrong: &str| {
            let edit = Edit {
                file: "a.rs".to_owned(),
                right: right.to_owned(),
                wrong: wrong.to_owned(),
                around: Around::Expression,
            };
            apply("fn f() { a(); }\nconst C: u8 = 1;", &[("m", &edit)]).is_err()
        };
        assert!(edit("a();", "a("));
        assert!(edit("a();", "a();"));
        assert!(edit("C: u8 = 1", "C: u8 = 2"));
        assert!(!edit("a();", "b();"));
    }
}
