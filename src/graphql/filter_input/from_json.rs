//! The filter as JSON text, for doors that speak no GraphQL: the same input, the same errors.

use std::sync::LazyLock;

use async_graphql::registry::{MetaType, Registry};
use async_graphql::{InputType, Pos};
use serde_json::Value;

use super::LocationFilter;
use crate::error::{Error, Result};
use crate::query::Filter;

/// Reads the JSON of a `LocationFilter`. A member that the filter does not have is refused, as GraphQL does: a mistyped name must
/// not pass as no condition.
pub fn filter_from_json(text: &str) -> Result<Filter> {
    let read = || {
        let value: Value = serde_json::from_str(text)
            .map_err(|error| Error::bad_input(format!("this is no valid JSON: {error}")).caused_by(error))?;
        known_members(&value, &LocationFilter::type_name())?;
        let value = async_graphql::Value::from_json(value).map_err(Error::internal)?;
        let input = LocationFilter::parse(Some(value))
            .map_err(|error| Error::bad_input(error.into_server_error(Pos::default()).message))?;
        input.into_filter()
    };
    read().map_err(|error| error.at("filter"))
}

/// The input types below the filter. `parse` passes over members that it does not know: GraphQL finds them when it validates a
/// document, and here there is none.
static INPUTS: LazyLock<Registry> = LazyLock::new(|| {
    let mut registry = Registry::default();
    LocationFilter::create_type_info(&mut registry);
    registry
});

fn known_members(value: &Value, type_name: &str) -> Result<()> {
    let inner = type_name.trim_end_matches('!');
    if let Some(item) = inner.strip_prefix('[').and_then(|list| list.strip_suffix(']')) {
        // One value stands for a list of it.
        let Value::Array(items) = value else { return known_members(value, item) };
        let check = |(index, value)| known_members(value, item).map_err(|error: Error| error.at(format!("[{index}]")));
        return items.iter().enumerate().try_for_each(check);
    }
    let Some(MetaType::InputObject { input_fields, .. }) = INPUTS.types.get(inner) else { return Ok(()) };
    let Value::Object(members) = value else {
        return if value.is_null() { Ok(()) } else { Err(Error::bad_input("this must be a JSON object")) };
    };
    for (name, value) in members {
        let Some(field) = input_fields.get(name) else {
            return Err(Error::bad_input(format!("a {inner} has no field {name:?}")).at(name.clone()));
        };
        known_members(value, &field.ty).map_err(|error| error.at(name.clone()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_json_of_a_filter_is_the_filter() {
        let filter = filter_from_json(r#"{"layer":{"eq":"a"},"not":{"property":{"path":"p","gt":1.5}}}"#).unwrap();
        let Filter::And(all) = filter else { panic!("two conditions: {filter:?}") };
        assert_eq!(all.len(), 2);
        for ok in ["{}", r#"{"geometryType":"POINT"}"#, r#"{"intersects":{"type":"Point","coordinates":[1,2]}}"#] {
            assert!(filter_from_json(ok).is_ok(), "{ok}");
        }
    }

    #[test]
    fn what_is_no_filter_is_refused_with_its_place() {
        for (text, field) in [
            ("{", "filter"),
            ("[]", "filter"),
            (r#"{"naem":{"eq":"a"}}"#, "filter.naem"),
            (r#"{"name":{"equals":"a"}}"#, "filter.name.equals"),
            (r#"{"and":[{},{"not":{"x":1}}]}"#, "filter.and[1].not.x"),
            (r#"{"bbox":{"west":9,"south":99,"east":1,"north":1}}"#, "filter.bbox"),
            (r#"{"property":{"path":"p"}}"#, "filter.property"),
            (r#"{"name":{"eq":1}}"#, "filter"),
        ] {
            let error = filter_from_json(text).unwrap_err();
            assert!(error.field().unwrap_or_default().starts_with(field), "{text}: {error}");
        }
    }
}
