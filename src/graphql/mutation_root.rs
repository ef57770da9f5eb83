//! The mutations: the one list of what writes.

use async_graphql::MergedObject;

use crate::graphql::account_mutations::AccountMutations;
use crate::graphql::edits::EditMutations;
use crate::graphql::entrance::EntranceMutations;
use crate::graphql::exports::ExportMutations;
use crate::graphql::import_mutations::ImportMutations;

/// What changes something, each field in one transaction. Mutations of one request run one after the other.
#[derive(Debug, Default, MergedObject)]
#[graphql(name = "Mutation")]
pub struct MutationRoot(EditMutations, ImportMutations, ExportMutations, AccountMutations, EntranceMutations);
