//! What was asked: the parameters of GraphQL over HTTP, from a body or from a query string.

use super::text_guard::nesting_of_json;
use crate::config::GraphqlLimits;
use crate::error::{Error, Result};
use crate::graphql::upload::Uploads;
use async_graphql::Variables;
use axum::extract::Query;
use axum::http::Uri;
use serde::Deserialize;

/// One question. `extensions` must be a map and is not used.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Question {
    pub(super) query: String,
    #[serde(default)]
    pub(super) operation_name: Option<String>,
    #[serde(default)]
    pub(super) variables: Variables,
    /// The files that came with it.
    #[serde(skip)]
    pub(super) uploads: Option<Uploads>,
    #[serde(default, rename = "extensions")]
    _extensions: Option<serde_json::Map<String, serde_json::Value>>,
}

/// One question or several.
#[derive(Debug)]
pub(super) enum Asked {
    One(Box<Question>),
    Batch(Vec<Question>),
}

impl Asked {
    /// Reads a JSON body: an object, or an array of them.
    pub(super) fn from_json(body: &[u8], limits: &GraphqlLimits) -> Result<Self> {
        check_nesting(body, limits)?;
        if body.trim_ascii_start().first() != Some(&b'[') {
            return read(body, "the body").map(Box::new).map(Self::One);
        }
        let batch: Vec<Question> = read(body, "the body")?;
        match batch.len() {
            0 => Err(Error::bad_input("the batch is empty")),
            count if count > limits.batch => {
                Err(Error::limit(format!("the batch has more than {} operations", limits.batch)))
            }
            _ => Ok(Self::Batch(batch)),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct QueryString {
    query: String,
    operation_name: Option<String>,
    variables: Option<String>,
    extensions: Option<String>,
}

impl Question {
    /// Reads `?query=&operationName=&variables=&extensions=`, the last two as JSON.
    pub(super) fn from_query_string(uri: &Uri, limits: &GraphqlLimits) -> Result<Self> {
        let Query(given) = Query::<QueryString>::try_from_uri(uri)
            .map_err(|_| Error::bad_input("the URL needs ?query= with a GraphQL text, each parameter once"))?;
        let part = |json: Option<String>| json.filter(|json| !json.is_empty()).unwrap_or("null".to_owned());
        let (variables, extensions) = (part(given.variables), part(given.extensions));
        check_nesting(variables.as_bytes(), limits)?;
        check_nesting(extensions.as_bytes(), limits)?;
        Ok(Self {
            query: given.query,
            operation_name: given.operation_name.filter(|name| !name.is_empty()),
            variables: read(variables.as_bytes(), "`variables`")?,
            uploads: None,
            _extensions: read(extensions.as_bytes(), "`extensions`")?,
        })
    }
}

/// Before the JSON parser, which calls itself for each level, and before the values reach a resolver.
pub(super) fn check_nesting(json: &[u8], limits: &GraphqlLimits) -> Result<()> {
    if nesting_of_json(json) > limits.variables_nesting {
        return Err(Error::limit(format!("the JSON nests deeper than {} levels", limits.variables_nesting)));
    }
    Ok(())
}

/// The parser's own message would repeat what was sent: only its place goes on.
fn read<'a, T: Deserialize<'a>>(json: &'a [u8], what: &str) -> Result<T> {
    serde_json::from_slice(json).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        Error::bad_input(match error.classify() {
            serde_json::error::Category::Data => format!(
                "{what} must have the form {{\"query\": text, \"operationName\": text, \"variables\": map, \
                 \"extensions\": map}}; it differs near line {line}, column {column}"
            ),
            _ => format!("{what} is no valid JSON near line {line}, column {column}"),
        })
    })
}
