//! Text in XML 1.0, which cannot hold every character.

/// Appends text with the signs of XML escaped; `false` if it held control characters, which no XML can hold, and which are left out.
pub(super) fn text(text: &str, out: &mut Vec<u8>) -> bool {
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

/// The loss that [`text`] tells.
pub(super) const CONTROL: &str = "control characters, which no XML can hold, are left out";
