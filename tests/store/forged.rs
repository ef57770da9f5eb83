//! Tokens that nobody gave: forged, broken, ended, or of another kind. None is accepted, and none is taken for nobody.

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use axum::Router;
use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use cairn::auth::keys;
use cairn::model::Role;
use serde_json::{Value, json};

use crate::accounts::{PASSWORD, account, code, sign_in, text};
use crate::api_tokens::make;
use crate::common::Server;
use crate::common::server::ask_as;

/// The real key of a server, and a real token taken apart.
pub struct Forge {
    key: Ed25519KeyPair,
    pub head: Value,
    pub claims: Value,
}

fn pair(pem: &str) -> Ed25519KeyPair {
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    Ed25519KeyPair::from_pkcs8(&STANDARD.decode(body).expect("base64")).expect("a key")
}

fn part(json: &Value) -> String {
    URL_SAFE_NO_PAD.encode(json.to_string())
}

fn signed(key: &Ed25519KeyPair, head: &str, claims: &str) -> String {
    let message = format!("{head}.{claims}");
    let signature = URL_SAFE_NO_PAD.encode(key.sign(message.as_bytes()));
    format!("{message}.{signature}")
}

impl Forge {
    /// With a live session of this account.
    pub async fn of(server: &Server, username: &str) -> Self {
        let access = text(&sign_in(&server.router, username).await, "accessToken");
        let read = |part: Option<&str>| {
            let bytes = URL_SAFE_NO_PAD.decode(part.expect("a part")).expect("base64");
            serde_json::from_slice(&bytes).expect("JSON")
        };
        let mut parts = access.split('.');
        let (head, claims) = (read(parts.next()), read(parts.next()));
        let folder = std::fs::read_dir(server.folder().join("keys")).expect("the keys");
        let files = folder.map(|entry| entry.expect("an entry").path());
        let file = files.filter(|path| path.extension().is_some_and(|end| end == "pem")).max().expect("a key");
        Self { key: pair(&std::fs::read_to_string(file).expect("a key")), head, claims }
    }

    /// A token with this head and these claims, signed by the real key.
    pub fn token(&self, head: &Value, claims: &Value) -> String {
        signed(&self.key, &part(head), &part(claims))
    }

    fn with_claim(&self, name: &str, value: Value) -> String {
        let mut claims = self.claims.clone();
        claims[name] = value;
        self.token(&self.head, &claims)
    }

    fn without_claim(&self, name: &str) -> String {
        let mut claims = self.claims.clone();
        claims.as_object_mut().expect("claims").remove(name);
        self.token(&self.head, &claims)
    }

    fn with_head(&self, name: &str, value: Value) -> String {
        let mut head = self.head.clone();
        head[name] = value;
        self.token(&head, &self.claims)
    }

    fn without_head(&self, name: &str) -> String {
        let mut head = self.head.clone();
        head.as_object_mut().expect("a head").remove(name);
        self.token(&head, &self.claims)
    }
}

/// Fields of a head that no token of ours has.
fn wrong_heads() -> Vec<(&'static str, Value)> {
    vec![
        ("alg", json!("none")),
        ("alg", json!("None")),
        ("alg", json!("HS256")),
        ("alg", json!("RS256")),
        ("alg", json!("ES256")),
        ("alg", json!("eddsa")),
        ("alg", json!(["EdDSA"])),
        ("typ", json!("JWT")),
        ("typ", json!("rt+jwt")),
        ("typ", json!("AT+JWT")),
        ("kid", json!("unknown")),
        ("kid", json!("../../../etc/passwd")),
        ("kid", json!("' OR '1'='1")),
        ("kid", json!("")),
        ("kid", json!(null)),
        ("crit", json!(["exp"])),
        ("crit", json!(["b64"])),
        ("b64", json!(false)),
        ("cty", json!("JWT")),
        ("jku", json!("http://127.0.0.1/jwks.json")),
        ("x5u", json!("http://127.0.0.1/key.pem")),
        ("zip", json!("DEF")),
    ]
}

