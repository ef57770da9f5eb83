//! Changes as they are told, on both stores: to whom, with which meaning, without a gap.

use cairn::model::Role;
use serde_json::{Value, json};

use crate::accounts::{account, sign_in, text};
use crate::common::server::ask_as;
use crate::common::socket::{Client, Listening};
use crate::common::{Kind, Server};
use crate::gdal::gdal;
use crate::imports::{IMPORT, collection, points};

crate::on_both_stores! {
    a_location_is_followed_from_its_creation_to_its_end,
    coming_into_a_view_and_leaving_it_is_told,
    private_layers_are_told_to_those_who_see_them,
    a_layer_that_is_hidden_is_told_no_more_of,
    whoever_comes_back_with_a_cursor_misses_nothing,
    other_programs_are_heard,
    a_cursor_that_leads_nowhere_is_refused,
    an_import_is_followed_to_its_end,
    a_subscription_passes_the_guards_of_a_question,
}

const FOLLOW: &str = "subscription($f: LocationFilter, $s: String) {
    locationChanged(filter: $f, since: $s) { kind id cursor at location { name layer { key } geometry } } }";
const CURSOR: &str = "{ changeCursor }";

/// A server with an administrator, on loopback.
async fn listening(store: Kind) -> (Server, Listening, String) {
    let server = Server::with_places_on(store).await;
    account(&server, "root", Role::Admin).await;
    let token = text(&sign_in(&server.router, "root").await, "accessToken");
    let listening = Listening::start(server.router.clone()).await;
    (server, listening, token)
}

/// Follows from the present on: what was changed before is not told, what is changed after is.
async fn follow(server: &Server, client: &mut Client, id: &str, filter: Value) {
    let since = server.data(CURSOR, json!({})).await["changeCursor"].take();
    client.subscribe(id, FOLLOW, json!({ "f": filter, "s": since })).await;
}

async fn create(server: &Server, token: &str, layer: &str, name: &str, at: [f64; 2]) -> String {
    let question = "mutation($l: String!, $n: String!, $g: GeoJSON!) {
        createLocation(input: { layer: $l, name: $n, geometry: $g }) { location { id } } }";
    let geometry = json!({ "type": "Point", "coordinates": at });
    let variables = json!({ "l": layer, "n": name, "g": geometry });
    let (_, answer) = ask_as(&server.router, token, question, variables).await;
    assert!(answer["errors"].is_null(), "{answer}");
    text(&answer["data"]["createLocation"]["location"], "id")
}

async fn shift(server: &Server, token: &str, id: &str, to: [f64; 2]) {
    let question =
        "mutation($id: ID!, $g: GeoJSON!) { updateLocation(id: $id, input: { geometry: $g }) { location { id } } }";
    let variables = json!({ "id": id, "g": { "type": "Point", "coordinates": to } });
    let (_, answer) = ask_as(&server.router, token, question, variables).await;
    assert!(answer["errors"].is_null(), "{answer}");
}

async fn delete(server: &Server, token: &str, id: &str) {
    let question = "mutation($id: ID!) { deleteLocation(id: $id) { id } }";
    let (_, answer) = ask_as(&server.router, token, question, json!({ "id": id })).await;
    assert!(answer["errors"].is_null(), "{answer}");
}

/// Kind, id and name of the next change.
async fn told(client: &mut Client, id: &str) -> (String, String, Value) {
    let change = client.event(id).await["locationChanged"].take();
    (text(&change, "kind"), text(&change, "id"), change["location"]["name"].clone())
}

fn is(kind: &str, id: &str, name: Value) -> (String, String, Value) {
    (kind.to_owned(), id.to_owned(), name)
}

async fn a_location_is_followed_from_its_creation_to_its_end(store: Kind) {
    let (server, listening, token) = listening(store).await;
    let mut client = listening.client("").await;
    follow(&server, &mut client, "1", json!(null)).await;
    let id = create(&server, &token, "cities", "Here", [1.0, 2.0]).await;
    assert_eq!(told(&mut client, "1").await, is("CREATED", &id, json!("Here")));
    shift(&server, &token, &id, [2.0, 2.0]).await;
    let change = client.event("1").await["locationChanged"].take();
    assert_eq!((&change["kind"], &change["location"]["geometry"]["coordinates"]), (&json!("UPDATED"), &json!([2, 2])));
    delete(&server, &token, &id).await;
    assert_eq!(told(&mut client, "1").await, is("DELETED", &id, json!(null)));
    client.say(&json!({ "type": "complete", "id": "1" })).await;
    // The id is free again, and nothing of the first subscription comes any more.
    follow(&server, &mut client, "1", json!({ "layer": { "eq": "lines" } })).await;
    create(&server, &token, "cities", "Elsewhere", [1.0, 2.0]).await;
    let wanted = create(&server, &token, "lines", "Wanted", [1.0, 2.0]).await;
    assert_eq!(told(&mut client, "1").await, is("CREATED", &wanted, json!("Wanted")));
}

