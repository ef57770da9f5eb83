//! Who made and changed a location, as each kind of visitor is told; and answers that only their reader may keep.

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use axum::response::Response;
use cairn::model::Role;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::accounts::{account, sign_in, text};
use crate::common::server::ask_as;
use crate::common::{Kind, Server};

crate::on_both_stores! {
    whoever_signed_in_is_told_who_made_and_changed_a_location,
    an_answer_to_one_person_lies_in_no_shared_cache,
}

const NODES: &str = "nodes { createdBy { id username } updatedBy { username } }";

async fn data(router: &Router, token: &str, question: &str) -> Value {
    let (_, mut answer) = ask_as(router, token, question, json!({})).await;
    assert!(answer["errors"].is_null(), "{question} {answer}");
    answer["data"].take()
}

async fn whoever_signed_in_is_told_who_made_and_changed_a_location(store: Kind) {
    let server = Server::with_places_on(store).await;
    account(&server, "root", Role::Admin).await;
    let anna_id = account(&server, "anna", Role::Editor).await;
    account(&server, "bert", Role::Viewer).await;
    let mut tokens = Vec::new();
    for username in ["root", "anna", "bert"] {
        tokens.push(text(&sign_in(&server.router, username).await, "accessToken"));
    }
    let [root, anna, bert] = &tokens[..] else { panic!("three tokens") };
    let create = "mutation { createLocation(input: { layer: \"cities\", externalId: \"new\",
        geometry: { type: \"Point\", coordinates: [1, 2] } }) {
        location { id createdBy { id username } updatedBy { id } } } }";
    let mut made = data(&server.router, anna, create).await["createLocation"]["location"].take();
    let id = text(&made, "id");
    let author = json!({ "id": anna_id.to_string(), "username": "anna" });
    assert_eq!((made["createdBy"].take(), &made["updatedBy"]["id"]), (author.clone(), &author["id"]));
    let update =
        format!("mutation {{ updateLocation(id: \"{id}\", input: {{ name: \"n\" }}) {{ location {{ id }} }} }}");
    data(&server.router, root, &update).await;
    let list = format!("{{ locations(filter: {{ externalId: {{ eq: \"new\" }} }}) {{ {NODES} }} }}");
    for token in [root, anna, bert] {
        let wanted = json!([{ "createdBy": author, "updatedBy": { "username": "root" } }]);
        assert_eq!(data(&server.router, token, &list).await["locations"]["nodes"], wanted);
    }
    let nobody = json!([{ "createdBy": null, "updatedBy": null }]);
    assert_eq!(data(&server.router, "", &list).await["locations"]["nodes"], nobody);
    let by_the_server =
        format!("{{ locations(filter: {{ not: {{ externalId: {{ eq: \"new\" }} }} }}) {{ {NODES} }} }}");
    for node in data(&server.router, root, &by_the_server).await["locations"]["nodes"].as_array().expect("nodes") {
        assert_eq!(*node, nobody[0]);
    }
    let delete = format!("mutation {{ deleteUser(id: \"{anna_id}\") }}");
    data(&server.router, root, &delete).await;
    let left = json!([{ "createdBy": null, "updatedBy": { "username": "root" } }]);
    assert_eq!(data(&server.router, bert, &list).await["locations"]["nodes"], left);
}

async fn get(router: &Router, token: &str, known: &str) -> Response {
    let mut request = Request::get("/graphql?query=%7Bme%7Busername%7D%7D").header(header::HOST, "localhost");
    if !token.is_empty() {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    let request = request.header(header::IF_NONE_MATCH, known).body(Body::empty()).expect("a request");
    router.clone().oneshot(request).await.expect("the router answers")
}

async fn an_answer_to_one_person_lies_in_no_shared_cache(store: Kind) {
    let server = Server::on(store, &[]).await;
    account(&server, "anna", Role::Viewer).await;
    let anna = text(&sign_in(&server.router, "anna").await, "accessToken");
    for (token, keeping) in [("", "no-cache"), (anna.as_str(), "private, no-cache")] {
        let first = get(&server.router, token, "\"other\"").await;
        let etag = first.headers()[header::ETAG].to_str().expect("a tag").to_owned();
        let again = get(&server.router, token, &etag).await;
        assert_eq!((first.status(), again.status()), (StatusCode::OK, StatusCode::NOT_MODIFIED));
        for answer in [&first, &again] {
            assert_eq!(answer.headers()[header::CACHE_CONTROL], keeping);
            let vary = answer.headers()[header::VARY].to_str().expect("names");
            assert!(vary.split(", ").any(|name| name == "authorization"), "{vary}");
        }
        let other = if token.is_empty() { anna.as_str() } else { "" };
        assert_eq!(get(&server.router, other, &etag).await.status(), StatusCode::OK, "the tag is of another answer");
    }
    let refused = get(&server.router, "no token", "*").await;
    assert_eq!(
        (refused.status(), &refused.headers()[header::CACHE_CONTROL]),
        (StatusCode::UNAUTHORIZED, &"no-store".parse().expect("a value"))
    );
}
