//! The arguments of the read side at their limits, and what each wrong one is told.

use serde_json::{Value, json};

use crate::common::{Kind, Server};

crate::on_both_stores! {
    a_wrong_argument_is_refused_by_code_and_name,
    the_largest_pages_are_answered,
    a_cursor_of_another_order_is_refused,
    coordinates_have_the_decimals_asked_for_and_no_more_than_stored,
    simplifying_drops_vertices_and_keeps_areas_closed,
    properties_of_a_collection_are_selected_by_name,
    whole_numbers_beyond_two_to_the_53_keep_all_their_digits,
    hostile_names_come_back_to_the_letter,
    stats_count_measure_and_group,
    search_finds_coordinates_names_and_properties,
}

/// Questions that must be refused: the selection after `{`, code, field.
const REFUSED: &[(&str, &str, Option<&str>)] = &[
    ("locations(first: 1001) { nodes { id } }", "LIMIT_EXCEEDED", Some("first")),
    ("locations(last: 1001) { nodes { id } }", "LIMIT_EXCEEDED", Some("last")),
    ("locations(first: -1) { nodes { id } }", "BAD_INPUT", Some("first")),
    ("locations(first: 1, last: 1) { nodes { id } }", "BAD_INPUT", Some("first")),
    ("locations(after: \"x\", before: \"x\") { nodes { id } }", "BAD_INPUT", Some("first")),
    ("locationsGeoJson(first: 10001)", "LIMIT_EXCEEDED", Some("first")),
    ("locationsGeoJson(first: -1)", "BAD_INPUT", Some("first")),
    ("locationsGeoJson(precision: 16)", "BAD_INPUT", Some("precision")),
    ("locationsGeoJson(precision: -1)", "BAD_INPUT", Some("precision")),
    ("locationsGeoJson(simplifyMeters: -0.5)", "BAD_INPUT", Some("simplifyMeters")),
    ("locationsGeoJson(properties: [\"populaton\"])", "UNKNOWN_PROPERTY", Some("properties")),
    ("locationsGeoJson(properties: [\"hush\"])", "UNKNOWN_PROPERTY", Some("properties")),
    ("locations { nodes { geometry(precision: 16) } }", "BAD_INPUT", Some("precision")),
    ("locations { nodes { geometry(simplifyMeters: -1) } }", "BAD_INPUT", Some("simplifyMeters")),
    ("locations { nodes { distanceMeters } }", "BAD_INPUT", Some("distanceMeters")),
    ("locations { nodes { distanceMeters areaSquareMeters } }", "BAD_INPUT", Some("distanceMeters")),
    ("location(id: \"1\") { distanceMeters }", "BAD_INPUT", Some("distanceMeters")),
    ("location(id: \"1\") { distanceTo(position: { lon: 200, lat: 0 }) }", "BAD_INPUT", Some("position")),
    ("locations(orderBy: [{ field: DISTANCE }]) { nodes { id } }", "BAD_INPUT", Some("orderBy[0].field")),
    ("locations(after: \"\") { nodes { id } }", "BAD_INPUT", Some("after")),
    ("locations(after: \"not a cursor\") { nodes { id } }", "BAD_INPUT", Some("after")),
    ("locations(before: \"bm9uc2Vuc2U\") { nodes { id } }", "BAD_INPUT", Some("before")),
    ("locations(after: \"eyJvIjoiK0lkIiwiayI6W119\") { nodes { id } }", "BAD_INPUT", Some("after")),
    ("locationsGeoJson(after: \"?\")", "BAD_INPUT", Some("after")),
    ("locationClusters(bbox: { west: 0, south: 0, east: 1, north: 1 }, zoom: 25) { count }", "BAD_INPUT", Some("zoom")),
    ("locationClusters(bbox: { west: 0, south: 0, east: 1, north: 1 }, zoom: -1) { count }", "BAD_INPUT", Some("zoom")),
    (
        "locationClusters(bbox: { west: 0, south: 2, east: 1, north: 1 }, zoom: 1) { count }",
        "BAD_INPUT",
        Some("bbox.south"),
    ),
    ("locationStats(groupBy: [\"nope\"]) { count }", "UNKNOWN_PROPERTY", Some("groupBy")),
    ("locationStats(groupBy: [\"v\", \"v\", \"v\", \"v\", \"v\"]) { count }", "LIMIT_EXCEEDED", Some("groupBy")),
    (
        "locationStats(aggregates: [{ property: \"nope\", function: MAX }]) { count }",
        "UNKNOWN_PROPERTY",
        Some("aggregates"),
    ),
    ("search(text: \"x\", first: 101) { label }", "LIMIT_EXCEEDED", Some("first")),
    ("search(text: \"x\", first: -1) { label }", "BAD_INPUT", Some("first")),
];