async fn coming_into_a_view_and_leaving_it_is_told(store: Kind) {
    let (server, listening, token) = listening(store).await;
    let mut client = listening.client("").await;
    let view = json!({ "bbox": { "west": 0, "south": 0, "east": 10, "north": 10 } });
    follow(&server, &mut client, "1", view).await;
    let (inside, other, outside) = ([5.0, 5.0], [6.0, 6.0], [50.0, 5.0]);
    let id = create(&server, &token, "cities", "Wanderer", inside).await;
    assert_eq!(told(&mut client, "1").await, is("CREATED", &id, json!("Wanderer")));
    shift(&server, &token, &id, outside).await;
    assert_eq!(told(&mut client, "1").await, is("LEFT", &id, json!(null)));
    shift(&server, &token, &id, inside).await;
    assert_eq!(told(&mut client, "1").await, is("ENTERED", &id, json!("Wanderer")));
    shift(&server, &token, &id, other).await;
    assert_eq!(told(&mut client, "1").await, is("UPDATED", &id, json!("Wanderer")));
    shift(&server, &token, &id, outside).await;
    assert_eq!(told(&mut client, "1").await, is("LEFT", &id, json!(null)));
    // Nothing that happens outside is told: the next news is from inside.
    delete(&server, &token, &id).await;
    let here = create(&server, &token, "cities", "Here", inside).await;
    assert_eq!(told(&mut client, "1").await, is("CREATED", &here, json!("Here")));
}

async fn private_layers_are_told_to_those_who_see_them(store: Kind) {
    let (server, listening, token) = listening(store).await;
    let (mut stranger, mut owner) = (listening.client("").await, listening.client(&token).await);
    follow(&server, &mut stranger, "1", json!(null)).await;
    follow(&server, &mut owner, "1", json!(null)).await;
    // One after the other: what comes and goes between two looks at the feed is not told.
    let hidden = create(&server, &token, "secret", "Hidden", [1.0, 2.0]).await;
    assert_eq!(told(&mut owner, "1").await, is("CREATED", &hidden, json!("Hidden")));
    shift(&server, &token, &hidden, [3.0, 2.0]).await;
    assert_eq!(told(&mut owner, "1").await, is("UPDATED", &hidden, json!("Hidden")));
    delete(&server, &token, &hidden).await;
    assert_eq!(told(&mut owner, "1").await, is("DELETED", &hidden, json!(null)));
    let open = create(&server, &token, "cities", "Open", [1.0, 2.0]).await;
    assert_eq!(told(&mut stranger, "1").await, is("CREATED", &open, json!("Open")));
}

async fn a_layer_that_is_hidden_is_told_no_more_of(store: Kind) {
    let (server, listening, token) = listening(store).await;
    let mut client = listening.client("").await;
    follow(&server, &mut client, "1", json!(null)).await;
    // Before it is followed it would be told too, where another transaction of the cluster held the feed up.
    let id = create(&server, &token, "cities", "Mine", [1.0, 2.0]).await;
    assert_eq!(told(&mut client, "1").await, is("CREATED", &id, json!("Mine")));
    shift(&server, &token, &id, [2.0, 2.0]).await;
    assert_eq!(told(&mut client, "1").await, is("UPDATED", &id, json!("Mine")));
    let hide = "mutation { updateLayer(key: \"cities\", input: { visibility: PRIVATE }) { layer { key } } }";
    let (_, answer) = ask_as(&server.router, &token, hide, json!({})).await;
    assert!(answer["errors"].is_null(), "{answer}");
    shift(&server, &token, &id, [3.0, 2.0]).await;
    delete(&server, &token, &id).await;
    let open = create(&server, &token, "lines", "Open", [1.0, 2.0]).await;
    assert_eq!(told(&mut client, "1").await, is("CREATED", &open, json!("Open")));
}

async fn whoever_comes_back_with_a_cursor_misses_nothing(store: Kind) {
    let (server, listening, token) = listening(store).await;
    let mut client = listening.client("").await;
    follow(&server, &mut client, "1", json!(null)).await;
    let first = create(&server, &token, "cities", "First", [1.0, 2.0]).await;
    let change = client.event("1").await["locationChanged"].take();
    assert_eq!(change["id"], json!(first));
    drop(client);
    let mut missed = Vec::new();
    for number in 0..5 {
        missed.push(create(&server, &token, "cities", &number.to_string(), [1.0, 2.0]).await);
    }
    let mut client = listening.client("").await;
    client.subscribe("1", FOLLOW, json!({ "s": change["cursor"] })).await;
    let live = create(&server, &token, "cities", "Live", [1.0, 2.0]).await;
    for wanted in missed.iter().chain([&live]) {
        assert_eq!(&told(&mut client, "1").await.1, wanted);
    }
}

