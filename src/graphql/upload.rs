//! Files beside a question: the scalar that stands for one, and those that came with the request.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};

use crate::service::imports::Incoming;

/// The name of a file in the request that it came with.
#[derive(Debug, Clone)]
pub struct Upload(pub String);

/// A file of a request in the form of the GraphQL multipart request specification. In variables only, and null in the JSON.
#[Scalar(name = "Upload", specified_by_url = "https://github.com/jaydenseric/graphql-multipart-request-spec")]
impl ScalarType for Upload {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(name) => Ok(Self(name)),
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

/// The files of one request. What nobody takes is removed with this value.
#[derive(Debug, Default)]
pub struct Uploads(Mutex<HashMap<String, Incoming>>);

impl Uploads {
    /// Adds a file; gives the text that stands for it in the variables.
    pub fn add(&self, file: Incoming) -> String {
        let mut files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let name = format!("upload:{}", files.len());
        files.insert(name.clone(), file);
        name
    }

    /// The file of that name, once.
    pub fn take(&self, upload: &Upload) -> Option<Incoming> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&upload.0)
    }
}
