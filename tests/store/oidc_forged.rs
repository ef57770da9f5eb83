//! Tokens that say they come from the issuer, or from us, and do not: none is accepted, and none is taken for nobody.

use aws_lc_rs::hmac;
use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use cairn::model::Role;
use serde_json::{Value, json};

use crate::accounts::{account, code};
use crate::common::Kind;
use crate::common::issuer::{Issuer, Key};
use crate::forged::Forge;
use crate::oidc::{me, server_for};

crate::on_both_stores! { no_forged_token_of_the_issuer_is_accepted }

/// The keys that the issuer shows, and one that it does not.
struct Keys {
    rsa: Key,
    ec: Key,
    ed: Key,
    stranger: Key,
}

fn with(base: &Value, name: &str, value: Value) -> Value {
    let mut changed = base.clone();
    changed[name] = value;
    changed
}

fn without(base: &Value, name: &str) -> Value {
    let mut changed = base.clone();
    changed.as_object_mut().expect("an object").remove(name);
    changed
}

fn wrong_claims(good: &Value) -> Vec<(String, Value)> {
    let now = good["iat"].as_i64().expect("a time");
    let issuer = good["iss"].as_str().expect("an issuer");
    let table = [
        ("iss", json!("https://elsewhere.example")),
        ("iss", json!(format!("{issuer}/"))),
        ("iss", json!(issuer.to_uppercase())),
        ("iss", json!([issuer])),
        ("iss", json!(null)),
        ("aud", json!("another")),
        ("aud", json!("cairn-api")),
        ("aud", json!("Cairn")),
        ("aud", json!(["another", "cairns"])),
        ("aud", json!([])),
        ("aud", json!("")),
        ("aud", json!(null)),
        ("aud", json!({ "cairn": true })),
        ("exp", json!((now + 300).to_string())),
        ("exp", json!(now - 31)),
        ("exp", json!(now)),
        ("exp", json!(0)),
        ("exp", json!(-1)),
        ("exp", json!(1e300)),
        ("exp", json!(null)),
        ("exp", json!(true)),
        ("exp", json!([now + 300])),
        ("nbf", json!(now + 120)),
        ("nbf", json!(now.to_string())),
        ("iat", json!(now + 120)),
        ("iat", json!(now.to_string())),
        ("iat", json!(null)),
        ("sub", json!("")),
        ("sub", json!(7)),
        ("sub", json!(null)),
        ("sub", json!("a\nb")),
        ("sub", json!("s".repeat(256))),
        ("cnf", json!({ "jkt": "x" })),
    ];
    let wrong = table.into_iter().map(|(name, value)| (format!("{name}: {value}"), with(good, name, value)));
    let missing = ["iss", "aud", "exp", "iat", "sub"].map(|name| (format!("no {name}"), without(good, name)));
    wrong.chain(missing).collect()
}

fn wrong_heads(keys: &Keys) -> Vec<(String, Value)> {
    let head = keys.rsa.head();
    let algs =
        ["none", "None", "", "HS256", "HS384", "HS512", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA", "rs256"];
    let algs = algs.into_iter().map(|alg| ("alg", json!(alg)));
    let table = [
        ("alg", json!(["RS256"])),
        ("alg", json!(null)),
        ("kid", json!("unknown")),
        ("kid", json!(keys.ec.kid)),
        ("kid", json!("../rsa")),
        ("kid", json!("")),
        ("kid", json!(null)),
        ("kid", json!("k".repeat(300))),
        ("kid", json!("encrypts")),
        ("kid", json!("shared")),
        ("typ", json!("logout+jwt")),
        ("typ", json!("dpop+jwt")),
        ("typ", json!("rt+jwt")),
        ("crit", json!(["exp"])),
        ("crit", json!([])),
    ];
    let wrong = algs.chain(table).map(|(name, value)| (format!("head {name}: {value}"), with(&head, name, value)));
    let missing = ["alg", "kid"].map(|name| (format!("head without {name}"), without(&head, name)));
    wrong.chain(missing).collect()
}

/// HMAC under what everybody knows.
fn mixed_up(keys: &Keys, claims: &Value) -> Vec<(String, String)> {
    let mut table = Vec::new();
    for key in [&keys.rsa, &keys.ec, &keys.ed] {
        let public = key.public();
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(&public));
        let modulus = key.jwk()["n"].as_str().map(|n| URL_SAFE_NO_PAD.decode(n).expect("base64"));
        let secrets =
            [Some(public), Some(pem.into_bytes()), Some(key.jwk().to_string().into_bytes()), modulus, Some(Vec::new())];
        for (number, secret) in secrets.into_iter().flatten().enumerate() {
            for alg in ["HS256", key.alg()] {
                let head = with(&key.head(), "alg", json!(alg));
                let message = format!(
                    "{}.{}",
                    URL_SAFE_NO_PAD.encode(head.to_string()),
                    URL_SAFE_NO_PAD.encode(claims.to_string())
                );
                let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret), message.as_bytes());
                let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag));
                table.push((format!("HMAC as {alg} under the public {} ({number})", key.alg()), token));
            }
        }
    }
    table
}

