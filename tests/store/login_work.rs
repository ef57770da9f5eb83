//! A sign-in that fails costs the same work, whoever it was for: how long it takes tells nobody who has an account.
//!
//! The time itself is measured by the benchmark (`writes`), on a machine that is quiet.

use cairn::model::Role;
use serde_json::json;

use crate::accounts::{LOGIN, account, code};
use crate::common::server::ask;
use crate::common::{Kind, Server};

crate::on_both_stores! { a_failed_sign_in_costs_one_hash_whoever_it_was_for }

async fn a_failed_sign_in_costs_one_hash_whoever_it_was_for(store: Kind) {
    let server = Server::on(store, &[]).await;
    account(&server, "known", Role::Admin).await;
    account(&server, "disabled", Role::Viewer).await;
    account(&server, "issuers", Role::Viewer).await;
    server.write_outside("UPDATE account SET disabled = TRUE WHERE username = 'disabled'").await;
    // As the account of somebody whom an issuer knows.
    server.write_outside("UPDATE account SET password_hash = '' WHERE username = 'issuers'").await;
    let long = "p".repeat(5_000);
    for password in ["rain on tin roof", "", &long] {
        for username in ["known", "unknown", "disabled", "issuers", ""] {
            let before = server.app.accounts().password_runs();
            let (_, answer) = ask(&server.router, LOGIN, json!({ "u": username, "p": password })).await;
            let told = (code(&answer), answer["errors"][0]["message"].as_str());
            assert_eq!(told, ("UNAUTHENTICATED", Some("the user name or the password is wrong")), "{username}");
            let hashes = server.app.accounts().password_runs() - before;
            assert_eq!(hashes, 1, "{username} with {} bytes", password.len());
        }
    }
}
