//! The guard in front of the parser: one pass over the bytes, no recursion, no allocation.
//!
//! The parser calls itself for each `[` and `{` of a value and has no bound there: 4 kB of brackets overflow the
//! stack and end the process. So brackets are counted first, outside of strings and comments as the parser sees
//! them. Where the parser could see a string differently (one that does not end), the text is refused.

use crate::config::GraphqlLimits;
use crate::error::{Error, Result};

/// Checks length, nesting of `{ [ (` and number of tokens of a GraphQL text.
pub fn check_text(text: &str, limits: &GraphqlLimits) -> Result<()> {
    if text.len() > limits.text_bytes {
        return Err(Error::limit(format!("the GraphQL text is longer than {} bytes", limits.text_bytes)));
    }
    let mut rest = text.as_bytes();
    let (mut nesting, mut tokens) = (0_usize, 0_usize);
    while let Some((&byte, tail)) = rest.split_first() {
        rest = match byte {
            b' ' | b'\t' | b'\n' | b'\r' | b',' => {
                rest = tail;
                continue;
            }
            b'#' => {
                rest = skip_while(tail, |byte| !matches!(byte, b'\n' | b'\r'));
                continue;
            }
            b'"' => skip_string(tail)?,
            b'.' => skip_while(tail, |byte| byte == b'.'),
            b'-' | b'0'..=b'9' => skip_while(tail, |byte| byte.is_ascii_alphanumeric() || b"_.+-".contains(&byte)),
            b'_' | b'a'..=b'z' | b'A'..=b'Z' => skip_while(tail, |byte| byte.is_ascii_alphanumeric() || byte == b'_'),
            b'{' | b'[' | b'(' => {
                nesting += 1;
                tail
            }
            b'}' | b']' | b')' => {
                nesting = nesting.saturating_sub(1);
                tail
            }
            _ => tail,
        };
        tokens += 1;
        if nesting > limits.nesting {
            return Err(Error::limit(format!("the GraphQL text nests deeper than {} levels", limits.nesting)));
        }
        if tokens > limits.tokens {
            return Err(Error::limit(format!("the GraphQL text has more than {} tokens", limits.tokens)));
        }
    }
    Ok(())
}

/// How deep `{` and `[` nest in a JSON text, outside of its strings. The text need not be valid.
pub fn nesting_of_json(text: &[u8]) -> usize {
    let mut rest = text;
    let (mut nesting, mut deepest) = (0_usize, 0);
    while let Some((&byte, tail)) = rest.split_first() {
        rest = match byte {
            b'"' => skip_quoted(tail),
            b'{' | b'[' => {
                nesting += 1;
                deepest = nesting.max(deepest);
                tail
            }
            b'}' | b']' => {
                nesting = nesting.saturating_sub(1);
                tail
            }
            _ => tail,
        };
    }
    deepest
}

fn skip_while(text: &[u8], part: impl Fn(u8) -> bool) -> &[u8] {
    let end = text.iter().position(|&byte| !part(byte)).unwrap_or(text.len());
    text.get(end..).unwrap_or_default()
}

/// What follows a GraphQL string whose first quote is already taken.
fn skip_string(text: &[u8]) -> Result<&[u8]> {
    let Some(mut rest) = text.strip_prefix(b"\"\"") else { return skip_line_string(text) };
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix(b"\"\"\"") {
            return Ok(after);
        }
        let escaped = rest.strip_prefix(b"\\\"\"\"");
        rest = escaped.or_else(|| rest.get(1..)).unwrap_or_default();
    }
    Err(unterminated())
}

fn skip_line_string(text: &[u8]) -> Result<&[u8]> {
    let mut rest = text;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = match byte {
            b'"' => return Ok(tail),
            b'\n' | b'\r' => break,
            b'\\' => tail.get(1..).unwrap_or_default(),
            _ => tail,
        };
    }
    Err(unterminated())
}

/// What follows a JSON string whose first quote is already taken.
fn skip_quoted(text: &[u8]) -> &[u8] {
    let mut rest = text;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = match byte {
            b'"' => return tail,
            b'\\' => tail.get(1..).unwrap_or_default(),
            _ => tail,
        };
    }
    rest
}

