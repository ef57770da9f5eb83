//! Changes of one location, through the real router: what is stored, what is refused, what is kept of it.

use cairn::model::{Columns, Role, Viewer};
use serde_json::{Value, json};

use crate::common::server::refusal;
use crate::common::viewers::{account, admin, editor, granted};
use crate::common::{Kind, Server};
use crate::gdal;

crate::on_both_stores! {
    a_created_location_is_read_at_once_as_it_was_sent,
    a_bad_creation_is_refused_by_code_and_field_and_writes_nothing,
    an_update_changes_what_it_names_and_nothing_else,
    a_bad_update_is_refused_by_code_and_field_and_writes_nothing,
    a_change_that_changes_nothing_keeps_the_version,
    a_version_that_is_no_longer_the_newest_is_a_conflict_with_what_is_there,
    four_writers_who_send_versions_lose_no_update,
    a_deleted_location_is_gone_and_its_audit_row_could_bring_it_back,
    who_may_not_write_learns_no_more_than_he_may_see,
    a_write_is_decided_on_the_layers_as_they_are_now,
    a_large_outline_is_stored_whole,
}

const CREATE: &str = "mutation($input: CreateLocationInput!) { createLocation(input: $input) { location {
    id externalId name properties geometry(precision: 15) version layer { key } } } }";
const UPDATE: &str = "mutation($id: ID!, $version: Int, $input: UpdateLocationInput!) {
    updateLocation(id: $id, version: $version, input: $input) { location {
        id externalId name properties geometry version layer { key } } } }";
const DELETE: &str = "mutation($id: ID!, $version: Int) { deleteLocation(id: $id, version: $version) { id } }";
const READ: &str = "query($id: ID!) { location(id: $id) {
    id externalId name properties geometry(precision: 15) version layer { key } } }";

fn point() -> Value {
    json!({ "type": "Point", "coordinates": [2.35, 48.85] })
}

/// How much there is of everything that a write leaves behind.
pub async fn traces(server: &Server) -> [i64; 4] {
    let mut counts = [0; 4];
    for (count, table) in counts.iter_mut().zip(["location", "location_change", "audit_log", "idempotency_key"]) {
        *count = server.number(&format!("SELECT count(*) FROM {table}")).await;
    }
    counts
}

async fn created(server: &Server, input: Value) -> Value {
    let mut data = server.data_as(&editor(), CREATE, json!({ "input": input })).await;
    data["createLocation"]["location"].take()
}

async fn a_created_location_is_read_at_once_as_it_was_sent(store: Kind) {
    let server = Server::with_places_on(store).await;
    let texts = [
        "'; DROP TABLE location; --",
        "\" OR 1=1 --",
        "$1 ?1 :name @p \\ % _",
        "<img src=x onerror=alert(1)>",
        "Größe 東京 \u{1F30D}",
        "",
    ];
    for (index, text) in texts.into_iter().enumerate() {
        let before = traces(&server).await;
        let geometry = json!({ "type": "LineString", "coordinates": [[2.123_456_789_012, 48.5, 35.25], [3, -1, 0]] });
        let properties = json!({ "zeta": text, "alpha": [1, null, { "x": 9_007_199_254_740_993_i64 }], text: true });
        let input = json!({ "layer": "cities", "name": text, "externalId": format!("new-{index} {text}"),
            "geometry": geometry, "properties": properties });
        let made = created(&server, input).await;
        assert_eq!(made["name"], text);
        assert_eq!(made["externalId"], format!("new-{index} {text}"));
        assert_eq!(made["properties"].to_string(), properties.to_string(), "to the letter and in order");
        assert_eq!(made["geometry"], geometry);
        assert_eq!((&made["version"], &made["layer"]["key"]), (&json!(1), &json!("cities")));
        assert_eq!(server.data(READ, json!({ "id": made["id"] })).await["location"], made);
        let after = traces(&server).await;
        assert_eq!(after, [before[0] + 1, before[1] + 1, before[2] + 1, before[3]], "one of each");
    }
    let made = created(&server, json!({ "layer": "areas", "geometry": point() })).await;
    let id = text(&made["id"]).parse().expect("a number");
    let page =
        server.app.locations().one(&Viewer::Anonymous, id, Columns::STORED).await.expect("a page").expect("a row");
    let row = page.answer.rows.row(0).expect("a row");
    assert_eq!((row.created_by, row.updated_by), (Some(7), Some(7)));
    let signed = "SELECT count(*) FROM location WHERE created_by = 7 AND updated_by = 7";
    assert_eq!(server.number(signed).await, 7);
    assert_eq!(
        server.number("SELECT count(*) FROM location_change WHERE actor = 7 AND operation = 'CREATED'").await,
        7
    );
    if store == Kind::Geopackage {
        gdal::assert_sound(&server);
        let summary = gdal::gdal("ogrinfo", &["-ro", "-so", server.file().to_str().expect("a path"), "location"]);
        assert!(summary.contains("Feature Count: 89"), "{summary}");
    }
}

