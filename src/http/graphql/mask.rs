//! What of an error may leave: our own code and sentence, or async-graphql's word on a bad question. Anything
//! else is a fault of the server; its text may hold SQL, hosts or secrets and goes to the log alone.

use super::super::error::log;
use super::super::request_id::RequestId;
use crate::config::GraphqlLimits;
use crate::error::{Error, ErrorCode};
use async_graphql::{ErrorExtensionValues, Response, ServerError, Value};

/// Longest message that leaves, in characters: validation repeats names of the question, which may be long.
const LONGEST_MESSAGE: usize = 500;

/// Where `extensions` says after how many seconds trying again may help.
const RETRY_AFTER: &str = "retryAfterSeconds";

/// The seconds of [`Error::retry_after_seconds`] in an error that is on its way out.
pub(super) fn retry_after_of(error: &ServerError) -> Option<u64> {
    match error.extensions.as_ref()?.get(RETRY_AFTER)? {
        Value::Number(seconds) => seconds.as_u64(),
        _ => None,
    }
}

/// The closed list, as it may stand in `extensions.code`.
const CODES: [ErrorCode; 13] = [
    ErrorCode::BadInput,
    ErrorCode::InvalidGeometry,
    ErrorCode::UnsupportedCrs,
    ErrorCode::UnknownProperty,
    ErrorCode::Unauthenticated,
    ErrorCode::Forbidden,
    ErrorCode::NotFound,
    ErrorCode::Conflict,
    ErrorCode::LimitExceeded,
    ErrorCode::RateLimited,
    ErrorCode::Timeout,
    ErrorCode::Unavailable,
    ErrorCode::Internal,
];

/// Our error as a GraphQL one: the sentence, `extensions.code` and, where known, `extensions.field` and `extensions.current`.
pub fn to_server_error(error: &Error) -> ServerError {
    let mut server_error = ServerError::new(error.message(), None);
    let mut extensions = ErrorExtensionValues::default();
    extensions.set("code", error.code().as_str());
    if let Some(field) = error.field() {
        extensions.set("field", field);
    }
    if let Some(seconds) = error.retry_after_seconds() {
        extensions.set(RETRY_AFTER, seconds);
    }
    if let Some(current) = error.current() {
        extensions.set("current", Value::from_json(current.clone()).unwrap_or_default());
    }
    server_error.extensions = Some(extensions);
    server_error
}

/// Makes every error of a response fit to leave. Faults of the server are logged here, once; gives where the first one is from.
pub fn mask(response: &mut Response, id: &RequestId, limits: &GraphqlLimits) -> Option<String> {
    let mut first = None;
    for error in &mut response.errors {
        // A resolver that passes our error on with `?` leaves it here, without its code.
        if let Some(ours) = error.source::<Error>() {
            let told = to_server_error(ours);
            error.message = told.message;
            error.extensions = told.extensions;
        }
        match code_of(error) {
            Some(ErrorCode::Internal) => {
                first.get_or_insert(hide(error, id));
            }
            Some(ErrorCode::Unavailable) => {
                // Nothing of the client's; the operator needs the cause.
                if let Some(ours) = error.source::<Error>() {
                    log(ours);
                }
            }
            Some(_) => shorten(&mut error.message),
            None if is_about_the_question(error) => {
                let told = to_server_error(&in_our_words(&error.message, limits));
                error.message = told.message;
                error.extensions = told.extensions;
                shorten(&mut error.message);
            }
            None => {
                first.get_or_insert(hide(error, id));
            }
        }
    }
    first
}

pub(super) fn code_of(error: &ServerError) -> Option<ErrorCode> {
    let Some(Value::String(code)) = error.extensions.as_ref()?.get("code") else { return None };
    CODES.into_iter().find(|known| known.as_str() == code)
}

/// Parsing and validation know no path. Arguments are read inside of a field, by async-graphql's own code, whose
/// messages begin like this and carry no source; a resolver's own error from `?` always carries one.
fn is_about_the_question(error: &ServerError) -> bool {
    let of_an_argument = error.message.starts_with("Failed to parse \"")
        || error.message.starts_with("Expected input type \"")
        || error.message.starts_with("Variable ");
    error.source.is_none() && (error.path.is_empty() || of_an_argument)
}

/// async-graphql's word on a bad question. Where it names no way out, or hides a limit, ours stands in its place.
fn in_our_words(message: &str, limits: &GraphqlLimits) -> Error {
    if message == "Query is too complex." {
        let most = limits.complexity;
        return Error::limit(format!(
            "the question costs more than {most}: ask for smaller pages (first) or fewer computed fields, or in several questions"
        ));
    }
    if let Some(most) = message.strip_prefix("The recursion depth of the query cannot be greater than ") {
        let most = most.trim_matches('`');
        return Error::limit(format!(
            "fields and fragments nest deeper than {most} levels: nest fewer inside each other"
        ));
    }
    let sentence = match message {
        "Operation name required in request." => {
            "the document has several operations: name one of them in operationName"
        }
        "Schema is not configured for subscriptions." => "there are no subscriptions here: ask by queries",
        "Subscriptions are not supported on this transport." => "a subscription goes over the WebSocket at /graphql/ws",
        other => other,
    };
    Error::bad_input(sentence.to_owned())
}

/// Gives where it is from.
fn hide(error: &mut ServerError, id: &RequestId) -> String {
    let origin = error.source::<Error>().map_or("a resolver", Error::origin).to_owned();
    if let Some(ours) = error.source::<Error>() {
        log(ours);
    } else {
        tracing::error!(path = ?error.path, message = error.message, "a resolver failed");
    }
    let told = to_server_error(&Error::internal(""));
    error.message = told.message;
    error.source = None;
    error.extensions = told.extensions;
    if let Some(extensions) = &mut error.extensions {
        extensions.set("requestId", id.as_str());
    }
    origin
}

fn shorten(message: &mut String) {
    if let Some((end, _)) = message.char_indices().nth(LONGEST_MESSAGE) {
        message.truncate(end);
        message.push_str(" ...");
    }
}
