//! Layers as files through the door: what stands in them, who gets them, and how far they may go.

use axum::body::{Body, Bytes};
use axum::http::{Request, StatusCode, header, response};
use cairn::model::{Caller, Role, Viewer};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tower::ServiceExt as _;

use crate::accounts::{account, sign_in, text};
use crate::api_tokens::make;
use crate::common::socket::{Listening, PATIENCE};
use crate::common::{Kind, Server};

crate::on_both_stores! {
    a_file_holds_what_graphql_answers,
    what_is_no_question_is_refused_with_its_place,
    a_layer_is_a_file_for_whom_it_is_a_layer,
    an_export_ends_with_its_limits,
    a_layer_that_is_hidden_meanwhile_breaks_the_file_off,
    a_client_that_leaves_frees_its_place_and_its_connection,
}

/// Asks for a file; gives its head and its bytes, or what the connection broke off with.
pub async fn file(server: &Server, address: &str, token: &str) -> (response::Parts, Result<Bytes, axum::Error>) {
    let (head, body) = begin(server, address, token).await;
    (head, body.collect().await.map(http_body_util::Collected::to_bytes))
}

async fn begin(server: &Server, address: &str, token: &str) -> (response::Parts, Body) {
    let mut request = Request::get(address).header(header::HOST, "localhost");
    if !token.is_empty() {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    let request = request.body(Body::empty()).expect("a request");
    server.router.clone().oneshot(request).await.expect("an answer").into_parts()
}

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

async fn json_of(server: &Server, address: &str) -> Value {
    let (head, body) = file(server, address, "").await;
    let body = body.expect("a whole body");
    assert_eq!(head.status, StatusCode::OK, "{address}: {}", String::from_utf8_lossy(&body));
    serde_json::from_slice(&body).expect("JSON")
}

async fn a_file_holds_what_graphql_answers(store: Kind) {
    let server = Server::with_places_on(store).await;
    let question = "query($f: LocationFilter) { locationsGeoJson(filter: $f, precision: 15) }";
    let box_of_europe = json!({ "west": -11, "south": 35, "east": 30, "north": 60 });
    let table = [
        (String::new(), json!({})),
        ("?bbox=-11,35,30,60".to_owned(), json!({ "bbox": box_of_europe })),
        // A box over 180 degrees.
        (
            "?bbox=170,-50,-170,50".to_owned(),
            json!({ "bbox": { "west": 170, "south": -50, "east": -170, "north": 50 } }),
        ),
        (format!("?filter={}", encoded(r#"{"name":{"startsWith":"P"}}"#)), json!({ "name": { "startsWith": "P" } })),
        (
            format!("?bbox=-11,35,30,60&filter={}", encoded(r#"{"or":[{"geometryType":["POINT"]}]}"#)),
            json!({ "bbox": box_of_europe, "geometryType": ["POINT"] }),
        ),
    ];
    let layers = server.data("{ layers { key } }", json!({})).await["layers"].take();
    let mut total = 0;
    for layer in layers.as_array().expect("layers") {
        let key = layer["key"].as_str().expect("a key");
        for (parameters, filter) in &table {
            let filter = json!({ "and": [{ "layer": { "eq": key } }, filter] });
            let mut wanted = server.data(question, json!({ "f": filter })).await["locationsGeoJson"]["features"].take();
            let mut found = json_of(&server, &format!("/layers/{key}.geojson{parameters}")).await["features"].take();
            let (_, lines) = file(&server, &format!("/layers/{key}.geojsonl{parameters}"), "").await;
            let lines = String::from_utf8(lines.expect("a whole body").to_vec()).expect("UTF-8");
            let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).expect("a feature")).collect();
            assert_eq!(found, json!(lines), "{key}{parameters}");
            for feature in found.as_array_mut().expect("features") {
                feature.as_object_mut().expect("a feature").shift_remove("externalId");
            }
            total += lines.len();
            assert_eq!(found, wanted.take(), "{key}{parameters}");
        }
    }
    assert!(total > 80, "{total}");
    let (head, _) = file(&server, "/layers/places.geojson", "").await;
    for (name, value) in [
        ("content-type", "application/geo+json"),
        ("content-disposition", "attachment; filename=\"places.geojson\""),
        ("cache-control", "no-cache"),
    ] {
        assert_eq!(head.headers[name], value);
    }
}

async fn what_is_no_question_is_refused_with_its_place(store: Kind) {
    let server = Server::with_places_on(store).await;
    for (address, status, code, field) in [
        ("places.shp", 404, "NOT_FOUND", None),
        ("places", 404, "NOT_FOUND", None),
        ("nowhere.geojson", 404, "NOT_FOUND", Some("layer")),
        ("secret.geojson", 404, "NOT_FOUND", Some("layer")),
        ("cities.geojson?bbox=1,2,3", 400, "BAD_INPUT", Some("bbox")),
        ("cities.geojson?bbox=1,2,3,99", 400, "BAD_INPUT", Some("bbox.north")),
        ("cities.geojson?filter=%7B", 400, "BAD_INPUT", Some("filter")),
        ("cities.geojson?filter=%7B%22naem%22:1%7D", 400, "BAD_INPUT", Some("filter.naem")),
        ("cities.geojson?color=red", 400, "BAD_INPUT", Some("color")),
        ("cities.geojson?limit=1&limit=2", 400, "BAD_INPUT", Some("limit")),
        ("cities.geojson?limit=-1", 400, "BAD_INPUT", Some("limit")),
        ("cities.geojson?precision=16", 400, "BAD_INPUT", Some("precision")),
        ("cities.csv?precision=3", 400, "BAD_INPUT", Some("precision")),
        ("cities.csv?losses=maybe", 400, "BAD_INPUT", Some("losses")),
        ("secret.csv?losses=true", 404, "NOT_FOUND", Some("layer")),
        ("cities.geojson?properties=nothing_has_this", 400, "UNKNOWN_PROPERTY", Some("properties")),
    ] {
        let (head, body) = file(&server, &format!("/layers/{address}"), "").await;
        let problem: Value = serde_json::from_slice(&body.expect("a body")).expect("a problem document");
        assert_eq!((head.status.as_u16(), problem["code"].as_str()), (status, Some(code)), "{address}: {problem}");
        assert_eq!(problem["field"].as_str(), field, "{address}: {problem}");
        assert_eq!(head.headers["content-type"], "application/problem+json", "{address}");
    }
    let (_, body) = file(&server, "/layers/cities.shp", "").await;
    assert!(String::from_utf8_lossy(&body.expect("a body")).contains("geojson, geojsonl, csv"));
}

async fn a_layer_is_a_file_for_whom_it_is_a_layer(store: Kind) {
    let server = Server::with_places_on(store).await;
    account(&server, "anna", Role::Editor).await;
    let access = text(&sign_in(&server.router, "anna").await, "accessToken");
    let named = text(&make(&server, &access, &["layer:secret"]).await, "token");
    let other = text(&make(&server, &access, &["layer:cities"]).await, "token");
    for (token, status) in [("", 404), (access.as_str(), 200), (&named, 200), (&other, 404), ("cairn_pat_no", 401)] {
        let (head, body) = file(&server, "/layers/secret.geojson", token).await;
        assert_eq!(head.status.as_u16(), status);
        if status == 200 {
            let found: Value = serde_json::from_slice(&body.expect("a body")).expect("JSON");
            assert_eq!(found["features"].as_array().map(Vec::len), Some(3));
            assert_eq!(head.headers["cache-control"], "private, no-cache");
            let (head, body) = file(&server, "/layers/secret.gpx?losses=true&limit=2", token).await;
            assert_eq!(head.headers["content-type"], "application/json");
            let told: Value = serde_json::from_slice(&body.expect("a body")).expect("JSON");
            assert_eq!((&told["file"], &told["locations"]), (&json!("secret.gpx"), &json!(2)));
        }
    }
    // What is hidden and what is not there answer alike.
    let said = async |address: &str| {
        let (_, body) = file(&server, address, "").await;
        let mut said: Value = serde_json::from_slice(&body.expect("a body")).expect("JSON");
        said["requestId"].take();
        said.to_string().replace("secret", "nowhere")
    };
    assert_eq!(said("/layers/secret.geojson").await, said("/layers/nowhere.geojson").await);
}

async fn an_export_ends_with_its_limits(store: Kind) {
    let settings = [("CAIRN_LIMIT_EXPORT_ROWS", "3"), ("CAIRN_LIMIT_EXPORTS", "1")];
    let server = Server::on(store, &settings).await;
    let add = async |from: i32, to: i32| {
        for number in from..to {
            let input = json!({ "layer": "places", "name": format!("p{number}"),
                "geometry": { "type": "Point", "coordinates": [number, 0] } });
            let question = "mutation($i: CreateLocationInput!) { createLocation(input: $i) { location { id } } }";
            server.data_as(&Viewer::Server, question, json!({ "i": input })).await;
        }
    };
    add(0, 3).await;
    let count = async |address: &str| json_of(&server, address).await["features"].as_array().map_or(0, Vec::len);
    assert_eq!(count("/layers/places.geojson").await, 3);
    add(3, 4).await;
    let (head, body) = file(&server, "/layers/places.geojson", "").await;
    let problem: Value = serde_json::from_slice(&body.expect("a body")).expect("JSON");
    assert_eq!((head.status.as_u16(), problem["code"].as_str()), (400, Some("LIMIT_EXCEEDED")));
    assert_eq!(count("/layers/places.geojson?limit=3").await, 3);
    assert_eq!(count("/layers/places.geojson?limit=0").await, 0);
    // One that is under way takes the only place until its reader is gone.
    let (_, running) = begin(&server, "/layers/places.geojson?limit=1", "").await;
    let (head, _) = file(&server, "/layers/places.geojson?limit=1", "").await;
    assert_eq!((head.status.as_u16(), head.headers["retry-after"].to_str().ok()), (503, Some("10")));
    drop(running);
    assert_eq!(count("/layers/places.geojson?limit=1").await, 1);
}

async fn a_layer_that_is_hidden_meanwhile_breaks_the_file_off(store: Kind) {
    let server = Server::with_places_on(store).await;
    let (head, body) = begin(&server, "/layers/cities.geojson", "").await;
    assert_eq!(head.status, StatusCode::OK);
    server.write_outside("UPDATE layer SET visibility = 'PRIVATE' WHERE key = 'cities'").await;
    assert!(body.collect().await.is_err(), "half a file must not look whole");
    let viewer = Caller { viewer: Viewer::Server, ..Caller::ANONYMOUS };
    let mut request = Request::head("/layers/cities.geojson").header(header::HOST, "localhost").body(Body::empty());
    request.as_mut().expect("a request").extensions_mut().insert(viewer);
    let answer = server.router.clone().oneshot(request.expect("a request")).await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(answer.into_body().collect().await.expect("a body").to_bytes().is_empty());
}

async fn a_client_that_leaves_frees_its_place_and_its_connection(store: Kind) {
    // One place, and no connection beside the one that writes and the one that reads.
    let settings = [("CAIRN_LIMIT_EXPORTS", "1"), ("CAIRN_LIMIT_DATABASE_CONNECTIONS", "2")];
    let server = Server::on(store, &settings).await;
    let input = json!({ "layer": "places", "name": "p", "geometry": { "type": "Point", "coordinates": [1, 2] },
        "properties": { "text": "x".repeat(4_000) } });
    let question = "mutation($i: CreateLocationInput!) { createLocation(input: $i) { location { id } } }";
    server.data_as(&Viewer::Server, question, json!({ "i": input })).await;
    // 40 MB: more than the buffers of both ends of a connection take, so that no export ends before its reader leaves.
    let numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)";
    let copy = "SELECT l.layer_id, l.geom, l.name, l.properties FROM location l, n";
    server.write_outside(&format!("INSERT INTO location (layer_id, geom, name, properties) {numbers} {copy}")).await;
    let listening = Listening::start(server.router.clone()).await;
    let status = async || begin(&server, "/layers/places.geojson?limit=1", "").await.0.status;
    // More often than there are connections, each a little further into its file.
    for read in [1, 100_000, 1_000_000, 6_000_000] {
        let mut client = TcpStream::connect(listening.address).await.expect("a connection");
        client.write_all(b"GET /layers/places.geojson HTTP/1.1\r\nhost: localhost\r\n\r\n").await.expect("sent");
        client.read_exact(&mut vec![0; read]).await.expect("the beginning of a file");
        assert_eq!(status().await, StatusCode::SERVICE_UNAVAILABLE, "{read}");
        drop(client);
        let free = async {
            while status().await != StatusCode::OK {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, free).await.expect("the place is free again");
        let seen = server.data("{ locations(first: 1) { totalCount } }", Value::Null).await;
        assert_eq!(seen["locations"]["totalCount"], 10_001, "{read}");
    }
    listening.stop().await;
}
