//! People of an OpenID Connect issuer: an account at the first use, the role of each token, and what an administrator decides.

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::http::response::Parts;
use cairn::model::Role;
use cairn::service::first_start::FirstStart;
use serde_json::{Value, json};

use crate::accounts::{LOGIN, account, code, sign_in, text};
use crate::common::issuer::{AUDIENCE, Issuer, Key};
use crate::common::server::{ask, ask_as};
use crate::common::{Kind, Server};

crate::on_both_stores! {
    a_person_of_the_issuer_has_an_account_from_the_first_use_on,
    the_role_is_the_one_of_the_token_and_the_account_follows_the_newest,
    an_administrator_disables_grants_and_deletes_as_with_any_account,
    people_of_the_issuer_neither_block_the_set_up_nor_count_as_the_last_administrator,
    a_hundred_first_requests_make_one_account_by_one_fetch,
}

const ME: &str = "{ me { id username role } }";
const CREATE: &str = "mutation { createLocation(input: { layer: \"places\", name: \"N\",
    geometry: { type: \"Point\", coordinates: [1, 2] } }) { location { id createdBy { username } } } }";

/// A server that accepts the tokens of an issuer, with settings beside.
pub async fn server_for(store: Kind, issuer: &Issuer, further: &[(&str, &str)]) -> Server {
    let usual = [
        ("CAIRN_OIDC_ISSUER", issuer.url()),
        ("CAIRN_OIDC_AUDIENCE", AUDIENCE),
        ("CAIRN_OIDC_ADMIN", "maps-admin"),
        ("CAIRN_OIDC_EDITOR", "maps-editor"),
    ];
    Server::on(store, &[&usual, further].concat()).await
}

/// Who a token stands for.
pub async fn me(router: &Router, token: &str) -> (Parts, Value) {
    let (head, mut answer) = ask_as(router, token, ME, json!({})).await;
    if answer["errors"].is_null() {
        answer = answer["data"]["me"].take();
    }
    (head, answer)
}

async fn row_role(server: &Server, id: &Value) -> &'static str {
    let id = id.as_str().expect("an id");
    for role in ["VIEWER", "EDITOR", "ADMIN"] {
        let question = format!("SELECT count(*) FROM account WHERE id = {id} AND role = '{role}'");
        if server.number(&question).await == 1 {
            return role;
        }
    }
    panic!("there is no account {id}")
}

async fn a_person_of_the_issuer_has_an_account_from_the_first_use_on(store: Kind) {
    let key = Key::rsa("k");
    let issuer = Issuer::start(&[&key]).await;
    let server = server_for(store, &issuer, &[]).await;
    account(&server, "root", Role::Admin).await;
    let token = key.token(&issuer.claims("anna", &["x", "maps-editor"]));
    let (_, first) = me(&server.router, &token).await;
    assert_eq!((first["username"].as_str(), first["role"].as_str()), (Some("anna"), Some("EDITOR")), "{first}");
    let (_, made) = ask_as(&server.router, &token, CREATE, json!({})).await;
    assert_eq!(made["data"]["createLocation"]["location"]["createdBy"]["username"], "anna", "{made}");
    assert_eq!(me(&server.router, &token).await.1, first, "the same account again");
    // Another person whom the issuer calls alike, and a name that is ours already.
    for subject in ["another", "third"] {
        let mut claims = issuer.claims(subject, &[]);
        claims["preferred_username"] = json!(if subject == "third" { "ROOT" } else { "Anna" });
        let other = me(&server.router, &key.token(&claims)).await.1;
        let name = other["username"].as_str().expect("a name");
        assert!(name.len() > 12 && name.contains('-') && other["role"] == "VIEWER", "{other}");
    }
    let root = text(&sign_in(&server.router, "root").await, "accessToken");
    let question = "{ auditLog(action: USER_CREATED) { edges { node { actor target after } } } }";
    let (_, audit) = ask_as(&server.router, &root, question, json!({})).await;
    assert!(audit["errors"].is_null(), "{audit}");
    assert!(audit.to_string().contains("anna") && !audit.to_string().contains(issuer.url()), "{audit}");
    // No password opens such an account, at the cost of any other wrong one.
    for password in ["", "rain on tin roofs"] {
        let before = server.app.accounts().password_runs();
        let (_, refused) = ask(&server.router, LOGIN, json!({ "u": "anna", "p": password })).await;
        assert_eq!((code(&refused), server.app.accounts().password_runs() - before), ("UNAUTHENTICATED", 1));
    }
    // What outlives the token is not made by it.
    let make = "mutation { createApiToken(name: \"t\", scopes: []) { token } }";
    assert_eq!(code(&ask_as(&server.router, &token, make, json!({})).await.1), "FORBIDDEN");
    assert_eq!(code(&ask_as(&server.router, &token, "mutation { logout }", json!({})).await.1), "FORBIDDEN");
    assert_eq!((issuer.discoveries(), issuer.fetches()), (1, 1));
}

