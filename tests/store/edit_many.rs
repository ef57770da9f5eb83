//! Changes of many locations at once: all or nothing, and nothing twice.

use cairn::model::Role;
use serde_json::{Value, json};

use crate::common::viewers::{editor, granted};
use crate::common::{Kind, Server};
use crate::edits::traces;
use crate::gdal;

crate::on_both_stores! {
    a_thousand_rows_go_through_the_door_and_the_same_rows_again_change_nothing,
    an_upsert_makes_changes_and_leaves_alone,
    upserts_of_the_same_rows_at_once_make_each_row_once,
    an_error_in_any_row_is_told_by_its_index_and_nothing_is_written,
    a_deletion_by_filter_meets_what_the_filter_counts,
    a_filter_that_says_nothing_deletes_nothing,
    a_deletion_by_filter_stays_in_the_layers_that_may_be_written,
}

const UPSERT: &str = "mutation($layer: String!, $input: [UpsertLocationInput!]!, $dry: Boolean!) {
    upsertLocations(layer: $layer, input: $input, dryRun: $dry) {
        created updated unchanged ids dryRun errors { index code field } } }";
const DELETE: &str = "mutation($filter: LocationFilter!, $dry: Boolean!) {
    deleteLocations(filter: $filter, dryRun: $dry) { count dryRun } }";

async fn upsert(server: &Server, input: &[Value], dry: bool) -> Value {
    let variables = json!({ "layer": "cities", "input": input, "dry": dry });
    server.data_as(&editor(), UPSERT, variables).await["upsertLocations"].take()
}

fn counts(outcome: &Value) -> [i64; 3] {
    ["created", "updated", "unchanged"].map(|name| outcome[name].as_i64().expect(name))
}

fn point(lon: f64) -> Value {
    json!({ "type": "Point", "coordinates": [lon, 1.5] })
}

async fn a_thousand_rows_go_through_the_door_and_the_same_rows_again_change_nothing(store: Kind) {
    let server = Server::with_places_on(store).await;
    let rows: Vec<_> = (0..1_000)
        .map(|index| {
            let note = "so that the body is larger than that of somebody unknown may be; ".repeat(4);
            let properties = json!({ "index": index, "note": note, "deep": { "x": [1, 2.5, null] } });
            let lon = f64::from(index) / 10.0;
            json!({ "externalId": format!("bulk-{index}"), "name": format!("Bulk {index}"),
                "geometry": point(lon), "properties": properties })
        })
        .collect();
    assert_eq!(counts(&upsert(&server, &rows, true).await), [1_000, 0, 0]);
    let before = traces(&server).await;
    let first = upsert(&server, &rows, false).await;
    assert_eq!(counts(&first), [1_000, 0, 0]);
    let after = traces(&server).await;
    assert_eq!(after, [before[0] + 1_000, before[1] + 1_000, before[2] + 1_000, before[3]]);
    let again = upsert(&server, &rows, false).await;
    assert_eq!((counts(&again), &again["ids"]), ([0, 0, 1_000], &first["ids"]));
    assert_eq!(traces(&server).await, after);
    let versions = "SELECT count(*) FROM location WHERE external_id LIKE 'bulk-%' AND version = 1";
    assert_eq!(server.number(versions).await, 1_000);
    for (index, id) in first["ids"].as_array().expect("ids").iter().enumerate().step_by(333) {
        let read = server.data("query($id: ID!) { location(id: $id) { externalId } }", json!({ "id": id })).await;
        assert_eq!(read["location"]["externalId"], format!("bulk-{index}"), "ids stand in the order of the input");
    }
    let large = json!({ "layer": "cities", "input": rows, "dry": true });
    let unknown = server.ask(UPSERT, large).await;
    assert_eq!(unknown["errors"][0]["extensions"]["code"], "LIMIT_EXCEEDED", "somebody unknown may not send so much");
    let one_more: Vec<_> = rows.into_iter().chain([json!({ "externalId": "z", "geometry": point(0.0) })]).collect();
    let variables = json!({ "layer": "cities", "input": one_more, "dry": false });
    assert_eq!(server.refused_as(&editor(), UPSERT, variables).await.0, "LIMIT_EXCEEDED");
    if store == Kind::Geopackage {
        gdal::assert_sound(&server);
    }
}