fn wrongly_signed(keys: &Keys, claims: &Value) -> Vec<(String, String)> {
    let real = keys.rsa.token(claims);
    let [head, body, signature] = real.split('.').collect::<Vec<_>>()[..] else { panic!("three parts") };
    let mut embedded = keys.stranger.head();
    embedded["jwk"] = keys.stranger.jwk();
    embedded["jku"] = json!("http://127.0.0.1:9/keys");
    let under = |kid: &str| with(&keys.stranger.head(), "kid", json!(kid));
    let none = URL_SAFE_NO_PAD.encode(with(&keys.rsa.head(), "alg", json!("none")).to_string());
    let text = claims.to_string();
    let twice = |name: &str, value: &str| text.replacen('{', &format!("{{\"{name}\":{value},"), 1);
    let signed = |claims: &str| keys.rsa.sign_text(&keys.rsa.head().to_string(), claims);
    let twisted = |name: &str| {
        let mut bytes = URL_SAFE_NO_PAD.decode(signature).expect("base64");
        let at = if name == "first" { 0 } else { bytes.len() - 1 };
        bytes[at] ^= 1;
        format!("{head}.{body}.{}", URL_SAFE_NO_PAD.encode(bytes))
    };
    [
        ("another key under a kid of the issuer", keys.stranger.sign(&under(&keys.ed.kid), claims)),
        ("another key under its own kid", keys.stranger.token(claims)),
        ("another key, embedded", keys.stranger.sign(&embedded, claims)),
        (
            "one key under the kid of the other",
            keys.ec.sign(&with(&keys.ec.head(), "kid", json!(keys.rsa.kid)), claims),
        ),
        ("none without a signature", format!("{none}.{body}.")),
        ("none with the signature", format!("{none}.{body}.{signature}")),
        ("no signature", format!("{head}.{body}.")),
        ("two parts", format!("{head}.{body}")),
        ("four parts", format!("{real}.{signature}")),
        ("the first letter of the signature", twisted("first")),
        ("the last letter of the signature", twisted("last")),
        ("zeroes as signature", format!("{head}.{body}.{}", URL_SAFE_NO_PAD.encode([0; 256]))),
        (
            "zeroes as ES256",
            keys.ec
                .token(claims)
                .rsplit_once('.')
                .map(|(message, _)| format!("{message}.{}", URL_SAFE_NO_PAD.encode([0; 64])))
                .expect("parts"),
        ),
        ("a shorter signature", format!("{head}.{body}.{}", &signature[..signature.len() - 4])),
        ("padding", format!("{real}==")),
        ("iss twice", signed(&twice("iss", "\"https://elsewhere.example\""))),
        ("sub twice", signed(&twice("sub", "\"root\""))),
        ("exp twice", signed(&twice("exp", "1"))),
        ("aud twice", signed(&twice("aud", "\"another\""))),
        ("claims that are a list", signed(&format!("[{text}]"))),
        ("claims that are no JSON", signed("{")),
        ("far too long", signed(&with(claims, "pad", json!("A".repeat(20_000))).to_string())),
    ]
    .into_iter()
    .map(|(name, token)| (name.to_owned(), token))
    .collect()
}

