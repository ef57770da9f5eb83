//! The filter table of `tests/data/filters.json`: every filter and order, with the answers worked out by hand and by PostGIS.

use std::collections::BTreeSet;

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{ServiceDocument, TypeKind, TypeSystemDefinition};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::common::server::external_ids;
use crate::common::{Kind, Server};

crate::on_both_stores! {
    every_filter_and_order_answers_as_the_table_says,
}

/// A question and its answer.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Entry {
    name: String,
    #[serde(default)]
    filter: Value,
    #[serde(default)]
    near: Value,
    #[serde(default)]
    order_by: Value,
    /// External ids in answer order.
    expect: Option<Vec<String>>,
    error: Option<Refusal>,
}

#[derive(Debug, Deserialize)]
struct Refusal {
    code: String,
    field: Option<String>,
}

const QUESTION: &str = "query($filter: LocationFilter, $near: NearInput, $orderBy: [LocationOrder!]) {
    locations(filter: $filter, near: $near, orderBy: $orderBy, first: 1000) { nodes { id externalId } totalCount } }";

fn table() -> Vec<Entry> {
    serde_json::from_str(include_str!("../data/filters.json")).expect("filters.json")
}

impl Entry {
    /// The variables. `"@sq"` as an id stands for the id of the location with that external id.
    fn variables(&self, id_of: &dyn Fn(&str) -> String) -> Value {
        let mut variables = json!({ "filter": self.filter, "near": self.near, "orderBy": self.order_by });
        replace_ids(&mut variables, id_of);
        variables
    }
}

fn replace_ids(value: &mut Value, id_of: &dyn Fn(&str) -> String) {
    match value {
        Value::String(text) => {
            if let Some(name) = text.strip_prefix('@') {
                *text = id_of(name);
            }
        }
        Value::Array(all) => all.iter_mut().for_each(|one| replace_ids(one, id_of)),
        Value::Object(members) => members.values_mut().for_each(|one| replace_ids(one, id_of)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Row numbers by external id, of hidden locations too.
pub async fn id_of(server: &Server) -> impl Fn(&str) -> String + use<> {
    let ids = server.ids().await;
    move |external_id| ids[external_id].to_string()
}

async fn every_filter_and_order_answers_as_the_table_says(store: Kind) {
    let server = Server::with_places_on(store).await;
    let id_of = id_of(&server).await;
    let mut wrong = Vec::new();
    for entry in table() {
        let response = server.ask(QUESTION, entry.variables(&id_of)).await;
        let fault = match (&entry.expect, &entry.error) {
            (Some(expected), None) => wrong_answer(&response, expected),
            (None, Some(refusal)) => wrong_refusal(&response, refusal),
            _ => Some("must have expect or error".to_owned()),
        };
        wrong.extend(fault.map(|fault| format!("{}: {fault}", entry.name)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn wrong_answer(response: &Value, expected: &[String]) -> Option<String> {
    if !response["errors"].is_null() {
        return Some(response["errors"].to_string());
    }
    let connection = &response["data"]["locations"];
    let answered = external_ids(&connection["nodes"]);
    if answered != expected {
        return Some(format!("expected {expected:?}, answered {answered:?}"));
    }
    (connection["totalCount"] != expected.len()).then(|| format!("totalCount is {}", connection["totalCount"]))
}

fn wrong_refusal(response: &Value, refusal: &Refusal) -> Option<String> {
    let extensions = &response["errors"][0]["extensions"];
    let same = extensions["code"] == refusal.code.as_str() && extensions["field"].as_str() == refusal.field.as_deref();
    (!same).then(|| format!("expected {refusal:?}, answered {response}"))
}

#[test]
fn no_two_entries_share_a_name() {
    let entries = table();
    let names: BTreeSet<_> = entries.iter().map(|entry| &entry.name).collect();
    assert_eq!(names.len(), entries.len());
}

#[test]
fn the_table_holds_every_filter_field_order_and_enum_value() {
    let schema = parse_schema(cairn::graphql::schema::sdl()).expect("the schema");
    let mut used = Used { schema: &schema, seen: BTreeSet::new() };
    for entry in table() {
        used.note("LocationFilter", "filter", &entry.filter);
        used.note("NearInput", "near", &entry.near);
        for order in entry.order_by.as_array().into_iter().flatten() {
            used.note("LocationOrder", "orderBy", order);
        }
    }
    let mut needed = BTreeSet::new();
    need(&schema, "LocationFilter", "filter", &mut needed);
    need(&schema, "NearInput", "near", &mut needed);
    need(&schema, "LocationOrder", "orderBy", &mut needed);
    let missing: Vec<_> = needed.difference(&used.seen).collect();
    assert!(missing.is_empty(), "no entry of filters.json has {missing:?}");
}

/// The fields that entries use, as paths such as `filter.name.startsWith`; `and`, `or` and `not` begin anew.
struct Used<'a> {
    schema: &'a ServiceDocument,
    seen: BTreeSet<String>,
}

impl Used<'_> {
    fn note(&mut self, type_name: &str, path: &str, value: &Value) {
        match (type_named(self.schema, type_name), value) {
            (_, Value::Array(all)) => all.iter().for_each(|one| self.note(type_name, path, one)),
            (Some(TypeKind::InputObject(input)), Value::Object(members)) => {
                for (name, member) in members {
                    let field = input.fields.iter().find(|field| field.node.name.node == name.as_str());
                    let field = field.unwrap_or_else(|| panic!("{path} has no {name}"));
                    let of_type = base_name(&field.node.ty.node.to_string());
                    self.seen.insert(format!("{path}.{name}"));
                    let below =
                        if of_type == "LocationFilter" { "filter".to_owned() } else { format!("{path}.{name}") };
                    self.note(&of_type, &below, member);
                }
            }
            (Some(TypeKind::Enum(_)), Value::String(word)) => {
                self.seen.insert(format!("{path}={word}"));
            }
            _ => {}
        }
    }
}

fn need(schema: &ServiceDocument, type_name: &str, path: &str, needed: &mut BTreeSet<String>) {
    match type_named(schema, type_name) {
        Some(TypeKind::InputObject(input)) => {
            for field in &input.fields {
                let path = format!("{path}.{}", field.node.name.node);
                let of_type = base_name(&field.node.ty.node.to_string());
                needed.insert(path.clone());
                if of_type != "LocationFilter" {
                    need(schema, &of_type, &path, needed);
                }
            }
        }
        Some(TypeKind::Enum(words)) => {
            needed.extend(words.values.iter().map(|word| format!("{path}={}", word.node.value.node)));
        }
        _ => {}
    }
}

fn type_named<'a>(schema: &'a ServiceDocument, name: &str) -> Option<&'a TypeKind> {
    schema.definitions.iter().find_map(|definition| match definition {
        TypeSystemDefinition::Type(definition) if definition.node.name.node == name => Some(&definition.node.kind),
        _ => None,
    })
}

/// `[GeoJSON!]!` is a list of `GeoJSON`.
fn base_name(written: &str) -> String {
    written.replace(['[', ']', '!'], "")
}
