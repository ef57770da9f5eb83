//! An e-mail address, strict enough to stand in the head of a mail.

use crate::error::{Error, Result};

/// Longest address, in bytes (RFC 5321, 4.5.3.1.3 less the brackets).
const MOST_BYTES: usize = 254;
/// Longest part before the `@`, in bytes (RFC 5321, 4.5.3.1.1).
const MOST_LOCAL_BYTES: usize = 64;
/// Longest label of a host name, in bytes (RFC 1035).
const MOST_LABEL_BYTES: usize = 63;

/// An address such as `anna@example.org`; those that differ in upper and lower case only are one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmailAddress {
    shown: String,
}

impl EmailAddress {
    /// The plain form of RFC 5322 in ASCII: no quotes, no comments, no display name, no address in brackets. An international
    /// host is written as `xn--...`.
    pub fn parse(text: &str) -> Result<Self> {
        let fits = text.len() <= MOST_BYTES
            && text.split_once('@').is_some_and(|(local, host)| is_local(local) && host.split('.').all(is_label));
        if fits {
            return Ok(Self { shown: text.to_owned() });
        }
        Err(Error::bad_input("this is no e-mail address such as anna@example.org").at("email"))
    }

    /// As it was given.
    pub fn as_str(&self) -> &str {
        &self.shown
    }

    /// As addresses are compared. The part before the `@` too: in theory a host may tell the cases apart, in practice a person
    /// who types `Anna@` is `anna@`.
    pub fn key(&self) -> String {
        self.shown.to_ascii_lowercase()
    }
}

fn is_local(local: &str) -> bool {
    let atom = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
    local.len() <= MOST_LOCAL_BYTES && local.split('.').all(|part| !part.is_empty() && part.bytes().all(atom))
}

fn is_label(label: &str) -> bool {
    (1..=MOST_LABEL_BYTES).contains(&label.len())
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_plain_and_compared_without_case() {
        for good in ["anna@example.org", "Anna.B+maps@Example.ORG", "a@localhost", "o'neill@a-b.example"] {
            assert_eq!(EmailAddress::parse(good).unwrap().key(), good.to_lowercase());
        }
        let long_host = format!("a@{}", "x".repeat(64));
        let long_local = format!("{}@example.org", "x".repeat(65));
        let long = format!("a@{}example.org", "abcdefgh.".repeat(28));
        for bad in [
            "",
            "anna",
            "@example.org",
            "anna@",
            "a@b@c",
            "a b@example.org",
            "a@example.org\r\nBcc: all@example.org",
            "a\r\n@example.org",
            "a@example.org\0",
            "Anna <a@example.org>",
            "\"a b\"@example.org",
            "a@[127.0.0.1]",
            "a@example..org",
            ".a@example.org",
            "a.@example.org",
            "a@-example.org",
            "a@example.org,b@example.org",
            "жанна@example.org",
            &long_host,
            &long_local,
            &long,
        ] {
            assert_eq!(EmailAddress::parse(bad).unwrap_err().field(), Some("email"), "{bad:?}");
        }
    }
}
