//! What Cairn does: the one query path and the one write path, free of HTTP and of GraphQL.

pub mod account_cache;
pub mod accounts;
pub mod api_tokens;
pub mod audit;
pub mod catalog;
pub mod changes;
mod data_folder;
pub mod edits;
pub mod entrance;
pub mod exports;
mod external;
pub mod first_start;
pub mod housekeeping;
pub mod imports;
pub mod invitations;
pub mod layers;
pub mod locations;
pub mod newcomers;
mod on_behalf;
pub mod password_reset;
mod rights;
pub mod sign_in;
pub mod summaries;
pub mod viewers;

pub use accounts::Accounts;
pub use changes::Changes;
pub use entrance::Entrance;
pub use exports::{ExportJobs, Exports};
pub use imports::Imports;
pub use locations::{LocationPage, Locations};
