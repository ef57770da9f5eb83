//! Signing in, staying signed in and signing out, as clients do it.

use axum::Router;
use axum::http::StatusCode;
use cairn::model::{Author, Role, Viewer};
use cairn::service::accounts::AccountDraft;
use cairn::service::first_start::FirstStart;
use serde_json::{Value, json};

use crate::common::server::{ask, ask_as};
use crate::common::{Kind, Server};

crate::on_both_stores! {
    a_person_signs_in_stays_signed_in_and_signs_out,
    a_hundred_tabs_that_refresh_at_once_share_one_live_family,
    a_spent_refresh_token_ends_its_family_after_a_moment,
    a_new_password_ends_the_other_sessions,
    the_last_administrator_stays_one,
    the_set_up_link_makes_one_administrator_once,
    a_set_up_link_that_twenty_redeem_at_once_makes_one_administrator,
    an_administrator_keeps_accounts,
}

/// Taken by the rules, and used by everybody in these tests.
pub const PASSWORD: &str = "rain on tin roofs";

pub const LOGIN: &str = "mutation($u: String!, $p: String!) {
    login(username: $u, password: $p) { accessToken refreshToken expiresAt user { id username role disabled } } }";
const REFRESH: &str =
    "mutation($t: String!) { refreshToken(token: $t) { accessToken refreshToken user { username } } }";
const ME: &str = "{ me { id username role grants { layer role } } }";

/// Makes an account without asking anybody; gives its id.
pub async fn account(server: &Server, username: &str, role: Role) -> i64 {
    let draft = AccountDraft { username: username.to_owned(), password: PASSWORD.to_owned(), role, grants: Vec::new() };
    server.app.accounts().create(&Author::of(Viewer::Server), draft).await.expect("an account").id
}

/// Signs in; gives what `login` gives.
pub async fn sign_in(router: &Router, username: &str) -> Value {
    let (_, mut answer) = ask(router, LOGIN, json!({ "u": username, "p": PASSWORD })).await;
    assert!(answer["errors"].is_null(), "{answer}");
    answer["data"]["login"].take()
}

/// The text of a field of `login`.
pub fn text(of: &Value, field: &str) -> String {
    of[field].as_str().unwrap_or_else(|| panic!("no {field} in {of}")).to_owned()
}

/// The code of the first error; empty when all was answered.
pub fn code(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_default()
}

async fn refresh(router: &Router, token: &str) -> Value {
    ask(router, REFRESH, json!({ "t": token })).await.1
}

async fn a_person_signs_in_stays_signed_in_and_signs_out(store: Kind) {
    let server = Server::on(store, &[]).await;
    account(&server, "Anna", Role::Editor).await;
    assert_eq!(server.data(ME, json!({})).await["me"], Value::Null);
    let signed_in = sign_in(&server.router, "aNNa").await;
    assert_eq!(
        (signed_in["user"]["username"].as_str(), signed_in["user"]["role"].as_str()),
        (Some("Anna"), Some("EDITOR"))
    );
    let (_, me) = ask_as(&server.router, &text(&signed_in, "accessToken"), ME, json!({})).await;
    assert_eq!(me["data"]["me"]["username"], "Anna");
    for (username, password) in [("anna", "rain on tin roof"), ("nobody", PASSWORD), ("", ""), ("anna", "")] {
        let (head, answer) = ask(&server.router, LOGIN, json!({ "u": username, "p": password })).await;
        assert_eq!((head.status, code(&answer)), (StatusCode::OK, "UNAUTHENTICATED"), "{username}");
        assert_eq!(answer["errors"][0]["message"], "the user name or the password is wrong");
    }
    let again = refresh(&server.router, &text(&signed_in, "refreshToken")).await["data"]["refreshToken"].take();
    let (access, next) = (text(&again, "accessToken"), text(&again, "refreshToken"));
    assert_ne!(next, text(&signed_in, "refreshToken"));
    let (_, sessions) = ask_as(&server.router, &access, "{ sessions { id userId createdAt } }", json!({})).await;
    assert_eq!(sessions["data"]["sessions"].as_array().map(Vec::len), Some(1));
    let (_, out) = ask_as(&server.router, &access, "mutation { logout }", json!({})).await;
    assert_eq!(out["data"]["logout"], true);
    for token in [&access, &text(&signed_in, "accessToken")] {
        let (head, answer) = ask_as(&server.router, token, ME, json!({})).await;
        assert_eq!((head.status, code(&answer)), (StatusCode::UNAUTHORIZED, "UNAUTHENTICATED"));
        assert_eq!(head.headers["www-authenticate"], "Bearer error=\"invalid_token\"");
    }
    assert_eq!(code(&refresh(&server.router, &next).await), "UNAUTHENTICATED");
}

