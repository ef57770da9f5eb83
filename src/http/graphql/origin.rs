//! Requests that another site makes its visitor send.

use super::super::host::the_host;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, Uri, header};

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
    // Browsers from before Sec-Fetch-Site, and plain HTTP: the origin must tell.
    is_foreign_socket(uri, headers, public_origin)
}

/// True when a page of another origin opens a socket. Browsers always name the origin there, and no rule of theirs stops the
/// page; they disagree on what `Sec-Fetch-Site` says of it. The origin's host and port must be the request's.
pub(super) fn is_foreign_socket(uri: &Uri, headers: &HeaderMap, public_origin: Option<&str>) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return false };
    if public_origin.is_some_and(|public| origin == public) {
        return false;
    }
    let from = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
    let from = from.and_then(|(_, authority)| authority.parse::<Authority>().ok());
    from.is_none() || from != the_host(uri, headers)
}

/// True when a browser says that a page of ours sent this: what a request must prove that is answered with a cookie. A request
/// that says nothing, as programs do, proves nothing.
///
/// `Sec-Fetch-Site` alone tells http and https of one host apart where `Host` is all that is known of the address; with a
/// public address its origin is compared to the letter.
pub(super) fn is_from_our_page(uri: &Uri, headers: &HeaderMap, public_origin: Option<&str>) -> bool {
    let one = |name: &HeaderName| {
        let mut given = headers.get_all(name).iter();
        (given.next(), given.next().is_some())
    };
    let ((site, two_sites), (origin, two_origins)) = (one(&SEC_FETCH_SITE), one(&header::ORIGIN));
    if two_sites || two_origins || (site.is_none() && origin.is_none()) {
        return false;
    }
    site.is_none_or(|site| site == "same-origin")
        && origin.is_none_or(|origin| origin.to_str().is_ok_and(|origin| is_ours(origin, uri, headers, public_origin)))
}

fn is_ours(origin: &str, uri: &Uri, headers: &HeaderMap, public_origin: Option<&str>) -> bool {
    let authority = |origin: &str| origin.split_once("://").and_then(|(_, rest)| rest.parse::<Authority>().ok());
    let Some(from) = authority(origin) else { return false };
    match public_origin {
        Some(public) if origin == public => true,
        Some(public) if authority(public).is_some_and(|public| public == from) => false,
        _ => the_host(uri, headers).is_some_and(|host| host == from),
    }
}

static SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn sent(pairs: &[(&str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static("localhost:80"));
        for (name, value) in pairs {
            headers.append(HeaderName::try_from(*name).unwrap(), HeaderValue::try_from(*value).unwrap());
        }
        headers
    }

    #[test]
    fn every_pair_of_origin_and_site_is_from_our_page_or_not() {
        let sites = [
            ("", true),
            ("same-origin", true),
            ("same-site", false),
            ("cross-site", false),
            ("none", false),
            ("x", false),
        ];
        let origins = [
            ("", true),
            ("https://maps.example.org", true),
            ("http://maps.example.org", false),
            ("https://maps.example.org:444", false),
            ("http://localhost:80", true),
            ("http://localhost:81", false),
            ("http://localhost:80.evil.example", false),
            ("https://evil.example", false),
            ("null", false),
        ];
        for (site, good_site) in sites {
            for (origin, good_origin) in origins {
                let pairs = [("sec-fetch-site", site), ("origin", origin)];
                let pairs: Vec<_> = pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect();
                let wanted = good_site && good_origin && !pairs.is_empty();
                let uri = Uri::from_static("/graphql");
                assert_eq!(
                    is_from_our_page(&uri, &sent(&pairs), Some("https://maps.example.org")),
                    wanted,
                    "{pairs:?}"
                );
            }
        }
        for twice in [
            [("sec-fetch-site", "same-origin"), ("sec-fetch-site", "same-origin")],
            [("origin", "http://localhost:80"), ("origin", "http://localhost:80")],
        ] {
            assert!(!is_from_our_page(&Uri::from_static("/graphql"), &sent(&twice), None), "{twice:?}");
        }
    }

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
            let foreign = is_foreign(&Uri::from_static("/graphql"), &sent(pairs), Some("https://maps.example.org"));
            assert_eq!(foreign, wanted, "{pairs:?}");
        }
    }
}
