//! The rows of Cairn's tables, as SeaORM entities. No door shows them: the model is its own.

pub mod account;
pub mod account_grant;
pub mod account_identity;
pub mod api_token;
pub mod layer;
pub mod location;
pub mod one_time_link;
pub mod session;
