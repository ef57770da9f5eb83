//! Reading single values: each reader says in one sentence what it wanted.

use axum::http::Uri;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// The values as given, and the faults found so far.
pub(super) struct Reader {
    given: BTreeMap<String, String>,
    faults: Vec<String>,
}

impl Reader {
    /// An empty value counts as not given: compose files pass `NAME=` for what their user left out.
    pub(super) fn new(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        let given = pairs.into_iter().filter(|(_, value)| !value.trim().is_empty()).collect();
        Self { given, faults: Vec::new() }
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.given.keys().map(String::as_str)
    }

    pub(super) fn fault(&mut self, name: &str, sentence: impl Display) {
        self.faults.push(format!("{name}: {sentence}"));
    }

    /// The value of `name` through `read`; a fault is kept for the end and gives `None` as "not set" does.
    pub(super) fn optional<T>(&mut self, name: &str, read: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let value = self.given.get(name)?.trim().to_owned();
        read(&value).map_err(|sentence| self.fault(name, sentence)).ok()
    }

    pub(super) fn number<T>(&mut self, name: &str, default: T, range: RangeInclusive<T>) -> T
    where
        T: FromStr + PartialOrd + Display,
    {
        let (low, high) = (range.start(), range.end());
        let wanted = format!("must be a whole number from {low} to {high}");
        let read = |text: &str| text.parse().ok().filter(|number| range.contains(number)).ok_or(wanted);
        self.optional(name, read).unwrap_or(default)
    }

    pub(super) fn into_faults(self) -> Vec<String> {
        self.faults
    }
}

/// Where to listen.
pub(super) fn listen(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "must be ADDRESS:PORT, such as 127.0.0.1:8080 or [::1]:8080".to_owned())
}

/// `on` or `off`.
pub(super) fn switch(text: &str) -> Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        "signed-in" => Err("signed-in is not in this version; use on or off".to_owned()),
        _ => Err("must be on or off".to_owned()),
    }
}

/// Where browsers find the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    /// Scheme, host and port as browsers send them in `Origin`: `https://maps.example.org`.
    pub origin: String,
    /// The host without its port.
    pub host: String,
    /// The path in front of every route, without a slash at its end; empty for the root.
    pub path: String,
}

impl std::fmt::Display for PublicUrl {
    /// Without a slash at its end.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", self.origin, self.path)
    }
}

impl PublicUrl {
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let wanted = || "must be a URL such as https://maps.example.org".to_owned();
        let (origin, host, uri) = web_address(text).ok_or_else(wanted)?;
        if uri.query().is_some() {
            return Err(wanted());
        }
        Ok(Self { origin, host, path: uri.path().trim_end_matches('/').to_owned() })
    }
}

/// A raster base map that the operator chose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Basemap {
    /// The template with `{z}`, `{x}` and `{y}`.
    pub url: String,
    /// Scheme, host and port: what the content security policy must let through.
    pub origin: String,
    /// The credit, as plain text.
    pub attribution: String,
}

impl Basemap {
    pub(super) fn read(text: &str) -> Result<Self, String> {
        if !["{z}", "{x}", "{y}"].into_iter().all(|part| text.contains(part)) {
            return Err("must hold {z}, {x} and {y}".to_owned());
        }
        if text.contains("{s}") {
            return Err("must name one host: {s} is of no use with HTTP/2".to_owned());
        }
        // Braces are no characters of a URL; the origin goes into a header, so it is taken from a real parser.
        let filled = text.replace(['{', '}'], "");
        let (origin, _, _) =
            web_address(&filled).ok_or("must be a URL such as https://tile.example.org/{z}/{x}/{y}.png".to_owned())?;
        if !text.starts_with(&origin) {
            return Err("must have {z}, {x} and {y} in its path, after the host".to_owned());
        }
        Ok(Self { url: text.to_owned(), origin, attribution: String::new() })
    }
}

/// Who beside this server itself may show the map in a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Embedders {
    /// The sites of these origins; empty for nobody.
    Origins(Vec<String>),
    /// Every site.
    Everybody,
}

