//! From bound questions to statements: selection, keyset and packed rows are shared; a dialect adds what differs.

pub mod column;
pub mod filter;
pub mod keyset;
pub mod predicate;
pub mod row;
pub mod select;