/// Tokens of ours in the clothes of the issuer, and the other way round.
fn exchanged(keys: &Keys, claims: &Value, ours: &Forge) -> Vec<(String, String)> {
    let our_kid = ours.head["kid"].clone();
    let typed = with(&keys.ed.head(), "typ", json!("at+jwt"));
    let our_issuer = with(claims, "iss", ours.claims["iss"].clone());
    [
        ("ours with their kid", ours.token(&with(&ours.head, "kid", json!(keys.ed.kid)), &ours.claims)),
        ("our key, their claims", ours.token(&ours.head, claims)),
        ("our key, their claims and kid", ours.token(&with(&ours.head, "kid", json!(keys.ed.kid)), claims)),
        ("our claims for their issuer", ours.token(&ours.head, &with(&ours.claims, "iss", claims["iss"].clone()))),
        ("their key, our claims", keys.ed.sign(&typed, &ours.claims)),
        ("their key, our claims and kid", keys.ed.sign(&with(&typed, "kid", our_kid.clone()), &ours.claims)),
        ("their key and claims, our issuer", keys.ed.sign(&typed, &our_issuer)),
        ("their key and claims, our kid", keys.ed.sign(&with(&typed, "kid", our_kid), claims)),
        (
            "their key, our claims, their issuer",
            keys.ed.sign(&typed, &with(&ours.claims, "iss", claims["iss"].clone())),
        ),
    ]
    .into_iter()
    .map(|(name, token)| (name.to_owned(), token))
    .collect()
}

async fn no_forged_token_of_the_issuer_is_accepted(store: Kind) {
    let keys = Keys { rsa: Key::rsa("rsa"), ec: Key::ec("ec"), ed: Key::ed("ed"), stranger: Key::ed("stranger") };
    let issuer = Issuer::start(&[]).await;
    // Beside its keys the issuer shows one that encrypts and one that is shared: neither verifies anything.
    let encrypts = with(&with(&keys.rsa.jwk(), "kid", json!("encrypts")), "use", json!("enc"));
    let shared = json!({ "kty": "oct", "kid": "shared", "k": "AAAA", "alg": "HS256" });
    issuer.show([keys.rsa.jwk(), keys.ec.jwk(), keys.ed.jwk(), encrypts, shared]);
    let server = server_for(store, &issuer, &[]).await;
    account(&server, "root", Role::Admin).await;
    let ours = Forge::of(&server, "root").await;
    let claims = issuer.claims("anna", &["maps-admin"]);
    // Else the table would prove nothing.
    let listed = with(&claims, "aud", json!(["another", "cairn"]));
    let typed = with(&keys.rsa.head(), "typ", json!("application/at+jwt"));
    let good = [
        keys.rsa.token(&claims),
        keys.ec.token(&claims),
        keys.ed.token(&claims),
        keys.rsa.token(&listed),
        keys.rsa.token(&without(&claims, "nbf")),
        keys.rsa.sign(&typed, &claims),
        keys.rsa.sign(&without(&keys.rsa.head(), "typ"), &claims),
    ];
    for token in &good {
        let (_, answer) = me(&server.router, token).await;
        assert_eq!((answer["username"].as_str(), answer["role"].as_str()), (Some("anna"), Some("ADMIN")), "{answer}");
    }
    let accounts = server.number("SELECT count(*) FROM account").await;
    let mut table: Vec<(String, String)> =
        wrong_claims(&claims).into_iter().map(|(name, claims)| (name, keys.rsa.token(&claims))).collect();
    table.extend(wrong_heads(&keys).into_iter().map(|(name, head)| (name, keys.rsa.sign(&head, &claims))));
    table.extend(mixed_up(&keys, &claims));
    table.extend(wrongly_signed(&keys, &claims));
    table.extend(exchanged(&keys, &claims, &ours));
    assert!(table.len() >= 120, "{} tokens", table.len());
    for (name, token) in &table {
        let (head, answer) = me(&server.router, token).await;
        assert_eq!((head.status, code(&answer)), (StatusCode::UNAUTHORIZED, "UNAUTHENTICATED"), "{name}: {answer}");
    }
    assert_eq!(server.number("SELECT count(*) FROM account").await, accounts, "none of them made an account");
    assert_eq!((issuer.discoveries(), issuer.fetches()), (1, 1));
}