async fn other_programs_are_heard(store: Kind) {
    let (server, listening, _) = listening(store).await;
    let mut client = listening.client("").await;
    follow(&server, &mut client, "1", json!({ "layer": { "eq": "places" } })).await;
    let folder = server.folder();
    let source = folder.join("outside.csv");
    std::fs::write(&source, "name,X,Y\nFrom outside,3.5,4.5\n").expect("a file");
    let target = match store {
        Kind::Geopackage => server.file().display().to_string(),
        Kind::Postgis => {
            // GDAL adds its own name unless there is one, and does not know the form of an address.
            let mark = if server.url().contains('?') { '&' } else { '?' };
            format!("PG:{}{mark}application_name=outside", server.url())
        }
    };
    let position = ["-oo", "X_POSSIBLE_NAMES=X", "-oo", "Y_POSSIBLE_NAMES=Y", "-oo", "KEEP_GEOM_COLUMNS=NO"];
    let layer = ["-a_srs", "EPSG:4326", "-nln", "location", "-append", &target, source.to_str().expect("UTF-8")];
    gdal("ogr2ogr", &[&position[..], &layer[..]].concat());
    let change = client.event("1").await["locationChanged"].take();
    assert_eq!((&change["kind"], &change["location"]["name"]), (&json!("CREATED"), &json!("From outside")), "{change}");
    assert_eq!(change["location"]["geometry"]["coordinates"], json!([3.5, 4.5]));
}

async fn a_cursor_that_leads_nowhere_is_refused(store: Kind) {
    let (server, listening, token) = listening(store).await;
    let of_locations = server.data("{ locations(first: 1) { pageInfo { endCursor } } }", json!({})).await;
    let old = server.data(CURSOR, json!({})).await["changeCursor"].take();
    create(&server, &token, "cities", "New", [1.0, 2.0]).await;
    server
        .write_outside("DELETE FROM location_change WHERE sequence < (SELECT max(sequence) FROM location_change)")
        .await;
    let mut client = listening.client("").await;
    for since in [json!("x"), of_locations["locations"]["pageInfo"]["endCursor"].clone(), old] {
        client.subscribe("1", FOLLOW, json!({ "s": since })).await;
        assert_eq!(client.refusal("1").await, "BAD_INPUT", "{since}");
    }
}

async fn an_import_is_followed_to_its_end(store: Kind) {
    let (server, listening, token) = listening(store).await;
    let variables = json!({ "l": "cities", "d": collection(&points(0, 20)), "o": {}, "dry": false });
    let (_, answer) = ask_as(&server.router, &token, IMPORT, variables).await;
    let id = text(&answer["data"]["importLocations"], "id");
    let follow = "subscription($id: ID!) { importProgress(id: $id) { state created progress } }";
    let mut client = listening.client(&token).await;
    client.subscribe("1", follow, json!({ "id": id })).await;
    assert_eq!(client.event("1").await["importProgress"]["state"], "QUEUED");
    assert!(server.app.imports().run_next().await.expect("the queue"));
    loop {
        let job = client.event("1").await["importProgress"].take();
        if job["state"] == "DONE" {
            assert_eq!((&job["created"], &job["progress"]), (&json!(20), &json!(1.0)));
            break;
        }
    }
    assert_eq!(client.hear().await, json!({ "type": "complete", "id": "1" }));
    client.subscribe("1", follow, json!({ "id": "4711" })).await;
    assert_eq!(client.refusal("1").await, "NOT_FOUND");
    let mut stranger = listening.client("").await;
    stranger.subscribe("1", follow, json!({ "id": id })).await;
    assert_eq!(stranger.refusal("1").await, "UNAUTHENTICATED");
}

async fn a_subscription_passes_the_guards_of_a_question(store: Kind) {
    let (server, listening, _) = listening(store).await;
    let mut client = listening.client("").await;
    let deep = format!("{}{}", "{ ".repeat(65), "} ".repeat(65));
    let both = "subscription { a: locationChanged { id } b: locationChanged { id } }".to_owned();
    let selection = "{ location { layer { extent { west } } } }";
    let table = [
        (deep, "LIMIT_EXCEEDED"),
        (both, "BAD_INPUT"),
        ("mutation { logout }".to_owned(), "BAD_INPUT"),
        ("subscription { nothing }".to_owned(), "BAD_INPUT"),
        (
            "subscription { locationChanged(filter: { property: { path: \"nope\", eq: 1 } }) { id } }".to_owned(),
            "UNKNOWN_PROPERTY",
        ),
        (
            format!(
                "subscription {{ locationChanged(filter: {{ bbox: {{ west: 0, south: 9, east: 1, north: 1 }} }}) {selection} }}"
            ),
            "BAD_INPUT",
        ),
    ];
    for (query, code) in table {
        client.subscribe("1", &query, json!({})).await;
        assert_eq!(client.refusal("1").await, code, "{query}");
    }
    // A query is answered once; a subscription by POST is not.
    client.subscribe("1", "{ layers { key } }", json!({})).await;
    assert_eq!(client.event("1").await["layers"][0]["key"], "cities");
    assert_eq!(client.hear().await["type"], "complete");
    assert_eq!(server.refused(FOLLOW, json!({})).await.0, "BAD_INPUT");
}