impl Embedders {
    pub(super) fn read(text: &str) -> Result<Self, String> {
        if text == "*" {
            return Ok(Self::Everybody);
        }
        // Each goes into a header, so it is taken from a real parser.
        let origin = |part: &str| match web_address(part) {
            Some((origin, _, uri)) if uri.path() == "/" && uri.query().is_none() => Ok(origin),
            _ => Err(format!("`{part}` is not an origin such as https://www.example.org, nor is it *")),
        };
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        Ok(Self::Origins(parts.map(origin).collect::<Result<_, _>>()?))
    }

    /// Whether a site of somebody else may.
    pub fn any(&self) -> bool {
        !matches!(self, Self::Origins(origins) if origins.is_empty())
    }
}

impl Default for Embedders {
    fn default() -> Self {
        Self::Origins(Vec::new())
    }
}

/// Origin, host and parsed form of an http or https URL without a user name.
fn web_address(text: &str) -> Option<(String, String, Uri)> {
    let uri: Uri = text.parse().ok()?;
    let scheme = uri.scheme_str().filter(|scheme| matches!(*scheme, "http" | "https"))?;
    let authority = uri.authority()?;
    if authority.as_str().contains('@') {
        return None;
    }
    let host = plain_host(authority.host())?;
    Some((format!("{scheme}://{authority}").to_ascii_lowercase(), host, uri))
}

/// A host name or address as `Host` headers are compared: lower case, no dot at its end, IPv6 in brackets.
/// `None` for anything with a port or a sign that no host has.
pub fn plain_host(text: &str) -> Option<String> {
    let host = text.strip_suffix('.').unwrap_or(text);
    let plain = match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_')),
    };
    (plain && !host.is_empty()).then(|| host.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_compared_plainly() {
        let table = [
            ("Maps.Example.ORG", Some("maps.example.org")),
            ("localhost.", Some("localhost")),
            ("[::1]", Some("[::1]")),
            ("127.0.0.1", Some("127.0.0.1")),
            ("localhost:80", None),
            ("::1", None),
            ("[::1", None),
            ("", None),
            (".", None),
            ("a b", None),
            ("a/b", None),
        ];
        for (text, wanted) in table {
            assert_eq!(plain_host(text).as_deref(), wanted, "{text}");
        }
    }

    #[test]
    fn frames_are_for_origins_or_for_everybody() {
        assert_eq!(Embedders::read("*"), Ok(Embedders::Everybody));
        let two = Embedders::read("https://A.example, http://b.example:8080/,").unwrap();
        assert_eq!(two, Embedders::Origins(vec!["https://a.example".to_owned(), "http://b.example:8080".to_owned()]));
        assert!(two.any() && !Embedders::default().any());
        for bad in ["a.example", "https://a.example/path", "https://*.a.example", "https://a?b", "self", "https://a;b"]
        {
            assert!(Embedders::read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_public_url_gives_origin_host_and_path() {
        let url = PublicUrl::read("https://Maps.Example.org:8443/cairn/").unwrap();
        assert_eq!(url.origin, "https://maps.example.org:8443");
        assert_eq!(url.host, "maps.example.org");
        assert_eq!(url.path, "/cairn");
        for bad in ["maps.example.org", "ftp://a", "https://user@a", "https://a?x=1", "https://", "/cairn"] {
            assert!(PublicUrl::read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_base_map_gives_the_origin_for_the_policy() {
        let map = Basemap::read("https://tile.example.org/{z}/{x}/{y}.png?key=1").unwrap();
        assert_eq!(map.origin, "https://tile.example.org");
        let bad = [
            "https://tile.example.org/{z}/{x}.png",
            "https://{s}.tile.example.org/{z}/{x}/{y}.png",
            "https://{x}.tile.example.org/{z}/{x}/{y}.png",
            "https://a;script-src/{z}/{x}/{y}.png",
            "javascript:alert({z}{x}{y})",
            "/tiles/{z}/{x}/{y}.png",
        ];
        for text in bad {
            assert!(Basemap::read(text).is_err(), "{text}");
        }
    }
}
