//! The words of `graphql-transport-ws`: what a client may say, how it is answered, and with which code a socket is closed.

use super::question::check_nesting;
use crate::config::GraphqlLimits;
use axum::extract::ws::{CloseFrame, Message};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// The name of the protocol in the handshake.
pub(super) const PROTOCOL: &str = "graphql-transport-ws";

/// Longest id of an operation, in bytes: clients send counters or UUIDs.
const LONGEST_ID: usize = 128;

/// Why a socket is closed. The codes from 4400 on are those of the protocol, the others those of RFC 6455.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Farewell {
    /// The client has gone, or closes.
    Gone,
    /// The message is too large.
    TooLarge,
    /// The server stops: come back at once.
    Restart,
    /// Not now.
    TryLater,
    /// The message is none of the protocol.
    BadRequest,
    /// Something was asked before the socket was acknowledged.
    Unauthorized,
    /// The credentials are not valid, or not any more.
    Forbidden,
    /// `connection_init` did not come.
    InitTimeout,
    /// An operation of this id runs already.
    SameId,
    /// `connection_init` came twice.
    InitTwice,
}

impl Farewell {
    /// The last message.
    pub(super) fn message(self) -> Message {
        let (code, reason) = match self {
            Self::Gone => (1000, ""),
            Self::TooLarge => (1009, "The message is too large"),
            Self::Restart => (1012, "The server stops"),
            Self::TryLater => (1013, "Try again later"),
            Self::BadRequest => (4400, "This is no message of graphql-transport-ws"),
            Self::Unauthorized => (4401, "Unauthorized"),
            Self::Forbidden => (4403, "Forbidden"),
            Self::InitTimeout => (4408, "Connection initialisation timeout"),
            Self::SameId => (4409, "An operation with this id runs already"),
            Self::InitTwice => (4429, "Too many initialisation requests"),
        };
        Message::Close(Some(CloseFrame { code, reason: reason.into() }))
    }
}

/// What a client says.
#[derive(Debug)]
pub(super) enum Said {
    /// The first message, with the credentials that it holds.
    Init(Option<String>),
    Ping,
    Pong,
    Subscribe {
        id: String,
        question: Box<RawValue>,
    },
    Complete(String),
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(rename = "type")]
    kind: String,
    id: Option<String>,
    payload: Option<Box<RawValue>>,
}

impl Said {
    /// Reads a message; `None` when it is none of the protocol.
    pub(super) fn read(text: &str, limits: &GraphqlLimits) -> Option<Self> {
        check_nesting(text.as_bytes(), limits).ok()?;
        let Envelope { kind, id, payload } = serde_json::from_str(text).ok()?;
        let id = id.filter(|id| (1..=LONGEST_ID).contains(&id.len()));
        Some(match kind.as_str() {
            "connection_init" => Self::Init(authorization(payload)?),
            "ping" => Self::Ping,
            "pong" => Self::Pong,
            "subscribe" => Self::Subscribe { id: id?, question: payload? },
            "complete" => Self::Complete(id?),
            _ => return None,
        })
    }
}

/// `Authorization` as clients put it into `connection_init`: as a member, or as one of `headers`. `None` for what is no object
/// or no text.
#[expect(clippy::option_option, reason = "faulty, absent and present are three")]
fn authorization(payload: Option<Box<RawValue>>) -> Option<Option<String>> {
    let Some(payload) = payload.filter(|payload| payload.get() != "null") else { return Some(None) };
    let payload: serde_json::Map<String, Value> = serde_json::from_str(payload.get()).ok()?;
    let headers = payload.get("headers").and_then(Value::as_object);
    let mut members = payload.iter().chain(headers.into_iter().flatten());
    match members.find(|(name, _)| name.eq_ignore_ascii_case("authorization")) {
        None | Some((_, Value::Null)) => Some(None),
        Some((_, value)) => value.as_str().map(|text| Some(text.to_owned())),
    }
}

/// A message without an id.
pub(super) fn bare(kind: &str) -> Message {
    Message::text(format!(r#"{{"type":"{kind}"}}"#))
}

/// A message about an operation; `payload` is JSON.
pub(super) fn about(kind: &str, id: &str, payload: Option<&[u8]>) -> Message {
    let id = Value::from(id);
    // What the answer writer made is UTF-8.
    let payload = payload.map_or(String::new(), |json| format!(r#","payload":{}"#, String::from_utf8_lossy(json)));
    Message::text(format!(r#"{{"id":{id},"type":"{kind}"{payload}}}"#))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Said> {
        Said::read(text, &GraphqlLimits::default())
    }

    #[test]
    fn credentials_are_found_where_clients_put_them() {
        let table = [
            (r#"{"type":"connection_init"}"#, Some(None)),
            (r#"{"type":"connection_init","payload":null}"#, Some(None)),
            (r#"{"type":"connection_init","payload":{}}"#, Some(None)),
            (r#"{"type":"connection_init","payload":{"Authorization":"Bearer a"}}"#, Some(Some("Bearer a"))),
            (
                r#"{"type":"connection_init","payload":{"headers":{"authorization":"Bearer a"}}}"#,
                Some(Some("Bearer a")),
            ),
            (r#"{"type":"connection_init","payload":{"authorization":null}}"#, Some(None)),
            (r#"{"type":"connection_init","payload":{"authorization":1}}"#, None),
            (r#"{"type":"connection_init","payload":[]}"#, None),
        ];
        for (text, wanted) in table {
            let found = read(text).map(|said| match said {
                Said::Init(found) => found,
                other => panic!("{other:?}"),
            });
            assert_eq!(found, wanted.map(|text| text.map(str::to_owned)), "{text}");
        }
    }

    #[test]
    fn what_is_no_message_of_the_protocol_is_refused() {
        let id = "x".repeat(LONGEST_ID);
        assert!(read(&format!(r#"{{"type":"complete","id":"{id}"}}"#)).is_some());
        for text in [
            "",
            "[]",
            "{}",
            r#"{"type":"start","id":"1","payload":{}}"#,
            r#"{"type":"subscribe","payload":{}}"#,
            r#"{"type":"subscribe","id":"","payload":{}}"#,
            r#"{"type":"subscribe","id":"1"}"#,
            r#"{"type":"complete","id":1}"#,
            r#"{"type":"complete"}"#,
            &format!(r#"{{"type":"complete","id":"{id}x"}}"#),
            &format!(r#"{{"type":"ping","payload":{}}}"#, "[".repeat(2_000)),
        ] {
            assert!(read(text).is_none(), "{text}");
        }
    }
}
