//! Tokens of scripts: a part of the rights of their account, with an end.

use axum::http::StatusCode;
use cairn::model::Role;
use serde_json::{Value, json};

use crate::accounts::{account, code, sign_in, text};
use crate::common::server::ask_as;
use crate::common::{Kind, Server};

crate::on_both_stores! {
    a_token_has_the_rights_that_it_names_until_it_ends,
    a_token_sees_the_private_layers_that_it_names,
}

pub const CREATE: &str = "mutation($n: String!, $s: [String!]!, $e: DateTime) {
    createApiToken(name: $n, scopes: $s, expiresAt: $e) { token apiToken { id name scopes expiresAt lastUsedAt } } }";

/// Makes a token for whom an access token stands; gives `createApiToken`.
pub async fn make(server: &Server, access: &str, scopes: &[&str]) -> Value {
    let (_, mut answer) = ask_as(&server.router, access, CREATE, json!({ "n": "a script", "s": scopes })).await;
    assert!(answer["errors"].is_null(), "{answer}");
    answer["data"]["createApiToken"].take()
}

async fn a_token_has_the_rights_that_it_names_until_it_ends(store: Kind) {
    let server = Server::on(store, &[]).await;
    account(&server, "root", Role::Admin).await;
    let access = text(&sign_in(&server.router, "root").await, "accessToken");
    let (plain, admin) = (make(&server, &access, &[]).await, make(&server, &access, &["admin"]).await);
    let (plain_token, admin_token) = (text(&plain, "token"), text(&admin, "token"));
    let users = async |token: &str| ask_as(&server.router, token, "{ users { username } }", json!({})).await.1;
    assert_eq!(code(&users(&plain_token).await), "FORBIDDEN");
    assert_eq!(users(&admin_token).await["data"]["users"], json!([{ "username": "root" }]));
    // No token makes a token, changes a password or signs its owner out.
    let (_, answer) = ask_as(&server.router, &admin_token, CREATE, json!({ "n": "a", "s": [] })).await;
    assert_eq!(code(&answer), "FORBIDDEN");
    for (name, scopes, expires, field) in [
        ("", json!([]), json!(null), "name"),
        ("a", json!(["everything"]), json!(null), "scopes[0]"),
        ("a", json!([]), json!("2020-01-01T00:00:00Z"), "expiresAt"),
        ("a", json!([]), json!("2999-01-01T00:00:00Z"), "expiresAt"),
    ] {
        let (_, answer) =
            ask_as(&server.router, &access, CREATE, json!({ "n": name, "s": scopes, "e": expires })).await;
        assert_eq!((code(&answer), &answer["errors"][0]["extensions"]["field"]), ("BAD_INPUT", &json!(field)));
    }
    let listed = async || {
        let question = "{ apiTokens { id lastUsedAt } }";
        ask_as(&server.router, &access, question, json!({})).await.1["data"]["apiTokens"].take()
    };
    // The use is noted beside the request.
    while listed().await[1]["lastUsedAt"].is_null() {
        tokio::task::yield_now().await;
    }
    let shown = listed().await.to_string();
    assert!(
        !shown.contains(&plain_token) && !server.app.accounts().keys().ring().await.expect("keys").jwks().is_null()
    );
    let revoke = "mutation($id: ID!) { revokeApiToken(id: $id) }";
    let id = &plain["apiToken"]["id"];
    let (_, answer) = ask_as(&server.router, &access, revoke, json!({ "id": id })).await;
    assert_eq!(answer["data"]["revokeApiToken"], true);
    let (_, answer) = ask_as(&server.router, &access, revoke, json!({ "id": id })).await;
    assert_eq!(code(&answer), "NOT_FOUND");
    server.write_outside("UPDATE api_token SET expires_ms = 1 WHERE revoked_ms IS NULL").await;
    let (_, router) = server.replica().await;
    for token in [&plain_token, &admin_token] {
        let (head, answer) = ask_as(&router, token, "{ me { id } }", json!({})).await;
        assert_eq!((head.status, code(&answer)), (StatusCode::UNAUTHORIZED, "UNAUTHENTICATED"));
    }
}

async fn a_token_sees_the_private_layers_that_it_names(store: Kind) {
    let server = Server::with_places_on(store).await;
    account(&server, "anna", Role::Editor).await;
    let access = text(&sign_in(&server.router, "anna").await, "accessToken");
    let hidden = "{ locations(filter: { layer: { eq: \"secret\" } }) { totalCount } }";
    for (scopes, wanted) in [(&[][..], 3), (&["layer:secret"], 3), (&["layer:cities"], 0)] {
        let token = text(&make(&server, &access, scopes).await, "token");
        let seen = ask_as(&server.router, &token, hidden, json!({})).await.1;
        assert_eq!(seen["data"]["locations"]["totalCount"], wanted, "{scopes:?} {seen}");
    }
}