async fn a_hundred_tabs_that_refresh_at_once_share_one_live_family(store: Kind) {
    let server = Server::on(store, &[]).await;
    account(&server, "anna", Role::Viewer).await;
    let token = text(&sign_in(&server.router, "anna").await, "refreshToken");
    let tabs: Vec<_> = (0..100)
        .map(|_| {
            let (router, token) = (server.router.clone(), token.clone());
            tokio::spawn(async move { refresh(&router, &token).await })
        })
        .collect();
    let mut successors = Vec::new();
    for tab in tabs {
        let answer = tab.await.expect("no panic");
        assert!(answer["errors"].is_null(), "{answer}");
        let (_, me) =
            ask_as(&server.router, &text(&answer["data"]["refreshToken"], "accessToken"), ME, json!({})).await;
        assert_eq!(me["data"]["me"]["username"], "anna");
        successors.push(text(&answer["data"]["refreshToken"], "refreshToken"));
    }
    successors.dedup();
    assert_eq!(successors.len(), 1, "every tab has the one live token");
    let after = refresh(&server.router, &successors[0]).await;
    assert!(after["errors"].is_null(), "{after}");
}

async fn a_spent_refresh_token_ends_its_family_after_a_moment(store: Kind) {
    let server = Server::on(store, &[]).await;
    account(&server, "anna", Role::Viewer).await;
    let other = sign_in(&server.router, "anna").await;
    let first = text(&sign_in(&server.router, "anna").await, "refreshToken");
    let second = refresh(&server.router, &first).await["data"]["refreshToken"].take();
    server.write_outside("UPDATE session SET rotated_ms = rotated_ms - 10001").await;
    // Invented, though it names the family: no reason to end it.
    let invented = format!("{}AAAA", &first[..first.len() - 4]);
    assert_eq!(code(&refresh(&server.router, &invented).await), "UNAUTHENTICATED");
    let (_, me) = ask_as(&server.router, &text(&second, "accessToken"), ME, json!({})).await;
    assert_eq!(me["data"]["me"]["username"], "anna");
    assert_eq!(code(&refresh(&server.router, &first).await), "UNAUTHENTICATED");
    assert_eq!(code(&refresh(&server.router, &text(&second, "refreshToken")).await), "UNAUTHENTICATED");
    let (head, _) = ask_as(&server.router, &text(&second, "accessToken"), ME, json!({})).await;
    assert_eq!(head.status, StatusCode::UNAUTHORIZED);
    let (_, me) = ask_as(&server.router, &text(&other, "accessToken"), ME, json!({})).await;
    assert_eq!(me["data"]["me"]["username"], "anna", "another family lives on");
}

async fn a_new_password_ends_the_other_sessions(store: Kind) {
    let server = Server::on(store, &[]).await;
    account(&server, "anna", Role::Viewer).await;
    let (here, there) = (sign_in(&server.router, "anna").await, sign_in(&server.router, "anna").await);
    let change = "mutation($c: String!, $n: String!) { changePassword(current: $c, new: $n) }";
    let token = text(&here, "accessToken");
    for (current, new, field) in
        [("wrong", "wind in tall reeds", "current"), (PASSWORD, "short", "new"), (PASSWORD, "anna is my name", "new")]
    {
        let (_, answer) = ask_as(&server.router, &token, change, json!({ "c": current, "n": new })).await;
        assert_eq!((code(&answer), &answer["errors"][0]["extensions"]["field"]), ("BAD_INPUT", &json!(field)));
    }
    let (_, answer) = ask_as(&server.router, &token, change, json!({ "c": PASSWORD, "n": "wind in tall reeds" })).await;
    assert_eq!(answer["data"]["changePassword"], true, "{answer}");
    assert_eq!(ask_as(&server.router, &token, ME, json!({})).await.0.status, StatusCode::OK);
    let (head, _) = ask_as(&server.router, &text(&there, "accessToken"), ME, json!({})).await;
    assert_eq!(head.status, StatusCode::UNAUTHORIZED);
    assert_eq!(code(&refresh(&server.router, &text(&there, "refreshToken")).await), "UNAUTHENTICATED");
    assert_eq!(code(&ask(&server.router, LOGIN, json!({ "u": "anna", "p": PASSWORD })).await.1), "UNAUTHENTICATED");
    let (_, answer) = ask(&server.router, LOGIN, json!({ "u": "anna", "p": "wind in tall reeds" })).await;
    assert!(answer["errors"].is_null(), "{answer}");
}