async fn a_bad_creation_is_refused_by_code_and_field_and_writes_nothing(store: Kind) {
    let server = Server::with_places_on(store).await;
    let bow_tie = json!({ "type": "Polygon", "coordinates": [[[0, 0], [2, 2], [2, 0], [0, 2], [0, 0]]] });
    let open = json!({ "type": "Polygon", "coordinates": [[[0, 0], [2, 0], [2, 2], [0, 2]]] });
    let feature = json!({ "type": "Feature", "geometry": point(), "properties": {} });
    let projected = json!({ "type": "Point", "coordinates": [0, 0],
        "crs": { "type": "name", "properties": { "name": "EPSG:2154" } } });
    let before = traces(&server).await;
    for (change, code, field) in [
        (json!({ "layer": "nowhere" }), "NOT_FOUND", "input.layer"),
        (json!({ "geometry": bow_tie }), "INVALID_GEOMETRY", "input.geometry"),
        (json!({ "geometry": open }), "INVALID_GEOMETRY", "input.geometry.coordinates[0]"),
        (json!({ "geometry": { "type": "Point", "coordinates": [] } }), "INVALID_GEOMETRY", "input.geometry"),
        (json!({ "geometry": { "type": "Point", "coordinates": [200, 0] } }), "INVALID_GEOMETRY", "input.geometry"),
        (json!({ "geometry": feature }), "INVALID_GEOMETRY", "input.geometry.type"),
        (json!({ "geometry": projected }), "UNSUPPORTED_CRS", "input.geometry"),
        (json!({ "externalId": "" }), "BAD_INPUT", "input.externalId"),
        (json!({ "externalId": "x".repeat(1_001) }), "LIMIT_EXCEEDED", "input.externalId"),
        (json!({ "externalId": "p-in" }), "CONFLICT", "input.externalId"),
        (json!({ "name": "x".repeat(2_001) }), "LIMIT_EXCEEDED", "input.name"),
        (json!({ "name": "a\u{0}b" }), "BAD_INPUT", "input.name"),
        (json!({ "properties": [] }), "BAD_INPUT", "input.properties"),
        (json!({ "properties": { "a\u{0}": 1 } }), "BAD_INPUT", "input.properties"),
        (json!({ "properties": { "a": "\u{0}" } }), "BAD_INPUT", "input.properties"),
        (json!({ "properties": { "a": [{ "b\u{0}": 1 }] } }), "BAD_INPUT", "input.properties"),
        (json!({ "properties": { "a": "x".repeat(262_144) } }), "LIMIT_EXCEEDED", "input.properties"),
    ] {
        let mut input = json!({ "layer": "cities", "name": "New", "geometry": point() });
        let (name, value) = change.as_object().and_then(|change| change.iter().next()).expect("a change");
        input[name] = value.clone();
        let (got, at) = server.refused_as(&editor(), CREATE, json!({ "input": input })).await;
        let at = at.unwrap_or_default();
        assert!(got == code && at.starts_with(field), "{name}: {got} at {at}, not {code} at {field}");
    }
    assert_eq!(traces(&server).await, before);
}

