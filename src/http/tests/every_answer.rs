//! What every answer carries, whatever it is.

use super::{Answer, get, request, send, site};
use axum::body::Body;
use axum::http::StatusCode;

const JSON: &[(&str, &str)] = &[("content-type", "application/json")];

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; font-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; \
    form-action 'self'; object-src 'none'; frame-ancestors 'self'";

fn assert_headers(answer: &Answer, policy: &str, what: &str) {
    assert_eq!(answer.header("content-security-policy"), policy, "{what}");
    assert_eq!(answer.header("x-content-type-options"), "nosniff", "{what}");
    assert_eq!(answer.header("referrer-policy"), "strict-origin-when-cross-origin", "{what}");
    assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin", "{what}");
    assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin", "{what}");
    assert_eq!(answer.header("permissions-policy"), "geolocation=(self)", "{what}");
    assert_eq!(answer.header("x-request-id").len(), 32, "{what}");
    assert_eq!(answer.header("server"), "", "{what}");
    if answer.status.is_client_error() || answer.status.is_server_error() {
        let kind = answer.header("content-type");
        assert!(kind.contains("json"), "{what} is {kind}");
        assert_eq!(answer.codes().len(), 1, "{what}");
    }
}

/// Method, path, headers, body, and the status that they get.
type Row = (&'static str, &'static str, &'static [(&'static str, &'static str)], &'static str, u16);

#[tokio::test]
async fn every_route_and_every_error_carries_the_security_headers_and_an_id() {
    let site = site(&[("CAIRN_LIMIT_REQUEST_TIME_MS", "100")]);
    let table: [Row; 20] = [
        ("GET", "/", &[], "", 200),
        ("HEAD", "/", &[], "", 200),
        ("POST", "/", &[], "", 405),
        ("GET", "/assets/app-1a2b.js", &[("accept-encoding", "br")], "", 200),
        ("GET", "/nowhere", &[], "", 404),
        ("DELETE", "/nowhere", &[], "", 404),
        ("GET", "/livez", &[], "", 200),
        ("POST", "/livez", &[], "", 405),
        ("GET", "/livez", &[("host", "evil.example")], "", 421),
        ("GET", "/livez", &[("host", "")], "", 400),
        ("GET", "/readyz", &[], "", 200),
        ("GET", "/settings.json", &[], "", 200),
        ("GET", "/settings.json", &[("if-none-match", "*")], "", 304),
        ("GET", "/graphql?query=%7Bhello%7D", &[], "", 200),
        ("GET", "/graphql", &[], "", 400),
        ("POST", "/graphql", JSON, r#"{"query":"{hello}"}"#, 200),
        ("POST", "/graphql", JSON, r#"{"query":"{panic}"}"#, 500),
        ("POST", "/graphql", JSON, r#"{"query":"{never}"}"#, 503),
        ("POST", "/graphql", &[], "", 415),
        ("GET", "/graphql?query=%7Bhello%7D", &[("accept", "text/html")], "", 406),
    ];
    for (method, path, headers, body, status) in table {
        let what = format!("{method} {path} {headers:?}");
        let answer = send(&site, request(method, path, headers, body)).await;
        assert_eq!(answer.status.as_u16(), status, "{what}");
        assert_headers(&answer, POLICY, &what);
    }
    let relaxed = POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'");
    assert_headers(&get(&site, "/graphiql/", &[]).await, &relaxed, "graphiql");
    assert_headers(&get(&site, "/graphiql", &[]).await, POLICY, "the redirect to graphiql");
}

#[tokio::test]
async fn a_raster_base_map_may_load_its_images_and_nothing_else_changes() {
    let url = "https://tile.example.org/{z}/{x}/{y}.png";
    let site = site(&[("CAIRN_BASEMAP_URL", url), ("CAIRN_BASEMAP_ATTRIBUTION", "© \"Map\" people")]);
    let answer = get(&site, "/settings.json", &[]).await;
    let policy = POLICY.replace("data:;", "data: https://tile.example.org;");
    assert_headers(&answer, &policy, "with a base map");
    let wanted = serde_json::json!({
        "version": env!("CARGO_PKG_VERSION"),
        "basemap": { "url": url, "attribution": "© \"Map\" people" },
        "embeddable": false,
        "playground": true,
    });
    assert_eq!(answer.json(), wanted);
}

#[tokio::test]
async fn only_the_map_for_frames_can_be_framed_by_whom_the_operator_names() {
    for (setting, ancestors) in [
        ("", "frame-ancestors 'self'"),
        ("https://a.example, http://b.example:81", "frame-ancestors 'self' https://a.example http://b.example:81"),
        ("*", "frame-ancestors *"),
    ] {
        let site = site(&[("CAIRN_EMBED_ORIGINS", setting)]);
        let policy = POLICY.replace("frame-ancestors 'self'", ancestors);
        assert_headers(&get(&site, "/embed", &[]).await, &policy, "the redirect to the map for frames");
        assert_headers(&get(&site, "/embed/", &[]).await, &policy, "the map for frames");
        assert_headers(&get(&site, "/", &[]).await, POLICY, "the map");
        assert_eq!(get(&site, "/settings.json", &[]).await.json()["embeddable"], !setting.is_empty());
    }
}

#[tokio::test]
async fn a_short_plain_request_id_is_kept_and_any_other_is_replaced() {
    let site = site(&[]);
    let longest = "a".repeat(64);
    for good in ["a", "3f2b-99_A.z", &longest] {
        assert_eq!(get(&site, "/livez", &[("x-request-id", good)]).await.header("x-request-id"), good);
    }
    let too_long = "a".repeat(65);
    for bad in ["a b", "a\tb", "<script>", "a;b", &too_long] {
        let answer = get(&site, "/livez", &[("x-request-id", bad)]).await;
        let id = answer.header("x-request-id");
        assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{bad} gave {id}");
    }
    let two = [get(&site, "/livez", &[]).await, get(&site, "/livez", &[]).await];
    assert_ne!(two[0].header("x-request-id"), two[1].header("x-request-id"));
}

#[tokio::test]
async fn an_error_outside_of_graphql_is_a_problem_document() {
    let answer = send(&site(&[]), request("GET", "/nowhere?x=1", &[("x-request-id", "me")], Body::empty())).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert_eq!(answer.header("content-type"), "application/problem+json");
    let wanted = serde_json::json!({
        "title": "Not Found", "status": 404, "code": "NOT_FOUND",
        "detail": "there is nothing at this path", "requestId": "me",
    });
    assert_eq!(answer.json(), wanted);
}
