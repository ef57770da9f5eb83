//! The answer as the GraphQL specification wants it, made of what async-graphql gives.
//!
//! async-graphql leaves a failed field out of its object, turns an object whose fields all failed into null, and puts fields
//! down in the order they were ready. Here every object gets the fields that were asked for in the order of the question
//! (section 6.3.1), null where a nullable field failed, and null goes up to the nearest nullable parent where another failed
//! (section 6.4.4). Leaves are never looked into: a list that is rendered already costs one look.
//!
//! The type of an object behind an interface or a union is not in the answer; a field that only some of its types have is
//! completed when an error names it.

use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{
    BaseType, Directive, ExecutableDocument, FragmentDefinition, OperationDefinition, OperationType, Selection,
    SelectionSet, Type, TypeKind, TypeSystemDefinition,
};
use async_graphql::parser::{self, parse_schema};
use async_graphql::{Name, PathSegment, Positioned, Response, ServerError, Value, Variables};

use super::answer::could_not_run;

/// What completion must know of a schema: the fields of its objects, interfaces and unions.
#[derive(Debug, Default)]
pub struct Types {
    query: Option<Name>,
    mutation: Option<Name>,
    subscription: Option<Name>,
    composites: HashMap<Name, Composite>,
}

/// Of what the schema does not have.
pub(super) const OTHER: &str = "other";

/// A field of a mutation, with how often it is there.
pub(super) type Counted<'a> = (&'a Name, u32);

/// A type that has fields.
#[derive(Debug)]
struct Composite {
    fields: HashMap<Name, Type>,
    /// The object types of an interface or a union; `None` for an object type.
    possible: Option<HashSet<Name>>,
}

impl Types {
    /// From the schema definition language.
    pub fn of(sdl: &str) -> Result<Self, parser::Error> {
        let mut types = Self::default();
        let mut implemented = Vec::new();
        for definition in parse_schema(sdl)?.definitions {
            match definition {
                TypeSystemDefinition::Schema(schema) => {
                    types.query = schema.node.query.map(|name| name.node);
                    types.mutation = schema.node.mutation.map(|name| name.node);
                    types.subscription = schema.node.subscription.map(|name| name.node);
                }
                TypeSystemDefinition::Type(definition) => {
                    let name = definition.node.name.node;
                    let (fields, possible) = match definition.node.kind {
                        TypeKind::Object(object) => {
                            implemented.extend(object.implements.into_iter().map(|of| (of.node, name.clone())));
                            (object.fields, None)
                        }
                        TypeKind::Interface(interface) => (interface.fields, Some(HashSet::new())),
                        TypeKind::Union(union) => {
                            (vec![], Some(union.members.into_iter().map(|member| member.node).collect()))
                        }
                        TypeKind::Scalar | TypeKind::Enum(_) | TypeKind::InputObject(_) => continue,
                    };
                    let fields = fields.into_iter().map(|field| (field.node.name.node, field.node.ty.node)).collect();
                    types.composites.insert(name, Composite { fields, possible });
                }
                TypeSystemDefinition::Directive(_) => {}
            }
        }
        for (interface, object) in implemented {
            if let Some(possible) = types.composites.get_mut(&interface).and_then(|of| of.possible.as_mut()) {
                possible.insert(object);
            }
        }
        Ok(types)
    }

    /// Whether two fields of the root share a response key, with selections that the executor has to join.
    pub fn asks_twice(
        &self,
        document: &ExecutableDocument,
        operation: &OperationDefinition,
        switches: &Switches,
    ) -> bool {
        let Some(root) = self.root(operation) else { return false };
        let walk = Walk { types: self, fragments: &document.fragments, switches };
        let members = walk.members(root, &[&operation.selection_set.node]);
        members.iter().any(|member| member.composite.is_some() && member.selections.len() > 1)
    }

