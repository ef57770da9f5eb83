//! Faults of a database as errors of Cairn.

use sea_orm::{DbErr, RuntimeErr};
use sqlx::postgres::PgDatabaseError;

use crate::error::{Error, ErrorCode};
use crate::store::postgis;

/// Opens a sentence that one of our own SQL functions wants the client to read.
const MARK: &str = "cairn:";

/// SQLite's primary result codes that mean something to a client.
const SQLITE_BUSY: i64 = 5;
const SQLITE_READONLY: i64 = 8;
const SQLITE_INTERRUPT: i64 = 9;
const SQLITE_IOERR: i64 = 10;
const SQLITE_FULL: i64 = 13;
const SQLITE_CANTOPEN: i64 = 14;
/// The extended codes of a unique index and of a primary key.
const SQLITE_NOT_UNIQUE: [i64; 2] = [2067, 1555];

/// An error as text that survives the way through SQLite.
pub fn mark(error: &Error) -> String {
    format!("{MARK}{}:{}", error.code().as_str(), error.message())
}

fn unmark(message: &str) -> Option<Error> {
    let (code, text) = message.split_once(MARK)?.1.split_once(':')?;
    let code = [ErrorCode::LimitExceeded, ErrorCode::InvalidGeometry, ErrorCode::BadInput]
        .into_iter()
        .find(|known| known.as_str() == code)?;
    Some(Error::new(code, text.to_owned()))
}

/// Whether the connection broke under the question: a new one may answer it. A pool that is full or a server that refuses is
/// another matter, and asking it again at once would only add to its load.
pub fn is_connection_lost(error: &Error) -> bool {
    let cause = std::error::Error::source(error).and_then(|cause| cause.downcast_ref::<DbErr>());
    let Some(DbErr::Query(RuntimeErr::SqlxError(cause)) | DbErr::Exec(RuntimeErr::SqlxError(cause))) = cause else {
        return false;
    };
    match cause.as_ref() {
        sqlx::Error::Io(_) => true,
        // Ended by an administrator, by the crash of another session, or not yet open.
        sqlx::Error::Database(fault) => fault.code().is_some_and(|code| code.starts_with("57P0")),
        _ => false,
    }
}

/// Whether the database gave one of several writers up, so that the others could go on: deadlock or serialization failure.
/// The transaction is gone; a new one may do what it was to do.
pub fn is_lost_race(error: &Error) -> bool {
    let cause = std::error::Error::source(error).and_then(|cause| cause.downcast_ref::<DbErr>());
    let Some(DbErr::Query(RuntimeErr::SqlxError(cause)) | DbErr::Exec(RuntimeErr::SqlxError(cause))) = cause else {
        return false;
    };
    cause
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code)
        .is_some_and(|code| ["40001", "40P01"].contains(&code.as_ref()))
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        let unavailable = || Self::new(ErrorCode::Unavailable, "the database is busy: try again in a few seconds");
        let cause = match &error {
            DbErr::Query(RuntimeErr::SqlxError(cause))
            | DbErr::Exec(RuntimeErr::SqlxError(cause))
            | DbErr::Conn(RuntimeErr::SqlxError(cause)) => cause,
            DbErr::ConnectionAcquire(_) => return unavailable().caused_by(error),
            _ => return Self::internal(error),
        };
        match cause.as_ref() {
            // The server is restarting, or was: the next connection is a new one.
            sqlx::Error::PoolTimedOut | sqlx::Error::Io(_) => unavailable().caused_by(error),
            sqlx::Error::Database(database) => {
                if let Some(fault) = database.try_downcast_ref::<PgDatabaseError>() {
                    return match postgis::error::translate(fault) {
                        Some(known) => known.caused_by(error),
                        None => Self::internal(error),
                    };
                }
                let code = database.code().and_then(|code| code.parse::<i64>().ok()).unwrap_or_default();
                let message = database.message().to_owned();
                of_sqlite(code, &message, error)
            }
            _ => Self::internal(error),
        }
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        let rusqlite::Error::SqliteFailure(failure, message) = &error else { return Self::internal(error) };
        let (code, message) = (i64::from(failure.extended_code), message.clone().unwrap_or_default());
        of_sqlite(code, &message, error)
    }
}

/// A question that was interrupted.
pub fn too_long() -> Error {
    Error::new(ErrorCode::Timeout, "the question took too long: narrow it by a box, a layer or a smaller page")
}

/// By SQLite's result code, or by the sentence that one of our own functions has marked.
fn of_sqlite(code: i64, message: &str, cause: impl std::error::Error + Send + Sync + 'static) -> Error {
    if let Some(ours) = unmark(message) {
        return ours;
    }
    if SQLITE_NOT_UNIQUE.contains(&code) {
        return Error::new(ErrorCode::Conflict, "there is one with this name already").caused_by(cause);
    }
    let sentence = match code & 0xff {
        SQLITE_INTERRUPT => return too_long(),
        SQLITE_BUSY => "the database is busy: try again in a few seconds",
        SQLITE_FULL => "the disk of the server is full",
        SQLITE_READONLY => "the database cannot be changed now: its file or disk is read-only",
        // A file that may not grow, a broken disk, a folder that went away, no more open files.
        SQLITE_IOERR | SQLITE_CANTOPEN => "the disk of the server fails: its operator must look at it",
        _ => return Error::internal(cause),
    };
    Error::new(ErrorCode::Unavailable, sentence).caused_by(cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marked_error_comes_back_through_other_text() {
        let error = Error::limit("the answer is larger than 64 MB");
        let back = unmark(&format!("error returned from database: (code: 1) {}", mark(&error))).unwrap();
        assert_eq!((back.code(), back.message()), (error.code(), error.message()));
        assert!(unmark("no such table: location").is_none());
    }

    #[test]
    fn a_fault_of_the_disk_is_told_as_one_and_not_as_a_fault_of_cairn() {
        // The extended codes for a folder that is read-only, a write that failed, and a log of writes that cannot be opened.
        for (code, words) in [(13, "full"), (8, "read-only"), (1544, "read-only"), (778, "disk"), (14, "disk")] {
            let error = of_sqlite(code, "", std::io::Error::other("a cause"));
            assert_eq!(error.code(), ErrorCode::Unavailable, "{code}");
            assert!(error.message().contains(words), "{code}: {}", error.message());
        }
        assert_eq!(of_sqlite(11, "", std::io::Error::other("malformed")).code(), ErrorCode::Internal);
    }
}