async fn the_role_is_the_one_of_the_token_and_the_account_follows_the_newest(store: Kind) {
    let key = Key::ed("k");
    let issuer = Issuer::start(&[&key]).await;
    let server = server_for(store, &issuer, &[]).await;
    let token = |role: &str, age: i64| {
        let mut claims = issuer.claims("anna", &[role]);
        claims["iat"] = json!(claims["iat"].as_i64().expect("a time") - age);
        key.token(&claims)
    };
    let (old, middle, new) = (token("maps-admin", 60), token("maps-editor", 40), token("nothing", 20));
    let layer = "mutation($k: String!) { createLayer(input: { key: $k, title: \"T\" }) { layer { key } } }";
    let may = async |token: &str, name: &str| {
        let layer = ask_as(&server.router, token, layer, json!({ "k": name })).await.1["errors"].is_null();
        let location = ask_as(&server.router, token, CREATE, json!({})).await.1["errors"].is_null();
        (layer, location)
    };
    let id = me(&server.router, &old).await.1["id"].take();
    assert_eq!((may(&old, "one").await, row_role(&server, &id).await), ((true, true), "ADMIN"));
    assert_eq!((may(&middle, "two").await, row_role(&server, &id).await), ((false, true), "EDITOR"));
    assert_eq!((may(&new, "three").await, row_role(&server, &id).await), ((false, false), "VIEWER"));
    // An older token keeps what it says until it ends, and changes nothing.
    let writes = server.number("SELECT count(*) FROM audit_log WHERE action = 'USER_UPDATED'").await;
    for turn in ["four", "five", "six"] {
        assert_eq!(may(&old, turn).await, (true, true));
        assert_eq!(may(&new, turn).await, (false, false));
    }
    assert_eq!(server.number("SELECT count(*) FROM audit_log WHERE action = 'USER_UPDATED'").await, writes);
    assert_eq!(row_role(&server, &id).await, "VIEWER");
}

async fn an_administrator_disables_grants_and_deletes_as_with_any_account(store: Kind) {
    let key = Key::ec("k");
    let issuer = Issuer::start(&[&key]).await;
    let server = server_for(store, &issuer, &[]).await;
    account(&server, "root", Role::Admin).await;
    let root = text(&sign_in(&server.router, "root").await, "accessToken");
    let token = key.token(&issuer.claims("anna", &["maps-editor"]));
    let id = me(&server.router, &token).await.1["id"].take();
    let update = async |change: &str| {
        let question = format!("mutation($id: ID!) {{ updateUser(id: $id, input: {{ {change} }}) {{ id }} }}");
        let (_, answer) = ask_as(&server.router, &root, &question, json!({ "id": id })).await;
        assert!(answer["errors"].is_null(), "{answer}");
    };
    update("grants: [{ layer: \"places\", role: VIEWER }]").await;
    assert_eq!(code(&ask_as(&server.router, &token, CREATE, json!({})).await.1), "FORBIDDEN");
    update("grants: []").await;
    assert_eq!(code(&ask_as(&server.router, &token, CREATE, json!({})).await.1), "");
    update("disabled: true").await;
    let newer = key.token(&issuer.claims("anna", &["maps-admin"]));
    for refused in [&token, &newer] {
        let (head, answer) = me(&server.router, refused).await;
        assert_eq!((head.status, code(&answer)), (StatusCode::UNAUTHORIZED, "UNAUTHENTICATED"));
    }
    update("disabled: false").await;
    assert_eq!(me(&server.router, &token).await.1["id"], id);
    let delete = "mutation($id: ID!) { deleteUser(id: $id) }";
    let (_, answer) = ask_as(&server.router, &root, delete, json!({ "id": id })).await;
    assert!(answer["errors"].is_null(), "{answer}");
    let again = me(&server.router, &token).await.1;
    assert!(again["id"] != id && again["username"] == "anna", "whoever comes again has another account: {again}");
}

async fn people_of_the_issuer_neither_block_the_set_up_nor_count_as_the_last_administrator(store: Kind) {
    let key = Key::ed("k");
    let issuer = Issuer::start(&[&key]).await;
    let server = server_for(store, &issuer, &[]).await;
    let token = key.token(&issuer.claims("early", &["maps-admin"]));
    assert_eq!(me(&server.router, &token).await.1["role"], "ADMIN");
    let start = server.app.accounts().first_start(None).await.expect("a start");
    let FirstStart::Link(link) = start else { panic!("{start:?}") };
    let set_up = "mutation($t: String!) { setUpAdmin(token: $t, username: \"root\", password: \"rain on tin roofs\") {
        user { id } accessToken } }";
    let (_, made) = ask(&server.router, set_up, json!({ "t": link.0 })).await;
    let id = made["data"]["setUpAdmin"]["user"]["id"].clone();
    assert!(id.is_string(), "{made}");
    let disable = "mutation($id: ID!) { updateUser(id: $id, input: { disabled: true }) { id } }";
    let (_, answer) = ask_as(&server.router, &token, disable, json!({ "id": id })).await;
    assert_eq!(code(&answer), "CONFLICT", "the one who can sign in without the issuer stays: {answer}");
}

async fn a_hundred_first_requests_make_one_account_by_one_fetch(store: Kind) {
    let key = Key::rsa("k");
    let issuer = Issuer::start(&[&key]).await;
    let server = Arc::new(server_for(store, &issuer, &[]).await);
    let token = key.token(&issuer.claims("anna", &["maps-editor"]));
    let requests: Vec<_> = (0..100)
        .map(|_| {
            let (server, token) = (Arc::clone(&server), token.clone());
            tokio::spawn(async move { me(&server.router, &token).await.1 })
        })
        .collect();
    for request in requests {
        assert_eq!(request.await.expect("no panic")["username"], "anna");
    }
    assert_eq!((issuer.discoveries(), issuer.fetches()), (1, 1));
    assert_eq!(server.number("SELECT count(*) FROM account").await, 1);
    assert_eq!(server.number("SELECT count(*) FROM audit_log WHERE action = 'USER_CREATED'").await, 1);
}
