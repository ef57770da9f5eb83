//! Who asks.

/// The caller of a service, made once per request by a door and never from request data alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Viewer {
    /// Anybody: sees public layers.
    Anonymous,
    /// The server itself and its command line: sees everything.
    Server,
}