async fn an_upsert_makes_changes_and_leaves_alone(store: Kind) {
    let server = Server::with_places_on(store).await;
    let seed = [
        json!({ "externalId": "u-same", "name": "Same", "geometry": point(1.0), "properties": { "a": 1 } }),
        json!({ "externalId": "u-name", "name": "Old", "geometry": point(2.0), "properties": { "a": 2 } }),
        json!({ "externalId": "u-keep", "name": "Kept", "geometry": point(3.0), "properties": { "a": 3 } }),
    ];
    upsert(&server, &seed, false).await;
    let rows = [
        seed[0].clone(),
        json!({ "externalId": "u-new", "geometry": point(4.0) }),
        json!({ "externalId": "u-name", "name": "New", "geometry": point(2.0), "properties": { "a": 2 } }),
        json!({ "externalId": "u-keep", "geometry": point(9.0) }),
    ];
    let before = traces(&server).await;
    let dry = upsert(&server, &rows, true).await;
    assert_eq!((counts(&dry), &dry["dryRun"], &dry["ids"][1]), ([1, 2, 1], &json!(true), &Value::Null));
    assert_eq!(traces(&server).await, before);
    assert_eq!(counts(&upsert(&server, &rows, false).await), [1, 2, 1]);
    assert_eq!(traces(&server).await, [before[0] + 1, before[1] + 3, before[2] + 3, before[3]]);
    let question = "{ locations(filter: { externalId: { startsWith: \"u-\" } }) {
        nodes { externalId name version properties geometry } } }";
    let nodes = server.data(question, json!({})).await["locations"]["nodes"].take();
    let expected = json!([
        { "externalId": "u-same", "name": "Same", "version": 1, "properties": { "a": 1 }, "geometry": point(1.0) },
        { "externalId": "u-name", "name": "New", "version": 2, "properties": { "a": 2 }, "geometry": point(2.0) },
        { "externalId": "u-keep", "name": "Kept", "version": 2, "properties": { "a": 3 }, "geometry": point(9.0) },
        { "externalId": "u-new", "name": "", "version": 1, "properties": {}, "geometry": point(4.0) },
    ]);
    // Numbers come back as they are stored: 1.0 is 1 in GeoJSON.
    assert_eq!(nodes.to_string().replace(".0", ""), expected.to_string().replace(".0", ""));
}

async fn upserts_of_the_same_rows_at_once_make_each_row_once(store: Kind) {
    let server = Server::with_places_on(store).await;
    let before = traces(&server).await;
    let rows = |turn: usize| -> Vec<Value> {
        let mut rows: Vec<_> = (0..40)
            .map(|index| {
                let properties = json!({ format!("brand_new_{turn}"): turn });
                json!({ "externalId": format!("race-{index}"), "geometry": point(1.0), "properties": properties })
            })
            .collect();
        // Each writer takes the locks in another order.
        rows.rotate_left(turn * 10);
        if turn % 2 == 1 {
            rows.reverse();
        }
        rows
    };
    let write = async |turn: usize| counts(&upsert(&server, &rows(turn), false).await);
    let outcomes: [[i64; 3]; 4] = tokio::join!(write(0), write(1), write(2), write(3)).into();
    let sum = |at: usize| outcomes.iter().map(|counts| counts[at]).sum::<i64>();
    assert_eq!([sum(0), sum(1), sum(2)], [40, 120, 0], "{outcomes:?}");
    assert_eq!(traces(&server).await, [before[0] + 40, before[1] + 160, before[2] + 160, before[3]]);
    let versions = "SELECT count(*) FROM location WHERE external_id LIKE 'race-%' AND version = 4";
    assert_eq!(server.number(versions).await, 40);
}

