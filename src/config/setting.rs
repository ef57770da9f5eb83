//! What is told about a setting: its name, its default and its meaning.

/// One setting as the operator sees it.
#[derive(Debug)]
pub struct Setting {
    /// The name in the environment.
    pub name: &'static str,
    /// The value when the name is not set; empty for "not set".
    pub default: String,
    /// What it is for, as lines of text.
    pub meaning: &'static [&'static str],
}

/// Settings that belong together.
#[derive(Debug)]
pub struct Group {
    /// The heading.
    pub title: &'static str,
    /// In the order of `.env.example`.
    pub settings: Vec<Setting>,
}
