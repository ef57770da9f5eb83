//! Changes of layers, the schema that properties keep to, and the audit log of all of it.

use serde_json::{Value, json};

use crate::common::viewers::{admin, editor};
use crate::common::{Kind, Server};
use crate::edits::traces;

crate::on_both_stores! {
    a_layer_is_made_changed_and_deleted,
    an_account_whose_last_grant_goes_with_a_layer_is_disabled,
    a_bad_layer_is_refused_by_code_and_field_and_writes_nothing,
    only_an_administrator_changes_layers,
    a_layer_that_becomes_private_is_gone_in_the_next_answer,
    properties_keep_to_the_schema_of_their_layer,
    the_audit_log_is_read_page_by_page_newest_first,
}

const CREATE: &str = "mutation($input: CreateLayerInput!) { createLayer(input: $input) { layer {
    key title description attribution visibility style position propertySchema } } }";
const UPDATE: &str = "mutation($key: String!, $input: UpdateLayerInput!) {
    updateLayer(key: $key, input: $input) { layer {
        key title description attribution visibility style position propertySchema } } }";
const DELETE: &str = "mutation($key: String!, $with: Boolean!) {
    deleteLayer(key: $key, withLocations: $with) { key locations } }";
const ADD: &str = "mutation($input: CreateLocationInput!) { createLocation(input: $input) { location { id } } }";

async fn a_layer_is_made_changed_and_deleted(store: Kind) {
    let server = Server::with_places_on(store).await;
    let made = server.data_as(&admin(), CREATE, json!({ "input": { "key": "trees", "title": "Trees" } })).await;
    let mut expected = json!({ "key": "trees", "title": "Trees", "description": "", "attribution": "",
        "visibility": "PUBLIC", "style": {}, "position": 0, "propertySchema": null });
    assert_eq!(made["createLayer"]["layer"], expected);
    let mut key = "trees".to_owned();
    for change in [
        json!({ "title": "'; DROP TABLE layer; --", "description": "Größe", "attribution": "<b>" }),
        json!({ "style": { "color": "#080", "radius": 4.5 }, "position": -3 }),
        json!({ "propertySchema": { "required": ["height"] } }),
        json!({ "propertySchema": null, "visibility": "PRIVATE" }),
        json!({ "key": "big-trees_2" }),
        json!({}),
    ] {
        let before = traces(&server).await;
        let got = server.data_as(&admin(), UPDATE, json!({ "key": key, "input": change })).await;
        for (name, value) in change.as_object().expect("a change") {
            expected[name] = value.clone();
        }
        assert_eq!(got["updateLayer"]["layer"], expected);
        let noted = i64::from(change != json!({}));
        assert_eq!(traces(&server).await, [before[0], before[1], before[2] + noted, before[3]]);
        key = expected["key"].as_str().expect("a key").to_owned();
    }
    let input = json!({ "layer": key, "geometry": { "type": "Point", "coordinates": [1, 1] } });
    server.data_as(&editor(), ADD, json!({ "input": input })).await;
    let refused = server.refused_as(&admin(), DELETE, json!({ "key": key, "with": false })).await;
    assert_eq!(refused, ("CONFLICT".to_owned(), Some("withLocations".to_owned())));
    let gone = server.data_as(&admin(), DELETE, json!({ "key": key, "with": true })).await;
    assert_eq!(gone["deleteLayer"], json!({ "key": key, "locations": 1 }));
    let layers = server.data_as(&admin(), "{ layers { key } }", json!({})).await.to_string();
    assert!(!layers.contains("trees"), "{layers}");
}

async fn an_account_whose_last_grant_goes_with_a_layer_is_disabled(store: Kind) {
    let server = Server::with_places_on(store).await;
    let create = "mutation($input: CreateUserInput!) { createUser(input: $input) { id } }";
    for key in ["one", "two"] {
        server.data_as(&admin(), CREATE, json!({ "input": { "key": key, "title": key } })).await;
    }
    for (name, role, layers) in [
        ("everywhere", "EDITOR", &[][..]),
        ("first", "EDITOR", &["one"]),
        ("both", "VIEWER", &["one", "two"]),
        ("chief", "ADMIN", &["one"]),
    ] {
        let grants: Vec<_> = layers.iter().map(|key| json!({ "layer": key, "role": "VIEWER" })).collect();
        let input = json!({ "username": name, "password": "quite a long secret", "role": role, "grants": grants });
        server.data_as(&admin(), create, json!({ "input": input })).await;
    }
    let disabled = async || {
        let users = server.data_as(&admin(), "{ users { username disabled } }", json!({})).await;
        let users = users["users"].as_array().expect("a list").clone();
        let disabled = users.into_iter().filter(|user| user["disabled"] == json!(true));
        disabled.map(|user| user["username"].as_str().expect("a name").to_owned()).collect::<Vec<_>>()
    };
    for (key, expected) in [("one", &["first"][..]), ("two", &["both", "first"])] {
        server.data_as(&admin(), DELETE, json!({ "key": key, "with": false })).await;
        assert_eq!(disabled().await, expected);
    }
}

