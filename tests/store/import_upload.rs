//! Files that travel with a question, in the form of the GraphQL multipart request specification.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use cairn::model::Role;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::accounts::{account, code, sign_in, text};
use crate::common::server::ask_as;
use crate::common::{Kind, Server};
use crate::imports::{IMPORT, collection, counts, job, points, uploads};

crate::on_both_stores! {
    a_file_is_uploaded_within_its_limits,
}

/// A form as the specification has it, with one file.
fn form(file: &[u8], is_preflight: bool, token: &str) -> Request<Body> {
    let operations = json!({ "query": IMPORT, "variables": { "l": "places", "f": null } });
    let part = |name: &str, more: &str| format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"{more}\r\n\r\n");
    let mut body =
        format!("{}{operations}\r\n{}{{\"0\":[\"variables.f\"]}}\r\n", part("operations", ""), part("map", ""));
    body += &part("0", "; filename=\"points.geojson\"");
    let body = [body.as_bytes(), file, b"\r\n--x--\r\n"].concat();
    let mut request = Request::post("/graphql").header(header::HOST, "localhost");
    if is_preflight {
        request = request.header("graphql-require-preflight", "1");
    }
    if !token.is_empty() {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    request.header(header::CONTENT_TYPE, "multipart/form-data; boundary=x").body(Body::from(body)).expect("a request")
}

async fn a_file_is_uploaded_within_its_limits(store: Kind) {
    let server = Server::on(store, &[("CAIRN_LIMIT_UPLOAD_BYTES", "20000")]).await;
    account(&server, "editor", Role::Editor).await;
    account(&server, "viewer", Role::Viewer).await;
    let token = text(&sign_in(&server.router, "editor").await, "accessToken");
    let viewer = text(&sign_in(&server.router, "viewer").await, "accessToken");
    let send = async |request: Request<Body>| {
        let (head, body) = server.router.clone().oneshot(request).await.expect("an answer").into_parts();
        let bytes = body.collect().await.expect("a body").to_bytes();
        (head.status, serde_json::from_slice::<Value>(&bytes).expect("JSON"))
    };
    let mut file = collection(&points(0, 30)).into_bytes();
    file.resize(20_000, b' ');
    for (request, status, wanted) in [
        (form(&file, false, &token), StatusCode::BAD_REQUEST, "BAD_INPUT"),
        (form(&file, true, ""), StatusCode::UNAUTHORIZED, "UNAUTHENTICATED"),
        (form(&file, true, &viewer), StatusCode::FORBIDDEN, "FORBIDDEN"),
        (form(&[file.as_slice(), b" "].concat(), true, &token), StatusCode::PAYLOAD_TOO_LARGE, "LIMIT_EXCEEDED"),
    ] {
        let (got, answer) = send(request).await;
        assert_eq!((got, code(&answer)), (status, wanted), "{answer}");
        assert!(uploads(&server).is_empty(), "{wanted}");
    }
    let (status, answer) = send(form(&file, true, &token)).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert_eq!(answer["data"]["importLocations"]["fileName"], "points.geojson", "{answer}");
    assert_eq!(uploads(&server).len(), 1);
    assert!(server.app.imports().run_next().await.expect("the queue"));
    assert_eq!(counts(&job(&server, &token, "1").await), [30, 30, 0, 0, 0, 0]);
    assert!(uploads(&server).is_empty());
    // A text that only claims to be a file.
    let (_, answer) = ask_as(&server.router, &token, IMPORT, json!({ "l": "places", "f": "upload:0" })).await;
    assert_eq!(code(&answer), "BAD_INPUT");
}
