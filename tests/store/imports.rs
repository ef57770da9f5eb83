//! Imports end to end: a file or a text goes in through the door, the queue is run by hand, the job and the rows are looked at.

use std::path::Path;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use cairn::model::import::{ImportJob, ImportOptions};
use cairn::model::{Author, Role, Viewer};
use cairn::service::imports::Control;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::accounts::{account, code, sign_in, text};
use crate::api_tokens::make;
use crate::common::server::ask_as;
use crate::common::{Kind, Server};

crate::on_both_stores! {
    the_same_file_twice_changes_nothing,
    one_bad_feature_at_the_end_keeps_everything_out,
    what_can_be_stored_is_stored_when_asked_and_the_rest_reported,
    a_dry_run_tells_and_changes_nothing,
    a_replaced_layer_holds_the_file_and_nothing_else,
    inserting_never_touches_what_is_there,
    who_may_import_what,
    a_job_is_cancelled_claimed_again_and_given_up,
}

pub const IMPORT: &str = "mutation($l: String!, $d: String, $f: Upload, $o: ImportOptions, $dry: Boolean = false) {
    importLocations(layer: $l, data: $d, file: $f, options: $o, dryRun: $dry) { id state fileName } }";
const JOB: &str =
    "query($id: ID!) { importJob(id: $id) { state progress read created updated unchanged deleted rejected
    format crs columns sample notes extent { west south east north } error { code message } createdBy { username }
    rejectedFeatures { number code reason excerpt } } }";

/// Points with an `id`, and a property for each.
pub fn points(from: usize, to: usize) -> Vec<Value> {
    let point = |number: usize| {
        let lon = u32::try_from(number % 300).map(f64::from).expect("a number") / 2.0 - 70.0;
        json!({ "type": "Feature", "id": format!("f{number}"), "geometry": { "type": "Point", "coordinates": [lon, 10.5] },
            "properties": { "name": format!("P{number}"), "key": format!("k{number}"), "rank": number } })
    };
    (from..to).map(point).collect()
}

pub fn collection(features: &[Value]) -> String {
    json!({ "type": "FeatureCollection", "features": features }).to_string()
}

/// A server with an editor, and the token of that editor.
pub async fn with_editor(store: Kind) -> (Server, String) {
    let server = Server::on(store, &[]).await;
    account(&server, "editor", Role::Editor).await;
    let token = text(&sign_in(&server.router, "editor").await, "accessToken");
    (server, token)
}

async fn queue(server: &Server, token: &str, data: &str, options: Value, dry: bool) -> Value {
    let variables = json!({ "l": "places", "d": data, "o": options, "dry": dry });
    ask_as(&server.router, token, IMPORT, variables).await.1
}

pub async fn job(server: &Server, token: &str, id: &str) -> Value {
    let (_, mut answer) = ask_as(&server.router, token, JOB, json!({ "id": id })).await;
    assert!(answer["errors"].is_null(), "{answer}");
    answer["data"]["importJob"].take()
}

/// Queues, runs the queue, and gives the job.
pub async fn import(server: &Server, token: &str, data: &str, options: Value, dry: bool) -> Value {
    let answer = queue(server, token, data, options, dry).await;
    assert_eq!(answer["data"]["importLocations"]["state"], "QUEUED", "{answer}");
    assert!(server.app.imports().run_next().await.expect("the queue"));
    job(server, token, &text(&answer["data"]["importLocations"], "id")).await
}

/// Imports a file through the path of the command line, as a new layer.
pub async fn import_file(server: &Server, layer: &str, path: &Path) -> ImportJob {
    let options = ImportOptions { create_layer: true, ..ImportOptions::default() };
    let (author, control) = (Author::of(Viewer::Server), Arc::new(Control::default()));
    server.app.imports().run_file(&author, layer, path, options, control).await.expect("an import")
}

pub fn counts(job: &Value) -> [i64; 6] {
    ["read", "created", "updated", "unchanged", "deleted", "rejected"].map(|name| job[name].as_i64().expect(name))
}

