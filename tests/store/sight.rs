//! A private layer is not there for an anonymous viewer, whichever question is asked; and a change of its visibility by any
//! program holds from the next question on.

use serde_json::{Value, json};

use crate::common::server::external_ids;
use crate::common::{Kind, Server};
use crate::filters::id_of;

crate::on_both_stores! {
    a_private_layer_is_not_found_by_any_question,
    names_and_shapes_of_a_private_layer_are_as_unknown_as_those_that_do_not_exist,
    what_another_program_does_to_a_layer_holds_from_the_next_question_on,
    a_property_that_another_program_brings_is_known_from_the_next_question_on,
    another_program_may_upsert_rows_with_properties_that_are_known,
}

/// Every question that could show something of the hidden layer, in one document.
const EVERYTHING: &str = "query($id: ID!) {
    location(id: $id) { name }
    locations(first: 500) { totalCount nodes { externalId layer { key } } edges { node { name } } }
    ordinary: locations(first: 50) { nodes { name areaSquareMeters layer { title locationCount properties } } }
    byId: locations(filter: { id: { eq: $id } }) { totalCount nodes { name } }
    outside: locations(filter: { not: { layer: { eq: \"cities\" } } }) { totalCount nodes { name } }
    near: locations(near: { position: { lon: 15, lat: 12 } }, first: 5) { nodes { name distanceMeters } }
    locationsGeoJson(first: 10000)
    locationClusters(bbox: { west: 10, south: 10, east: 20, north: 20 }, zoom: 24) { count location { name } }
    locationStats { count aggregates { value } }
    search(text: \"hidden\", first: 100) { label }
    layer(key: \"secret\") { title }
    layers { key title properties locationCount extent { west } }
}";

async fn a_private_layer_is_not_found_by_any_question(store: Kind) {
    let server = Server::with_places_on(store).await;
    let id = id_of(&server).await("x-square");
    let data = server.data(EVERYTHING, json!({ "id": id })).await;
    let written = data.to_string();
    for word in ["hidden", "secret", "Secret", "hush"] {
        assert!(!written.contains(word), "{word} in {written}");
    }
    assert_eq!(data["location"], Value::Null);
    assert_eq!(data["layer"], Value::Null);
    assert_eq!(data["locations"]["totalCount"], 79);
    assert_eq!(data["byId"], json!({ "totalCount": 0, "nodes": [] }));
    assert_eq!(data["locationStats"]["count"], 79);
    assert_eq!(data["search"], json!([]));
    let keys: Vec<_> = data["layers"].as_array().expect("layers").iter().map(|layer| layer["key"].clone()).collect();
    assert_eq!(keys, ["cities", "areas", "lines", "places"]);
}

async fn names_and_shapes_of_a_private_layer_are_as_unknown_as_those_that_do_not_exist(store: Kind) {
    let server = Server::with_places_on(store).await;
    let hidden = id_of(&server).await("x-square");
    let answers = async |query: &str, variable: &str, hidden: &str, nothing: &str| {
        let mut hidden_answer = server.ask(query, json!({ variable: hidden })).await;
        let mut other_answer = server.ask(query, json!({ variable: nothing })).await;
        for (answer, value) in [(&mut hidden_answer, hidden), (&mut other_answer, nothing)] {
            let message = answer["errors"][0]["message"].as_str().expect("a refusal").replace(value, "?");
            answer["errors"][0]["message"] = json!(message);
        }
        assert_eq!(hidden_answer, other_answer);
    };
    let related = "query($id: ID!) { locations(filter: { relatedTo: { id: $id } }) { nodes { id } } }";
    answers(related, "id", &hidden, "4711").await;
    for query in [
        "query($p: String!) { locations(filter: { property: { path: $p, exists: true } }) { nodes { id } } }",
        "query($p: String!) { locations(orderBy: [{ field: PROPERTY, property: $p }]) { nodes { id } } }",
        "query($p: String!) { locationStats(groupBy: [$p]) { count } }",
        "query($p: String!) { locationStats(aggregates: [{ property: $p, function: MAX }]) { count } }",
        "query($p: String!) { locationsGeoJson(properties: [$p]) }",
    ] {
        answers(query, "p", "hush", "nope").await;
    }
}

async fn what_another_program_does_to_a_layer_holds_from_the_next_question_on(store: Kind) {
    let server = Server::with_places_on(store).await;
    let question = "{ locations(filter: { externalId: { startsWith: \"x-\" } }) { totalCount nodes { externalId } } }";
    let hush = "{ locations(filter: { property: { path: \"hush\", exists: true } }) { nodes { externalId } } }";
    let hidden = id_of(&server).await("x-square");
    let related = "query($id: ID!) { locations(filter: { layer: { eq: \"lines\" }, relatedTo: { id: $id } }) { nodes { externalId } } }";
    for _ in 0..3 {
        server.write_outside("UPDATE layer SET visibility = 'PUBLIC' WHERE key = 'secret'").await;
        let shown = server.data(question, json!({})).await["locations"].take();
        assert_eq!(external_ids(&shown["nodes"]), ["x-square", "x-point", "x-line"]);
        let found = server.data(hush, json!({})).await["locations"]["nodes"].take();
        assert_eq!(external_ids(&found), ["x-square", "x-point"]);
        server.write_outside("UPDATE layer SET visibility = 'PRIVATE' WHERE key = 'secret'").await;
        assert_eq!(server.data(question, json!({})).await["locations"], json!({ "totalCount": 0, "nodes": [] }));
        assert_eq!(server.refused(hush, json!({})).await.0, "UNKNOWN_PROPERTY");
        server.write_outside("UPDATE layer SET visibility = 'PUBLIC' WHERE key = 'secret'").await;
        let crossed = server.data(related, json!({ "id": hidden })).await["locations"]["nodes"].take();
        assert_eq!(external_ids(&crossed), ["ln-in"]);
        server.write_outside("UPDATE layer SET visibility = 'PRIVATE' WHERE key = 'secret'").await;
        assert_eq!(server.refused(related, json!({ "id": hidden })).await.0, "NOT_FOUND");
    }
}

async fn a_property_that_another_program_brings_is_known_from_the_next_question_on(store: Kind) {
    let server = Server::with_places_on(store).await;
    let question = "{ locations(filter: { property: { path: \"brandNew\", eq: 1 } }) { nodes { externalId } } }";
    assert_eq!(server.refused(question, json!({})).await.0, "UNKNOWN_PROPERTY");
    server.write_outside("UPDATE location SET properties = '{\"brandNew\":1}' WHERE external_id = 'p-in'").await;
    assert_eq!(external_ids(&server.data(question, json!({})).await["locations"]["nodes"]), ["p-in"]);
}

async fn another_program_may_upsert_rows_with_properties_that_are_known(store: Kind) {
    let server = Server::with_places_on(store).await;
    let question = "{ locations(filter: { property: { path: \"twice\", gte: 1 } }) { nodes { externalId } } }";
    let count = server.number("SELECT count(*) FROM location").await;
    for (external_id, value) in [("p-in", 1), ("p-in", 2), ("upserted", 1), ("upserted", 2)] {
        // The other columns of a row that is there; nothing that is new is known beforehand.
        let statement = format!(
            "INSERT INTO location (layer_id, external_id, name, geom, properties)
             SELECT layer_id, '{external_id}', name, geom, '{{\"twice\":{value},\"other\":null}}' FROM location
             WHERE external_id = 'p-in'
             ON CONFLICT (layer_id, external_id) DO UPDATE SET properties = excluded.properties"
        );
        server.write_outside(&statement).await;
    }
    let mut found = external_ids(&server.data(question, json!({})).await["locations"]["nodes"]);
    found.sort_unstable();
    assert_eq!(found, ["p-in", "upserted"]);
    assert_eq!(server.number("SELECT count(*) FROM location").await, count + 1);
}
