//! Questions with files, in the form of the GraphQL multipart request specification: `operations`, `map`, then the files, which
//! go to the disk as they come.

use super::super::error::Problem;
use super::question::{Asked, Question};
use super::text_guard::nesting_of_json;
use crate::app::App;
use crate::config::Limits;
use crate::error::{Error, ErrorCode};
use crate::graphql::upload::Uploads;
use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use multer::{Constraints, Field, Multipart, SizeLimit};
use serde_json::Value;
use std::collections::HashMap;
use tokio::io::AsyncWriteExt as _;

/// Files of one request: an import has one, and a request may start a few.
const MAX_FILES: usize = 4;
/// Bytes of the field `map`.
const MAX_MAP_BYTES: usize = 4_096;
/// A page of another site can send a form without asking first; with one of these headers its browser asks us before.
const PREFLIGHT: [&str; 2] = ["graphql-require-preflight", "apollo-require-preflight"];

/// Whether the body is a form with files.
pub fn is_multipart(headers: &HeaderMap) -> bool {
    let full = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    full.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("multipart/form-data"))
}

/// Refuses a form before its body is read.
pub(super) fn check(headers: &HeaderMap, limits: &Limits) -> Result<(), Problem> {
    if !PREFLIGHT.iter().any(|name| headers.get(*name).is_some_and(|value| !value.is_empty())) {
        let sentence = "a form with files needs the header GraphQL-Require-Preflight: 1, which other sites cannot send";
        return Err(Error::bad_input(sentence).into());
    }
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > whole(limits)) { Err(too_large(limits)) } else { Ok(()) }
}

/// Reads a form: the question, and the files that stand in its variables.
pub(super) async fn read(
    app: &App,
    headers: &HeaderMap,
    body: Body,
    limits: &Limits,
) -> Result<(Question, Uploads), Problem> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let boundary = multer::parse_boundary(kind).map_err(|_| Error::bad_input("the form names no boundary"))?;
    let constraints = Constraints::new().size_limit(SizeLimit::new().whole_stream(whole(limits) as u64));
    let mut form = Form { form: Multipart::with_constraints(body.into_data_stream(), boundary, constraints), limits };
    let operations = form.json("operations", limits.http.signed_in_body_bytes).await?;
    let map: HashMap<String, Vec<String>> = serde_json::from_value(form.json("map", MAX_MAP_BYTES).await?)
        .map_err(|_| Error::bad_input("the field `map` must be a map from fields to lists of paths"))?;
    if map.len() > MAX_FILES {
        return Err(Error::limit(format!("a request has at most {MAX_FILES} files")).into());
    }
    let (operations, uploads) = form.files(app, operations, map).await?;
    match Asked::from_json(operations.to_string().as_bytes(), &limits.graphql)? {
        Asked::One(question) => Ok((*question, uploads)),
        Asked::Batch(_) => Err(Error::bad_input("a form with files holds one operation").into()),
    }
}

struct Form<'a> {
    form: Multipart<'static>,
    limits: &'a Limits,
}

impl Form<'_> {
    async fn next(&mut self) -> Result<Option<Field<'static>>, Problem> {
        self.form.next_field().await.map_err(|error| fault(&error, self.limits))
    }

    /// A field of JSON, which must come now.
    async fn json(&mut self, name: &'static str, most: usize) -> Result<Value, Problem> {
        let unexpected = || Error::bad_input(format!("the form must go on with the field `{name}`"));
        let mut field = self.next().await?.filter(|field| field.name() == Some(name)).ok_or_else(unexpected)?;
        let mut text = Vec::new();
        while let Some(chunk) = field.chunk().await.map_err(|error| fault(&error, self.limits))? {
            if text.len() + chunk.len() > most {
                return Err(Problem::new(
                    StatusCode::PAYLOAD_TOO_LARGE,
                    Error::limit(format!("the field `{name}` is larger than {most} bytes")),
                ));
            }
            text.extend_from_slice(&chunk);
        }
        let deepest = self.limits.graphql.variables_nesting;
        if nesting_of_json(&text) > deepest {
            return Err(Error::limit(format!("the JSON nests deeper than {deepest} levels")).into());
        }
        let read = serde_json::from_slice(&text);
        read.map_err(|_| Error::bad_input(format!("the field `{name}` is no valid JSON")).into())
    }

    /// The files, each put into the variables where the map says.
    async fn files(
        &mut self,
        app: &App,
        mut operations: Value,
        mut map: HashMap<String, Vec<String>>,
    ) -> Result<(Value, Uploads), Problem> {
        let uploads = Uploads::default();
        while let Some(mut field) = self.next().await? {
            let paths = field.name().and_then(|name| map.remove(name));
            let paths =
                paths.ok_or_else(|| Error::bad_input("the form has a file that its `map` does not name, or twice"))?;
            let (incoming, mut file) = app.imports().uploads().receive(field.file_name().map(str::to_owned)).await?;
            let mut size = 0;
            while let Some(chunk) = field.chunk().await.map_err(|error| fault(&error, self.limits))? {
                size += chunk.len();
                if size > self.limits.http.upload_bytes {
                    return Err(too_large(self.limits));
                }
                file.write_all(&chunk).await.map_err(full)?;
            }
            file.flush().await.map_err(full)?;
            let name = uploads.add(incoming);
            for path in paths {
                put(&mut operations, &path, &name)?;
            }
        }
        if !map.is_empty() {
            return Err(Error::bad_input("the form ends before the files that its `map` names").into());
        }
        Ok((operations, uploads))
    }
}

/// Replaces the null at `variables.a.b` or `variables.a.0`.
fn put(operations: &mut Value, path: &str, name: &str) -> Result<(), Error> {
    let wrong = || Error::bad_input("the field `map` must lead to nulls in the variables of `operations`");
    let mut steps = path.split('.');
    if steps.next() != Some("variables") {
        return Err(wrong());
    }
    let mut at = operations.get_mut("variables").ok_or_else(wrong)?;
    for step in steps {
        at = match at {
            Value::Object(members) => members.get_mut(step),
            Value::Array(items) => step.parse::<usize>().ok().and_then(|index| items.get_mut(index)),
            _ => None,
        }
        .ok_or_else(wrong)?;
    }
    if !at.is_null() {
        return Err(wrong());
    }
    *at = name.into();
    Ok(())
}

/// Bytes of a form: one file of the greatest size, or several smaller ones, and the question.
fn whole(limits: &Limits) -> usize {
    limits.http.upload_bytes.saturating_add(limits.http.signed_in_body_bytes)
}

fn too_large(limits: &Limits) -> Problem {
    let sentence = format!("the files are larger than {} bytes", limits.http.upload_bytes);
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, Error::limit(sentence))
}

fn full(error: std::io::Error) -> Problem {
    Error::new(ErrorCode::Unavailable, "the server cannot keep the file now").caused_by(error).into()
}

fn fault(error: &multer::Error, limits: &Limits) -> Problem {
    match error {
        multer::Error::StreamSizeExceeded { .. } => too_large(limits),
        multer::Error::StreamReadFailed(_) => Error::bad_input("the request body broke off").into(),
        _ => Error::bad_input("the body is no form as RFC 7578 has it").into(),
    }
}
