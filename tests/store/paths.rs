//! Two ways through GraphQL, one answer: lists of plain fields are written straight from the rows, a selection with a field
//! that must be computed (`distanceTo`) goes through resolvers. No client can tell which.

use serde_json::{Value, json};

use crate::common::Server;

/// Selections of a connection; `HERE` is where a computed field can be added to a node.
const SELECTIONS: &[&str] = &[
    "nodes { id externalId name properties geometry geometryType version createdAt updatedAt HERE }",
    "nodes { bbox { west south east north } centroid { lon lat } layer { key title description attribution } HERE }",
    "nodes { geometry(precision: 3) short: geometry(precision: 0) simple: geometry(simplifyMeters: 50000, precision: 5) HERE }",
    "edges { cursor node { id HERE } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount",
    "__typename nodes { __typename id layer { __typename key } bbox { __typename west } centroid { __typename lon } HERE }",
    "edges { __typename node { __typename HERE } } pageInfo { __typename endCursor }",
    "a: nodes { b: id c: name HERE } d: totalCount e: pageInfo { f: endCursor }",
    "nodes { id id name name id HERE } nodes { name externalId }",
    "nodes { layer { key } layer { title key } bbox { west } bbox { east } HERE }",
    "nodes { ...Plain HERE } edges { node { ...Plain ...More HERE } }",
    "... on LocationConnection { nodes { ... on Location { id ... { name } } HERE } }",
    "nodes { id @skip(if: true) name @include(if: true) version @include(if: $no) externalId @skip(if: $no) ...Plain @include(if: $no) HERE }",
    "nodes @skip(if: $no) { id HERE } edges @include(if: $no) { cursor }",
    "nodes { id HERE } totalCount @skip(if: $yes)",
];

const FRAGMENTS: &str = "fragment Plain on Location { id name geometryType }
    fragment More on Location { ...Plain layer { ...Key } updatedAt } fragment Key on Layer { key title }";

fn document(selection: &str, arguments: &str, computed: &str) -> String {
    let selection = selection.replace("HERE", computed);
    let fragments: String = if selection.contains("...More") {
        FRAGMENTS.to_owned()
    } else if selection.contains("...Plain") {
        FRAGMENTS.lines().next().expect("a line").to_owned()
    } else {
        String::new()
    };
    let variables = match (selection.contains("$no"), selection.contains("$yes")) {
        (true, _) => "($no: Boolean!)",
        (_, true) => "($yes: Boolean!)",
        _ => "",
    };
    format!("query Q{variables} {{ locations({arguments}) {{ {selection} }} }} {fragments}")
}

fn without_computed(value: &mut Value) {
    match value {
        Value::Array(all) => all.iter_mut().for_each(without_computed),
        Value::Object(members) => {
            members.remove("computed");
            members.values_mut().for_each(without_computed);
        }
        _ => {}
    }
}

#[tokio::test]
async fn written_and_resolved_answers_are_equal() {
    let server = Server::with_places().await;
    let computed = "computed: distanceTo(position: { lon: 0, lat: 0 })";
    for selection in SELECTIONS {
        for arguments in [
            "first: 1000",
            "last: 5, orderBy: [{ field: NAME, direction: DESC }]",
            "filter: { externalId: { eq: \"nobody\" } }",
        ] {
            let variables = json!({ "no": false, "yes": true });
            let written = server.data(&document(selection, arguments, ""), variables.clone()).await;
            let mut resolved = server.data(&document(selection, arguments, computed), variables).await;
            let has_rows = !arguments.contains("nobody");
            assert_eq!(resolved.to_string().contains("computed"), has_rows, "{selection} was resolved");
            without_computed(&mut resolved);
            // As values: resolvers finish in any order, and async-graphql answers their fields in the order of finishing.
            assert!(written == resolved, "{selection} of {arguments}:\n{written}\n{resolved}");
        }
    }
}

#[tokio::test]
async fn a_written_answer_has_its_fields_in_the_order_of_the_selection() {
    let server = Server::with_places().await;
    let selection = "totalCount b: nodes { name c: id a: bbox { south west } geometryType } pageInfo { hasNextPage }";
    let data = server.data(&document(selection, "filter: { name: { eq: \"Paris\" } }", ""), json!({})).await;
    let expected = concat!(
        r#"{"locations":{"totalCount":1,"b":[{"name":"Paris","c":"2","a":{"south":48.8566,"west":2.3522},"#,
        r#""geometryType":"POINT"}],"pageInfo":{"hasNextPage":false}}}"#
    );
    assert_eq!(data.to_string(), expected);
}

#[tokio::test]
async fn distances_from_near_are_equal_on_both_ways() {
    let server = Server::with_places().await;
    let ask = async |computed: &str| {
        let near = "near: { position: { lon: 12, lat: 15 } }, first: 1000";
        let mut data =
            server.data(&document("nodes { id distanceMeters HERE } totalCount", near, computed), json!({})).await;
        without_computed(&mut data);
        data
    };
    let (written, resolved) = (ask("").await, ask("computed: distanceTo(position: { lon: 12, lat: 15 })").await);
    assert_eq!(written, resolved);
}

#[tokio::test]
async fn a_location_says_the_same_alone_as_in_a_list() {
    let server = Server::with_places().await;
    let fields =
        "id externalId name properties geometry geometryType bbox { west south east north } centroid { lon lat }
        wkt areaSquareMeters lengthMeters version createdAt updatedAt layer { key }";
    let list = server.data(&format!("{{ locations(first: 1000) {{ nodes {{ {fields} }} }} }}"), json!({})).await;
    for node in list["locations"]["nodes"].as_array().expect("nodes") {
        let question = format!("query($id: ID!) {{ location(id: $id) {{ {fields} }} }}");
        let alone = server.data(&question, json!({ "id": node["id"] })).await;
        assert_eq!(&alone["location"], node);
    }
}

#[tokio::test]
async fn the_feature_collection_says_the_same_as_the_connection() {
    let server = Server::with_places().await;
    let data = server
        .data(
            "{ locationsGeoJson locations(first: 1000) { nodes { id name geometry properties layer { key } } } }",
            json!({}),
        )
        .await;
    let features = data["locationsGeoJson"]["features"].as_array().expect("features");
    let nodes = data["locations"]["nodes"].as_array().expect("nodes");
    assert_eq!(features.len(), nodes.len());
    for (feature, node) in features.iter().zip(nodes) {
        assert_eq!(feature["type"], "Feature");
        assert_eq!(feature["id"], node["id"]);
        assert_eq!(feature["layer"], node["layer"]["key"]);
        assert_eq!(feature["geometry"], node["geometry"]);
        let mut properties = json!({});
        properties["name"] = node["name"].clone();
        for (name, value) in
            node["properties"].as_object().expect("an object").iter().filter(|(name, _)| *name != "name")
        {
            properties[name] = value.clone();
        }
        assert_eq!(feature["properties"].to_string(), properties.to_string());
    }
}
