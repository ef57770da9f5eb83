//! The GraphQL door: the schema, and how its inputs become questions. No SQL, no rights decided here.

pub mod account_mutations;
pub mod accounts;
pub mod audit;
pub mod browser_session;
pub mod clusters;
pub mod connection;
pub mod context;
pub mod edit_inputs;
pub mod edits;
pub mod entrance;
pub mod export_input;
pub mod filter_input;
pub mod guard;
pub mod imports;
pub mod layer;
pub mod layer_edits;
pub mod location;
pub mod mutation_root;
pub mod query_root;
pub mod rendered;
pub mod scalars;
pub mod schema;
pub mod search;
pub mod shapes;
pub mod stats;
pub mod upload;
