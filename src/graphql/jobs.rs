//! What imports and exports have in common on their way out: ids that may name nothing, sizes of lists, counts.

use async_graphql::ID;

use crate::error::{Error, ErrorCode, Result};
use crate::graphql::context::{parse_id, to_int};

/// Which jobs are meant, in the words of the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A file on its way in.
    Import,
    /// A layer on its way out.
    Export,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Import => "import",
            Self::Export => "export",
        }
    }

    /// The row of a job; text that is no id names no job.
    pub(super) fn row(self, id: &ID) -> Result<i64> {
        let none = || Error::new(ErrorCode::NotFound, format!("there is no {} {}", self.name(), id.as_str()));
        parse_id(id).ok_or_else(none)
    }

    /// The argument `before` of a list.
    pub(super) fn before(self, id: Option<ID>) -> Result<Option<i64>> {
        let wrong = || Error::bad_input(format!("an {}'s id is a number", self.name())).at("before");
        id.map(|id| parse_id(&id).ok_or_else(wrong)).transpose()
    }
}

/// A job, or null where there is none.
pub(super) fn if_there<T>(job: Result<T>) -> Result<Option<T>> {
    match job {
        Ok(job) => Ok(Some(job)),
        Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The argument `first` of a list: `usual` when nothing is said, and at most `most`.
pub(super) fn size(first: Option<i32>, usual: i32, most: i32) -> Result<usize> {
    let first = first.unwrap_or(usual);
    if first > most {
        return Err(Error::limit(format!("at most {most} at once")).at("first"));
    }
    usize::try_from(first).map_err(|_| Error::bad_input("a list has no negative size").at("first"))
}

/// A count as the schema has it.
pub(super) fn count(count: u64) -> i32 {
    to_int(i64::try_from(count).unwrap_or(i64::MAX))
}
