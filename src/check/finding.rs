//! One thing that was looked at.

use serde::Serialize;

/// How it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// As it should be.
    Good,
    /// It works, and somebody should know.
    Warning,
    /// It does not work, or will not for long.
    Fault,
}

/// One thing that was looked at, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What it is about, in a word that machines sort by.
    pub about: &'static str,
    /// How it is.
    pub level: Level,
    /// The same in words.
    pub words: String,
    /// What to do; none when it is good.
    pub todo: Option<String>,
}

impl Finding {
    /// As it should be.
    pub fn good(about: &'static str, words: impl Into<String>) -> Self {
        Self { about, level: Level::Good, words: words.into(), todo: None }
    }

    /// It works, and somebody should know.
    pub fn warning(about: &'static str, words: impl Into<String>, todo: impl Into<String>) -> Self {
        Self { about, level: Level::Warning, words: words.into(), todo: Some(todo.into()) }
    }

    /// It does not work, or will not for long.
    pub fn fault(about: &'static str, words: impl Into<String>, todo: impl Into<String>) -> Self {
        Self { about, level: Level::Fault, words: words.into(), todo: Some(todo.into()) }
    }
}
