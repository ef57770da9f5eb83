//! The schema as it is promised: pinned in `schema.graphql`, and described in every part.

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{TypeKind, TypeSystemDefinition};

#[test]
fn schema_graphql_is_the_schema_of_the_code() {
    let committed = include_str!("../../schema.graphql");
    let same = committed.trim_end() == cairn::graphql::schema::sdl().trim_end();
    assert!(same, "schema.graphql is not what the code says: run `make schema` and look at the difference");
}

#[test]
fn every_type_field_argument_and_value_has_a_description() {
    let schema = parse_schema(cairn::graphql::schema::sdl()).expect("the schema");
    let mut bare = Vec::new();
    let mut need = |described: bool, name: String| {
        if !described {
            bare.push(name);
        }
    };
    let mut types = 0;
    for definition in &schema.definitions {
        let TypeSystemDefinition::Type(definition) = definition else { continue };
        types += 1;
        let (name, definition) = (&definition.node.name.node, &definition.node);
        need(definition.description.is_some(), name.to_string());
        match &definition.kind {
            TypeKind::Object(object) => {
                for field in object.fields.iter().map(|field| &field.node) {
                    need(field.description.is_some(), format!("{name}.{}", field.name.node));
                    for argument in field.arguments.iter().map(|argument| &argument.node) {
                        let of = format!("{name}.{}({})", field.name.node, argument.name.node);
                        need(argument.description.is_some(), of);
                    }
                }
            }
            TypeKind::InputObject(input) => {
                for field in input.fields.iter().map(|field| &field.node) {
                    need(field.description.is_some(), format!("{name}.{}", field.name.node));
                }
            }
            TypeKind::Enum(words) => {
                for word in words.values.iter().map(|word| &word.node) {
                    need(word.description.is_some(), format!("{name}.{}", word.value.node));
                }
            }
            TypeKind::Scalar | TypeKind::Interface(_) | TypeKind::Union(_) => {}
        }
    }
    assert!(types > 20, "the schema was read");
    assert!(bare.is_empty(), "without a description: {bare:?}");
}

#[test]
fn the_names_of_the_contract_are_kept() {
    let sdl = cairn::graphql::schema::sdl();
    for name in [
        "input BBoxInput",
        "input PositionInput",
        "input NearInput",
        "input DWithinInput",
        "input RelateInput",
        "input RelatedToInput",
        "input LocationOrder",
        "input StringFilter",
        "input PropertyFilter",
        "input LocationFilter",
        "type LocationConnection",
        "type LocationStats",
        "type LocationCluster",
        "type BBox",
        "type Position",
        "type PageInfo",
        "scalar GeoJSON",
        "scalar FeatureCollection",
        "scalar JSON",
        "scalar DateTime",
        "enum SpatialPredicate",
    ] {
        assert!(sdl.lines().any(|line| line.split([' ', '{', '@', '(']).take(2).eq(name.split(' '))), "{name}");
    }
}