async fn a_bad_layer_is_refused_by_code_and_field_and_writes_nothing(store: Kind) {
    let server = Server::with_places_on(store).await;
    let before = traces(&server).await;
    for (change, code, field) in [
        (json!({ "key": "cities" }), "CONFLICT", "input.key"),
        (json!({ "key": "" }), "BAD_INPUT", "input.key"),
        (json!({ "key": "Cities" }), "BAD_INPUT", "input.key"),
        (json!({ "key": "a/b" }), "BAD_INPUT", "input.key"),
        (json!({ "key": "-a" }), "BAD_INPUT", "input.key"),
        (json!({ "key": "k".repeat(65) }), "BAD_INPUT", "input.key"),
        (json!({ "title": "" }), "BAD_INPUT", "input.title"),
        (json!({ "title": "t".repeat(201) }), "LIMIT_EXCEEDED", "input.title"),
        (json!({ "description": "a\u{0}" }), "BAD_INPUT", "input.description"),
        (json!({ "style": [] }), "BAD_INPUT", "input.style"),
        (json!({ "style": { "a": "x".repeat(16_384) } }), "LIMIT_EXCEEDED", "input.style"),
        (json!({ "propertySchema": [] }), "BAD_INPUT", "input.propertySchema"),
        (json!({ "propertySchema": { "type": "thing" } }), "BAD_INPUT", "input.propertySchema"),
        (json!({ "propertySchema": { "$ref": "http://localhost:1/s" } }), "BAD_INPUT", "input.propertySchema"),
    ] {
        let mut input = json!({ "key": "new", "title": "New" });
        let (name, value) = change.as_object().and_then(|change| change.iter().next()).expect("a change");
        input[name] = value.clone();
        let expected = (code.to_owned(), Some(field.to_owned()));
        assert_eq!(server.refused_as(&admin(), CREATE, json!({ "input": input })).await, expected, "{change}");
        let update = json!({ "key": "lines", "input": change });
        assert_eq!(server.refused_as(&admin(), UPDATE, update).await, expected, "{change}");
    }
    for (key, code) in [("nowhere", "NOT_FOUND"), ("places", "BAD_INPUT")] {
        assert_eq!(server.refused_as(&admin(), DELETE, json!({ "key": key, "with": true })).await.0, code);
    }
    let update = json!({ "key": "nowhere", "input": { "title": "x" } });
    assert_eq!(server.refused_as(&admin(), UPDATE, update).await, ("NOT_FOUND".to_owned(), Some("key".to_owned())));
    assert_eq!(traces(&server).await, before);
}

async fn only_an_administrator_changes_layers(store: Kind) {
    let server = Server::with_places_on(store).await;
    for (query, variables) in [
        (CREATE, json!({ "input": { "key": "new", "title": "New" } })),
        (UPDATE, json!({ "key": "secret", "input": { "visibility": "PUBLIC" } })),
        (DELETE, json!({ "key": "secret", "with": true })),
    ] {
        assert_eq!(server.refused(query, variables.clone()).await.0, "UNAUTHENTICATED");
        assert_eq!(server.refused_as(&editor(), query, variables).await.0, "FORBIDDEN");
    }
    assert_eq!(server.number("SELECT count(*) FROM layer WHERE visibility = 'PRIVATE'").await, 1);
}

async fn a_layer_that_becomes_private_is_gone_in_the_next_answer(store: Kind) {
    let server = Server::with_places_on(store).await;
    let count = "{ locations(filter: { layer: { eq: \"lines\" } }, first: 0) { totalCount } }";
    let shown = server.data(count, json!({})).await["locations"]["totalCount"].take();
    for (visibility, counted) in [("PRIVATE", json!(0)), ("PUBLIC", shown.clone()), ("PRIVATE", json!(0))] {
        let input = json!({ "visibility": visibility });
        server.data_as(&admin(), UPDATE, json!({ "key": "lines", "input": input })).await;
        assert_eq!(server.data(count, json!({})).await["locations"]["totalCount"], counted, "{visibility}");
    }
    assert_ne!(shown, 0);
}

