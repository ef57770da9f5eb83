//! What the audit log keeps of accounts, sessions and tokens: one row for each change, and no secret.

use std::io::Write as _;
use std::process::{Command, Stdio};

use axum::Router;
use cairn::model::Role;
use cairn::service::first_start::FirstStart;
use serde_json::{Value, json};

use crate::accounts::{PASSWORD, account, sign_in, text};
use crate::api_tokens::CREATE;
use crate::common::server::ask_as;
use crate::common::{Kind, Server};

crate::on_both_stores! {
    every_change_of_accounts_leaves_one_row_without_a_secret,
    a_change_that_is_refused_or_changes_nothing_leaves_no_row,
    the_first_administrator_and_the_shell_act_for_the_server,
}

/// Given by an administrator, and again by the account itself.
const SECOND: &str = "wind in the tall grass";
const THIRD: &str = "snow on a long road";

/// Every row, newest first, as an administrator reads it.
async fn log(router: &Router, token: &str) -> Vec<Value> {
    let question = "{ auditLog(first: 500) { edges { node { actor action target before after requestId } } } }";
    let (_, answer) = ask_as(router, token, question, json!({})).await;
    let edges = answer["data"]["auditLog"]["edges"].as_array().unwrap_or_else(|| panic!("{answer}"));
    edges.iter().map(|edge| edge["node"].clone()).collect()
}

async fn done(server: &Server, token: &str, mutation: &str, variables: Value) -> Value {
    let (_, mut answer) = ask_as(&server.router, token, mutation, variables).await;
    assert!(answer["errors"].is_null(), "{mutation} {answer}");
    answer["data"].take()
}

/// Asks for a change, and finds its row: gives the answer.
async fn noted(server: &Server, token: &str, change: (&str, Value), row: (&str, &str, Value, Value)) -> Value {
    let root = text(&sign_in(&server.router, "root").await, "accessToken");
    let before = log(&server.router, &root).await.len();
    let data = done(server, token, change.0, change.1).await;
    let rows = log(&server.router, &root).await;
    let (action, target, was, is) = row;
    assert_eq!(rows.len(), before + 1, "one row: {:?}", rows[0]);
    let newest = &rows[0];
    assert_eq!((&newest["action"], &newest["before"], &newest["after"]), (&json!(action), &was, &is), "{newest}");
    assert!(newest["target"].as_str().is_some_and(|text| text.starts_with(target)), "{newest}");
    assert_eq!(newest["requestId"].as_str().map(str::len), Some(32), "{newest}");
    data
}

async fn every_change_of_accounts_leaves_one_row_without_a_secret(store: Kind) {
    let server = Server::with_places_on(store).await;
    account(&server, "root", Role::Admin).await;
    let root = text(&sign_in(&server.router, "root").await, "accessToken");
    let state = json!({ "username": "anna", "role": "EDITOR", "disabled": false, "grants": { "cities": "EDITOR" } });
    let create = "mutation($i: CreateUserInput!) { createUser(input: $i) { id } }";
    let grants = json!([{ "layer": "cities", "role": "EDITOR" }]);
    let input = json!({ "i": { "username": "anna", "password": PASSWORD, "role": "EDITOR", "grants": grants } });
    let made = noted(&server, &root, (create, input), ("USER_CREATED", "user:", Value::Null, state.clone())).await;
    let id = text(&made["createUser"], "id");
    let user = format!("user:{id}");
    let update = "mutation($id: ID!) { updateUser(id: $id, input: { role: VIEWER, grants: [] }) { id } }";
    let was = json!({ "role": "EDITOR", "grants": { "cities": "EDITOR" } });
    let is = json!({ "role": "VIEWER", "grants": {} });
    noted(&server, &root, (update, json!({ "id": id })), ("USER_UPDATED", &user, was, is)).await;
    let anna = text(&sign_in(&server.router, "anna").await, "accessToken");
    let ends = tomorrow();
    let token = json!({ "user": id, "name": "a script", "scopes": ["import"], "expiresAt": ends });
    let input = json!({ "n": "a script", "s": ["import"], "e": ends });
    let row = ("API_TOKEN_CREATED", "token:", Value::Null, token.clone());
    let made = noted(&server, &anna, (CREATE, input), row).await;
    let secret = text(&made["createApiToken"], "token");
    let token_id = text(&made["createApiToken"]["apiToken"], "id");
    let revoke = "mutation($id: ID!) { revokeApiToken(id: $id) }";
    let row = ("API_TOKEN_REVOKED", &*format!("token:{token_id}"), token, Value::Null);
    noted(&server, &anna, (revoke, json!({ "id": token_id })), row).await;
    let change = "mutation($o: String!, $n: String!) { changePassword(current: $o, new: $n) }";
    let row = ("PASSWORD_CHANGED", &*user, Value::Null, Value::Null);
    noted(&server, &anna, (change, json!({ "o": PASSWORD, "n": SECOND })), row).await;
    let sessions = done(&server, &anna, "{ sessions { id } }", json!({})).await;
    let session = text(&sessions["sessions"][0], "id");
    let revoke = "mutation($id: ID!) { revokeSession(id: $id) }";
    let row = ("SESSION_REVOKED", &*format!("session:{session}"), json!({ "user": id }), Value::Null);
    noted(&server, &root, (revoke, json!({ "id": session })), row).await;
    let set = "mutation($id: ID!, $p: String!) { setPassword(id: $id, password: $p) { id } }";
    let row = ("PASSWORD_SET", &*user, Value::Null, Value::Null);
    noted(&server, &root, (set, json!({ "id": id, "p": PASSWORD })), row).await;
    sign_in(&server.router, "anna").await;
    let revoke = "mutation($id: ID!) { revokeSessions(userId: $id) }";
    let row = ("SESSIONS_REVOKED", &*user, json!({ "sessions": 1 }), Value::Null);
    noted(&server, &root, (revoke, json!({ "id": id })), row).await;
    let delete = "mutation($id: ID!) { deleteUser(id: $id) }";
    let gone = json!({ "username": "anna", "role": "VIEWER", "disabled": false, "grants": {} });
    noted(&server, &root, (delete, json!({ "id": id })), ("USER_DELETED", &user, gone, Value::Null)).await;
    let rows = Value::from(log(&server.router, &root).await).to_string();
    for secret in [PASSWORD, SECOND, &secret, "argon2", "hash"] {
        assert!(!rows.contains(secret), "{secret} in {rows}");
    }
}

