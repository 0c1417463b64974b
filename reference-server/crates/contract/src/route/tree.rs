//! Patterns by segment, so that finding one takes as long as the path has segments, and not as the
//! plugin has routes.

use std::collections::HashMap;

use super::pattern::{PathPattern, Segment};

/// The patterns of one method. A pattern goes by its rank: of those that match, the lowest wins.
///
/// Nodes name each other by number: a path of a hundred thousand segments, which a manifest may
/// declare, is a long list and no deep recursion.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    nodes: Vec<Node>,
}

#[derive(Clone, Debug, Default)]
struct Node {
    literals: HashMap<String, usize>,
    param: Option<usize>,
    /// What ends here.
    ends: Option<usize>,
    /// What takes everything that follows.
    rest: Option<usize>,
}

impl Tree {
    pub(super) fn new() -> Self {
        Self { nodes: vec![Node::default()] }
    }

    /// Adds a pattern, by its rank. Patterns come in the order of their ranks.
    pub(super) fn add(&mut self, pattern: &PathPattern, rank: usize) {
        let mut at = 0;
        for segment in pattern.segments() {
            let next = self.nodes.len();
            let node = &mut self.nodes[at];
            at = match segment {
                Segment::Literal(literal) => *node.literals.entry(literal.clone()).or_insert(next),
                Segment::Param(_) => *node.param.get_or_insert(next),
                Segment::Wildcard(_) => {
                    node.rest.get_or_insert(rank);
                    return;
                }
            };
            if at == next {
                self.nodes.push(Node::default());
            }
        }
        self.nodes[at].ends.get_or_insert(rank);
    }

    /// The lowest rank that matches these segments. Each node is looked at once at most.
    pub(super) fn first(&self, request: &[String]) -> Option<usize> {
        let mut best: Option<usize> = None;
        let mut found = |rank: Option<usize>| best = best.into_iter().chain(rank).min();
        let mut ways = vec![(0, request)];
        while let Some((at, rest)) = ways.pop() {
            let node = &self.nodes[at];
            let Some((first, others)) = rest.split_first() else {
                found(node.ends);
                continue;
            };
            found(node.rest);
            let literal = node.literals.get(first).copied();
            ways.extend(literal.into_iter().chain(node.param).map(|next| (next, others)));
        }
        best
    }
}
