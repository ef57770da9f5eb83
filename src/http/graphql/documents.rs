//! Parsed and checked documents, kept for the next time: parsing is three quarters of a small question's cost.

use super::document_guard::check_document;
use super::mask::to_server_error;
use super::text_guard::check_text;
use crate::config::GraphqlLimits;
use crate::error::Error;
use async_graphql::ServerError;
use async_graphql::parser::types::ExecutableDocument;
use async_graphql::parser::{self, parse_query};
use lru::LruCache;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

/// Documents by their exact text, the least recently used one going first. Their number and their size are
/// bounded, so that a stranger's texts cannot fill the memory.
#[derive(Debug)]
pub struct Documents {
    limits: GraphqlLimits,
    kept: Mutex<LruCache<String, Arc<ExecutableDocument>>>,
}

impl Documents {
    /// An empty store under these limits.
    pub fn new(limits: &GraphqlLimits) -> Self {
        let count = NonZeroUsize::new(limits.kept_documents).unwrap_or(NonZeroUsize::MIN);
        Self { limits: limits.clone(), kept: Mutex::new(LruCache::new(count)) }
    }

    /// The document of `text`, parsed and within every limit. Only such documents are kept: a hit needs no check.
    pub fn get(&self, text: &str) -> Result<Arc<ExecutableDocument>, ServerError> {
        let keep = text.len() <= self.limits.kept_text_bytes;
        if keep && let Some(known) = self.kept().get(text) {
            return Ok(Arc::clone(known));
        }
        check_text(text, &self.limits).map_err(|error| to_server_error(&error))?;
        let document = parse_query(text).map_err(syntax_error)?;
        check_document(&document, &self.limits).map_err(|error| to_server_error(&error))?;
        let document = Arc::new(document);
        if keep {
            self.kept().put(text.to_owned(), Arc::clone(&document));
        }
        Ok(document)
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, LruCache<String, Arc<ExecutableDocument>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The parser's message holds the faulty line, which may be the whole text: only its last line, what was
/// expected, goes on, with the position.
fn syntax_error(error: parser::Error) -> ServerError {
    let told = error.to_string();
    let expected = told.lines().last().unwrap_or_default().trim().trim_start_matches("= ");
    let sentence = format!("the GraphQL text cannot be parsed: {expected}");
    let mut server_error = ServerError::from(error);
    server_error.message = sentence;
    server_error.extensions = to_server_error(&Error::bad_input("")).extensions;
    server_error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_document_is_kept_and_a_large_one_is_not() {
        let documents = Documents::new(&GraphqlLimits { kept_text_bytes: 10, ..GraphqlLimits::default() });
        let same = |text: &str| Arc::ptr_eq(&documents.get(text).unwrap(), &documents.get(text).unwrap());
        assert!(same("{ a b c }1"[..9].trim_end()));
        assert!(!same("{ a b c d }"));
    }

    #[test]
    fn only_so_many_are_kept_and_no_faulty_one() {
        let documents = Documents::new(&GraphqlLimits { kept_documents: 2, ..GraphqlLimits::default() });
        for text in ["{a}", "{b}", "{c}"] {
            documents.get(text).unwrap();
        }
        for text in ["{", "{...f} fragment f on A {...f}", "{a(b:\"}"] {
            assert!(documents.get(text).is_err(), "{text}");
        }
        assert_eq!(documents.kept().iter().map(|(text, _)| text.as_str()).collect::<Vec<_>>(), ["{c}", "{b}"]);
    }

    #[test]
    fn a_syntax_error_does_not_repeat_the_text() {
        let error = documents_error("{ secretField(password: \"hunter2\" ] }");
        assert!(!error.message.contains("hunter2") && !error.message.contains("secretField"), "{}", error.message);
        assert_eq!(error.locations.len(), 1);
    }

    fn documents_error(text: &str) -> ServerError {
        Documents::new(&GraphqlLimits::default()).get(text).unwrap_err()
    }
}