async fn the_last_administrator_stays_one(store: Kind) {
    let server = Server::on(store, &[]).await;
    let id = account(&server, "root", Role::Admin).await;
    account(&server, "anna", Role::Editor).await;
    let token = text(&sign_in(&server.router, "root").await, "accessToken");
    let update = "mutation($id: ID!, $i: UpdateUserInput!) { updateUser(id: $id, input: $i) { role disabled } }";
    let delete = "mutation($id: ID!) { deleteUser(id: $id) }";
    for input in [json!({ "role": "EDITOR" }), json!({ "disabled": true })] {
        let (_, answer) = ask_as(&server.router, &token, update, json!({ "id": id.to_string(), "i": input })).await;
        assert_eq!(code(&answer), "CONFLICT");
    }
    let (_, answer) = ask_as(&server.router, &token, delete, json!({ "id": id.to_string() })).await;
    assert_eq!(code(&answer), "CONFLICT");
    let second = account(&server, "second", Role::Admin).await;
    // Two administrators who disable each other at once: one of them stays.
    let disable = |id: i64| {
        let (router, token) = (server.router.clone(), token.clone());
        async move { ask_as(&router, &token, update, json!({ "id": id.to_string(), "i": { "disabled": true } })).await.1 }
    };
    let (one, other) = tokio::join!(disable(second), disable(id));
    let refused = [&one, &other].into_iter().filter(|answer| !answer["errors"].is_null()).count();
    assert_eq!(refused, 1, "{one} {other}");
}

async fn the_set_up_link_makes_one_administrator_once(store: Kind) {
    let server = Server::on(store, &[]).await;
    let accounts = server.app.accounts();
    let link = async || match accounts.first_start(None).await.expect("a start") {
        FirstStart::Link(token) => token.0,
        other => panic!("no link but {other:?}"),
    };
    let (first, second) = (link().await, link().await);
    let set_up = "mutation($t: String!, $u: String!, $p: String!) {
        setUpAdmin(token: $t, username: $u, password: $p) { accessToken user { role } } }";
    let redeem = async |token: &str, password: &str| {
        ask(&server.router, set_up, json!({ "t": token, "u": "root", "p": password })).await.1
    };
    assert_eq!(code(&redeem(&first, "password1234").await), "BAD_INPUT");
    assert_eq!(code(&redeem("cairns_AAAA", PASSWORD).await), "UNAUTHENTICATED");
    server.write_outside("UPDATE one_time_link SET expires_ms = expires_ms - 86400001").await;
    assert_eq!(code(&redeem(&first, PASSWORD).await), "UNAUTHENTICATED", "a day later");
    let third = link().await;
    let made = redeem(&third, PASSWORD).await;
    assert_eq!(made["data"]["setUpAdmin"]["user"]["role"], "ADMIN", "{made}");
    let (_, me) = ask_as(&server.router, &text(&made["data"]["setUpAdmin"], "accessToken"), ME, json!({})).await;
    assert_eq!(me["data"]["me"]["username"], "root");
    for token in [&second, &third] {
        assert_eq!(code(&redeem(token, PASSWORD).await), "UNAUTHENTICATED");
    }
    assert!(matches!(accounts.first_start(Some(PASSWORD)).await, Ok(FirstStart::HasAccounts)));
}

async fn a_set_up_link_that_twenty_redeem_at_once_makes_one_administrator(store: Kind) {
    let server = Server::on(store, &[]).await;
    let Ok(FirstStart::Link(link)) = server.app.accounts().first_start(None).await else { panic!("no link") };
    let set_up = "mutation($t: String!, $u: String!, $p: String!) {
        setUpAdmin(token: $t, username: $u, password: $p) { user { username } } }";
    let redeem = |number: usize| {
        let router = server.router.clone();
        let variables = json!({ "t": link.0, "u": format!("root{number}"), "p": PASSWORD });
        async move { ask(&router, set_up, variables).await.1 }
    };
    let answers = futures_util::future::join_all((0..20).map(redeem)).await;
    let (made, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer["errors"].is_null());
    assert_eq!(made.len(), 1, "{answers:?}");
    assert!(refused.iter().all(|answer| code(answer) == "UNAUTHENTICATED"), "{refused:?}");
    assert_eq!(server.number("SELECT count(*) FROM account").await, 1);
    assert_eq!(server.number("SELECT count(*) FROM one_time_link").await, 0);
}

