//! The mutations.

use async_graphql::MergedObject;

use crate::graphql::edits::EditMutations;

/// Changes, each one transaction.
#[derive(MergedObject, Default)]
#[graphql(name = "Mutation")]
pub struct MutationRoot(EditMutations);