async fn properties_keep_to_the_schema_of_their_layer(store: Kind) {
    let server = Server::with_places_on(store).await;
    let schema = json!({
        "type": "object",
        "required": ["height"],
        "properties": { "height": { "type": "number", "minimum": 0 }, "kind": { "enum": ["oak", "pine"] },
            "owner": { "type": "object", "properties": { "name": { "type": "string" } } } },
        "additionalProperties": false,
    });
    let input = json!({ "key": "trees", "title": "Trees", "propertySchema": schema });
    server.data_as(&admin(), CREATE, json!({ "input": input })).await;
    let point = json!({ "type": "Point", "coordinates": [1, 1] });
    let add = json!({ "layer": "trees", "geometry": point, "properties": { "height": 3, "kind": "oak" } });
    let made = server.data_as(&editor(), ADD, json!({ "input": add })).await;
    let id = made["createLocation"]["location"]["id"].clone();
    let before = traces(&server).await;
    let update =
        "mutation($id: ID!, $p: JSON!) { updateLocation(id: $id, input: { properties: $p }) { location { id } } }";
    let upsert = "mutation($p: JSON!, $g: GeoJSON!) { upsertLocations(layer: \"trees\", input: [
        { externalId: \"a\", geometry: $g, properties: { height: 1 } }, { externalId: \"b\", geometry: $g, properties: $p }]) {
            errors { index code field message } } }";
    for (properties, field) in [
        (json!({}), "properties"),
        (json!({ "height": "tall" }), "properties.height"),
        (json!({ "height": -1 }), "properties.height"),
        (json!({ "height": 1, "kind": "fern" }), "properties.kind"),
        (json!({ "height": 1, "owner": { "name": 5 } }), "properties.owner.name"),
        (json!({ "height": 1, "colour": "green" }), "properties"),
    ] {
        let expected = ("BAD_INPUT".to_owned(), Some(format!("input.{field}")));
        let add = json!({ "layer": "trees", "geometry": point, "properties": properties });
        assert_eq!(server.refused_as(&editor(), ADD, json!({ "input": add })).await, expected, "{properties}");
        let change = json!({ "id": id, "p": properties });
        assert_eq!(server.refused_as(&editor(), update, change).await, expected, "{properties}");
        let rows = server.data_as(&editor(), upsert, json!({ "p": properties, "g": point })).await;
        let errors = &rows["upsertLocations"]["errors"];
        assert_eq!((&errors[0]["index"], &errors[0]["field"]), (&json!(1), &json!(field)), "{properties}");
    }
    let move_here = "mutation($id: ID!) { updateLocation(id: $id, input: { layer: \"trees\" }) { location { id } } }";
    let stranger = json!({ "id": server.ids().await["p-in"].to_string() });
    assert_eq!(server.refused_as(&editor(), move_here, stranger).await.0, "BAD_INPUT");
    assert_eq!(traces(&server).await, before);
    let rename =
        "mutation($id: ID!) { updateLocation(id: $id, input: { name: \"Old oak\" }) { location { version } } }";
    let stricter = json!({ "key": "trees", "input": { "propertySchema": { "required": ["age"] } } });
    server.data_as(&admin(), UPDATE, stricter).await;
    let renamed = server.data_as(&editor(), rename, json!({ "id": id })).await;
    assert_eq!(renamed["updateLocation"]["location"]["version"], 2, "what is not written is not asked again");
}

async fn the_audit_log_is_read_page_by_page_newest_first(store: Kind) {
    let server = Server::with_places_on(store).await;
    for index in 0..5 {
        let input = json!({ "layer": "cities", "name": format!("n{index}"),
            "geometry": { "type": "Point", "coordinates": [index, 1] } });
        server.data_as(&editor(), ADD, json!({ "input": input })).await;
    }
    server.data_as(&admin(), UPDATE, json!({ "key": "lines", "input": { "title": "Rows" } })).await;
    let question = "query($first: Int, $after: String, $action: AuditAction, $actor: ID) {
        auditLog(first: $first, after: $after, action: $action, actor: $actor) {
            edges { node { action actor target before after requestId at } }
            pageInfo { hasNextPage hasPreviousPage endCursor } } }";
    let ask = async |variables: Value| server.data_as(&admin(), question, variables).await["auditLog"].take();
    let newest = ask(json!({ "first": 1 })).await;
    let entry = &newest["edges"][0]["node"];
    assert_eq!((&entry["action"], &entry["target"]), (&json!("LAYER_UPDATED"), &json!("layer:lines")));
    assert_eq!((&entry["before"], &entry["after"]), (&json!({ "title": "Lines" }), &json!({ "title": "Rows" })));
    assert_eq!(entry["actor"], "1");
    assert!(entry["requestId"].as_str().is_some_and(|id| id.len() == 32), "{entry}");
    let mut names = Vec::new();
    let mut after = Value::Null;
    loop {
        let page = ask(json!({ "first": 2, "after": after, "actor": "7", "action": "LOCATION_CREATED" })).await;
        for edge in page["edges"].as_array().expect("edges") {
            names.push(edge["node"]["after"]["name"].as_str().expect("a name").to_owned());
        }
        if page["pageInfo"]["hasNextPage"] == json!(false) {
            break;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
    assert_eq!(names, ["n4", "n3", "n2", "n1", "n0"]);
    for (variables, code) in [
        (json!({ "first": 501 }), "LIMIT_EXCEEDED"),
        (json!({ "first": -1 }), "BAD_INPUT"),
        (json!({ "after": "nonsense" }), "BAD_INPUT"),
        (json!({ "actor": "somebody" }), "BAD_INPUT"),
    ] {
        assert_eq!(server.refused_as(&admin(), question, variables).await.0, code);
    }
}
