//! `cairn_pack(...)`: all rows of an answer as one value.
//!
//! sqlx-sqlite ships each row through a channel between threads, some 2 microseconds each; one packed value costs that once.
//! The layout is private to this store: a tag for each value, then eight bytes, or a length and the bytes.

use rusqlite::Connection;
use rusqlite::functions::{Aggregate, Context};
use rusqlite::types::ValueRef;

use crate::error::Error;
use crate::store::gpkg::predicates::FLAGS;
use crate::store::sql::row::Packer;

/// Bytes of one answer: a thousand country outlines fit, the memory of a small server does not end.
pub const MAX_ANSWER_BYTES: usize = 64 * 1024 * 1024;

/// Registers the aggregate.
pub fn register(db: &Connection) -> rusqlite::Result<()> {
    db.create_aggregate_function("cairn_pack", -1, FLAGS, Pack)
}

struct Pack;

impl Aggregate<Packer, Option<Vec<u8>>> for Pack {
    fn init(&self, _: &mut Context<'_>) -> rusqlite::Result<Packer> {
        Ok(Packer::default())
    }

    fn step(&self, context: &mut Context<'_>, packer: &mut Packer) -> rusqlite::Result<()> {
        for index in 0..context.len() {
            match context.get_raw(index) {
                ValueRef::Null => packer.null(),
                ValueRef::Integer(value) => packer.int(value),
                ValueRef::Real(value) => packer.real(value),
                ValueRef::Text(value) | ValueRef::Blob(value) => packer.bytes(value),
            }
        }
        if packer.len() > MAX_ANSWER_BYTES {
            let error = Error::limit(format!(
                "the answer is larger than {} MB: ask for fewer locations, or for simplified shapes",
                MAX_ANSWER_BYTES / 1024 / 1024
            ));
            return Err(rusqlite::Error::UserFunctionError(crate::store::error::mark(&error).into()));
        }
        Ok(())
    }

    fn finalize(&self, _: &mut Context<'_>, packer: Option<Packer>) -> rusqlite::Result<Option<Vec<u8>>> {
        Ok(packer.map(Packer::finish))
    }
}
