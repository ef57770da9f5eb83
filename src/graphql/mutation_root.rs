//! The mutations: the one list of what writes.

use async_graphql::MergedObject;

use crate::graphql::account_mutations::AccountMutations;

/// What changes something. Mutations of one request run one after the other.
#[derive(Debug, Default, MergedObject)]
#[graphql(name = "Mutation")]
pub struct MutationRoot(AccountMutations);