async fn an_update_changes_what_it_names_and_nothing_else(store: Kind) {
    let server = Server::with_places_on(store).await;
    let input = json!({ "layer": "cities", "name": "Old", "externalId": "old", "geometry": point(),
        "properties": { "a": 1, "b": { "c": 2, "d": 3 } } });
    let mut expected = created(&server, input).await;
    let id = expected["id"].clone();
    let moved = json!({ "type": "Point", "coordinates": [13.4, 52.5] });
    let steps = [
        (json!({ "name": "New" }), json!({ "name": "New" })),
        (json!({ "name": "" }), json!({ "name": "" })),
        (json!({ "geometry": moved }), json!({ "geometry": moved })),
        (json!({ "externalId": "newer" }), json!({ "externalId": "newer" })),
        (json!({ "externalId": null }), json!({ "externalId": null })),
        (
            json!({ "patchProperties": { "a": null, "b": { "c": 4 }, "e": [5] } }),
            json!({ "properties": { "b": { "c": 4, "d": 3 }, "e": [5] } }),
        ),
        (json!({ "properties": { "only": "'); --" } }), json!({ "properties": { "only": "'); --" } })),
        (json!({ "layer": "areas" }), json!({ "layer": { "key": "areas" } })),
        (json!({ "layer": "secret", "name": "Hidden" }), json!({ "layer": { "key": "secret" }, "name": "Hidden" })),
    ];
    for (version, (input, changes)) in (1..).zip(steps) {
        let before = traces(&server).await;
        let variables = json!({ "id": id, "version": version, "input": input });
        let got = server.data_as(&editor(), UPDATE, variables).await["updateLocation"]["location"].take();
        for (name, value) in changes.as_object().expect("changes") {
            expected[name] = value.clone();
        }
        expected["version"] = json!(version + 1);
        assert_eq!(got, expected, "{input}");
        let after = traces(&server).await;
        assert_eq!(after, [before[0], before[1] + 1, before[2] + 1, before[3]], "{input}");
    }
    let question = format!("SELECT count(*) FROM location_change WHERE actor = 7 AND location_id = {}", text(&id));
    assert_eq!(server.number(&question).await, 10);
    if store == Kind::Geopackage {
        gdal::assert_sound(&server);
    }
}

fn text(id: &Value) -> &str {
    id.as_str().expect("an id")
}

async fn a_bad_update_is_refused_by_code_and_field_and_writes_nothing(store: Kind) {
    let server = Server::with_places_on(store).await;
    let id = created(&server, json!({ "layer": "cities", "geometry": point() })).await["id"].take();
    let before = traces(&server).await;
    for (input, code, field) in [
        (json!({ "name": null }), "BAD_INPUT", "input.name"),
        (json!({ "geometry": null }), "BAD_INPUT", "input.geometry"),
        (json!({ "properties": null }), "BAD_INPUT", "input.properties"),
        (json!({ "patchProperties": [] }), "BAD_INPUT", "input.patchProperties"),
        (json!({ "patchProperties": {}, "properties": {} }), "BAD_INPUT", "input.patchProperties"),
        (json!({ "layer": null }), "BAD_INPUT", "input.layer"),
        (json!({ "layer": "nowhere" }), "NOT_FOUND", "input.layer"),
        (json!({ "externalId": "p-in" }), "CONFLICT", "input.externalId"),
        (json!({ "externalId": "" }), "BAD_INPUT", "input.externalId"),
    ] {
        let refused = server.refused_as(&editor(), UPDATE, json!({ "id": id, "input": input })).await;
        assert_eq!(refused, (code.to_owned(), Some(field.to_owned())), "{input}");
    }
    for id in ["4711", "0", "-1", "x", "", "99999999999999999999"] {
        let variables = json!({ "id": id, "input": { "name": "x" } });
        assert_eq!(server.refused_as(&editor(), UPDATE, variables).await.0, "NOT_FOUND", "{id}");
        assert_eq!(server.refused_as(&editor(), DELETE, json!({ "id": id })).await.0, "NOT_FOUND", "{id}");
    }
    assert_eq!(traces(&server).await, before);
}

async fn a_change_that_changes_nothing_keeps_the_version(store: Kind) {
    let server = Server::with_places_on(store).await;
    let input = json!({ "layer": "cities", "name": "Same", "geometry": point(), "properties": { "a": 1 } });
    let made = created(&server, input).await;
    let before = traces(&server).await;
    for input in [
        json!({}),
        json!({ "name": "Same", "layer": "cities", "externalId": null }),
        json!({ "geometry": point(), "properties": { "a": 1 } }),
        json!({ "patchProperties": { "b": null, "a": 1 } }),
    ] {
        let data = server.data_as(&editor(), UPDATE, json!({ "id": made["id"], "input": input })).await;
        assert_eq!(data["updateLocation"]["location"]["version"], 1, "{input}");
    }
    assert_eq!(traces(&server).await, before);
}

