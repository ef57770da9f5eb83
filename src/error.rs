//! The one error of the crate: a stable code and one helpful sentence outside, a typed cause inside.

use std::borrow::Cow;
use std::fmt;

/// What went wrong, in the closed list that clients may match on (`extensions.code`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// An argument has the wrong form or an impossible value.
    BadInput,
    /// A geometry is malformed, out of range or not valid under Simple Features.
    InvalidGeometry,
    /// Coordinates came in a reference system other than WGS 84 or Web Mercator.
    UnsupportedCrs,
    /// No readable location has a property of that name.
    UnknownProperty,
    /// The question needs a signed-in viewer.
    Unauthenticated,
    /// The viewer is known and may not do this.
    Forbidden,
    /// Nothing there that this viewer may see.
    NotFound,
    /// The row changed since it was read.
    Conflict,
    /// The question is larger than a named limit.
    LimitExceeded,
    /// Too many questions in too short a time.
    RateLimited,
    /// The answer took longer than the limit.
    Timeout,
    /// A part of the server is out of reach for now; try again later.
    Unavailable,
    /// A fault of the server; the cause is in its log under the request id.
    Internal,
}

impl ErrorCode {
    /// The code as it stands in `extensions.code`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BadInput => "BAD_INPUT",
            Self::InvalidGeometry => "INVALID_GEOMETRY",
            Self::UnsupportedCrs => "UNSUPPORTED_CRS",
            Self::UnknownProperty => "UNKNOWN_PROPERTY",
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Forbidden => "FORBIDDEN",
            Self::NotFound => "NOT_FOUND",
            Self::Conflict => "CONFLICT",
            Self::LimitExceeded => "LIMIT_EXCEEDED",
            Self::RateLimited => "RATE_LIMITED",
            Self::Timeout => "TIMEOUT",
            Self::Unavailable => "UNAVAILABLE",
            Self::Internal => "INTERNAL",
        }
    }
}

/// Any failure of Cairn. `message`, `field` and `current` may be shown to who asked; `source` only to the log.
#[derive(Debug)]
pub struct Error {
    code: ErrorCode,
    message: Cow<'static, str>,
    field: Option<String>,
    retry_after_seconds: Option<u64>,
    current: Option<Box<serde_json::Value>>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
    /// Boxed: errors are handed on by value everywhere.
    origin: Option<Box<str>>,
}

/// The result of anything that can fail in Cairn.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error that the client caused and can mend: `message` says how, in one sentence.
    pub fn new(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            message: message.into(),
            field: None,
            retry_after_seconds: None,
            current: None,
            source: None,
            origin: None,
        }
    }

    /// [`ErrorCode::BadInput`] with one sentence that says what to do.
    pub fn bad_input(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::BadInput, message)
    }

    /// [`ErrorCode::InvalidGeometry`] with the place of the fault in the sentence.
    pub fn invalid_geometry(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::InvalidGeometry, message)
    }

    /// [`ErrorCode::LimitExceeded`]: the sentence names the limit and its value.
    pub fn limit(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::LimitExceeded, message)
    }

    /// [`ErrorCode::Internal`]: the cause goes to the log, the client sees nothing of it.
    pub fn internal<E: Into<Box<dyn std::error::Error + Send + Sync>>>(source: E) -> Self {
        Self::new(ErrorCode::Internal, "the server could not answer; its log has the cause")
            .caused_by(source)
            .with_origin(std::any::type_name::<E>())
    }

    /// Says where it is from, in words that hold nothing of what went wrong with whose data.
    #[must_use]
    pub fn with_origin(mut self, origin: impl Into<Box<str>>) -> Self {
        self.origin = Some(origin.into());
        self
    }

    /// The type of the cause of an internal error, or the place of a panic: for reports that leave the house.
    pub fn origin(&self) -> &str {
        self.origin.as_deref().unwrap_or_else(|| self.code.as_str())
    }

    /// Keeps the typed cause for the log.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Names the argument at fault. Called again by an outer level it prefixes: `bbox` then
    /// `filter` gives `filter.bbox`; an index such as `[2]` is joined without a dot.
    #[must_use]
    pub fn at(mut self, outer: impl Into<String>) -> Self {
        let outer = outer.into();
        self.field = Some(match self.field.take() {
            Some(inner) if inner.starts_with('[') => format!("{outer}{inner}"),
            Some(inner) => format!("{outer}.{inner}"),
            None => outer,
        });
        self
    }

    /// Says when trying again may help.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_seconds = Some(seconds);
        self
    }

    /// The seconds after which trying again may help, where known.
    pub fn retry_after_seconds(&self) -> Option<u64> {
        self.retry_after_seconds
    }

    /// With a [`ErrorCode::Conflict`]: what is there now, for a client that may see it.
    #[must_use]
    pub fn with_current(mut self, current: serde_json::Value) -> Self {
        self.current = Some(Box::new(current));
        self
    }

    /// What is there now instead of what the client had read.
    pub fn current(&self) -> Option<&serde_json::Value> {
        self.current.as_deref()
    }

    /// The stable code.
    pub fn code(&self) -> ErrorCode {
        self.code
    }

    /// The field and the sentence as they are kept: what they repeat of a file may have control characters, of which PostgreSQL
    /// holds no NUL.
    pub fn kept(&self) -> String {
        self.to_string().chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
    }

    /// The sentence for the client.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The argument at fault, as a path such as `filter.and[1].bbox.west`.
    pub fn field(&self) -> Option<&str> {
        self.field.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.field {
            Some(field) => write!(f, "{field}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_named_from_the_inside_out() {
        let error = Error::bad_input("west is not a number").at("west").at("bbox").at("[1]").at("and");
        assert_eq!(error.field(), Some("and[1].bbox.west"));
        assert_eq!(error.to_string(), "and[1].bbox.west: west is not a number");
    }

    #[test]
    fn an_internal_cause_never_shows() {
        let error = Error::internal("password=secret at 10.0.0.1");
        assert!(!error.to_string().contains("secret"));
        assert!(std::error::Error::source(&error).is_some());
    }
}
