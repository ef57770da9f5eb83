//! The keys of the issuer: fetched seldom whatever comes, followed when they change, and kept for a while when it is away.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use serde_json::json;

use crate::accounts::code;
use crate::common::issuer::{Issuer, Key, Manner, ca};
use crate::common::{Kind, Server};
use crate::oidc::{me, server_for};

crate::on_both_stores! {
    a_storm_of_unknown_keys_causes_one_fetch,
    a_new_key_is_picked_up_and_an_old_one_forgotten,
    an_issuer_that_is_away_leaves_its_known_keys_for_a_while,
    an_issuer_that_lies_or_is_broken_opens_nothing,
    a_client_that_goes_away_does_not_spend_the_fetch_of_the_others,
    an_issuer_over_tls_is_asked_only_under_an_authority_that_is_trusted,
}

/// Keys are asked for again at each question.
const EAGER: [(&str, &str); 3] = [
    ("CAIRN_LIMIT_OIDC_FETCH_INTERVAL_MS", "1"),
    ("CAIRN_LIMIT_OIDC_KEYS_FRESH_MS", "1"),
    ("CAIRN_LIMIT_OIDC_FETCH_TIME_MS", "200"),
];

/// Asks until the answer has this status and code, for ten seconds at most.
async fn until(server: &Server, token: &str, wanted: (StatusCode, &str)) {
    let began = Instant::now();
    loop {
        let (head, answer) = me(&server.router, token).await;
        if (head.status, code(&answer)) == wanted {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(10), "{wanted:?} never came, but {} {answer}", head.status);
    }
}

