//! Whether a database is the target of a copy that did not come to its end.

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};

use crate::error::{Error, ErrorCode, Result};

/// Where an unfinished copy keeps its notes, in the target.
pub const STATE: &str = "copy_state";

/// An error while the database holds a part only of what was to be copied into it.
pub async fn refuse(connection: &DatabaseConnection, database: &impl std::fmt::Display) -> Result<()> {
    let backend = connection.get_database_backend();
    let question = match backend {
        DbBackend::Postgres => "SELECT 1 WHERE to_regclass('copy_state') IS NOT NULL",
        _ => "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'copy_state'",
    };
    match connection.query_one_raw(Statement::from_string(backend, question)).await? {
        None => Ok(()),
        Some(_) => Err(sentence(database)),
    }
}

/// What is said about such a database.
pub fn sentence(database: &impl std::fmt::Display) -> Error {
    Error::new(
        ErrorCode::Unavailable,
        format!(
            "{database} holds a part of a copy that has not ended: run the same `cairn copy` again, which continues, or one \
             with --overwrite, which begins anew"
        ),
    )
}
