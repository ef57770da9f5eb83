//! The path of the admin page: known to whoever reads the first lines of the server, and nothing that anybody tries.

use std::fmt;

/// Where the admin page answers: `/words`, without a slash at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdminPath(String);

/// First words of paths that are something else, now or by the design: routes, pages and decoys. A new route enters its word.
pub const TAKEN_WORDS: [&str; 38] = [
    "account",
    "admin",
    "admin.php",
    "administrator",
    "api",
    "assets",
    "auth",
    "backups",
    "cgi-bin",
    "embed",
    "exports",
    "favicon.ico",
    "files",
    "graphiql",
    "graphql",
    "icon.svg",
    "imports",
    "index.html",
    "jobs",
    "layers",
    "livez",
    "login.php",
    "manager",
    "metrics",
    "oauth",
    "ogc",
    "oidc",
    "phpmyadmin",
    "pma",
    "readyz",
    "robots.txt",
    "session",
    "settings.json",
    "setup",
    "tiles",
    "uploads",
    "wp-admin",
    "wp-login.php",
];

/// Longest path in bytes: as long as anybody types.
const LONGEST: usize = 100;

impl AdminPath {
    /// Reads `/words/of-a-path`; a slash at its end does not count.
    pub fn parse(text: &str) -> Result<Self, String> {
        let path = text.strip_suffix('/').unwrap_or(text);
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
        let is_word =
            |word: &str| !word.is_empty() && word.bytes().all(plain) && !word.bytes().all(|byte| byte == b'.');
        let words = path.strip_prefix('/').filter(|words| words.len() < LONGEST && words.split('/').all(is_word));
        let Some(words) = words else {
            return Err(format!(
                "must be a path such as /a-word-of-yours: letters, digits, - _ . ~ between slashes, at most {LONGEST} bytes"
            ));
        };
        let first = words.split('/').next().unwrap_or(words);
        // `/.well-known` is for machines, and other names with a dot are what scanners look for.
        if first.starts_with('.') || TAKEN_WORDS.iter().any(|word| first.eq_ignore_ascii_case(word)) {
            return Err(format!(
                "must not begin with /{first}: that is another page of the server, or a path that everybody tries; take a word of \
                 your own"
            ));
        }
        Ok(Self(format!("/{words}")))
    }

    /// `/words`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// How many slashes lead to the page: its relative links go up by so many.
    pub fn depth(&self) -> usize {
        self.0.bytes().filter(|byte| *byte == b'/').count()
    }
}

impl fmt::Display for AdminPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_ones_own_is_taken_and_one_that_is_something_else_is_refused() {
        for (text, wanted, depth) in [
            ("/office", "/office", 1),
            ("/office/", "/office", 1),
            ("/our/back/Door_7~x.y", "/our/back/Door_7~x.y", 3),
            ("/administration", "/administration", 1),
            ("/office/admin", "/office/admin", 2),
        ] {
            let path = AdminPath::parse(text).unwrap();
            assert_eq!((path.as_str(), path.depth()), (wanted, depth), "{text}");
        }
        let too_long = format!("/{}", "a".repeat(LONGEST));
        for bad in
            ["", "/", "//", "office", "/a//b", "/a b", "/a/../b", "/.", "/a%2e", "/{x}", "/*", "/a?b", "/ä", &too_long]
        {
            assert!(AdminPath::parse(bad).unwrap_err().contains("must be a path"), "{bad}");
        }
        for taken in
            ["/admin", "/ADMIN/", "/admin/secret", "/wp-login.php", "/graphql", "/assets/x", "/.well-known/x", "/.env"]
        {
            assert!(AdminPath::parse(taken).unwrap_err().contains("must not begin with"), "{taken}");
        }
    }

    #[test]
    fn the_taken_words_are_in_order_and_none_stands_twice() {
        assert!(TAKEN_WORDS.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
