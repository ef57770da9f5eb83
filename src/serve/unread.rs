//! Answers that hyper gives by itself: to a head that is no HTTP (400) or too long (431), before there is a request that a router
//! could be asked. hyper leaves no way to say more in them, so their heads get our fields where the bytes go out.

/// What is written in the place of a head of hyper's.
#[derive(Debug)]
pub(super) struct Instead {
    /// The whole of it.
    pub(super) bytes: Vec<u8>,
    /// How much of it is on its way.
    pub(super) written: usize,
    /// How many bytes hyper thinks it has written by then.
    pub(super) stands_for: usize,
}

/// The head with the fields of every answer, each a line with its end; `None` of any other bytes. Answers of the router are never
/// taken for one: they have these fields.
pub(super) fn completed(head: &[u8], fields: &str) -> Option<Instead> {
    const EMPTY: &str = "\r\ncontent-length: 0\r\n";
    if fields.is_empty() || !head.starts_with(b"HTTP/1.1 4") {
        return None;
    }
    let text = std::str::from_utf8(head).ok()?;
    let lines = text.strip_suffix("\r\n")?;
    let is_bare = lines.ends_with("\r\n") && lines.contains(EMPTY) && !lines.contains(fields.lines().next()?);
    let bytes = format!("{lines}{fields}\r\n").into_bytes();
    is_bare.then_some(Instead { bytes, written: 0, stands_for: head.len() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELDS: &str = "x-content-type-options: nosniff\r\nreferrer-policy: no-referrer\r\n";

    #[test]
    fn a_bare_head_gets_the_fields_and_everything_else_stays() {
        let bare = "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\ndate: now\r\n\r\n";
        let whole = completed(bare.as_bytes(), FIELDS).expect("a head of hyper's");
        let wanted = "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\ndate: now\r\n\
            x-content-type-options: nosniff\r\nreferrer-policy: no-referrer\r\n\r\n";
        assert_eq!((String::from_utf8(whole.bytes).unwrap().as_str(), whole.stands_for), (wanted, bare.len()));
        assert!(completed(bare.as_bytes(), "").is_none());
        let ours = format!("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n{FIELDS}\r\n");
        let others = [
            "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\n",
            "a body",
        ];
        for other in others.into_iter().chain([ours.as_str(), &bare[..20], ""]) {
            assert!(completed(other.as_bytes(), FIELDS).is_none(), "{other:?}");
        }
    }
}
