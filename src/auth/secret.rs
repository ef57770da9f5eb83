//! Secrets that are random and opaque: refresh tokens, API tokens, links that are good once. Shown once, kept as SHA-256.
//!
//! A fast hash is enough here, unlike for passwords: nobody guesses 256 random bits.

use std::fmt;

use aws_lc_rs::{constant_time, digest, hmac, rand};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::error::{Error, Result};

/// Bytes of randomness in a secret.
pub const SECRET_BYTES: usize = 32;
/// Bytes that tell a token from a typing error, or prove that this server made it.
const CHECK_BYTES: usize = 4;
const PROOF_BYTES: usize = 16;

/// Opens an API token: secret scanners and people know it by this.
pub const API_TOKEN: &str = "cairn_";
/// Opens a refresh token.
pub const REFRESH_TOKEN: &str = "cairnr_";

/// Text that must not reach a log: its `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Shown(pub String);

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shown(..)")
    }
}

/// New randomness from the system.
pub fn random() -> Result<[u8; SECRET_BYTES]> {
    let mut bytes = [0; SECRET_BYTES];
    rand::fill(&mut bytes).map_err(|_| Error::internal("the system gives no randomness"))?;
    Ok(bytes)
}

/// How a secret is kept: SHA-256 in hexadecimal digits.
pub fn hash(secret: &str) -> String {
    use fmt::Write as _;
    let digest = digest::digest(&digest::SHA256, secret.as_bytes());
    digest.as_ref().iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn check_of(random: &[u8]) -> [u8; CHECK_BYTES] {
    let digest = digest::digest(&digest::SHA256, random);
    let mut check = [0; CHECK_BYTES];
    check.iter_mut().zip(digest.as_ref()).for_each(|(to, from)| *to = *from);
    check
}

/// A new secret with its prefix and a checksum: `cairn_` and 48 letters.
pub fn checked(prefix: &str) -> Result<Shown> {
    let random = random()?;
    let body = [random.as_slice(), &check_of(&random)].concat();
    Ok(Shown(format!("{prefix}{}", URL_SAFE_NO_PAD.encode(body))))
}

/// Whether the text could be such a secret: spares the store a question about anything else.
pub fn is_well_formed(prefix: &str, text: &str) -> bool {
    let Some(body) = text.strip_prefix(prefix).and_then(|body| URL_SAFE_NO_PAD.decode(body).ok()) else { return false };
    let Some((random, check)) = body.split_last_chunk::<CHECK_BYTES>() else { return false };
    random.len() == SECRET_BYTES && check_of(random) == *check
}

/// One refresh token: the family it belongs to and its place there.
///
/// The successor is an HMAC of the token under a secret of its family, so that tabs which exchange one token at once all get
/// the same successor. A proof under the same secret tells a token that this server once gave from an invented one: only the
/// former ends its family when it comes too late.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshToken {
    /// The session.
    pub session: i64,
    value: [u8; SECRET_BYTES],
    proof: [u8; PROOF_BYTES],
}

impl RefreshToken {
    /// The first of a family.
    pub fn first(session: i64, family_secret: &[u8]) -> Result<Self> {
        Ok(Self::of(session, random()?, family_secret))
    }

    /// The next of a family.
    #[must_use]
    pub fn successor(&self, family_secret: &[u8]) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, family_secret);
        let tag = hmac::sign(&key, &[b"next".as_slice(), &self.value].concat());
        let mut value = [0; SECRET_BYTES];
        value.iter_mut().zip(tag.as_ref()).for_each(|(to, from)| *to = *from);
        Self::of(self.session, value, family_secret)
    }

    fn of(session: i64, value: [u8; SECRET_BYTES], family_secret: &[u8]) -> Self {
        Self { session, value, proof: proof(&value, family_secret) }
    }

    /// Whether this server made it.
    pub fn is_genuine(&self, family_secret: &[u8]) -> bool {
        constant_time::verify_slices_are_equal(&self.proof, &proof(&self.value, family_secret)).is_ok()
    }

    /// As the client keeps it.
    pub fn shown(&self) -> Shown {
        let body = [self.value.as_slice(), &self.proof].concat();
        Shown(format!("{REFRESH_TOKEN}{}_{}", self.session, URL_SAFE_NO_PAD.encode(body)))
    }

    /// From what a client sent.
    pub fn parse(text: &str) -> Option<Self> {
        let (session, body) = text.strip_prefix(REFRESH_TOKEN)?.split_once('_')?;
        let body = URL_SAFE_NO_PAD.decode(body).ok()?;
        let (value, proof) = body.split_last_chunk::<PROOF_BYTES>()?;
        Some(Self { session: session.parse().ok()?, value: value.try_into().ok()?, proof: *proof })
    }

    /// As the store keeps it.
    pub fn hash(&self) -> String {
        hash(&self.shown().0)
    }
}

fn proof(value: &[u8], family_secret: &[u8]) -> [u8; PROOF_BYTES] {
    let key = hmac::Key::new(hmac::HMAC_SHA256, family_secret);
    let tag = hmac::sign(&key, &[b"made".as_slice(), value].concat());
    let mut proof = [0; PROOF_BYTES];
    proof.iter_mut().zip(tag.as_ref()).for_each(|(to, from)| *to = *from);
    proof
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefreshToken").field("session", &self.session).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checked_secret_is_known_and_any_other_text_is_not() {
        let token = checked(API_TOKEN).unwrap().0;
        assert_eq!(token.len(), API_TOKEN.len() + 48);
        assert!(is_well_formed(API_TOKEN, &token));
        for at in 0..token.len() {
            let mut other = token.clone().into_bytes();
            other[at] = if other[at] == b'x' { b'y' } else { b'x' };
            assert!(!is_well_formed(API_TOKEN, &String::from_utf8(other).unwrap()), "letter {at}");
        }
        for other in ["", "cairn_", "cairn_AAAA", &token[..token.len() - 1], &format!("{token}A"), &token[1..]] {
            assert!(!is_well_formed(API_TOKEN, other), "{other}");
        }
        assert!(!is_well_formed(REFRESH_TOKEN, &token));
    }

    #[test]
    fn the_successor_of_a_refresh_token_is_always_the_same_and_genuine() {
        let token = RefreshToken::first(7, b"secret").unwrap();
        assert_eq!(RefreshToken::parse(&token.shown().0), Some(token.clone()));
        let next = token.successor(b"secret");
        assert_eq!(next, token.successor(b"secret"));
        assert_ne!(next, token.successor(b"other"));
        assert!(token.is_genuine(b"secret") && next.is_genuine(b"secret") && !next.is_genuine(b"other"));
        let invented = RefreshToken { value: [1; SECRET_BYTES], ..token };
        assert!(!invented.is_genuine(b"secret"));
        assert!(!format!("{invented:?}").contains("value"));
    }
}