fn unterminated() -> Error {
    Error::bad_input("the GraphQL text has a string that does not end")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorCode;
    use proptest::prelude::*;

    fn check(text: &str) -> Option<ErrorCode> {
        check_text(text, &GraphqlLimits::default()).err().map(|error| error.code())
    }

    fn brackets(levels: usize) -> String {
        format!("{{a(b:{}1{})}}", "[".repeat(levels), "]".repeat(levels))
    }

    #[test]
    fn length_nesting_and_tokens_pass_at_the_limit_and_fail_one_above() {
        let limit = Some(ErrorCode::LimitExceeded);
        let long = |bytes: usize| format!("{{a}}#{}", "x".repeat(bytes - 4));
        assert_eq!((check(&long(16_384)), check(&long(16_385))), (None, limit));
        assert_eq!((check(&brackets(62)), check(&brackets(63))), (None, limit));
        let wide = |tokens: usize| format!("{{{}}}", "a ".repeat(tokens - 2));
        assert_eq!((check(&wide(2_000)), check(&wide(2_001))), (None, limit));
    }

    #[test]
    fn brackets_in_strings_and_comments_do_not_count() {
        let many = "[{(".repeat(100);
        for text in [
            format!("{{a(b:\"{many}\")}}"),
            format!("{{a(b:\"\\\"{many}\")}}"),
            format!("{{a(b:\"\"\"{many}\n\" \"\" \\\"\"\" {many}\"\"\")}}"),
            format!("{{a}} # {many}"),
            format!("# {many}\n{{a}}"),
            format!("# {many}\r{{a}}"),
        ] {
            assert_eq!(check(&text), None, "{text}");
        }
    }

    #[test]
    fn brackets_after_what_only_looks_like_a_string_or_a_comment_do_count() {
        let many = "[".repeat(100);
        for text in [
            format!("{{a(b:\"\"{many})}}"),
            format!("{{a(b:\"\\\\\"{many})}}"),
            format!("{{a(b:\"#\"{many})}}"),
            format!("{{a(b:\"\"\"x\"\"\"{many})}}"),
            format!("#\n{many}"),
            format!("#\r{many}"),
        ] {
            assert_eq!(check(&text), Some(ErrorCode::LimitExceeded), "{text}");
        }
    }

    #[test]
    fn a_string_without_an_end_is_refused_because_the_parser_may_see_brackets_behind_it() {
        let many = "[".repeat(3_000);
        for text in [format!("{{a(b:[\"\"\"[\"{many}"), format!("{{a(b:\"\n{many}"), "\"".into(), "\"\\".into()] {
            assert_eq!(check(&text), Some(ErrorCode::BadInput));
        }
    }

    #[test]
    fn json_nesting_is_counted_outside_of_strings() {
        for (text, wanted) in
            [("1", 0), ("{}", 1), (r#"{"a":[[1],[2]]}"#, 3), (r#"{"a":"[[[\"[[["}"#, 1), ("]]][[", 2), ("\"", 0)]
        {
            assert_eq!(nesting_of_json(text.as_bytes()), wanted, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_guard_panic(text in any::<String>()) {
            let _ = check_text(&text, &GraphqlLimits::default());
            let _ = nesting_of_json(text.as_bytes());
        }

        /// The promise itself: what the guard lets through, the parser reads without ending the process.
        #[test]
        fn what_passes_the_guard_is_safe_to_parse(
            parts in prop::collection::vec(
                prop::sample::select(vec![
                    "{", "}", "[", "]", "(", ")", "\"", "\"\"\"", "\\", "\\\"\"\"", "#", "\n", "\r", "a", ":", "...",
                    "on A", "$v", "@d", "1", "{a(b:", "[[[[[[[[[[[[[[[[[[[[[[[[", " ", "!", "=", "query", "fragment f on A",
                ]),
                0..400,
            )
        ) {
            let text = parts.concat();
            if check_text(&text, &GraphqlLimits::default()).is_ok() {
                let _ = async_graphql::parser::parse_query(&text);
            }
        }
    }
}
