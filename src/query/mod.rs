//! The question: filter, order and page, as every door asks it, and as the store may answer it.
//!
//! A door makes a [`LocationQuery`]; [`bind`] checks it against the catalogue and the viewer's rights and makes a
//! [`BoundQuery`], the only thing the store accepts.

pub mod access;
pub mod bind;
pub mod cursor;
pub mod filter;
pub mod foresight;
pub mod limits;
pub mod location_query;

pub use crate::model::PropertyPath;
pub use access::Access;
pub use bind::{BoundFilter, BoundOrder, BoundQuery, SortKey};
pub use cursor::{Cursor, KeyValue};
pub use filter::{Compare, Filter, Relation, Scalar, Test, TextTest, ValueTest};
pub use location_query::{Direction, LocationQuery, Near, Order, OrderBy, Page};