    /// The fields of the root that a mutation runs, each as often as it is asked for, by whatever alias. What the schema does
    /// not have is left out.
    pub(super) fn changes<'a>(
        &'a self,
        document: &'a ExecutableDocument,
        operation: &'a OperationDefinition,
        switches: &'a Switches,
    ) -> Vec<Counted<'a>> {
        let mut changes = Vec::new();
        let Some(root) = self.mutation.as_ref().filter(|_| operation.ty == OperationType::Mutation) else {
            return changes;
        };
        let walk = Walk { types: self, fragments: &document.fragments, switches };
        for member in walk.members(root, &[&operation.selection_set.node]) {
            let times = u32::try_from(member.selections.len()).unwrap_or(u32::MAX);
            match changes.iter_mut().find(|(name, _)| *name == member.name) {
                Some((_, count)) => *count = count.saturating_add(times),
                None if member.ty.is_some() => changes.push((member.name, times)),
                None => {}
            }
        }
        changes
    }

    /// What an operation asks for, in a word of the schema: the field at its root, or that there are several or none of ours.
    pub(super) fn word<'a>(
        &'a self,
        document: &'a ExecutableDocument,
        operation: &'a OperationDefinition,
        switches: &'a Switches,
    ) -> &'a str {
        let Some(root) = self.root(operation) else { return OTHER };
        let walk = Walk { types: self, fragments: &document.fragments, switches };
        let members = walk.members(root, &[&operation.selection_set.node]);
        let mut known = members.iter().filter(|member| member.ty.is_some() || member.name.starts_with("__"));
        match (known.next(), known.next()) {
            (None, _) => OTHER,
            (Some(member), None) if member.ty.is_some() => member.name,
            (Some(_), None) => "introspection",
            (Some(_), Some(_)) => "several",
        }
    }

    /// How many fields stand at the root of an operation, fragments followed.
    pub fn root_fields(
        &self,
        document: &ExecutableDocument,
        operation: &OperationDefinition,
        switches: &Switches,
    ) -> usize {
        let Some(root) = self.root(operation) else { return 0 };
        let walk = Walk { types: self, fragments: &document.fragments, switches };
        walk.members(root, &[&operation.selection_set.node]).len()
    }

    fn root(&self, operation: &OperationDefinition) -> Option<&Name> {
        match operation.ty {
            OperationType::Query => self.query.as_ref(),
            OperationType::Mutation => self.mutation.as_ref(),
            OperationType::Subscription => self.subscription.as_ref(),
        }
    }

    /// Completes the answer to one operation of a document. An answer that tells only why nothing ran stays as it is.
    pub fn complete(
        &self,
        answer: &mut Response,
        document: &ExecutableDocument,
        operation: &OperationDefinition,
        switches: &Switches,
    ) {
        let Some(root) = self.root(operation) else { return };
        if could_not_run(answer) {
            return;
        }
        let walk = Walk { types: self, fragments: &document.fragments, switches };
        let faults = Fault::of(&answer.errors);
        let members = walk.members(root, &[&operation.selection_set.node]);
        let mut fields = match std::mem::take(&mut answer.data) {
            Value::Object(fields) => fields,
            _ => IndexMap::new(),
        };
        answer.data = match walk.object(&members, &mut fields, Some(&faults)) {
            Ok(()) => Value::Object(fields),
            Err(NullGoesUp) => Value::Null,
        };
    }
}

/// The variables that are true: what `@skip` and `@include` ask for.
#[derive(Debug, Default)]
pub struct Switches(Vec<Name>);

impl Switches {
    /// Of the variables as they are given to the executor, defaults filled in.
    pub fn of(variables: &Variables) -> Self {
        let on = variables.iter().filter(|(_, value)| **value == Value::Boolean(true));
        Self(on.map(|(name, _)| name.clone()).collect())
    }

    /// As async-graphql decides it.
    fn leave_out(&self, directives: &[Positioned<Directive>]) -> bool {
        directives.iter().any(|directive| {
            let wanted = match directive.node.name.node.as_str() {
                "skip" => false,
                "include" => true,
                _ => return false,
            };
            directive.node.get_argument("if").is_some_and(|condition| {
                let value = |name| Ok::<_, ()>(Value::Boolean(self.0.contains(&name)));
                let on = condition.node.clone().into_const_with(value) == Ok(Value::Boolean(true));
                on != wanted
            })
        })
    }
}

/// A place that must not be null is: its parent becomes null, or passes it on.
struct NullGoesUp;

/// The places of the errors, as a tree of paths.
#[derive(Default)]
struct Fault<'e> {
    fields: HashMap<&'e str, Fault<'e>>,
    items: HashMap<usize, Fault<'e>>,
}

impl<'e> Fault<'e> {
    fn of(errors: &'e [ServerError]) -> Self {
        let mut root = Self::default();
        for error in errors {
            let mut place = &mut root;
            for segment in &error.path {
                place = match segment {
                    PathSegment::Field(name) => place.fields.entry(name).or_default(),
                    PathSegment::Index(index) => place.items.entry(*index).or_default(),
                };
            }
        }
        root
    }

    fn is_below(&self) -> bool {
        !self.fields.is_empty() || !self.items.is_empty()
    }
}

/// A field of an object as it was asked for, fields of the same response key merged.
struct Member<'a> {
    key: &'a Name,
    name: &'a Name,
    /// `None` for `__typename` and introspection, which are left alone.
    ty: Option<&'a Type>,
    /// The name of its type behind all lists, if that has fields.
    composite: Option<&'a Name>,
    selections: Vec<&'a SelectionSet>,
    /// False when only some types behind an interface or a union have it.
    certain: bool,
    /// What is asked of the objects there: found out once, also for a list of a thousand.
    members: OnceCell<Vec<Member<'a>>>,
}

#[derive(Clone, Copy)]
struct Walk<'a> {
    types: &'a Types,
    fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
    switches: &'a Switches,
}

