//! Requests that another site makes its visitor send.

use super::super::host::the_host;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Uri, header};

/// True when a browser sent this for a page of another origin. Programs other than browsers send neither header
/// and pass. `public_origin` is ours too, whatever `Host` a proxy has put in its place.
pub(super) fn is_foreign(uri: &Uri, headers: &HeaderMap, public_origin: Option<&str>) -> bool {
    let origin = headers.get(header::ORIGIN);
    if origin.is_some_and(|origin| public_origin.is_some_and(|public| origin == public)) {
        return false;
    }
    if let Some(site) = headers.get("sec-fetch-site") {
        return !matches!(site.as_bytes(), b"same-origin" | b"none");
    }
    // Browsers from before Sec-Fetch-Site, and plain HTTP: the origin's host and port must be the request's.
    let Some(origin) = origin else { return false };
    let from = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
    let from = from.and_then(|(_, authority)| authority.parse::<Authority>().ok());
    from.is_none() || from != the_host(uri, headers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    #[test]
    fn a_page_of_another_origin_is_foreign_and_our_own_is_not() {
        let table: [(&[(&str, &str)], bool); 11] = [
            (&[], false),
            (&[("sec-fetch-site", "same-origin")], false),
            (&[("sec-fetch-site", "none")], false),
            (&[("sec-fetch-site", "cross-site")], true),
            (&[("sec-fetch-site", "same-site")], true),
            (&[("sec-fetch-site", "cross-site"), ("origin", "http://localhost:80")], true),
            (&[("origin", "http://localhost:80")], false),
            (&[("origin", "http://localhost:81")], true),
            (&[("origin", "https://evil.example")], true),
            (&[("origin", "null")], true),
            (&[("origin", "https://maps.example.org"), ("sec-fetch-site", "same-site")], false),
        ];
        for (pairs, wanted) in table {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_static("localhost:80"));
            for (name, value) in pairs {
                headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
            }
            let foreign = is_foreign(&Uri::from_static("/graphql"), &headers, Some("https://maps.example.org"));
            assert_eq!(foreign, wanted, "{pairs:?}");
        }
    }
}
