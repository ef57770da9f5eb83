//! The guard between parser and validation: what a document costs once every fragment is written out.
//!
//! Validation visits a fragment again for each of its spreads: 24 fragments that spread the next one twice are
//! 16 million visits from 900 bytes, without an await at which a time limit could act. Here each fragment is
//! counted once and its cost is added for each spread.

use crate::config::GraphqlLimits;
use crate::error::{Error, Result};
use async_graphql::Name;
use async_graphql::Positioned;
use async_graphql::parser::types::{Directive, ExecutableDocument, Field, FragmentDefinition, Selection, SelectionSet};
use std::collections::{HashMap, HashSet};

/// Checks operations, fragments, directives, aliases, root fields, depth and expanded size of a document.
/// The text must have passed [`super::check_text`], which bounds the recursion inside one fragment.
pub fn check_document(document: &ExecutableDocument, limits: &GraphqlLimits) -> Result<()> {
    at_most(document.operations.iter().count(), limits.batch, "operations")?;
    at_most(document.fragments.len(), limits.fragments, "fragments")?;
    let mut walk = Walk { fragments: &document.fragments, known: HashMap::new(), open: HashSet::new(), limits };
    for (_, operation) in document.operations.iter() {
        let operation = &operation.node;
        walk.directives(&operation.directives)?;
        for variable in &operation.variable_definitions {
            walk.directives(&variable.node.directives)?;
        }
        let cost = walk.selections(&operation.selection_set.node, 0)?;
        walk.check(cost)?;
        at_most(cost.roots, limits.root_fields, "root fields")?;
    }
    // Validation visits fragments that nobody spreads, too.
    for name in document.fragments.keys() {
        let cost = walk.fragment(name, 0)?;
        walk.check(cost)?;
    }
    Ok(())
}

fn at_most(count: usize, limit: usize, what: &str) -> Result<()> {
    if count > limit {
        return Err(Error::limit(format!("the GraphQL document has more than {limit} {what}")));
    }
    Ok(())
}

/// Deepest chain of fields, inline fragments and spreads, whatever their kind: validation recurses once for each.
/// A question of the allowed depth that wraps every field in a fragment needs 2 for each field.
const CHAIN: usize = 128;

/// Lists inside lists in an introspection question, as graphql-js counts them: `fields { type { fields` and so on
/// multiply at each step. The usual tools need 1.
const INTROSPECTION_LISTS: usize = 2;

/// What a selection costs with its fragments written out. All sums saturate.
#[derive(Debug, Clone, Copy, Default)]
struct Cost {
    /// Fields and fragments.
    nodes: usize,
    aliases: usize,
    /// Fields at its own level.
    roots: usize,
    /// Deepest chain of fields.
    depth: usize,
    /// Deepest chain of anything.
    chain: usize,
    /// Deepest chain of introspection lists.
    lists: usize,
}

impl Cost {
    /// This cost and that of a neighbour in the same selection.
    fn beside(self, other: Self) -> Self {
        Self {
            nodes: self.nodes.saturating_add(other.nodes),
            aliases: self.aliases.saturating_add(other.aliases),
            roots: self.roots.saturating_add(other.roots),
            depth: self.depth.max(other.depth),
            chain: self.chain.max(other.chain),
            lists: self.lists.max(other.lists),
        }
    }

    /// The cost of a fragment around this selection.
    fn in_fragment(self) -> Self {
        Self { nodes: self.nodes.saturating_add(1), chain: self.chain.saturating_add(1), ..self }
    }

    /// The cost of `field` around this selection.
    fn in_field(self, field: &Field) -> Self {
        let name = field.name.node.as_str();
        let is_list = matches!(name, "fields" | "interfaces" | "possibleTypes" | "inputFields");
        // Type wrappers are no data: the usual introspection question asks for nine of them in a row.
        let is_wrapper = name == "ofType";
        Self {
            nodes: self.nodes.saturating_add(1),
            aliases: self.aliases.saturating_add(usize::from(field.alias.is_some())),
            roots: 1,
            depth: self.depth.saturating_add(usize::from(!is_wrapper)),
            chain: self.chain.saturating_add(1),
            lists: self.lists.saturating_add(usize::from(is_list)),
        }
    }
}

struct Walk<'a> {
    fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
    known: HashMap<&'a str, Cost>,
    /// Fragments that are being counted: meeting one again is a circle.
    open: HashSet<&'a str>,
    limits: &'a GraphqlLimits,
}

impl<'a> Walk<'a> {
    fn check(&self, cost: Cost) -> Result<()> {
        at_most(cost.nodes, self.limits.expanded_nodes, "fields and fragments, spreads written out")?;
        at_most(cost.aliases, self.limits.aliases, "aliases")?;
        at_most(cost.depth, self.limits.depth, "levels of fields")?;
        at_most(cost.chain, CHAIN, "levels of fields and fragments")
    }

    /// `level` bounds our own recursion: many small fragments nest deeper than any text does.
    fn selections(&mut self, set: &'a SelectionSet, level: usize) -> Result<Cost> {
        at_most(level, CHAIN, "levels of fields and fragments")?;
        let mut sum = Cost::default();
        for item in &set.items {
            self.directives(item.node.directives())?;
            let cost = match &item.node {
                Selection::Field(field) => self.field(&field.node, level)?,
                Selection::InlineFragment(fragment) => {
                    self.selections(&fragment.node.selection_set.node, level + 1)?.in_fragment()
                }
                Selection::FragmentSpread(spread) => {
                    self.fragment(&spread.node.fragment_name.node, level + 1)?.in_fragment()
                }
            };
            sum = sum.beside(cost);
        }
        Ok(sum)
    }

    fn field(&mut self, field: &'a Field, level: usize) -> Result<Cost> {
        let inner = self.selections(&field.selection_set.node, level + 1)?;
        if matches!(field.name.node.as_str(), "__schema" | "__type") {
            at_most(inner.lists, INTROSPECTION_LISTS, "introspection lists inside one another")?;
        }
        Ok(inner.in_field(field))
    }

    /// A fragment that is not defined costs nothing here: validation names it.
    fn fragment(&mut self, name: &'a str, level: usize) -> Result<Cost> {
        if let Some(cost) = self.known.get(name) {
            return Ok(*cost);
        }
        let Some(fragment) = self.fragments.get(name) else { return Ok(Cost::default()) };
        if !self.open.insert(name) {
            return Err(Error::bad_input("a fragment of the GraphQL document spreads itself"));
        }
        self.directives(&fragment.node.directives)?;
        let cost = self.selections(&fragment.node.selection_set.node, level)?;
        self.check(cost)?;
        self.open.remove(name);
        self.known.insert(name, cost);
        Ok(cost)
    }

    fn directives(&self, directives: &[Positioned<Directive>]) -> Result<()> {
        at_most(directives.len(), self.limits.directives, "directives in one place")
    }
}

#[cfg(test)]
#[path = "document_guard_tests.rs"]
mod tests;