const ACCEPTED: (StatusCode, &str) = (StatusCode::OK, "");
const REFUSED: (StatusCode, &str) = (StatusCode::UNAUTHORIZED, "UNAUTHENTICATED");
const UNAVAILABLE: (StatusCode, &str) = (StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE");

async fn a_storm_of_unknown_keys_causes_one_fetch(store: Kind) {
    let key = Key::ed("k");
    let issuer = Issuer::start(&[&key]).await;
    let server = Arc::new(server_for(store, &issuer, &[]).await);
    let good = key.token(&issuer.claims("anna", &[]));
    for round in 0..3 {
        let storm: Vec<_> = (0..300)
            .map(|number| {
                let mut head = key.head();
                head["kid"] = json!(format!("{round}-{number}"));
                let (server, token) = (Arc::clone(&server), key.sign(&head, &issuer.claims("anna", &["maps-admin"])));
                tokio::spawn(async move {
                    let (head, answer) = me(&server.router, &token).await;
                    assert_eq!((head.status, code(&answer)), REFUSED);
                })
            })
            .collect();
        for one in storm {
            one.await.expect("a refusal");
        }
        until(&server, &good, ACCEPTED).await;
    }
    assert_eq!((issuer.discoveries(), issuer.fetches()), (1, 1));
}

async fn a_new_key_is_picked_up_and_an_old_one_forgotten(store: Kind) {
    let (first, second) = (Key::rsa("first"), Key::ec("second"));
    let issuer = Issuer::start(&[&first]).await;
    let server = server_for(store, &issuer, &EAGER).await;
    let old = first.token(&issuer.claims("anna", &[]));
    let new = second.token(&issuer.claims("anna", &[]));
    until(&server, &old, ACCEPTED).await;
    until(&server, &new, REFUSED).await;
    issuer.show([first.jwk(), second.jwk()]);
    until(&server, &new, ACCEPTED).await;
    until(&server, &old, ACCEPTED).await;
    issuer.show([second.jwk()]);
    until(&server, &old, REFUSED).await;
    until(&server, &new, ACCEPTED).await;
    // The same name for another key: what the old one signed is worth nothing, remembered or not.
    issuer.show([Key::ec("second").jwk()]);
    until(&server, &new, REFUSED).await;
}

async fn an_issuer_that_is_away_leaves_its_known_keys_for_a_while(store: Kind) {
    let (known, unknown) = (Key::ed("known"), Key::ed("unknown"));
    let issuer = Issuer::start(&[&known]).await;
    let settings = [&EAGER[..], &[("CAIRN_LIMIT_OIDC_KEYS_KEPT_MS", "3000")]].concat();
    let server = server_for(store, &issuer, &settings).await;
    let token = known.token(&issuer.claims("anna", &[]));
    until(&server, &token, ACCEPTED).await;
    issuer.behave(Manner::Silent);
    let (head, answer) = me(&server.router, &unknown.token(&issuer.claims("bert", &[]))).await;
    assert_eq!((head.status, code(&answer)), UNAVAILABLE);
    assert!(head.headers.contains_key("retry-after"));
    let (head, answer) = me(&server.router, &token).await;
    assert_eq!((head.status, code(&answer)), ACCEPTED, "{answer}");
    // No key is believed for ever.
    until(&server, &token, UNAVAILABLE).await;
    issuer.behave(Manner::Honest);
    until(&server, &token, ACCEPTED).await;
}

async fn an_issuer_that_lies_or_is_broken_opens_nothing(store: Kind) {
    let key = Key::ed("k");
    let issuer = Issuer::start(&[&key]).await;
    let token = key.token(&issuer.claims("anna", &["maps-admin"]));
    let honest = Issuer::start(&[&key]).await;
    let manners = [
        Manner::Silent,
        Manner::Status(500),
        Manner::Status(404),
        Manner::Redirecting,
        Manner::Endless,
        Manner::Large,
        Manner::NoJson,
        Manner::NoKeys,
        Manner::OtherIssuer(honest.url().to_owned()),
        Manner::OtherIssuer(format!("{}/", issuer.url())),
        Manner::KeysAt("http://192.0.2.1/keys".to_owned()),
        Manner::KeysAt("file:///etc/passwd".to_owned()),
        Manner::KeysAt("/keys".to_owned()),
    ];
    let server = server_for(store, &issuer, &EAGER).await;
    for manner in manners {
        issuer.behave(manner.clone());
        let (head, answer) = me(&server.router, &token).await;
        assert_eq!((head.status, code(&answer)), UNAVAILABLE, "{manner:?}");
        let told = answer.to_string();
        assert!(!told.contains("127.0.0.1") && !told.contains("192.0.2.1"), "no address leaves: {told}");
    }
    assert_eq!(server.number("SELECT count(*) FROM account").await, 0);
    issuer.behave(Manner::Honest);
    until(&server, &token, ACCEPTED).await;
}

async fn a_client_that_goes_away_does_not_spend_the_fetch_of_the_others(store: Kind) {
    let key = Key::ed("k");
    let issuer = Issuer::start(&[&key]).await;
    let server = Arc::new(server_for(store, &issuer, &[]).await);
    let token = key.token(&issuer.claims("anna", &[]));
    issuer.behave(Manner::Waiting);
    let first = tokio::spawn({
        let (server, token) = (Arc::clone(&server), token.clone());
        async move { me(&server.router, &token).await }
    });
    while issuer.discoveries() == 0 {
        tokio::task::yield_now().await;
    }
    first.abort();
    assert!(first.await.expect_err("it went away").is_cancelled());
    issuer.go();
    // Within the interval: a fetch that ended with its client would leave nothing but a refusal.
    let (head, answer) = me(&server.router, &token).await;
    assert_eq!((head.status, code(&answer)), ACCEPTED, "{answer}");
    assert_eq!((issuer.discoveries(), issuer.fetches()), (1, 1));
}

async fn an_issuer_over_tls_is_asked_only_under_an_authority_that_is_trusted(store: Kind) {
    let key = Key::ec("k");
    let issuer = Issuer::start_with_tls(&[&key]).await;
    let token = key.token(&issuer.claims("anna", &["maps-editor"]));
    let stranger = server_for(store, &issuer, &[]).await;
    let (head, answer) = me(&stranger.router, &token).await;
    assert_eq!((head.status, code(&answer)), UNAVAILABLE);
    assert_eq!(issuer.discoveries(), 0);
    let authority = ca();
    let server = server_for(store, &issuer, &[("CAIRN_OIDC_CA", authority.to_str().expect("a path"))]).await;
    let (_, answer) = me(&server.router, &token).await;
    assert_eq!(answer["role"], "EDITOR", "{answer}");
    // An issuer out there names no address of this machine.
    let plain = Issuer::start(&[&key]).await;
    let eager = [&EAGER[..], &[("CAIRN_OIDC_CA", authority.to_str().expect("a path"))]].concat();
    issuer.behave(Manner::KeysAt(format!("{}/keys", plain.url())));
    let server = server_for(store, &issuer, &eager).await;
    let (head, answer) = me(&server.router, &token).await;
    assert_eq!((head.status, code(&answer), plain.fetches()), (UNAVAILABLE.0, UNAVAILABLE.1, 0));
}
