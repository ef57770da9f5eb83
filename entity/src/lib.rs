//! The rows of Cairn's tables, as SeaORM entities. No door shows them: the model is its own.

pub mod layer;
pub mod location;
