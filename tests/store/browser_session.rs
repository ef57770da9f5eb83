//! The session of a browser: the refresh token in a cookie, only for pages of ours, and never enough to ask anything.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use cairn::model::Role;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::accounts::{LOGIN, PASSWORD, account, code, text};
use crate::common::Server;
use crate::common::server::ask_as;

const REFRESH: &str = "mutation { refreshToken { accessToken refreshToken user { username } } }";
const OUR_PAGE: [(&str, &str); 3] =
    [("cairn-session", "cookie"), ("origin", "http://localhost"), ("sec-fetch-site", "same-origin")];

/// What a browser got: status, cookie and answer.
struct Got {
    status: StatusCode,
    headers: HeaderMap,
    answer: Value,
}

impl Got {
    /// `Set-Cookie`, of which there is at most one.
    fn set_cookie(&self) -> Option<&str> {
        let mut given = self.headers.get_all(header::SET_COOKIE).iter();
        let first = given.next().map(|value| value.to_str().expect("ASCII"));
        assert!(given.next().is_none(), "two cookies");
        first
    }

    /// `name=value` of the cookie that the browser keeps.
    fn cookie(&self) -> String {
        let cookie = self.set_cookie().unwrap_or_else(|| panic!("no cookie: {}", self.answer));
        cookie.split(';').next().expect("a part").to_owned()
    }
}

async fn browse(router: &Router, cookie: &str, headers: &[(&str, &str)], query: &str, variables: Value) -> Got {
    let mut request = Request::post("/graphql").header("host", "localhost").header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    if !cookie.is_empty() {
        request = request.header("cookie", format!("theme=dark; {cookie}"));
    }
    let body = Body::from(json!({ "query": query, "variables": variables }).to_string());
    let (head, body) =
        router.clone().oneshot(request.body(body).expect("a request")).await.expect("an answer").into_parts();
    let answer = serde_json::from_slice(&body.collect().await.expect("a body").to_bytes()).expect("JSON");
    Got { status: head.status, headers: head.headers, answer }
}

async fn sign_in(router: &Router) -> Got {
    browse(router, "", &OUR_PAGE, LOGIN, json!({ "u": "anna", "p": PASSWORD })).await
}

#[tokio::test]
async fn a_page_signs_in_stays_signed_in_by_its_cookie_and_signs_out() {
    let server = Server::empty().await;
    account(&server, "anna", Role::Viewer).await;
    let signed_in = sign_in(&server.router).await;
    assert!(signed_in.answer["errors"].is_null(), "{}", signed_in.answer);
    assert_eq!(signed_in.answer["data"]["login"]["refreshToken"], Value::Null, "no script sees it");
    let set = signed_in.set_cookie().expect("a cookie");
    let (pair, attributes) = set.split_once("; ").expect("attributes");
    assert!(pair.starts_with("__Host-cairn-refresh=cairnr_"), "{pair}");
    assert_eq!(attributes, "Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=2592000");
    assert_eq!(signed_in.headers["cache-control"], "no-store");

    let again = browse(&server.router, &signed_in.cookie(), &OUR_PAGE, REFRESH, json!({})).await;
    let fresh = &again.answer["data"]["refreshToken"];
    assert_eq!((fresh["user"]["username"].as_str(), &fresh["refreshToken"]), (Some("anna"), &Value::Null));
    assert_ne!(again.cookie(), signed_in.cookie(), "the token rotates");
    let tab = browse(&server.router, &signed_in.cookie(), &OUR_PAGE, REFRESH, json!({})).await;
    assert_eq!(tab.cookie(), again.cookie(), "a tab that asks at the same time gets the same one");

    let bearer = format!("Bearer {}", text(fresh, "accessToken"));
    let headers = [OUR_PAGE.as_slice(), &[("authorization", &bearer)]].concat();
    let out = browse(&server.router, &again.cookie(), &headers, "mutation { logout }", json!({})).await;
    assert_eq!(out.answer["data"]["logout"], true);
    assert_eq!(out.set_cookie(), Some("__Host-cairn-refresh=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0"));
    let after = browse(&server.router, &again.cookie(), &OUR_PAGE, REFRESH, json!({})).await;
    assert_eq!(code(&after.answer), "UNAUTHENTICATED");
    assert_eq!(after.set_cookie(), out.set_cookie(), "what is of no use is taken away");
}

#[tokio::test]
async fn a_spent_cookie_ends_its_session() {
    let server = Server::empty().await;
    account(&server, "anna", Role::Viewer).await;
    let first = sign_in(&server.router).await.cookie();
    let second = browse(&server.router, &first, &OUR_PAGE, REFRESH, json!({})).await.cookie();
    let third = browse(&server.router, &second, &OUR_PAGE, REFRESH, json!({})).await.cookie();
    let stolen = browse(&server.router, &first, &OUR_PAGE, REFRESH, json!({})).await;
    assert_eq!((stolen.status, code(&stolen.answer)), (StatusCode::OK, "UNAUTHENTICATED"));
    assert_eq!(code(&browse(&server.router, &third, &OUR_PAGE, REFRESH, json!({})).await.answer), "UNAUTHENTICATED");
}

