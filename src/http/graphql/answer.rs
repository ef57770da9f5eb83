//! The bytes of an answer. `Value::Binary` is JSON text that a resolver has finished already and goes out as it
//! is; serde would print it as an array of numbers, so every answer must leave through here.

use async_graphql::{PathSegment, Response, ServerError, Value};
use serde::Serialize;

/// Appends the response as JSON. `data` is left out when the question could not run.
pub fn write_response(response: &Response, out: &mut Vec<u8>) {
    out.push(b'{');
    let mut separator = Separator::default();
    if !could_not_run(response) {
        separator.write(out);
        out.extend_from_slice(b"\"data\":");
        write_value(&response.data, out);
    }
    if !response.errors.is_empty() {
        separator.write(out);
        out.extend_from_slice(b"\"errors\":");
        write_errors(response, out);
    }
    if !response.extensions.is_empty() {
        separator.write(out);
        out.extend_from_slice(b"\"extensions\":");
        write_object(response.extensions.iter().map(|(name, value)| (name.as_str(), value)), out);
    }
    out.push(b'}');
}

/// Appends the responses as a JSON array.
pub fn write_batch(responses: &[Response], out: &mut Vec<u8>) {
    write_list(responses, out, write_response);
}

/// Appends the errors of a response as a JSON array.
pub(super) fn write_errors(response: &Response, out: &mut Vec<u8>) {
    write_list(&response.errors, out, write_error);
}

/// True when the question was refused before any field ran: then no error knows a path.
pub(super) fn could_not_run(response: &Response) -> bool {
    response.data == Value::Null
        && !response.errors.is_empty()
        && response.errors.iter().all(|error| error.path.is_empty())
}

/// A comma before everything but the first.
#[derive(Default)]
struct Separator {
    started: bool,
}

impl Separator {
    fn write(&mut self, out: &mut Vec<u8>) {
        if self.started {
            out.push(b',');
        }
        self.started = true;
    }
}

fn write_error(error: &ServerError, out: &mut Vec<u8>) {
    #[derive(Serialize)]
    struct Shape<'a> {
        message: &'a str,
        #[serde(skip_serializing_if = "<[_]>::is_empty")]
        locations: &'a [async_graphql::Pos],
        #[serde(skip_serializing_if = "<[_]>::is_empty")]
        path: &'a [PathSegment],
        #[serde(skip_serializing_if = "Option::is_none")]
        extensions: Option<&'a async_graphql::ErrorExtensionValues>,
    }
    write_serde(
        &Shape {
            message: &error.message,
            locations: &error.locations,
            path: &error.path,
            extensions: error.extensions.as_ref(),
        },
        out,
    );
}

fn write_value(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Boolean(true) => out.extend_from_slice(b"true"),
        Value::Boolean(false) => out.extend_from_slice(b"false"),
        Value::Number(number) => write_serde(number, out),
        Value::String(text) => write_serde(text, out),
        Value::Enum(name) => write_serde(name.as_str(), out),
        Value::Binary(json) => out.extend_from_slice(json),
        Value::List(values) => write_list(values, out, write_value),
        Value::Object(fields) => write_object(fields.iter().map(|(name, value)| (name.as_str(), value)), out),
    }
}

fn write_list<T>(items: &[T], out: &mut Vec<u8>, write: impl Fn(&T, &mut Vec<u8>)) {
    out.push(b'[');
    let mut separator = Separator::default();
    for item in items {
        separator.write(out);
        write(item, out);
    }
    out.push(b']');
}

fn write_object<'a>(fields: impl Iterator<Item = (&'a str, &'a Value)>, out: &mut Vec<u8>) {
    out.push(b'{');
    let mut separator = Separator::default();
    for (name, value) in fields {
        separator.write(out);
        write_serde(name, out);
        out.push(b':');
        write_value(value, out);
    }
    out.push(b'}');
}

/// Texts, numbers and flat structs: writing them into memory cannot fail.
fn write_serde<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) {
    if let Err(error) = serde_json::to_writer(out, value) {
        tracing::error!(%error, "a value could not be written");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_graphql::Pos;
    use proptest::prelude::*;

    fn text(response: &Response) -> String {
        let mut out = Vec::new();
        write_response(response, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn finished_json_goes_out_as_it_is() {
        let json = Value::Binary(br#"{"type":"Point","coordinates":[1.50,-0]}"#.as_slice().into());
        let list = Value::List(vec![json.clone(), Value::Null, json]);
        let data = Value::Object([(async_graphql::Name::new("a"), list)].into_iter().collect());
        let point = r#"{"type":"Point","coordinates":[1.50,-0]}"#;
        assert_eq!(text(&Response::new(data)), format!(r#"{{"data":{{"a":[{point},null,{point}]}}}}"#));
    }

    #[test]
    fn data_is_left_out_only_when_nothing_ran() {
        let refused =
            Response::from_errors(vec![ServerError::new("no \"such\" field", Some(Pos { line: 1, column: 3 }))]);
        assert_eq!(
            text(&refused),
            r#"{"errors":[{"message":"no \"such\" field","locations":[{"line":1,"column":3}]}]}"#
        );
        let path = vec![PathSegment::Field("a".into()), PathSegment::Index(2)];
        let failed = Response::from_errors(vec![ServerError::new("x", None).with_path(path)]);
        assert_eq!(text(&failed), r#"{"data":null,"errors":[{"message":"x","path":["a",2]}]}"#);
        let extended = Response::new(Value::Null).extension("took", Value::from(1));
        assert_eq!(text(&extended), r#"{"data":null,"extensions":{"took":1}}"#);
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Boolean),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::String),
            "[A-Z_]{1,8}".prop_map(|name| Value::Enum(async_graphql::Name::new(name))),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::List),
                prop::collection::vec((any::<String>(), inner), 0..5).prop_map(|fields| Value::Object(
                    fields.into_iter().map(|(name, value)| (async_graphql::Name::new(name), value)).collect()
                )),
            ]
        })
    }

    proptest! {
        #[test]
        fn everything_else_is_written_as_serde_would(data in values()) {
            let response = Response::new(data);
            prop_assert_eq!(text(&response), serde_json::to_string(&response).unwrap());
        }
    }
}
