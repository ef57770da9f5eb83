//! The cookie of a page: read only when the page says so, and only from a page of ours.

use super::origin::is_from_our_page;
use crate::error::{Error, ErrorCode, Result};
use crate::graphql::browser_session::{BrowserSession, COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};

/// The header by which a page asks for its refresh token to be kept in a cookie. No form of another site can send it, and no
/// script of one without asking first, which is refused.
const HEADER: &str = "cairn-session";

/// The session of the page that asks; `None` for whoever does not ask for one, whatever cookies come along.
pub(super) fn browser_session(parts: &Parts, public_origin: Option<&str>) -> Result<Option<BrowserSession>> {
    let mut given = parts.headers.get_all(HEADER).iter();
    match (given.next(), given.next()) {
        (None, _) => return Ok(None),
        (Some(value), None) if value == "cookie" => {}
        _ => return Err(Error::bad_input("the header Cairn-Session is `cookie`, or is left out").at("Cairn-Session")),
    }
    if !is_from_our_page(&parts.uri, &parts.headers, public_origin) {
        let sentence = "only a page of this server may use its cookie: Origin or Sec-Fetch-Site must say so";
        return Err(Error::new(ErrorCode::Forbidden, sentence));
    }
    Ok(Some(BrowserSession { refresh_token: refresh_token(&parts.headers) }))
}

/// The value of our cookie. Two of that name are none: a browser keeps one.
fn refresh_token(headers: &HeaderMap) -> Option<String> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let cookies = lines.flat_map(|line| line.split(';')).filter_map(|cookie| cookie.trim().split_once('='));
    let mut ours = cookies.filter(|(name, _)| *name == COOKIE).map(|(_, value)| value.to_owned());
    match (ours.next(), ours.next()) {
        (Some(token), None) if !token.is_empty() => Some(token),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn one_cookie_of_our_name_is_read_among_others() {
        let table: [(&[&'static str], Option<&str>); 8] = [
            (&[], None),
            (&["a=b"], None),
            (&["__Host-cairn-refresh=x_y"], Some("x_y")),
            (&["a=b; __Host-cairn-refresh=x=y; c=d"], Some("x=y")),
            (&["a=b", "__Host-cairn-refresh=x"], Some("x")),
            (&["__Host-cairn-refresh="], None),
            (&["cairn-refresh=x; __host-cairn-refresh=x"], None),
            (&["__Host-cairn-refresh=x; __Host-cairn-refresh=y"], None),
        ];
        for (lines, wanted) in table {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(header::COOKIE, HeaderValue::from_static(line));
            }
            assert_eq!(refresh_token(&headers).as_deref(), wanted, "{lines:?}");
        }
    }
}
