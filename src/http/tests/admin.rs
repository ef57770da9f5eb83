//! The admin page at its own path, and the decoys at the paths that everybody tries.

use super::{Answer, get, request, send, site};
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::StatusCode;
use std::net::SocketAddr;

const HERE: (&str, &str) = ("CAIRN_ADMIN_PATH", "/our-office");

/// Asks as a client at this address, with what proxies say of it.
async fn get_from(site: &Router, path: &str, peer: &str, told: &str) -> Answer {
    let mut request = request("GET", path, &[("x-forwarded-for", told)], Body::empty());
    request.extensions_mut().insert(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 4711)));
    send(site, request).await
}

/// All that a client sees but what differs between any two answers.
fn seen(answer: &Answer) -> (StatusCode, Vec<(String, String)>, String) {
    let headers = answer.headers.iter().filter(|(name, _)| *name != "x-request-id");
    let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    let mut body = answer.json();
    body["requestId"].take();
    (answer.status, headers.collect(), body.to_string())
}

#[tokio::test]
async fn the_admin_page_is_at_its_path_and_nowhere_else() {
    let site = site(&[HERE]);
    let page = get(&site, "/our-office/", &[]).await;
    assert_eq!((page.status, page.header("content-type")), (StatusCode::OK, "text/html; charset=utf-8"));
    assert!(page.text().contains("The admin page"));
    assert_eq!((page.header("cache-control"), page.header("x-robots-tag")), ("private, no-cache", "noindex"));
    assert_eq!(page.header("content-security-policy"), get(&site, "/", &[]).await.header("content-security-policy"));
    let again = get(&site, "/our-office/", &[("if-none-match", page.header("etag"))]).await;
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);
    let slashless = get(&site, "/our-office", &[]).await;
    assert_eq!((slashless.status, slashless.header("location")), (StatusCode::PERMANENT_REDIRECT, "our-office/"));
    assert_eq!(send(&site, request("HEAD", "/our-office/", &[], "")).await.status, StatusCode::OK);
    assert_eq!(send(&site, request("POST", "/our-office/", &[], "")).await.status, StatusCode::METHOD_NOT_ALLOWED);
    let unknown = seen(&get(&site, "/nowhere", &[]).await);
    for path in [
        "/our-office/index.html",
        "/our-office/x",
        "/our-officer/",
        "/Our-office/",
        "/admin/index.html",
        "/setup",
        "/our",
    ] {
        assert_eq!(seen(&get(&site, path, &[]).await), unknown, "{path}");
    }
    for other in ["/", "/graphiql/", "/settings.json", "/admin", "/assets/app-1a2b.js"] {
        assert!(!get(&site, other, &[]).await.text().contains("our-office"), "{other} tells the path");
    }
}

#[tokio::test]
async fn the_links_of_the_page_go_up_as_far_as_its_path_is_deep() {
    for (path, root) in [("/office", "../"), ("/our/back/door", "../../../")] {
        let page = get(&site(&[("CAIRN_ADMIN_PATH", path)]), &format!("{path}/"), &[]).await;
        assert!(page.text().contains(&format!("content=\"{root}\"")), "{}", page.text());
        assert!(page.text().contains(&format!("src=\"{root}assets/app-1a2b.js\"")), "{}", page.text());
    }
}

#[tokio::test]
async fn without_a_path_there_is_no_admin_page() {
    let site = site(&[]);
    for path in ["/our-office/", "/admin/index.html"] {
        assert_eq!(get(&site, path, &[]).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn addresses_that_are_not_allowed_see_what_is_seen_at_any_unknown_path() {
    let settings =
        [HERE, ("CAIRN_ADMIN_ALLOW_IPS", "192.0.2.0/24, 2001:db8::/32"), ("CAIRN_TRUSTED_PROXIES", "10.0.0.0/8")];
    let site = site(&settings);
    for (peer, told, may) in [
        ("192.0.2.7", "", true),
        ("::ffff:192.0.2.7", "", true),
        ("2001:db8::1", "", true),
        ("198.51.100.1", "", false),
        ("2001:db9::1", "", false),
        // Nobody but a proxy of ours tells another address.
        ("198.51.100.1", "192.0.2.7", false),
        ("10.0.0.1", "192.0.2.7", true),
        ("10.0.0.1", "198.51.100.1", false),
        ("10.0.0.1", "192.0.2.7, 198.51.100.1", false),
        ("10.0.0.1", "", false),
    ] {
        for path in ["/our-office/", "/our-office"] {
            let answer = get_from(&site, path, peer, told).await;
            if may {
                assert_ne!(answer.status, StatusCode::NOT_FOUND, "{peer} {told} {path}");
            } else {
                assert_eq!(seen(&answer), seen(&get_from(&site, "/nowhere", peer, told).await), "{peer} {told} {path}");
            }
        }
    }
    let posted = send(&site, request("POST", "/our-office/", &[], "x")).await;
    assert_eq!(seen(&posted), seen(&send(&site, request("POST", "/nowhere", &[], "x")).await));
}

#[tokio::test]
async fn the_links_of_mails_lead_to_a_page() {
    let site = site(&[]);
    for path in ["/account/verify", "/account/invitation", "/account/reset"] {
        let page = get(&site, path, &[]).await;
        assert_eq!((page.status, page.header("content-type")), (StatusCode::OK, "text/html; charset=utf-8"), "{path}");
        assert!(page.text().contains("The account page"), "{path}");
        assert_eq!(page.header("cache-control"), "no-cache");
        assert_eq!(send(&site, request("POST", path, &[], "")).await.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
    }
    for path in ["/account", "/account/", "/account/index.html", "/account/other"] {
        assert_eq!(get(&site, path, &[]).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn a_decoy_shows_a_form_and_lets_nobody_in() {
    // Half of the time of a request bounds the slow-down.
    let site = site(&[HERE, ("CAIRN_LIMIT_REQUEST_TIME_MS", "100"), ("CAIRN_LIMIT_BODY_BYTES", "1024")]);
    for path in ["/admin", "/admin/", "/wp-login.php", "/wp-admin/", "/administrator/", "/phpmyadmin", "/phpMyAdmin/"] {
        let form = get(&site, path, &[]).await;
        assert_eq!((form.status, form.header("content-type")), (StatusCode::OK, "text/html; charset=utf-8"), "{path}");
        assert!(form.text().contains("<form method=\"post\">") && !form.text().contains("role=\"alert\""), "{path}");
        assert!(!form.text().contains("http"), "a decoy asks nobody else");
        assert_eq!(
            form.header("content-security-policy"),
            get(&site, "/", &[]).await.header("content-security-policy")
        );
        let typed = [("content-type", "application/x-www-form-urlencoded"), ("user-agent", "a scanner")];
        let refused = send(&site, request("POST", path, &typed, "username=admin&password=hunter2")).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path}");
        assert!(refused.text().contains("is wrong") && !refused.text().contains("hunter2"), "{path}");
        assert!(refused.headers.get("set-cookie").is_none());
        let large = send(&site, request("POST", path, &typed, vec![b'x'; 1_025])).await;
        assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE, "{path}");
        assert_eq!(send(&site, request("PUT", path, &[], "")).await.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
    }
    for path in ["/admin/x", "/wp-content", "/phpmyadmin/x", "/administrators"] {
        assert_eq!(get(&site, path, &[]).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}