async fn a_version_that_is_no_longer_the_newest_is_a_conflict_with_what_is_there(store: Kind) {
    let server = Server::with_places_on(store).await;
    let made = created(&server, json!({ "layer": "cities", "name": "One", "geometry": point() })).await;
    let update = async |version: Value, name: &str| {
        let variables = json!({ "id": made["id"], "version": version, "input": { "name": name } });
        server.ask_as(&editor(), UPDATE, variables).await
    };
    assert!(update(json!(1), "Two").await["errors"].is_null());
    let before = traces(&server).await;
    let refused = update(json!(1), "Three").await;
    assert_eq!(refusal(UPDATE, &refused), ("CONFLICT".to_owned(), Some("version".to_owned())));
    let current = &refused["errors"][0]["extensions"]["current"];
    assert_eq!((&current["version"], &current["name"]), (&json!(2), &json!("Two")));
    assert_eq!((&current["geometry"], &current["layer"]), (&point(), &json!("cities")));
    let late = json!({ "id": made["id"], "version": 1 });
    assert_eq!(server.refused_as(&editor(), DELETE, late).await.0, "CONFLICT");
    assert_eq!(traces(&server).await, before);
    assert!(update(Value::Null, "Last write wins").await["errors"].is_null());
}

async fn four_writers_who_send_versions_lose_no_update(store: Kind) {
    const EACH: i64 = 15;
    let server = Server::with_places_on(store).await;
    let input = json!({ "layer": "cities", "geometry": point(), "properties": { "count": 0 } });
    let id = created(&server, input).await["id"].take();
    let writer = async || {
        let mut done = 0;
        while done < EACH {
            let seen = server.data(READ, json!({ "id": id })).await["location"].take();
            let count = seen["properties"]["count"].as_i64().expect("a count") + 1;
            let input = json!({ "patchProperties": { "count": count } });
            let variables = json!({ "id": id, "version": seen["version"], "input": input });
            let answer = server.ask_as(&editor(), UPDATE, variables).await;
            match answer["errors"][0]["extensions"]["code"].as_str() {
                None => done += 1,
                Some(code) => assert_eq!(code, "CONFLICT", "{answer}"),
            }
        }
    };
    tokio::join!(writer(), writer(), writer(), writer());
    let seen = server.data(READ, json!({ "id": id })).await["location"].take();
    assert_eq!((&seen["properties"]["count"], &seen["version"]), (&json!(4 * EACH), &json!(4 * EACH + 1)));
}

async fn a_deleted_location_is_gone_and_its_audit_row_could_bring_it_back(store: Kind) {
    let server = Server::with_places_on(store).await;
    let input = json!({ "layer": "cities", "name": "Gone", "externalId": "gone", "geometry": point(),
        "properties": { "a": [1.5] } });
    let made = created(&server, input.clone()).await;
    let deleted = server.data_as(&editor(), DELETE, json!({ "id": made["id"], "version": 1 })).await;
    assert_eq!(deleted["deleteLocation"]["id"], made["id"]);
    assert_eq!(server.data(READ, json!({ "id": made["id"] })).await["location"], Value::Null);
    assert_eq!(server.refused_as(&editor(), DELETE, json!({ "id": made["id"] })).await.0, "NOT_FOUND");
    let target = format!("location:{}", text(&made["id"]));
    let question =
        "query($target: String!) { auditLog(target: $target) { edges { node { action actor before after } } } }";
    let log = server.data_as(&admin(), question, json!({ "target": target })).await["auditLog"]["edges"].take();
    assert_eq!((&log[0]["node"]["action"], &log[0]["node"]["actor"]), (&json!("LOCATION_DELETED"), &json!("7")));
    assert_eq!(log[0]["node"]["before"], log[1]["node"]["after"], "what was made is what was deleted");
    for (name, value) in input.as_object().expect("an input") {
        assert_eq!(&log[0]["node"]["before"][name], value, "{name}");
    }
    assert_eq!(
        server.number("SELECT count(*) FROM location_change WHERE operation = 'DELETED' AND actor = 7").await,
        1
    );
}