/// Rows, versions, log, feed and the last number given: what an import that changes nothing leaves alone.
async fn state(server: &Server, store: Kind) -> Vec<i64> {
    let numbers = match store {
        Kind::Geopackage => "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'location'",
        Kind::Postgis => "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM location_id_seq",
    };
    let mut state = Vec::new();
    for question in [
        "SELECT count(*) FROM location",
        "SELECT CAST(coalesce(sum(version), 0) AS bigint) FROM location",
        "SELECT count(*) FROM audit_log",
        "SELECT coalesce(max(sequence), 0) FROM location_change",
        "SELECT count(*) FROM layer",
        numbers,
    ] {
        state.push(server.number(question).await);
    }
    state
}

/// What was uploaded and is still there.
pub fn uploads(server: &Server) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(server.folder().join("uploads")) else { return Vec::new() };
    let names = entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("text"));
    names.filter(|name| name != "home" && name != "scratch").collect()
}

async fn the_same_file_twice_changes_nothing(store: Kind) {
    let (server, token) = with_editor(store).await;
    let mut features = points(0, 2_300);
    // Two that are alike in all: both are kept.
    features.push(features[5].clone());
    for (key, options) in [("contents", json!({})), ("property", json!({ "idProperty": "rank" }))] {
        let file = collection(if key == "contents" { &features } else { &features[..2_300] });
        let count = if key == "contents" { 2_301 } else { 2_300 };
        let first = import(&server, &token, &file, options.clone(), false).await;
        assert_eq!((&first["state"], counts(&first)), (&json!("DONE"), [count, count, 0, 0, 0, 0]), "{first}");
        let before = state(&server, store).await;
        let second = import(&server, &token, &file, options.clone(), false).await;
        assert_eq!((&second["state"], counts(&second)), (&json!("DONE"), [count, 0, 0, count, 0, 0]), "{second}");
        let after = state(&server, store).await;
        assert_eq!(after[..5], before[..5], "{key}");
    }
    let mut changed = points(0, 2_300);
    changed[7]["properties"]["more"] = json!([1, "two"]);
    changed[1_500]["geometry"]["coordinates"] = json!([1.25, 2.5]);
    let third = import(&server, &token, &collection(&changed), json!({ "idProperty": "rank" }), false).await;
    assert_eq!(counts(&third), [2_300, 0, 2, 2_298, 0, 0], "{third}");
    assert_eq!(third["createdBy"]["username"], "editor");
    assert_eq!(server.number("SELECT count(*) FROM location WHERE version = 2").await, 2);
    assert_eq!(
        server.number("SELECT count(*) FROM location_change WHERE operation = 'UPDATED' AND actor = 1").await,
        2
    );
    assert_eq!(
        server.number("SELECT count(*) FROM audit_log WHERE action = 'LOCATIONS_IMPORTED' AND actor = 1").await,
        3
    );
    assert!(uploads(&server).is_empty(), "{:?}", uploads(&server));
    if store == Kind::Geopackage {
        crate::gdal::assert_sound(&server);
        let file = server.file();
        let seen = crate::gdal::gdal("ogrinfo", &["-ro", "-so", file.to_str().expect("UTF-8"), "location"]);
        assert!(seen.contains("Feature Count: 4601"), "{seen}");
    }
}