async fn an_administrator_keeps_accounts(store: Kind) {
    let server = Server::with_places_on(store).await;
    account(&server, "root", Role::Admin).await;
    let token = text(&sign_in(&server.router, "root").await, "accessToken");
    let create = "mutation($i: CreateUserInput!) { createUser(input: $i) { id username role grants { layer role } } }";
    let make = async |input: Value| ask_as(&server.router, &token, create, json!({ "i": input })).await.1;
    let grants = json!([{ "layer": "secret", "role": "VIEWER" }]);
    let made = make(json!({ "username": "bert", "password": PASSWORD, "role": "EDITOR", "grants": grants })).await;
    assert_eq!(made["data"]["createUser"]["grants"], grants, "{made}");
    let faults = [
        (json!({ "username": "BERT", "password": PASSWORD, "role": "VIEWER" }), "CONFLICT", "input.username"),
        (json!({ "username": "a b", "password": PASSWORD, "role": "VIEWER" }), "BAD_INPUT", "input.username"),
        (json!({ "username": "c", "password": "short", "role": "VIEWER" }), "BAD_INPUT", "input.password"),
        (
            json!({ "username": "c", "password": PASSWORD, "role": "EDITOR", "grants": [{ "layer": "no", "role": "EDITOR" }] }),
            "NOT_FOUND",
            "input.grants[0]",
        ),
    ];
    for (input, wanted, field) in faults {
        let answer = make(input).await;
        assert_eq!((code(&answer), &answer["errors"][0]["extensions"]["field"]), (wanted, &json!(field)));
    }
    let hidden = "{ locations(filter: { layer: { eq: \"secret\" } }) { totalCount } }";
    let bert = text(&sign_in(&server.router, "bert").await, "accessToken");
    let seen = ask_as(&server.router, &bert, hidden, json!({})).await.1;
    assert_eq!(seen["data"]["locations"]["totalCount"], 3);
    let update = "mutation($id: ID!, $i: UpdateUserInput!) { updateUser(id: $id, input: $i) { username } }";
    let narrow =
        json!({ "id": made["data"]["createUser"]["id"], "i": { "grants": [{ "layer": "cities", "role": "EDITOR" }] } });
    ask_as(&server.router, &token, update, narrow).await;
    let seen = ask_as(&server.router, &bert, hidden, json!({})).await.1;
    assert_eq!(seen["data"]["locations"]["totalCount"], 0, "{seen}");
    let users = ask_as(&server.router, &token, "{ users { username } }", json!({})).await.1;
    assert_eq!(users["data"]["users"], json!([{ "username": "bert" }, { "username": "root" }]));
}

#[tokio::test]
async fn an_unknown_name_a_disabled_account_and_a_wrong_password_cost_one_hash_each() {
    let server = Server::empty().await;
    account(&server, "anna", Role::Viewer).await;
    account(&server, "gone", Role::Viewer).await;
    server.write_outside("UPDATE account SET disabled = TRUE WHERE username = 'gone'").await;
    for username in ["anna", "gone", "nobody", "not a name at all"] {
        let before = server.app.accounts().password_runs();
        let (_, answer) = ask(&server.router, LOGIN, json!({ "u": username, "p": "wrong, whatever it is" })).await;
        assert_eq!(answer["errors"][0]["message"], "the user name or the password is wrong");
        assert_eq!(server.app.accounts().password_runs() - before, 1, "{username}");
    }
}

#[tokio::test]
async fn guesses_are_counted_by_field_and_slowed_down() {
    let server = Server::empty().await;
    account(&server, "anna", Role::Viewer).await;
    let fields: Vec<String> =
        (0..15).map(|n| format!("a{n}: login(username: \"anna\", password: \"guess {n}\") {{ expiresAt }}")).collect();
    let before = server.app.accounts().password_runs();
    let (_, answer) = ask(&server.router, &format!("mutation {{ {} }}", fields.join(" ")), json!({})).await;
    assert_eq!(code(&answer), "UNAUTHENTICATED", "the first failure of a mutation ends it: {answer}");
    for _ in 0..20 {
        ask(&server.router, LOGIN, json!({ "u": "anna", "p": "a guess" })).await;
    }
    assert!(server.app.accounts().password_runs() - before <= 12, "most of the guesses cost no hash");
    let (head, answer) = ask(&server.router, LOGIN, json!({ "u": "ANNA", "p": PASSWORD })).await;
    assert_eq!((head.status, code(&answer)), (StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED"), "{answer}");
    assert!(head.headers.contains_key("retry-after"));
    account(&server, "bert", Role::Viewer).await;
    sign_in(&server.router, "bert").await;
}

#[tokio::test]
async fn the_operators_password_makes_the_first_administrator_unless_it_is_weak() {
    let server = Server::empty().await;
    let accounts = server.app.accounts();
    for weak in ["changeme", "password1234", "correct horse battery staple"] {
        let error = accounts.first_start(Some(weak)).await.expect_err("refused");
        assert_eq!(error.field(), Some("CAIRN_ADMIN_PASSWORD"));
        assert!(!error.to_string().contains(weak));
    }
    assert!(matches!(accounts.first_start(Some(PASSWORD)).await, Ok(FirstStart::MadeAdmin)));
    assert_eq!(sign_in(&server.router, "admin").await["user"]["role"], "ADMIN");
}
