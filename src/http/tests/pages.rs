//! Pages and their parts.

use super::{get, request, send, site};
use axum::body::Body;
use axum::http::StatusCode;

#[tokio::test]
async fn a_page_is_asked_for_again_and_a_hashed_part_never() {
    let site = site(&[]);
    for (path, kind, keeping) in [
        ("/", "text/html; charset=utf-8", "no-cache"),
        ("/index.html", "text/html; charset=utf-8", "no-cache"),
        ("/graphiql/", "text/html; charset=utf-8", "no-cache"),
        ("/icon.svg", "image/svg+xml", "no-cache"),
        ("/assets/app-1a2b.js", "text/javascript; charset=utf-8", "public, max-age=31536000, immutable"),
    ] {
        let answer = get(&site, path, &[]).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert_eq!((answer.header("content-type"), answer.header("cache-control")), (kind, keeping), "{path}");
        assert_eq!(answer.header("vary"), "accept-encoding", "{path}");
        let again = get(&site, path, &[("if-none-match", answer.header("etag"))]).await;
        assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0), "{path}");
        let head = send(&site, request("HEAD", path, &[], Body::empty())).await;
        assert_eq!((head.status, head.body.len()), (StatusCode::OK, 0), "{path}");
        assert_eq!(head.header("etag"), answer.header("etag"), "{path}");
    }
}

#[tokio::test]
async fn the_compressed_twin_that_the_client_takes_is_sent() {
    let site = site(&[]);
    let mut tags = Vec::new();
    for (accepted, coding, body) in [
        ("", "", "console.log(\"plain\")"),
        ("deflate", "", "console.log(\"plain\")"),
        ("gzip", "gzip", "bytes of the gzip twin"),
        ("gzip, deflate, br", "br", "bytes of the brotli twin"),
        ("br;q=0, gzip;q=0.5", "gzip", "bytes of the gzip twin"),
        ("BR", "br", "bytes of the brotli twin"),
    ] {
        let answer = get(&site, "/assets/app-1a2b.js", &[("accept-encoding", accepted)]).await;
        assert_eq!((answer.header("content-encoding"), answer.text()), (coding, body), "{accepted}");
        assert_eq!(answer.header("content-type"), "text/javascript; charset=utf-8");
        tags.push(answer.header("etag").to_owned());
    }
    tags.sort();
    tags.dedup();
    assert_eq!(tags.len(), 3, "each form has its own tag");
}

#[tokio::test]
async fn a_page_without_its_slash_is_sent_on_and_the_playground_can_be_hidden() {
    let answer = get(&site(&[]), "/graphiql", &[]).await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::PERMANENT_REDIRECT, "graphiql/"));
    let hidden = site(&[("CAIRN_PLAYGROUND", "off")]);
    for path in ["/graphiql", "/graphiql/", "/graphiql/index.html"] {
        assert_eq!(get(&hidden, path, &[]).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn no_path_walks_out_of_the_folder() {
    let site = site(&[]);
    let steps =
        ["..", "%2e%2e", ".%2e", "%2E%2E", "..%2f..", "..%5c..", "%c0%ae%c0%ae", "....", "..;", "%00", "~", "."];
    let targets = ["Cargo.toml", "etc/passwd", "index.html", "assets/app-1a2b.js"];
    for step in steps {
        for target in targets {
            for path in [
                format!("/{step}/{target}"),
                format!("//{step}/{target}"),
                format!("/assets/{step}/{step}/{target}"),
                format!("/{target}{step}"),
                format!("/{target}/{step}"),
            ] {
                let answer = get(&site, &path, &[]).await;
                assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
            }
        }
    }
    for path in ["/assets/", "/assets", "/assets/app-1a2b.js.gz", "/assets/app-1a2b.js.br", "//", "/index.html/"] {
        assert_eq!(get(&site, path, &[]).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn every_route_is_below_the_path_of_the_public_url_and_at_the_root_for_proxies_that_take_it_away() {
    let site = site(&[("CAIRN_PUBLIC_URL", "https://example.org/public/maps/")]);
    let table = [
        ("/public/maps/", 200, ""),
        ("/", 200, ""),
        ("/public/maps", 308, "maps/"),
        ("/public/maps?a=b", 308, "maps/"),
        ("/public/maps/livez", 200, ""),
        ("/livez", 200, ""),
        ("/public/maps/graphql?query=%7Bhello%7D", 200, ""),
        ("/public/maps/graphql", 400, ""),
        ("/public/maps/graphiql", 308, "graphiql/"),
        ("/public/maps/graphiql/", 200, ""),
        ("/public/maps/assets/app-1a2b.js", 200, ""),
        ("/public/maps/public/maps/livez", 404, ""),
        ("/public/mapslivez", 404, ""),
        ("/public", 404, ""),
        ("/public/maps//livez", 404, ""),
    ];
    for (path, status, place) in table {
        let answer = get(&site, path, &[("host", "example.org")]).await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (status, place), "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("x-request-id").len(), 32, "{path}");
        assert!(status != 308 || answer.body.is_empty(), "{path}");
    }
    assert_eq!(get(&site, "/public/maps", &[("host", "evil.example")]).await.status.as_u16(), 421);
    let framed = get(&site, "/public/maps/graphiql/", &[("host", "example.org")]).await;
    assert!(framed.header("content-security-policy").contains("'unsafe-inline'"), "as at the root");
}
