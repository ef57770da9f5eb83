//! The operation of a document that would run, and its variables.

use super::mask::to_server_error;
use crate::error::Error;
use async_graphql::parser::types::{DocumentOperations, ExecutableDocument, OperationDefinition, OperationType};
use async_graphql::{ServerError, Value, Variables};

/// The operation that would run.
pub(super) fn operation<'a>(document: &'a ExecutableDocument, name: Option<&str>) -> Option<&'a OperationDefinition> {
    match &document.operations {
        DocumentOperations::Single(operation) => Some(&operation.node),
        DocumentOperations::Multiple(operations) => match name {
            Some(name) => operations.get(name).map(|operation| &operation.node),
            None if operations.len() == 1 => operations.values().next().map(|operation| &operation.node),
            None => None,
        },
    }
}

/// Whether no operation writes or subscribes.
pub(super) fn only_queries(document: &ExecutableDocument) -> bool {
    document.operations.iter().all(|(_, operation)| operation.node.ty == OperationType::Query)
}

/// Fills in the defaults, which async-graphql forgets for `@skip` and `@include`. A variable that may not be null must
/// be given, even if no field uses it: async-graphql looks only on use.
pub(super) fn fill_variables(operation: &OperationDefinition, variables: &mut Variables) -> Result<(), ServerError> {
    for variable in &operation.variable_definitions {
        let definition = &variable.node;
        let name = &definition.name.node;
        let missing = match (variables.get(name), &definition.default_value) {
            (Some(value), _) => *value == Value::Null,
            (None, Some(default)) => {
                variables.insert(name.clone(), default.node.clone());
                false
            }
            (None, None) => true,
        };
        if missing && !definition.var_type.node.nullable {
            let error = Error::bad_input("this variable must be given and not null").at(name.as_str());
            let mut error = to_server_error(&error);
            error.locations.push(variable.pos);
            return Err(error);
        }
    }
    Ok(())
}
