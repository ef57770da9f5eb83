//! The path of a property: `population`, or `address.city` for a value inside an object.

use crate::error::{Error, Result};

/// Length of a path in bytes.
const MAX_PATH_BYTES: usize = 1_024;
/// Names in a path.
const MAX_PATH_STEPS: usize = 8;

/// A checked path of one or more names. A name that holds a dot is written in quotes: `"a.b".c`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PropertyPath {
    steps: Vec<String>,
}

impl PropertyPath {
    /// Reads a path. Names are not empty and hold no quotation mark.
    pub fn parse(text: &str) -> Result<Self> {
        if text.len() > MAX_PATH_BYTES {
            return Err(Error::limit(format!("a property path has at most {MAX_PATH_BYTES} bytes")));
        }
        let mut steps = Vec::new();
        let mut rest = text;
        loop {
            let (step, after) = Self::step(rest)?;
            steps.push(step.to_owned());
            match after {
                None => break,
                Some(after) => rest = after,
            }
        }
        if steps.len() > MAX_PATH_STEPS {
            return Err(Error::limit(format!("a property path has at most {MAX_PATH_STEPS} names")));
        }
        Ok(Self { steps })
    }

    /// The first name, and what follows its dot.
    fn step(text: &str) -> Result<(&str, Option<&str>)> {
        let malformed =
            || Error::bad_input("a property path is names joined by dots; a name with a dot stands in \"quotes\"");
        let (step, after) = if let Some(quoted) = text.strip_prefix('"') {
            let (step, after) = quoted.split_once('"').ok_or_else(malformed)?;
            match after.strip_prefix('.') {
                Some(after) => (step, Some(after)),
                None if after.is_empty() => (step, None),
                None => return Err(malformed()),
            }
        } else {
            match text.split_once('.') {
                Some((step, after)) => (step, Some(after)),
                None => (text, None),
            }
        };
        if step.is_empty() || step.contains('"') || step.contains('\0') {
            return Err(malformed());
        }
        Ok((step, after))
    }

    /// The names from the outside in; never empty.
    pub fn steps(&self) -> &[String] {
        &self.steps
    }

    /// The outermost name, which the catalogue of a layer knows.
    pub fn top(&self) -> &str {
        &self.steps[0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_split_at_dots_outside_of_quotes() {
        for (text, steps) in [
            ("population", vec!["population"]),
            ("address.city", vec!["address", "city"]),
            ("\"a.b\".c", vec!["a.b", "c"]),
            ("\"name:de\"", vec!["name:de"]),
            ("größe", vec!["größe"]),
        ] {
            assert_eq!(PropertyPath::parse(text).unwrap().steps(), steps, "{text}");
        }
    }

    #[test]
    fn a_malformed_path_is_refused() {
        for text in ["", ".", "a.", ".a", "a..b", "\"a", "\"a\"b", "a\"b", "a\0b", "a.b.c.d.e.f.g.h.i"] {
            assert!(PropertyPath::parse(text).is_err(), "{text}");
        }
    }
}
