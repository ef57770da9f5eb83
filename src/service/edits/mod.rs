//! THE WRITE PATH: an author and a change in, a committed transaction out: row, change feed, audit log, all or nothing.
//!
//! `deciding` holds the rights to the catalogue that the transaction sees, `draft` checks what is to be stored, `one` and
//! `many` make the changes, `state` writes what the audit log keeps of them.

pub mod deciding;
pub mod draft;
pub mod many;
pub mod one;
pub mod property_schema;
pub mod state;
