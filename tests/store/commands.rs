//! `cairn user`, `cairn token` and `cairn secret`, as an operator types them, beside a running server.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::accounts::{LOGIN, PASSWORD, code, sign_in, text};
use crate::common::server::{ask, ask_as};
use crate::common::{Kind, Server};

crate::on_both_stores! {
    an_operator_keeps_accounts_from_the_shell,
    an_operator_keeps_tokens_and_keys_from_the_shell,
}

fn cairn(server: &Server, arguments: &[&str], input: &str) -> Output {
    cairn_with(server, &[], arguments, input)
}

/// Runs the program on the server's database and folder, under more settings.
pub fn cairn_with(server: &Server, settings: &[(&str, &str)], arguments: &[&str], input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cairn"));
    command.args(arguments).current_dir(server.folder()).env("DATABASE_URL", server.url());
    command.env("CAIRN_DATA_DIR", server.folder()).envs(settings.iter().copied());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = command.spawn().expect("a process");
    process.stdin.take().expect("its input").write_all(input.as_bytes()).expect("written");
    process.wait_with_output().expect("an end")
}

/// What a command that must succeed prints.
fn printed(server: &Server, arguments: &[&str], input: &str) -> String {
    let output = cairn(server, arguments, input);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// What a command that must fail says.
fn complained(server: &Server, arguments: &[&str], input: &str) -> String {
    let output = cairn(server, arguments, input);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}");
    String::from_utf8(output.stderr).expect("text")
}

async fn an_operator_keeps_accounts_from_the_shell(store: Kind) {
    let server = Server::on(store, &[]).await;
    let by_hand = ["user", "create", "root", "--role", "admin", "--password-stdin"];
    assert_eq!(printed(&server, &by_hand, &format!("{PASSWORD}\n")), "made root (ADMIN)\n");
    assert!(complained(&server, &by_hand, PASSWORD).contains("somebody has this name already"));
    let made = printed(&server, &["user", "create", "anna", "--role", "editor"], "");
    let password = made.trim_end().rsplit(' ').next().expect("a password");
    let (_, answer) = ask(&server.router, LOGIN, json!({ "u": "anna", "p": password })).await;
    assert_eq!(answer["data"]["login"]["user"]["role"], "EDITOR", "{made}");
    assert!(complained(&server, &["user", "passwd", "nobody"], "").contains("no such account"));
    printed(&server, &["user", "passwd", "anna", "--password-stdin"], PASSWORD);
    sign_in(&server.router, "anna").await;
    assert!(complained(&server, &["user", "disable", "root"], "").contains("last administrator"));
    printed(&server, &["user", "role", "anna", "viewer"], "");
    printed(&server, &["user", "disable", "anna"], "");
    let (_, answer) = ask(&server.router, LOGIN, json!({ "u": "anna", "p": PASSWORD })).await;
    assert_eq!(code(&answer), "UNAUTHENTICATED");
    let list: Value = serde_json::from_str(&printed(&server, &["user", "list", "--json"], "")).expect("JSON");
    let told: Vec<_> =
        list.as_array().expect("a list").iter().map(|row| (&row["username"], &row["role"], &row["disabled"])).collect();
    assert_eq!(
        told,
        [(&json!("anna"), &json!("VIEWER"), &json!(true)), (&json!("root"), &json!("ADMIN"), &json!(false))]
    );
    printed(&server, &["user", "enable", "anna"], "");
    assert!(printed(&server, &["user", "email", "anna", "anna@example.org"], "").contains("anna@example.org"));
    assert!(complained(&server, &["user", "email", "root", "Anna@Example.org"], "").contains("another account"));
    assert!(complained(&server, &["user", "email", "root", "no address"], "").contains("no e-mail address"));
    assert!(!printed(&server, &["user", "email", "anna"], "").contains('@'));
    sign_in(&server.router, "anna").await;
}

async fn an_operator_keeps_tokens_and_keys_from_the_shell(store: Kind) {
    let server = Server::on(store, &[]).await;
    printed(&server, &["user", "create", "root", "--role", "admin", "--password-stdin"], PASSWORD);
    let create = ["token", "create", "--user", "root", "--name", "nightly", "--scope", "admin", "--days", "366"];
    let token = printed(&server, &create, "").trim_end().to_owned();
    let users = "{ users { username } }";
    let (_, answer) = ask_as(&server.router, &token, users, json!({})).await;
    assert_eq!(answer["data"]["users"], json!([{ "username": "root" }]), "{answer}");
    let list: Value = serde_json::from_str(&printed(&server, &["token", "list", "--json"], "")).expect("JSON");
    assert_eq!(
        (&list[0]["name"], &list[0]["scopes"], &list[0]["user"]),
        (&json!("nightly"), &json!(["admin"]), &json!("root"))
    );
    let id = text(&list[0], "id");
    printed(&server, &["token", "revoke", &id], "");
    assert!(complained(&server, &["token", "revoke", &id], "").contains("no live token"));
    let (_, replica) = server.replica().await;
    assert_eq!(ask_as(&replica, &token, users, json!({})).await.0.status, StatusCode::UNAUTHORIZED);

    let access = text(&sign_in(&server.router, "root").await, "accessToken");
    assert!(printed(&server, &["secret", "rotate"], "").contains("signs from now on"));
    assert!(printed(&server, &["secret"], "").starts_with("-----BEGIN PRIVATE KEY-----\n"));
    let (_, replica) = server.replica().await;
    assert_eq!(ask_as(&replica, &access, users, json!({})).await.0.status, StatusCode::OK, "the old key verifies");
    let fresh = text(&sign_in(&replica, "root").await, "accessToken");
    assert_ne!(fresh.split('.').next(), access.split('.').next(), "another kid");
}