/// An instant as the API answers it.
fn tomorrow() -> String {
    let tomorrow = chrono::Utc::now() + chrono::Duration::days(1);
    tomorrow.format("%Y-%m-%dT%H:%M:%S.000Z").to_string()
}

async fn a_change_that_is_refused_or_changes_nothing_leaves_no_row(store: Kind) {
    let server = Server::on(store, &[]).await;
    let id = account(&server, "root", Role::Admin).await;
    let root = text(&sign_in(&server.router, "root").await, "accessToken");
    let before = log(&server.router, &root).await.len();
    let id = json!({ "id": id.to_string() });
    let same = "mutation($id: ID!) { updateUser(id: $id, input: { role: ADMIN, disabled: false }) { id } }";
    done(&server, &root, same, id.clone()).await;
    for refused in [
        "mutation($id: ID!) { deleteUser(id: $id) }",
        "mutation($id: ID!) { updateUser(id: $id, input: { role: VIEWER }) { id } }",
        "mutation($id: ID!) { setPassword(id: $id, password: \"short\") { id } }",
        "mutation { changePassword(current: \"wrong\", new: \"wind in the tall grass\") }",
        "mutation { revokeSession(id: \"99\") }",
        "mutation { revokeApiToken(id: \"99\") }",
        "mutation { login(username: \"root\", password: \"wrong\") { expiresAt } }",
    ] {
        let (_, answer) = ask_as(&server.router, &root, refused, id.clone()).await;
        assert!(!answer["errors"].is_null(), "{refused}");
    }
    assert_eq!(log(&server.router, &root).await.len(), before);
}

async fn the_first_administrator_and_the_shell_act_for_the_server(store: Kind) {
    let server = Server::on(store, &[]).await;
    let Ok(FirstStart::Link(link)) = server.app.accounts().first_start(None).await else { panic!("no link") };
    let set_up = "mutation($t: String!, $p: String!) {
        setUpAdmin(token: $t, username: \"root\", password: $p) { accessToken } }";
    let made = done(&server, "", set_up, json!({ "t": link.0, "p": PASSWORD })).await;
    let root = text(&made["setUpAdmin"], "accessToken");
    let commands: [(&[&str], &str); 5] = [
        (&["user", "create", "anna", "--password-stdin"], "USER_CREATED"),
        (&["user", "passwd", "anna", "--password-stdin"], "PASSWORD_SET"),
        (&["user", "disable", "anna"], "USER_UPDATED"),
        (&["token", "create", "--user", "anna", "--name", "nightly"], "API_TOKEN_CREATED"),
        (&["token", "revoke", "1"], "API_TOKEN_REVOKED"),
    ];
    for (arguments, _) in commands {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cairn"));
        command.args(arguments).current_dir(server.folder()).env("DATABASE_URL", server.url());
        command.env("CAIRN_DATA_DIR", server.folder()).stdin(Stdio::piped()).stdout(Stdio::null());
        let mut process = command.spawn().expect("cairn");
        // A command that reads nothing may have ended already.
        let _ = process.stdin.take().expect("its input").write_all(THIRD.as_bytes());
        assert!(process.wait().expect("an end").success(), "{arguments:?}");
    }
    let rows = log(&server.router, &root).await;
    let told: Vec<_> = rows.iter().rev().map(|row| (row["action"].as_str(), row["actor"].as_str())).collect();
    let wanted = commands.iter().map(|(_, action)| (Some(*action), None));
    let wanted: Vec<_> = std::iter::once((Some("ADMIN_SET_UP"), None)).chain(wanted).collect();
    assert_eq!(told, wanted);
    let rows = Value::from(rows).to_string();
    for secret in [PASSWORD, THIRD, &link.0, "argon2", "cairn_"] {
        assert!(!rows.contains(secret), "{secret} in {rows}");
    }
}
