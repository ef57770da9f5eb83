//! The name of one request: in the log, in its answer and in its errors.

use axum::http::header::{HeaderMap, HeaderName};
use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::BuildHasher as _;
use std::sync::Arc;

/// The header that it travels in.
pub(super) static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longest request id that is taken from a client: a UUID with room to spare.
const LONGEST_CLIENT_ID: usize = 64;

/// The name of one request, in the log and in its answer: 32 hexadecimal digits, or what the client gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// The id as text: letters, digits, `-`, `_` and `.` only.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The client's id if it is short and plain (it goes into the log and into headers), else a new one.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        let given = headers.get(&REQUEST_ID).and_then(|value| value.to_str().ok());
        match given {
            Some(id) if (1..=LONGEST_CLIENT_ID).contains(&id.len()) && id.bytes().all(plain) => Self(id.into()),
            _ => Self::random(),
        }
    }

    /// 128 bits from `SipHash` under fresh keys that the system seeded: unique and not to be guessed, which is all
    /// that an id needs; no secret hangs on it.
    fn random() -> Self {
        let keys = RandomState::new();
        Self(format!("{:016x}{:016x}", keys.hash_one(0_u8), keys.hash_one(1_u8)).into())
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