async fn a_wrong_argument_is_refused_by_code_and_name(store: Kind) {
    let server = Server::with_places_on(store).await;
    let mut wrong = Vec::new();
    for (selection, code, field) in REFUSED {
        let response = server.ask(&format!("{{ {selection} }}"), json!({})).await;
        let extensions = &response["errors"][0]["extensions"];
        if extensions["code"] != *code || extensions["field"].as_str() != *field {
            wrong.push(format!("{selection}: {response}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

async fn the_largest_pages_are_answered(store: Kind) {
    let server = Server::with_places_on(store).await;
    for selection in [
        "locations(first: 1000) { nodes { id } }",
        "locations(last: 1000) { nodes { id } }",
        "locations(first: 0) { nodes { id } totalCount }",
        "locationsGeoJson(first: 10000)",
        "locationsGeoJson(precision: 0)",
        "locationsGeoJson(precision: 15)",
        "locationClusters(bbox: { west: -180, south: -90, east: 180, north: 90 }, zoom: 24) { count }",
        "search(text: \"a\", first: 100) { label }",
    ] {
        server.data(&format!("{{ {selection} }}"), json!({})).await;
    }
}

async fn a_cursor_of_another_order_is_refused(store: Kind) {
    let server = Server::with_places_on(store).await;
    let cursor_of = async |arguments: &str| {
        let question = format!("{{ locations(first: 1, {arguments}) {{ pageInfo {{ endCursor }} }} }}");
        server.data(&question, json!({})).await["locations"]["pageInfo"]["endCursor"].take()
    };
    let by_name = cursor_of("orderBy: [{ field: NAME }]").await;
    let near = cursor_of("near: { position: { lon: 1, lat: 2 } }").await;
    let question = "query($after: String, $orderBy: [LocationOrder!], $near: NearInput) {
        locations(after: $after, orderBy: $orderBy, near: $near) { nodes { id } } }";
    for variables in [
        json!({ "after": by_name }),
        json!({ "after": by_name, "orderBy": [{ "field": "NAME", "direction": "DESC" }] }),
        json!({ "after": by_name, "orderBy": [{ "field": "CREATED_AT" }] }),
        json!({ "after": near, "near": { "position": { "lon": 1, "lat": 2.5 } } }),
    ] {
        let refusal = server.refused(question, variables.clone()).await;
        assert_eq!(refusal, ("BAD_INPUT".to_owned(), Some("after".to_owned())), "{variables}");
    }
    server.data(question, json!({ "after": by_name, "orderBy": [{ "field": "NAME" }] })).await;
}

async fn coordinates_have_the_decimals_asked_for_and_no_more_than_stored(store: Kind) {
    let server = Server::with_places_on(store).await;
    let question = "query($precision: Int!) { locations(filter: { externalId: { in: [\"paris\", \"everest\"] } }) {
        nodes { geometry(precision: $precision) } } }";
    for (precision, paris, everest) in [
        (0, json!([2, 49]), json!([87, 28, 8849])),
        (2, json!([2.35, 48.86]), json!([86.92, 27.99, 8848.86])),
        (15, json!([2.3522, 48.8566]), json!([86.925, 27.9881, 8848.86])),
    ] {
        let nodes = server.data(question, json!({ "precision": precision })).await["locations"]["nodes"].take();
        let coordinates = |index: usize| -> Vec<f64> {
            let list = nodes[index]["geometry"]["coordinates"].as_array().expect("coordinates").iter();
            list.map(|number| number.as_f64().expect("a number")).collect()
        };
        let numbers = |list: Value| serde_json::from_value::<Vec<f64>>(list).expect("numbers");
        assert_eq!((coordinates(0), coordinates(1)), (numbers(paris), numbers(everest)), "precision {precision}");
    }
}

async fn simplifying_drops_vertices_and_keeps_areas_closed(store: Kind) {
    let server = Server::with_places_on(store).await;
    let question = "query($meters: Float) { locations(filter: { externalId: { eq: \"sq-same\" } }) {
        nodes { geometry(simplifyMeters: $meters) } } }";
    let ring = async |meters: Value| {
        let data = server.data(question, json!({ "meters": meters })).await;
        data["locations"]["nodes"][0]["geometry"]["coordinates"][0].as_array().expect("a ring").clone()
    };
    assert_eq!(ring(json!(null)).await.len(), 6);
    assert_eq!(ring(json!(0)).await.len(), 6);
    let simplified = ring(json!(5_000)).await;
    assert_eq!(simplified.len(), 5, "the vertex on the side is gone");
    assert_eq!(simplified.first(), simplified.last());
}