/// Claims and heads that the real key signed, and that are still wrong.
fn wrongly_said(forge: &Forge) -> Vec<(String, String)> {
    let number = |name: &str| forge.claims[name].as_i64().expect("a number");
    let now = number("iat");
    let text_of = |name: &str| json!(number(name).to_string());
    let claims = [
        ("iss", json!("https://elsewhere.example")),
        ("iss", json!("")),
        ("iss", json!(["cairn"])),
        ("aud", json!("another-api")),
        ("aud", json!(["cairn-api", "another-api"])),
        ("aud", json!("")),
        ("exp", text_of("exp")),
        ("exp", json!(1e300)),
        ("exp", json!(-1)),
        ("exp", json!(null)),
        ("exp", json!(now - 60)),
        ("exp", json!(now + 3600)),
        ("exp", json!(f64::from(1_900_000_000))),
        ("nbf", text_of("nbf")),
        ("nbf", json!(now + 120)),
        ("nbf", json!(null)),
        ("iat", text_of("iat")),
        ("iat", json!(now + 120)),
        ("iat", json!(now - 3600)),
        ("sub", json!(1)),
        ("sub", json!("0")),
        ("sub", json!("4711")),
        ("sub", json!("-1")),
        ("sub", json!("01")),
        ("sub", json!("1 OR 1=1")),
        ("sub", json!("root")),
        ("sub", json!(null)),
        ("sid", json!("4711")),
        ("sid", json!(1)),
        ("sid", json!("1'--")),
        ("sid", json!("")),
        ("jti", json!("")),
        ("jti", json!(7)),
    ];
    let claims = claims.into_iter().map(|(name, value)| (format!("{name}: {value}"), forge.with_claim(name, value)));
    let heads =
        wrong_heads().into_iter().map(|(name, value)| (format!("head {name}: {value}"), forge.with_head(name, value)));
    let no_claim = ["iss", "aud", "exp", "nbf", "iat", "sub", "sid", "jti"];
    let no_claim = no_claim.into_iter().map(|name| (format!("no {name}"), forge.without_claim(name)));
    let no_head =
        ["alg", "typ", "kid"].into_iter().map(|name| (format!("head without {name}"), forge.without_head(name)));
    claims.chain(heads).chain(no_claim).chain(no_head).collect()
}

/// Signatures that the real key did not make over what is said.
fn wrongly_signed(forge: &Forge) -> Vec<(String, String)> {
    let real = forge.token(&forge.head, &forge.claims);
    let [head, claims, signature] = real.split('.').collect::<Vec<_>>()[..] else { panic!("three parts") };
    let message = format!("{head}.{claims}");
    let public = forge.key.public_key().as_ref();
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(public));
    let mac = |key: &[u8], alg: &str| {
        let mut hs = forge.head.clone();
        hs["alg"] = json!(alg);
        let message = format!("{}.{claims}", part(&hs));
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag))
    };
    let stranger = pair(&keys::new_pem().expect("a key"));
    let own_key = |forge: &Forge| {
        let mut head = forge.head.clone();
        let x = URL_SAFE_NO_PAD.encode(stranger.public_key().as_ref());
        head["jwk"] = json!({ "kty": "OKP", "crv": "Ed25519", "x": x });
        signed(&stranger, &part(&head), claims)
    };
    let mut none = forge.head.clone();
    none["alg"] = json!("none");
    let mut admin = forge.claims.clone();
    admin["sub"] = json!("1");
    admin["jti"] = json!("mine");
    let twice = String::from_utf8(URL_SAFE_NO_PAD.decode(claims).expect("base64")).expect("text");
    let twice = URL_SAFE_NO_PAD.encode(twice.replacen('{', "{\"sub\":\"2\",", 1));
    let table = [
        ("HS256 with the public key", mac(public, "HS256")),
        ("HS256 with the public key as PEM", mac(pem.as_bytes(), "HS256")),
        ("EdDSA said, HMAC made", mac(public, "EdDSA")),
        ("another key under our kid", signed(&stranger, head, claims)),
        ("another key, embedded", own_key(forge)),
        ("none without a signature", format!("{}.{claims}.", part(&none))),
        ("none with the old signature", format!("{}.{claims}.{signature}", part(&none))),
        ("other claims under the old signature", format!("{head}.{}.{signature}", part(&admin))),
        ("no signature", format!("{message}.")),
        ("no third part", message.clone()),
        ("zeroes as signature", format!("{message}.{}", URL_SAFE_NO_PAD.encode([0; 64]))),
        ("a short signature", format!("{message}.{}", &signature[..signature.len() - 4])),
        ("a long signature", format!("{message}.{signature}AAAA")),
        ("four parts", format!("{real}.{signature}")),
        ("padding", format!("{real}==")),
        ("parts swapped", format!("{claims}.{head}.{signature}")),
        ("a claim twice", signed(&forge.key, head, &twice)),
        ("claims that are a list", signed(&forge.key, head, &part(&json!([forge.claims])))),
        ("claims that are no JSON", signed(&forge.key, head, &URL_SAFE_NO_PAD.encode("{"))),
        ("a head that is no JSON", signed(&forge.key, &URL_SAFE_NO_PAD.encode("EdDSA"), claims)),
        ("a head that is a list", signed(&forge.key, &part(&json!([forge.head])), claims)),
        ("empty parts", "..".to_owned()),
        ("no part", "x".to_owned()),
        ("far too long", signed(&forge.key, head, &part(&json!({ "pad": "A".repeat(8000) })))),
    ];
    table.into_iter().map(|(name, token)| (name.to_owned(), token)).collect()
}

