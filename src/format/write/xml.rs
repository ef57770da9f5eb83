//! Text in XML 1.0, which cannot hold every character.

use serde_json::value::RawValue;

use crate::error::{Error, Result};
use crate::format::write::Losses;

/// Appends text with the signs of XML escaped; `false` if it held control characters, which no XML can hold, and which are left out.
fn text(text: &str, out: &mut Vec<u8>) -> bool {
    let mut is_whole = true;
    for letter in text.chars() {
        match letter {
            '&' => out.extend_from_slice(b"&amp;"),
            '<' => out.extend_from_slice(b"&lt;"),
            '>' => out.extend_from_slice(b"&gt;"),
            '"' => out.extend_from_slice(b"&quot;"),
            // A reader makes line feeds and blanks of them.
            '\r' => out.extend_from_slice(b"&#13;"),
            '\n' => out.extend_from_slice(b"&#10;"),
            '\t' => out.extend_from_slice(b"&#9;"),
            letter if letter.is_ascii_control() && letter != '\u{7f}' => is_whole = false,
            '\u{fffe}' | '\u{ffff}' => is_whole = false,
            letter => out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    is_whole
}

/// The text of an element, and what will not come back of it.
pub(super) fn element(content: &str, out: &mut Vec<u8>, losses: &mut Losses) {
    if content.trim() != content {
        losses.add("blanks around a text are not read");
    }
    attribute(content, out, losses);
}

/// The value of an attribute; readers leave its blanks as they are.
pub(super) fn attribute(content: &str, out: &mut Vec<u8>, losses: &mut Losses) {
    if !text(content, out) {
        losses.add("control characters, which no XML can hold, are left out");
    }
}

/// A property as the text of an element, which has no type.
pub(super) fn value(json: &RawValue, losses: &mut Losses) -> Result<Option<String>> {
    match json.get() {
        "null" => losses.add("a property that is null is left out"),
        text if text.starts_with('"') => return serde_json::from_str(text).map(Some).map_err(Error::internal),
        other => {
            losses.add("a value that is no text is written as one");
            return Ok(Some(other.to_owned()));
        }
    }
    Ok(None)
}