impl<'a> Walk<'a> {
    fn members(self, of: &'a Name, selections: &[&'a SelectionSet]) -> Vec<Member<'a>> {
        let mut members = Vec::new();
        for set in selections {
            self.collect(of, set, true, &mut members);
        }
        members
    }

    /// The document guard has bounded depth and size of what is walked here, and let no circle through.
    fn collect(self, of: &'a Name, set: &'a SelectionSet, certain: bool, members: &mut Vec<Member<'a>>) {
        for item in set.items.iter().filter(|item| !self.switches.leave_out(item.node.directives())) {
            let (condition, inner) = match &item.node {
                Selection::Field(field) => {
                    let (key, name) = (&field.node.response_key().node, &field.node.name.node);
                    let inner = &field.node.selection_set.node;
                    // Few: the fields of one type and its aliases, which are limited.
                    match members.iter_mut().find(|member| member.key == key) {
                        Some(member) => {
                            member.certain |= certain;
                            member.selections.push(inner);
                        }
                        None => members.push(self.member(of, key, name, inner, certain)),
                    }
                    continue;
                }
                Selection::FragmentSpread(spread) => match self.fragments.get(&spread.node.fragment_name.node) {
                    Some(fragment) => (Some(&fragment.node.type_condition), &fragment.node.selection_set.node),
                    None => continue,
                },
                Selection::InlineFragment(fragment) => {
                    (fragment.node.type_condition.as_ref(), &fragment.node.selection_set.node)
                }
            };
            let condition = condition.map_or(of, |condition| &condition.node.on.node);
            let possible = |name| self.types.composites.get(name).and_then(|of: &Composite| of.possible.as_ref());
            if condition == of || possible(condition).is_some_and(|types| types.contains(of)) {
                self.collect(of, inner, certain, members);
            } else if possible(of).is_some() {
                self.collect(condition, inner, false, members);
            }
        }
    }

    fn member(self, of: &Name, key: &'a Name, name: &'a Name, inner: &'a SelectionSet, certain: bool) -> Member<'a> {
        let ty = self.types.composites.get(of).and_then(|of| of.fields.get(name));
        let composite = ty.map(innermost).filter(|name| self.types.composites.contains_key(*name));
        Member { key, name, ty, composite, selections: vec![inner], certain, members: OnceCell::new() }
    }

    fn object(
        self,
        members: &[Member<'a>],
        fields: &mut IndexMap<Name, Value>,
        fault: Option<&Fault<'_>>,
    ) -> Result<(), NullGoesUp> {
        let below = |member: &Member<'_>| fault.and_then(|fault| fault.fields.get(member.key.as_str()));
        if members.iter().map(|member| member.key).eq(fields.keys()) {
            let mut pairs = members.iter().zip(fields.values_mut());
            return pairs.try_for_each(|(member, value)| self.field(member, value, below(member)));
        }
        let mut found = std::mem::take(fields);
        fields.reserve(members.len());
        for member in members {
            let fault = below(member);
            let value = match found.swap_remove(member.key) {
                Some(mut value) => {
                    self.field(member, &mut value, fault)?;
                    value
                }
                None if !member.certain && fault.is_none() => continue,
                None if member.ty.is_some_and(|ty| !ty.nullable) => return Err(NullGoesUp),
                None => Value::Null,
            };
            fields.insert(member.key.clone(), value);
        }
        // Nothing that was resolved is lost, should async-graphql ever take a fragment that is passed over here.
        fields.extend(found);
        Ok(())
    }

    fn field(self, member: &Member<'a>, value: &mut Value, fault: Option<&Fault<'_>>) -> Result<(), NullGoesUp> {
        match (member.ty, member.composite) {
            (Some(ty), Some(of)) => self.place(member, of, ty, value, fault),
            _ => Ok(()),
        }
    }

    /// A place of a composite type or of lists of it.
    fn place(
        self,
        member: &Member<'a>,
        of: &'a Name,
        ty: &Type,
        value: &mut Value,
        fault: Option<&Fault<'_>>,
    ) -> Result<(), NullGoesUp> {
        let members = || member.members.get_or_init(|| self.members(of, &member.selections));
        let completed = match (&ty.base, &mut *value) {
            (BaseType::List(item), Value::List(values)) => {
                values.iter_mut().enumerate().try_for_each(|(index, value)| {
                    self.place(member, of, item, value, fault.and_then(|fault| fault.items.get(&index)))
                })
            }
            (BaseType::Named(_), Value::Object(fields)) => self.object(members(), fields, fault),
            // An object without a field: all of them failed, or all were left out.
            (BaseType::Named(_), Value::Null)
                if fault.is_some_and(Fault::is_below) || (!ty.nullable && members().is_empty()) =>
            {
                let mut fields = IndexMap::new();
                let completed = self.object(members(), &mut fields, fault);
                *value = Value::Object(fields);
                completed
            }
            (_, Value::Null) => Err(NullGoesUp),
            // Rendered already.
            _ => Ok(()),
        };
        completed.or_else(|null| {
            *value = Value::Null;
            if ty.nullable { Ok(()) } else { Err(null) }
        })
    }
}

fn innermost(ty: &Type) -> &Name {
    match &ty.base {
        BaseType::Named(name) => name,
        BaseType::List(item) => innermost(item),
    }
}