async fn one_bad_feature_at_the_end_keeps_everything_out(store: Kind) {
    let (server, token) = with_editor(store).await;
    let before = state(&server, store).await;
    let mut features = points(0, 1_200);
    features.push(json!({ "type": "Feature", "properties": {}, "geometry":
        { "type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]] } }));
    let failed = import(&server, &token, &collection(&features), json!({}), false).await;
    assert_eq!((&failed["state"], counts(&failed)), (&json!("FAILED"), [1_201, 0, 0, 0, 0, 1]), "{failed}");
    assert_eq!(failed["error"]["code"], "BAD_INPUT");
    assert!(failed["error"]["message"].as_str().expect("a sentence").contains("feature 1200"), "{failed}");
    assert_eq!(failed["rejectedFeatures"][0]["code"], "INVALID_GEOMETRY");
    assert_eq!(state(&server, store).await, before);
    // A file that breaks off has an end that nobody knows.
    let whole = collection(&points(0, 50));
    for options in [json!({}), json!({ "onError": "SKIP" })] {
        let broken = import(&server, &token, &whole[..whole.len() - 40], options, false).await;
        assert_eq!(broken["state"], "FAILED", "{broken}");
    }
    assert_eq!(state(&server, store).await, before);
    assert!(uploads(&server).is_empty());
}

async fn what_can_be_stored_is_stored_when_asked_and_the_rest_reported(store: Kind) {
    let (server, token) = with_editor(store).await;
    let schema = json!({ "properties": { "rank": { "maximum": 1_000 } } }).to_string();
    server.write_outside(&format!("UPDATE layer SET property_schema = '{schema}' WHERE id = 1")).await;
    let mut features = points(0, 5);
    features[1]["properties"]["rank"] = json!(1_001);
    features[2]["properties"]["key"] = json!("k0");
    features[3]["geometry"] = Value::Null;
    let options = json!({ "onError": "SKIP", "idProperty": "key", "nameProperty": "key", "drop": ["name"],
        "rename": [{ "from": "rank", "to": "place" }] });
    let done = import(&server, &token, &collection(&features), options, false).await;
    // The property is checked under its new name, which the rule does not know.
    assert_eq!((&done["state"], counts(&done)), (&json!("DONE"), [5, 3, 0, 0, 0, 2]), "{done}");
    let done =
        import(&server, &token, &collection(&features), json!({ "onError": "SKIP", "idProperty": "key" }), false).await;
    assert_eq!(counts(&done), [5, 0, 2, 0, 0, 3], "{done}");
    let told: Vec<_> =
        done["rejectedFeatures"].as_array().expect("a list").iter().map(|row| (&row["number"], &row["code"])).collect();
    let wanted = [(1, "BAD_INPUT"), (2, "BAD_INPUT"), (3, "INVALID_GEOMETRY")]
        .map(|(number, code)| (json!(number), json!(code)));
    assert_eq!(told, wanted.iter().map(|(number, code)| (number, code)).collect::<Vec<_>>());
    let csv = |token: String| {
        let request = Request::get("/imports/2/rejected.csv").header(header::HOST, "localhost");
        let request =
            request.header(header::AUTHORIZATION, format!("Bearer {token}")).body(Body::empty()).expect("a request");
        let router = server.router.clone();
        async move {
            let (head, body) = router.oneshot(request).await.expect("an answer").into_parts();
            (head.status, String::from_utf8(body.collect().await.expect("a body").to_bytes().to_vec()).expect("text"))
        }
    };
    let (status, table) = csv(token.clone()).await;
    assert_eq!((status, table.lines().count()), (StatusCode::OK, 4), "{table}");
    assert!(table.starts_with("number,code,reason,excerpt\r\n1,\"BAD_INPUT\",\"properties.rank: "), "{table}");
    account(&server, "other", Role::Editor).await;
    let other = text(&sign_in(&server.router, "other").await, "accessToken");
    assert_eq!(csv(other.clone()).await.0, StatusCode::NOT_FOUND, "somebody else's");
    assert_eq!(job(&server, &other, "2").await, Value::Null);
}

async fn a_dry_run_tells_and_changes_nothing(store: Kind) {
    let (server, token) = with_editor(store).await;
    let options = json!({ "idProperty": "key" });
    import(&server, &token, &collection(&points(0, 1_100)), options, false).await;
    let before = state(&server, store).await;
    let mut features = points(50, 1_250);
    features[0]["properties"]["rank"] = json!("other");
    features[1]["geometry"] = Value::Null;
    for (mode, wanted) in [
        ("UPSERT", [1_200, 150, 1, 1_048, 0, 1]),
        ("REPLACE_LAYER", [1_200, 150, 1, 1_048, 51, 1]),
        ("INSERT", [1_200, 150, 0, 0, 0, 1_050]),
    ] {
        let told =
            import(&server, &token, &collection(&features), json!({ "idProperty": "key", "mode": mode }), true).await;
        assert_eq!((&told["state"], counts(&told)), (&json!("DONE"), wanted), "{mode} {told}");
        assert_eq!((&told["format"], &told["crs"]), (&json!("GeoJSON"), &json!("EPSG:4326")));
        assert_eq!(told["columns"], json!(["key", "rank"]));
        assert_eq!(told["sample"][0]["externalId"], "k50");
        assert_eq!(told["sample"].as_array().expect("a list").len(), 5);
        assert_eq!(told["extent"], json!({ "west": -70.0, "south": 10.5, "east": 79.5, "north": 10.5 }));
        assert_eq!(state(&server, store).await, before, "{mode}");
    }
    // What is told is what is done.
    let done = import(
        &server,
        &token,
        &collection(&features),
        json!({ "idProperty": "key", "mode": "REPLACE_LAYER", "onError": "SKIP" }),
        false,
    )
    .await;
    assert_eq!(counts(&done), [1_200, 150, 1, 1_048, 51, 1], "{done}");
}

async fn a_replaced_layer_holds_the_file_and_nothing_else(store: Kind) {
    let (server, token) = with_editor(store).await;
    let lone =
        "mutation { createLocation(input: { layer: \"places\", geometry: { type: \"Point\", coordinates: [1, 1] } })
        { location { id } } }";
    ask_as(&server.router, &token, lone, json!({})).await;
    let options = json!({ "featureIds": true, "mode": "REPLACE_LAYER" });
    let first = import(&server, &token, &collection(&points(0, 1_500)), options.clone(), false).await;
    assert_eq!(counts(&first), [1_500, 1_500, 0, 0, 1, 0], "{first}");
    let second = import(&server, &token, &collection(&points(1_000, 2_000)), options, false).await;
    assert_eq!(counts(&second), [1_000, 500, 0, 500, 1_000, 0], "{second}");
    assert_eq!(server.number("SELECT count(*) FROM location").await, 1_000);
    assert_eq!(server.number("SELECT count(*) FROM location WHERE version > 1").await, 0);
    let signed = "SELECT count(*) FROM location_change WHERE operation = 'DELETED' AND actor = 1";
    assert_eq!(server.number(signed).await, 1_001);
    if store == Kind::Geopackage {
        crate::gdal::assert_sound(&server);
    }
}

async fn inserting_never_touches_what_is_there(store: Kind) {
    let (server, token) = with_editor(store).await;
    let file = collection(&points(0, 10));
    for _ in 0..2 {
        let done = import(&server, &token, &file, json!({ "mode": "INSERT" }), false).await;
        assert_eq!(counts(&done), [10, 10, 0, 0, 0, 0], "{done}");
    }
    let with_ids = json!({ "mode": "INSERT", "featureIds": true });
    import(&server, &token, &file, with_ids.clone(), false).await;
    let before = state(&server, store).await;
    let taken = import(&server, &token, &collection(&points(5, 15)), with_ids, false).await;
    assert_eq!((&taken["state"], counts(&taken)[5]), (&json!("FAILED"), 5), "{taken}");
    assert_eq!(taken["rejectedFeatures"][0]["code"], "CONFLICT");
    assert_eq!(state(&server, store).await[..5], before[..5]);
    let skipping = json!({ "mode": "INSERT", "featureIds": true, "onError": "SKIP" });
    let done = import(&server, &token, &collection(&points(5, 15)), skipping, false).await;
    assert_eq!(counts(&done), [10, 5, 0, 0, 0, 5], "{done}");
    assert_eq!(server.number("SELECT count(*) FROM location").await, 35);
}

async fn who_may_import_what(store: Kind) {
    let (server, editor) = with_editor(store).await;
    for (name, role) in [("viewer", Role::Viewer), ("root", Role::Admin)] {
        account(&server, name, role).await;
    }
    let root = text(&sign_in(&server.router, "root").await, "accessToken");
    let viewer = text(&sign_in(&server.router, "viewer").await, "accessToken");
    let scoped = async |scopes: &[&str]| text(&make(&server, &root, scopes).await, "token");
    let (importing, writing) = (scoped(&["import"]).await, scoped(&["locations:write"]).await);
    let elsewhere = scoped(&["import", "layer:other"]).await;
    let file = collection(&points(0, 3));
    let ask = async |token: &str, layer: &str, options: Value| {
        let variables = json!({ "l": layer, "d": file, "o": options });
        let (_, answer) = ask_as(&server.router, token, IMPORT, variables).await;
        if answer["errors"].is_null() { "" } else { code(&answer) }.to_owned()
    };
    for (token, layer, options, wanted) in [
        ("", "places", json!({}), "UNAUTHENTICATED"),
        (viewer.as_str(), "places", json!({}), "FORBIDDEN"),
        (&writing, "places", json!({}), "FORBIDDEN"),
        (&elsewhere, "places", json!({}), "FORBIDDEN"),
        (&editor, "nowhere", json!({}), "NOT_FOUND"),
        (&editor, "nowhere", json!({ "createLayer": true }), "FORBIDDEN"),
        (&root, "No Where", json!({ "createLayer": true }), "BAD_INPUT"),
        (&editor, "places", json!({ "idProperty": "a", "featureIds": true }), "BAD_INPUT"),
        (&editor, "places", json!({ "sourceCrs": "" }), "BAD_INPUT"),
        (&root, "made", json!({ "createLayer": true }), ""),
        (&importing, "places", json!({}), ""),
        (&editor, "places", json!({}), ""),
    ] {
        assert_eq!(ask(token, layer, options).await, wanted, "{layer}");
    }
    // What was asked for with rights that are gone since is not done.
    let disable = "mutation($id: ID!) { updateUser(id: $id, input: { disabled: true }) { id } }";
    let (_, answer) = ask_as(&server.router, &root, disable, json!({ "id": "1" })).await;
    assert!(answer["errors"].is_null(), "{answer}");
    while server.app.imports().run_next().await.expect("the queue") {}
    let jobs = "{ importJobs { layer state error { code } } }";
    let (_, answer) = ask_as(&server.router, &root, jobs, json!({})).await;
    let row = |layer: &str, state: &str, error: Value| json!({ "layer": layer, "state": state, "error": error });
    let failed = row("places", "FAILED", json!({ "code": "FORBIDDEN" }));
    let wanted = json!([failed, row("places", "DONE", Value::Null), row("made", "DONE", Value::Null)]);
    assert_eq!(answer["data"]["importJobs"], wanted, "{answer}");
    assert_eq!(server.number("SELECT count(*) FROM layer WHERE key = 'made' AND visibility = 'PRIVATE'").await, 1);
    assert_eq!(server.number("SELECT count(*) FROM location").await, 6);
    let (_, answer) = ask_as(&server.router, &viewer, jobs, json!({})).await;
    assert_eq!(answer["data"]["importJobs"], json!([]));
    assert!(uploads(&server).is_empty());
}

async fn a_job_is_cancelled_claimed_again_and_given_up(store: Kind) {
    let (server, token) = with_editor(store).await;
    let file = collection(&points(0, 3));
    let cancel = "mutation($id: ID!) { cancelImport(id: $id) { state } }";
    queue(&server, &token, &file, json!({}), false).await;
    let (_, answer) = ask_as(&server.router, &token, cancel, json!({ "id": "1" })).await;
    assert_eq!(answer["data"]["cancelImport"]["state"], "CANCELLED", "{answer}");
    assert!(!server.app.imports().run_next().await.expect("the queue"));
    assert!(uploads(&server).is_empty());
    // A server that was killed in the middle of it: silent for long, and then another start takes it up.
    queue(&server, &token, &file, json!({}), false).await;
    let died = "UPDATE import_job SET state = 'RUNNING', runner = 'gone', attempts = 1, heartbeat_ms";
    server.write_outside(&format!("{died} = 9000000000000 WHERE id = 2")).await;
    let (other, _) = server.replica().await;
    assert!(!other.imports().run_next().await.expect("the queue"), "its runner is alive");
    server.write_outside(&format!("{died} = 1 WHERE id = 2")).await;
    assert!(other.imports().run_next().await.expect("the queue"));
    assert_eq!(job(&server, &token, "2").await["state"], "DONE");
    // One that ends its server each time is given up, and so is one whose server does not come back.
    queue(&server, &token, &file, json!({}), false).await;
    server.write_outside("UPDATE import_job SET state = 'RUNNING', attempts = 3, heartbeat_ms = 1 WHERE id = 3").await;
    queue(&server, &token, &file, json!({}), false).await;
    server.write_outside("UPDATE import_job SET home = 'elsewhere' WHERE id = 4").await;
    assert!(!server.app.imports().run_next().await.expect("the queue"));
    server.app.imports().tidy().await.expect("tidied");
    assert_eq!(job(&server, &token, "3").await["error"]["code"], "UNAVAILABLE");
    assert_eq!(job(&server, &token, "4").await["state"], "QUEUED");
    server.write_outside("UPDATE import_job SET created_ms = 1 WHERE id = 4").await;
    server.app.imports().tidy().await.expect("tidied");
    assert_eq!(job(&server, &token, "4").await["state"], "FAILED");
    assert_eq!(server.number("SELECT count(*) FROM location").await, 3);
}