async fn who_may_not_write_learns_no_more_than_he_may_see(store: Kind) {
    let server = Server::with_places_on(store).await;
    let layer = server.number("SELECT id FROM layer WHERE key = 'areas'").await;
    let ids = server.ids().await;
    let of_areas = granted(8, Role::Editor, [(layer, Role::Editor)]);
    let reader = account(9, Role::Viewer);
    let before = traces(&server).await;
    for (viewer, key, row, code) in [
        (&Viewer::Anonymous, "cities", "p-in", "UNAUTHENTICATED"),
        (&Viewer::Anonymous, "secret", "x-square", "UNAUTHENTICATED"),
        (&reader, "cities", "p-in", "FORBIDDEN"),
        (&reader, "secret", "x-square", "FORBIDDEN"),
        (&of_areas, "cities", "p-in", "FORBIDDEN"),
        (&of_areas, "secret", "x-square", "NOT_FOUND"),
        (&of_areas, "nowhere", "x-square", "NOT_FOUND"),
    ] {
        let id = ids[row].to_string();
        let input = json!({ "layer": key, "geometry": point() });
        assert_eq!(server.refused_as(viewer, CREATE, json!({ "input": input })).await.0, code, "create in {key}");
        let change = json!({ "id": id, "version": 99, "input": { "name": "x" } });
        assert_eq!(server.refused_as(viewer, UPDATE, change).await.0, code, "update {row}");
        assert_eq!(server.refused_as(viewer, DELETE, json!({ "id": id, "version": 99 })).await.0, code, "delete {row}");
        let upsert = "mutation($layer: String!) { upsertLocations(layer: $layer, input: []) { created } }";
        assert_eq!(server.refused_as(viewer, upsert, json!({ "layer": key })).await.0, code, "upsert in {key}");
    }
    let hidden = server.ask_as(&of_areas, DELETE, json!({ "id": ids["x-square"].to_string() })).await;
    let nothing = server.ask_as(&of_areas, DELETE, json!({ "id": "4711" })).await;
    let said = |answer: &Value| answer["errors"][0]["message"].as_str().expect("a message").to_owned();
    assert_eq!(said(&hidden).replace(&ids["x-square"].to_string(), "?"), said(&nothing).replace("4711", "?"));
    let log = "{ auditLog { edges { cursor } } }";
    assert_eq!(server.refused_as(&editor(), log, json!({})).await.0, "FORBIDDEN");
    assert_eq!(server.refused(log, json!({})).await.0, "UNAUTHENTICATED");
    assert_eq!(traces(&server).await, before);
}

async fn a_write_is_decided_on_the_layers_as_they_are_now(store: Kind) {
    let server = Server::with_places_on(store).await;
    let layer = server.number("SELECT id FROM layer WHERE key = 'areas'").await;
    let of_areas = granted(8, Role::Editor, [(layer, Role::Editor)]);
    let create = async |key: &str| {
        let input = json!({ "layer": key, "geometry": point() });
        let answer = server.ask_as(&of_areas, CREATE, json!({ "input": input })).await;
        answer["errors"][0]["extensions"]["code"].as_str().map(str::to_owned)
    };
    assert_eq!(create("areas").await, None);
    for _ in 0..3 {
        server.write_outside("UPDATE layer SET key = 'regions' WHERE key = 'areas'").await;
        assert_eq!(create("regions").await, None);
        assert_eq!(create("areas").await.as_deref(), Some("NOT_FOUND"));
        server.write_outside("UPDATE layer SET key = 'areas' WHERE key = 'regions'").await;
        assert_eq!(create("areas").await, None);
        server.write_outside("UPDATE layer SET visibility = 'PRIVATE' WHERE key = 'cities'").await;
        assert_eq!(create("cities").await.as_deref(), Some("NOT_FOUND"));
        server.write_outside("UPDATE layer SET visibility = 'PUBLIC' WHERE key = 'cities'").await;
        assert_eq!(create("cities").await.as_deref(), Some("FORBIDDEN"));
    }
}

async fn a_large_outline_is_stored_whole(store: Kind) {
    const POSITIONS: u32 = 10_001;
    let server = Server::with_places_on(store).await;
    let around = |step: u32| {
        let angle = f64::from(step % (POSITIONS - 1)) / f64::from(POSITIONS - 1) * std::f64::consts::TAU;
        json!([10.0 * angle.cos(), 10.0 * angle.sin()])
    };
    let ring: Vec<Value> = (0..POSITIONS).map(around).collect();
    let geometry = json!({ "type": "Polygon", "coordinates": [ring] });
    let made = created(&server, json!({ "layer": "areas", "geometry": geometry })).await;
    let positions = made["geometry"]["coordinates"][0].as_array().expect("a ring").len();
    assert_eq!(positions, POSITIONS as usize);
}
