//! The log: lines on standard error, as the operator asked for.
//!
//! Standard output belongs to the line `listening on ...`, which scripts read.

use crate::config::LogFormat;
use crate::error::{Error, Result};
use std::io::IsTerminal as _;
use tracing_subscriber::EnvFilter;

/// Sends log lines to standard error from here on. `filter` is in the words of `CAIRN_LOG`.
/// An error when the process already has a log.
pub fn start(filter: &str, format: LogFormat) -> Result<()> {
    let filter = EnvFilter::try_new(filter)
        .map_err(|error| Error::bad_input("CAIRN_LOG: must be a level or a list of module=level").caused_by(error))?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Json => lines.json().with_current_span(true).with_span_list(false).try_init(),
        LogFormat::Pretty => lines.with_ansi(std::io::stderr().is_terminal()).try_init(),
    }
    .map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_that_makes_no_sense_is_refused() {
        let error = start("==", LogFormat::Json).unwrap_err();
        assert!(error.to_string().starts_with("CAIRN_LOG: "), "{error}");
    }
}