async fn is_refused(router: &Router, name: &str, token: &str) {
    let (head, answer) = ask_as(router, token, "{ me { username } layers { key } }", json!({})).await;
    assert_eq!((head.status, code(&answer)), (StatusCode::UNAUTHORIZED, "UNAUTHENTICATED"), "{name}: {answer}");
    assert_eq!(head.headers["www-authenticate"], "Bearer error=\"invalid_token\"", "{name}");
    assert!(answer["data"].is_null(), "{name}");
}

#[tokio::test]
async fn no_forged_broken_or_foreign_token_is_accepted() {
    let server = Server::empty().await;
    account(&server, "root", Role::Admin).await;
    let forge = Forge::of(&server, "root").await;
    // Else the table would prove nothing.
    let (_, me) =
        ask_as(&server.router, &forge.token(&forge.head, &forge.claims), "{ me { username } }", json!({})).await;
    assert_eq!(me["data"]["me"]["username"], "root", "{me}");

    let signed_in = sign_in(&server.router, "root").await;
    let api_token = text(&make(&server, &text(&signed_in, "accessToken"), &["admin"]).await, "token");
    let mut table = wrongly_said(&forge);
    table.extend(wrongly_signed(&forge));
    table.extend([
        ("a refresh token".to_owned(), text(&signed_in, "refreshToken")),
        ("a password".to_owned(), PASSWORD.replace(' ', "")),
        ("an API token without its end".to_owned(), api_token[..api_token.len() - 1].to_owned()),
        ("an API token that nobody made".to_owned(), cairn::auth::secret::checked("cairn_").expect("a token").0),
        ("a set-up token".to_owned(), cairn::auth::secret::checked("cairns_").expect("a token").0),
        ("the kid".to_owned(), forge.head["kid"].as_str().expect("a kid").to_owned()),
    ]);
    assert!(table.len() >= 90, "{} tokens", table.len());
    for (name, token) in &table {
        is_refused(&server.router, name, token).await;
    }
    // An access token and an API token are worth nothing where a refresh token belongs.
    let refresh = "mutation($t: String!) { refreshToken(token: $t) { accessToken } }";
    for token in [text(&signed_in, "accessToken"), api_token] {
        let (_, answer) = ask_as(&server.router, "", refresh, json!({ "t": token })).await;
        assert_eq!(code(&answer), "UNAUTHENTICATED");
    }
}

#[tokio::test]
async fn no_letter_of_a_token_can_be_changed() {
    let server = Server::empty().await;
    account(&server, "root", Role::Admin).await;
    let token = text(&sign_in(&server.router, "root").await, "accessToken");
    for at in 0..token.len() {
        let mut other = token.clone().into_bytes();
        other[at] = if other[at] == b'A' { b'B' } else { b'A' };
        is_refused(&server.router, &format!("letter {at}"), &String::from_utf8(other).expect("text")).await;
    }
}