async fn an_error_in_any_row_is_told_by_its_index_and_nothing_is_written(store: Kind) {
    let server = Server::with_places_on(store).await;
    let before = traces(&server).await;
    let good = json!({ "externalId": "good", "geometry": point(1.0) });
    let rows = [
        good.clone(),
        json!({ "externalId": "", "geometry": point(1.0) }),
        json!({ "externalId": "far", "geometry": { "type": "Point", "coordinates": [200, 95] } }),
        good,
        json!({ "externalId": "list", "geometry": point(1.0), "properties": [1] }),
        json!({ "externalId": "'; DELETE FROM location; --", "name": "x".repeat(3_000), "geometry": point(1.0) }),
    ];
    for dry in [true, false] {
        let outcome = upsert(&server, &rows, dry).await;
        assert_eq!(counts(&outcome), [0, 0, 0]);
        let told: Vec<_> = outcome["errors"]
            .as_array()
            .expect("errors")
            .iter()
            .map(|error| {
                (
                    error["index"].as_i64().expect("an index"),
                    error["code"].as_str().expect("a code"),
                    error["field"].as_str().unwrap_or_default().split('.').next().unwrap_or_default(),
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                (1, "BAD_INPUT", "externalId"),
                (2, "INVALID_GEOMETRY", "geometry"),
                (3, "BAD_INPUT", "externalId"),
                (4, "BAD_INPUT", "properties"),
                (5, "LIMIT_EXCEEDED", "name"),
            ]
        );
        assert_eq!(outcome["ids"], json!([]));
    }
    assert_eq!(traces(&server).await, before);
}

async fn a_deletion_by_filter_meets_what_the_filter_counts(store: Kind) {
    let server = Server::with_places_on(store).await;
    let count = "query($filter: LocationFilter!) { locations(filter: $filter, first: 0) { totalCount } }";
    let around = json!({ "type": "Polygon", "coordinates": [[[9, 9], [21, 9], [21, 21], [9, 21], [9, 9]]] });
    for filter in [
        json!({ "externalId": { "eq": "'; DROP TABLE location; --" } }),
        json!({ "name": { "contains": "a" }, "layer": { "eq": "cities" } }),
        json!({ "bbox": { "west": 170, "south": -80, "east": -170, "north": 80 } }),
        json!({ "within": around }),
        json!({ "not": { "geometryType": ["POINT"] } }),
        json!({ "layer": { "eq": "secret" } }),
        json!({ "id": { "in": [] } }),
        json!({ "layer": { "ne": "nothing" } }),
    ] {
        let counted = server.data_as(&editor(), count, json!({ "filter": filter })).await;
        let counted = counted["locations"]["totalCount"].as_i64().expect("a count");
        let before = traces(&server).await;
        for dry in [true, false] {
            assert_eq!(traces(&server).await, before, "a dry run writes nothing: {filter}");
            let met = server.data_as(&editor(), DELETE, json!({ "filter": filter, "dry": dry })).await;
            assert_eq!(met["deleteLocations"], json!({ "count": counted, "dryRun": dry }), "{filter}");
        }
        let left = [before[0] - counted, before[1] + counted, before[2] + counted, before[3]];
        assert_eq!(traces(&server).await, left, "{filter}");
    }
    assert_eq!(server.number("SELECT count(*) FROM location").await, 0);
    assert_eq!(
        server.number("SELECT count(*) FROM location_change WHERE operation = 'DELETED' AND actor = 7").await,
        82
    );
    if store == Kind::Geopackage {
        gdal::assert_sound(&server);
    }
}

async fn a_filter_that_says_nothing_deletes_nothing(store: Kind) {
    let server = Server::with_places_on(store).await;
    let before = traces(&server).await;
    for filter in [
        json!({}),
        json!({ "and": [] }),
        json!({ "and": [{}, { "or": [] }] }),
        json!({ "not": {} }),
        json!({ "not": { "or": [] } }),
    ] {
        for dry in [true, false] {
            let refused = server.refused_as(&editor(), DELETE, json!({ "filter": filter, "dry": dry })).await;
            assert_eq!(refused, ("BAD_INPUT".to_owned(), Some("filter".to_owned())), "{filter}");
        }
    }
    let unknown = json!({ "filter": { "property": { "path": "no such name", "eq": 1 } }, "dry": false });
    assert_eq!(server.refused_as(&editor(), DELETE, unknown).await.0, "UNKNOWN_PROPERTY");
    assert_eq!(traces(&server).await, before);
}

async fn a_deletion_by_filter_stays_in_the_layers_that_may_be_written(store: Kind) {
    let server = Server::with_places_on(store).await;
    let layer = server.number("SELECT id FROM layer WHERE key = 'lines'").await;
    let inside = server.number(&format!("SELECT count(*) FROM location WHERE layer_id = {layer}")).await;
    let outside = server.number(&format!("SELECT count(*) FROM location WHERE layer_id <> {layer}")).await;
    let of_lines = granted(8, Role::Editor, [(layer, Role::Editor)]);
    let everything = json!({ "filter": { "layer": { "ne": "nothing" } }, "dry": false });
    let met = server.data_as(&of_lines, DELETE, everything.clone()).await;
    assert_eq!(met["deleteLocations"]["count"], inside);
    assert_eq!(server.number("SELECT count(*) FROM location").await, outside);
    let reads_only = granted(9, Role::Editor, [(layer, Role::Viewer)]);
    assert_eq!(server.refused_as(&reads_only, DELETE, everything).await.0, "FORBIDDEN");
}
