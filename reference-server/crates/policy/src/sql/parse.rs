//! From text to what the guard needs to know about each statement.
//!
//! Parsing happens on a thread of its own, with a stack that no statement can exhaust: trees nest
//! as deeply as a statement's author likes, and what walks them recurses. Postgres's parser ends
//! the nesting at 100 KiB of its own stack, some hundred levels; decoding and walking such a tree
//! takes some megabytes of ours.

mod visit;

use pg_query::{Node, NodeEnum};

use super::refusal::{SqlRefusal, code};

/// Stack of the parsing thread. Measured: the deepest tree Postgres's parser lets through needs
/// less than 24 MiB in an unoptimised build. Only touched pages cost memory.
const STACK_BYTES: usize = 64 * 1024 * 1024;

/// One statement of a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Parsed {
    /// What kind of statement it is.
    pub(super) kind: Kind,
    /// Whether its topmost INSERT, UPDATE, DELETE or MERGE returns rows.
    pub(super) returning: bool,
    /// Facts about everything inside, at any depth.
    pub(super) inside: Inside,
    /// Where its text begins, blanks and comments skipped.
    pub(super) start: usize,
    /// Where its text ends, without semicolon.
    pub(super) end: usize,
}

/// Facts about a whole statement, subqueries and CTEs included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Inside {
    /// INSERT, UPDATE, DELETE or MERGE occurs.
    pub(super) writes: bool,
    /// `FOR UPDATE` or its kin occurs.
    pub(super) locks: bool,
    /// `SELECT … INTO` occurs.
    pub(super) into: bool,
    /// The highest `$n`, which is the number of parameters.
    pub(super) parameters: i32,
    /// Every table or view named: its schema (empty when there is none) and its name.
    pub(super) relations: Vec<(String, String)>,
    /// Every function called by name.
    pub(super) calls: Vec<Call>,
}

/// A function called by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Call {
    /// The last part of its name.
    pub(super) name: String,
    /// How many arguments it gets.
    pub(super) arguments: usize,
    /// Where, in bytes.
    pub(super) place: Option<usize>,
}

/// Statement kinds the guard tells apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Kind {
    /// SELECT, VALUES, TABLE.
    Select,
    /// INSERT, UPDATE, DELETE, MERGE.
    Change,
    /// Tables, indexes, views, types, functions and the like: what migrations are for.
    Definition,
    /// `CREATE INDEX CONCURRENTLY` and its kin, which run in no transaction.
    Concurrent,
    /// Everything else.
    #[default]
    Other,
}

/// Parses a text. Blank and comment-only texts give no statement.
pub(super) fn parse(sql: &str) -> Result<Vec<Parsed>, SqlRefusal> {
    on_roomy_stack(|| {
        let result = pg_query::parse(sql, 0).map_err(refusal)?;
        Ok(result.protobuf.stmts.iter().filter_map(|raw| statement(sql, raw)).collect())
    })?
}

/// Where the grammar stops accepting a text, as a byte offset: the first token that makes a prefix
/// of the text wrong rather than unfinished. `None` when the text has no tokens, as with a string
/// that never ends.
pub(super) fn error_offset(sql: &str) -> Option<usize> {
    on_roomy_stack(|| {
        let tokens = pg_query::scan(sql).ok()?.tokens;
        let wrong = |token: &pg_query::protobuf::ScanToken| {
            let prefix = usize::try_from(token.end).ok().and_then(|end| sql.get(..end));
            match prefix.map(|prefix| pg_query::parse(prefix, 0)) {
                Some(Err(error)) => !error.to_string().ends_with("at end of input"),
                _ => false,
            }
        };
        let at = tokens.partition_point(|token| !wrong(token));
        match tokens.get(at) {
            Some(token) => usize::try_from(token.start).ok(),
            // Every token was fine: the text ends too early.
            None => tokens.last().and_then(|token| usize::try_from(token.end).ok()),
        }
    })
    .ok()
    .flatten()
}

fn on_roomy_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, SqlRefusal> {
    let unjudged = || SqlRefusal::new(code::SYNTAX_ERROR, "the statement cannot be judged");
    std::thread::scope(|scope| {
        std::thread::Builder::new()
            .name("sql-guard".to_owned())
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, work)
            .map_err(|_| unjudged())?
            .join()
            .map_err(|_| unjudged())
    })
}