async fn properties_of_a_collection_are_selected_by_name(store: Kind) {
    let server = Server::with_places_on(store).await;
    let question = "query($names: [String!]) { locationsGeoJson(filter: { externalId: { in: [\"paris\", \"v-keys\", \"v-null\"] } },
        properties: $names) }";
    let properties = async |names: Value| -> Vec<Value> {
        let collection = server.data(question, json!({ "names": names })).await["locationsGeoJson"].take();
        collection["features"]
            .as_array()
            .expect("features")
            .iter()
            .map(|feature| feature["properties"].clone())
            .collect()
    };
    let chosen = properties(json!(["population", "v", "a.b"])).await;
    assert_eq!(chosen[0], json!({ "name": "Paris", "population": 2_102_650 }));
    assert_eq!(chosen[1], json!({ "name": "value", "v": null }));
    assert_eq!(chosen[2], json!({ "name": "keys", "a.b": { "c": 5 } }));
    assert_eq!(properties(json!([])).await[0], json!({ "name": "Paris" }));
    let all = properties(Value::Null).await;
    assert_eq!(all[0].as_object().expect("an object").len(), 7);
    assert_eq!(all[2]["name"], "keys", "the location's own name goes before a property called name");
}

async fn whole_numbers_beyond_two_to_the_53_keep_all_their_digits(store: Kind) {
    let server = Server::with_places_on(store).await;
    let question = "{ locations(filter: { externalId: { eq: \"v-huge\" } }) { nodes { properties } } }";
    let data = server.data(question, json!({})).await;
    assert_eq!(data["locations"]["nodes"][0]["properties"].to_string(), "{\"v\":9007199254740993}");
}

async fn hostile_names_come_back_to_the_letter(store: Kind) {
    let server = Server::with_places_on(store).await;
    let fixture = crate::common::fixture::places();
    let question =
        "{ locations(first: 1000, filter: { layer: { eq: \"cities\" } }) { nodes { externalId name properties } } }";
    let nodes = server.data(question, json!({})).await["locations"]["nodes"].take();
    for (node, location) in nodes.as_array().expect("nodes").iter().zip(&fixture.layers[0].locations) {
        assert_eq!(node["name"], location.name.as_str());
        assert_eq!(node["properties"].to_string(), json!(location.properties).to_string(), "order and types are kept");
    }
}

async fn stats_count_measure_and_group(store: Kind) {
    let server = Server::with_places_on(store).await;
    let question = "{ locationStats(filter: { layer: { eq: \"cities\" }, property: { path: \"population\", exists: true } },
        groupBy: [\"capital\"], aggregates: [{ property: \"population\", function: SUM }, { property: \"population\", function: MIN },
        { property: \"population\", function: MAX }, { property: \"elevation\", function: COUNT }, { property: \"rank\", function: AVG }]) {
        count extent { west south east north } aggregates { value } groups { keys count aggregates { value } } } }";
    let stats = server.data(question, json!({})).await["locationStats"].take();
    assert_eq!(stats["count"], 7, "not the hidden one");
    assert_eq!(stats["extent"], json!({ "west": -78.4678, "south": -33.8688, "east": 151.2093, "north": 52.52 }));
    let values = |of: &Value| -> Vec<Option<f64>> {
        of["aggregates"].as_array().expect("figures").iter().map(|figure| figure["value"].as_f64()).collect()
    };
    assert_eq!(values(&stats), [Some(36_483_950.0), Some(203_951.0), Some(14_094_034.0), Some(6.0), None]);
    let groups = stats["groups"].as_array().expect("groups");
    let shapes: Vec<_> = groups.iter().map(|group| (group["keys"].clone(), group["count"].clone())).collect();
    assert_eq!(shapes, [(json!([true]), json!(5)), (json!([false]), json!(2))]);
}

async fn search_finds_coordinates_names_and_properties(store: Kind) {
    let server = Server::with_places_on(store).await;
    let question = "query($text: String!) { search(text: $text, first: 100) { kind label position { lon lat } location { externalId } } }";
    let search = async |text: &str| server.data(question, json!({ "text": text })).await["search"].take();
    let coordinate = search("48.85, 2.29").await;
    assert_eq!(coordinate[0]["kind"], "COORDINATE");
    assert_eq!(coordinate[0]["position"], json!({ "lon": 2.29, "lat": 48.85 }));
    let found = |hits: &Value| -> Vec<(String, String)> {
        let hits = hits.as_array().expect("hits").iter();
        hits.map(|hit| {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            (text(&hit["kind"]), text(&hit["location"]["externalId"]))
        })
        .collect()
    };
    let owned = |kind: &str, id: &str| (kind.to_owned(), id.to_owned());
    assert_eq!(found(&search("paris").await)[0], owned("NAME", "paris"));
    assert_eq!(found(&search("100% s").await), [owned("NAME", "h-percent")]);
    assert_eq!(found(&search("10115").await), [owned("PROPERTY", "berlin")]);
    assert_eq!(found(&search("hidden").await), []);
}