#[tokio::test]
async fn the_set_up_link_opens_a_session_of_the_browser_too() {
    let server = Server::empty().await;
    let cairn::service::first_start::FirstStart::Link(token) =
        server.app.accounts().first_start(None).await.expect("a start")
    else {
        panic!("no link")
    };
    let query = "mutation($t: String!, $p: String!) {
        setUpAdmin(token: $t, username: \"root\", password: $p) { accessToken refreshToken } }";
    let made = browse(&server.router, "", &OUR_PAGE, query, json!({ "t": token.0, "p": PASSWORD })).await;
    assert_eq!(made.answer["data"]["setUpAdmin"]["refreshToken"], Value::Null);
    let again = browse(&server.router, &made.cookie(), &OUR_PAGE, REFRESH, json!({})).await;
    assert_eq!(again.answer["data"]["refreshToken"]["user"]["username"], "root");
}

#[tokio::test]
async fn the_cookie_alone_proves_nothing() {
    let server = Server::empty().await;
    account(&server, "anna", Role::Admin).await;
    let cookie = sign_in(&server.router).await.cookie();
    for query in ["{ users { id } }", "mutation { logout }", "mutation { revokeSessions }"] {
        let got = browse(&server.router, &cookie, &OUR_PAGE, query, json!({})).await;
        assert_eq!(code(&got.answer), "UNAUTHENTICATED", "{query}");
    }
    let me = browse(&server.router, &cookie, &OUR_PAGE, "{ me { id } }", json!({})).await;
    assert_eq!(me.answer["data"]["me"], Value::Null);
    // Without the header a cookie is none.
    let plain = browse(&server.router, &cookie, &OUR_PAGE[1..], REFRESH, json!({})).await;
    assert_eq!((code(&plain.answer), plain.set_cookie()), ("UNAUTHENTICATED", None));
    // The refresh token of the cookie is no bearer token.
    let token = cookie.split_once('=').expect("a value").1;
    let (head, _) = ask_as(&server.router, token, "{ me { id } }", json!({})).await;
    assert_eq!(head.status, StatusCode::UNAUTHORIZED);
    // The session is as it was.
    assert!(browse(&server.router, &cookie, &OUR_PAGE, REFRESH, json!({})).await.answer["errors"].is_null());
}

#[tokio::test]
async fn only_a_page_of_ours_gets_or_sends_the_cookie() {
    let server = Server::empty().await;
    account(&server, "anna", Role::Viewer).await;
    let cookie = sign_in(&server.router).await.cookie();
    let origins =
        [("", None), ("http://localhost", Some(true)), ("https://evil.example", Some(false)), ("null", Some(false))];
    let sites = [
        ("", None),
        ("same-origin", Some(true)),
        ("same-site", Some(false)),
        ("cross-site", Some(false)),
        ("none", Some(false)),
    ];
    for (origin, good_origin) in origins {
        for (site, good_site) in sites {
            let sent = [("cairn-session", "cookie"), ("origin", origin), ("sec-fetch-site", site)];
            let sent: Vec<_> = sent.into_iter().filter(|(_, value)| !value.is_empty()).collect();
            let is_ours =
                (good_origin, good_site) != (None, None) && good_origin != Some(false) && good_site != Some(false);
            for (cookie, query) in [(cookie.as_str(), REFRESH), ("", LOGIN)] {
                let variables = json!({ "u": "anna", "p": PASSWORD });
                let variables = if query == LOGIN { variables } else { json!({}) };
                let got = browse(&server.router, cookie, &sent, query, variables).await;
                let wanted =
                    if is_ours { (StatusCode::OK, "", true) } else { (StatusCode::FORBIDDEN, "FORBIDDEN", false) };
                assert_eq!((got.status, code(&got.answer), got.set_cookie().is_some()), wanted, "{sent:?} {query}");
            }
        }
    }
    let odd = browse(&server.router, "", &[("cairn-session", "body"), OUR_PAGE[1]], LOGIN, json!({})).await;
    assert_eq!((odd.status, code(&odd.answer)), (StatusCode::BAD_REQUEST, "BAD_INPUT"));
}

#[tokio::test]
async fn guesses_through_a_page_slow_down_like_all_others() {
    let server = Server::empty().await;
    account(&server, "anna", Role::Viewer).await;
    for attempt in 0..11 {
        let got = browse(&server.router, "", &OUR_PAGE, LOGIN, json!({ "u": "anna", "p": "not the password" })).await;
        let wanted = if attempt < 10 { (200, "UNAUTHENTICATED") } else { (429, "RATE_LIMITED") };
        assert_eq!((got.status.as_u16(), code(&got.answer), got.set_cookie()), (wanted.0, wanted.1, None), "{attempt}");
    }
}