fn refusal(error: pg_query::Error) -> SqlRefusal {
    let message = match error {
        pg_query::Error::Parse(message) => message,
        pg_query::Error::Conversion(_) => "the statement holds a NUL character".to_owned(),
        other => other.to_string(),
    };
    SqlRefusal::new(code::SYNTAX_ERROR, message)
}

fn statement(sql: &str, raw: &pg_query::protobuf::RawStmt) -> Option<Parsed> {
    let node: &Node = raw.stmt.as_deref()?;
    let (kind, returning) = kind(node.node.as_ref()?);
    let inside = visit::inside(node);
    let from = usize::try_from(raw.stmt_location).unwrap_or(0).min(sql.len());
    let end = match usize::try_from(raw.stmt_len) {
        // Length 0 means "to the end of the text".
        Ok(0) | Err(_) => sql.len(),
        Ok(length) => (from + length).min(sql.len()),
    };
    let start = from + skip_blanks(sql.get(from..end)?);
    Some(Parsed { kind, returning, inside, start, end })
}

fn kind(node: &NodeEnum) -> (Kind, bool) {
    use NodeEnum as N;
    match node {
        N::SelectStmt(_) => (Kind::Select, false),
        N::InsertStmt(s) => (Kind::Change, s.returning_clause.is_some()),
        N::UpdateStmt(s) => (Kind::Change, s.returning_clause.is_some()),
        N::DeleteStmt(s) => (Kind::Change, s.returning_clause.is_some()),
        N::MergeStmt(s) => (Kind::Change, s.returning_clause.is_some()),
        N::IndexStmt(s) if s.concurrent => (Kind::Concurrent, false),
        N::DropStmt(s) if s.concurrent => (Kind::Concurrent, false),
        N::RefreshMatViewStmt(s) if s.concurrent => (Kind::Concurrent, false),
        other if is_definition(other) => (Kind::Definition, false),
        _ => (Kind::Other, false),
    }
}

/// What a migration is for: objects inside the plugin's schema. Everything not listed is refused,
/// so that a statement kind invented later is refused until it is thought about.
fn is_definition(node: &NodeEnum) -> bool {
    use NodeEnum as N;
    matches!(
        node,
        N::CreateStmt(_)
            | N::AlterTableStmt(_)
            | N::DropStmt(_)
            | N::TruncateStmt(_)
            | N::RenameStmt(_)
            | N::CommentStmt(_)
            | N::IndexStmt(_)
            | N::CreateStatsStmt(_)
            | N::AlterStatsStmt(_)
            | N::CreateSeqStmt(_)
            | N::AlterSeqStmt(_)
            | N::ViewStmt(_)
            | N::CreateTableAsStmt(_)
            | N::RefreshMatViewStmt(_)
            | N::CreateEnumStmt(_)
            | N::AlterEnumStmt(_)
            | N::CompositeTypeStmt(_)
            | N::CreateRangeStmt(_)
            | N::CreateDomainStmt(_)
            | N::AlterDomainStmt(_)
            | N::AlterTypeStmt(_)
            | N::DefineStmt(_)
            | N::CreateFunctionStmt(_)
            | N::AlterFunctionStmt(_)
            | N::CreateTrigStmt(_)
            | N::RuleStmt(_)
            | N::CreatePolicyStmt(_)
            | N::AlterPolicyStmt(_)
            | N::ConstraintsSetStmt(_)
            | N::DoStmt(_)
            | N::CallStmt(_)
    )
}

/// Length of leading blanks and comments. Postgres nests block comments.
fn skip_blanks(text: &str) -> usize {
    let mut rest = text;
    loop {
        let trimmed = rest.trim_start();
        rest = if trimmed.starts_with("--") {
            trimmed.split_once('\n').map_or("", |(_, after)| after)
        } else if trimmed.starts_with("/*") {
            after_block_comment(trimmed)
        } else {
            return text.len() - trimmed.len();
        };
    }
}

fn after_block_comment(text: &str) -> &str {
    let bytes = text.as_bytes();
    let (mut at, mut depth) = (0, 0_usize);
    while at + 1 < bytes.len() {
        match &bytes[at..at + 2] {
            b"/*" => {
                depth += 1;
                at += 2;
            }
            b"*/" => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return &text[at..];
                }
            }
            _ => at += 1,
        }
    }
    ""
}
