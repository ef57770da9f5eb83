//! Which of the two media types of GraphQL over HTTP an answer has, by the `Accept` header.

use axum::http::{HeaderMap, header};

/// The form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Media {
    /// `application/graphql-response+json`: a question that could not run has status 400.
    GraphqlResponse,
    /// `application/json`, for older clients: such a question has status 200.
    Json,
}

impl Media {
    /// The form that the client likes best; `None` when it takes neither. Without a header, and where both are
    /// liked the same through `*/*`, the older form: a client that knows the newer one names it.
    pub(super) fn negotiate(headers: &HeaderMap) -> Option<Self> {
        let mut given = headers.get_all(header::ACCEPT).iter().peekable();
        if given.peek().is_none() {
            return Some(Self::Json);
        }
        let mut best: Option<(f32, u8, Self)> = None;
        for range in given.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(',')) {
            let (kind, parameters) = range.split_once(';').unwrap_or((range, ""));
            // A named type goes before a range of the same weight.
            let (media, exact) = match kind.trim().to_ascii_lowercase().as_str() {
                "application/graphql-response+json" => (Self::GraphqlResponse, 1),
                "application/json" => (Self::Json, 1),
                "*/*" | "application/*" => (Self::Json, 0),
                _ => continue,
            };
            let weight = weight(parameters);
            if weight > 0.0 && best.is_none_or(|(best, rank, _)| (weight, exact) > (best, rank)) {
                best = Some((weight, exact, media));
            }
        }
        best.map(|(_, _, media)| media)
    }

    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }
}

fn weight(parameters: &str) -> f32 {
    let weight = parameters.split(';').find_map(|parameter| parameter.trim().strip_prefix("q="));
    weight.and_then(|weight| weight.parse().ok()).unwrap_or(1.0)
}

/// True for `application/json`, in UTF-8 or without a word on it: what a form of another site cannot send.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let mut given = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(value), None) = (given.next().and_then(|value| value.to_str().ok()), given.next()) else {
        return false;
    };
    let mut parts = value.split(';').map(str::trim);
    let json = parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case("application/json"));
    json && parts.all(|parameter| match parameter.split_once('=') {
        Some((name, charset)) if name.eq_ignore_ascii_case("charset") => {
            matches!(charset.trim_matches('"').to_ascii_lowercase().as_str(), "utf-8" | "utf8")
        }
        _ => true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn headers(name: header::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn the_form_follows_the_accept_header() {
        use Media::{GraphqlResponse, Json};
        let table = [
            ("application/graphql-response+json", Some(GraphqlResponse)),
            (
                "application/graphql-response+json; charset=utf-8, application/json; charset=utf-8",
                Some(GraphqlResponse),
            ),
            ("application/graphql-response+json, application/json;q=0.9", Some(GraphqlResponse)),
            ("application/graphql-response+json;q=0.5, application/json", Some(Json)),
            ("application/graphql-response+json;q=0, */*;q=0.1", Some(Json)),
            ("*/*, application/graphql-response+json", Some(GraphqlResponse)),
            ("Application/JSON", Some(Json)),
            ("*/*", Some(Json)),
            ("application/*", Some(Json)),
            ("text/html,application/xhtml+xml,*/*;q=0.8", Some(Json)),
            ("application/json;q=0", None),
            ("text/html", None),
            ("nonsense;;q=x", None),
        ];
        for (accept, wanted) in table {
            assert_eq!(Media::negotiate(&headers(header::ACCEPT, accept)), wanted, "{accept}");
        }
        assert_eq!(Media::negotiate(&HeaderMap::new()), Some(Json));
    }

    #[test]
    fn only_json_in_utf_8_is_json() {
        for good in ["application/json", "Application/JSON; charset=UTF-8", "application/json;charset=\"utf-8\""] {
            assert!(is_json(&headers(header::CONTENT_TYPE, good)), "{good}");
        }
        let bad = [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=a",
            "text/json",
            "application/json; charset=latin1",
            "application/jsonp",
            "application/json, text/plain",
            "",
        ];
        for bad in bad {
            assert!(!is_json(&headers(header::CONTENT_TYPE, bad)), "{bad}");
        }
        assert!(!is_json(&HeaderMap::new()));
        let mut twice = headers(header::CONTENT_TYPE, "application/json");
        twice.append(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
        assert!(!is_json(&twice));
    }
}
