//! Faults of a database as errors of Cairn.

use sea_orm::{DbErr, RuntimeErr};

use crate::error::{Error, ErrorCode};

/// Opens a sentence that one of our own SQL functions wants the client to read.
const MARK: &str = "cairn:";

/// SQLite's primary result codes that mean something to a client.
const SQLITE_BUSY: i64 = 5;
const SQLITE_INTERRUPT: i64 = 9;
const SQLITE_FULL: i64 = 13;

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
            sqlx::Error::PoolTimedOut => unavailable().caused_by(error),
            sqlx::Error::Database(database) => {
                if let Some(ours) = unmark(database.message()) {
                    return ours;
                }
                let code = database.code().and_then(|code| code.parse::<i64>().ok()).unwrap_or_default();
                match code & 0xff {
                    SQLITE_BUSY => unavailable().caused_by(error),
                    SQLITE_INTERRUPT => Self::new(
                        ErrorCode::Timeout,
                        "the question took too long: narrow it by a box, a layer or a smaller page",
                    ),
                    SQLITE_FULL => Self::new(ErrorCode::Unavailable, "the disk of the server is full").caused_by(error),
                    _ => Self::internal(error),
                }
            }
            _ => Self::internal(error),
        }
    }
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
}
