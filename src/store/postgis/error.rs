//! Faults of PostgreSQL and PostGIS as errors of Cairn.

use sqlx::postgres::PgDatabaseError;

use crate::error::{Error, ErrorCode};

/// What a fault means to a client, by its SQLSTATE; `None` where it is a fault of the server. The server's own text stays
/// inside: it may hold names of columns.
pub fn translate(fault: &PgDatabaseError) -> Option<Error> {
    let unavailable = |sentence| Error::new(ErrorCode::Unavailable, sentence);
    let sentence_for = |code: &str| match code {
        // Statement timeout, or an administrator who ended the statement.
        "57014" => Some(Error::new(
            ErrorCode::Timeout,
            "the question took too long: narrow it by a box, a layer or a smaller page",
        )),
        // Disk full.
        "53100" => Some(unavailable("the disk of the database is full")),
        // A standby, or a server that its operator has closed for changes.
        "25006" => Some(unavailable("the database takes no changes now: try again later")),
        // Serialization failure, deadlock, lock timeout: the other one has won.
        "40001" | "40P01" | "55P03" => Some(unavailable("another write was in the way: try again")),
        "23505" => Some(Error::new(ErrorCode::Conflict, "there is one with this name already")),
        "54000" => Some(Error::limit("a name or an external id is too long: at most about 2,700 bytes")),
        "22003" => Some(Error::bad_input("a number is out of range")),
        "22007" | "22008" => Some(Error::bad_input("this is not a point in time")),
        "22021" | "22P05" => Some(Error::bad_input("a text holds no NUL character")),
        // PostGIS refuses what it cannot measure or relate; GEOS and liblwgeom have only the general code.
        "22023" | "XX000" if is_geometric(fault.message()) => Some(Error::invalid_geometry(
            "the shapes cannot be compared: one of them is not valid or of a type that has no such relation",
        )),
        // Shutting down, starting up, out of connections or memory, faults of the system, connection exceptions.
        _ if ["57P", "53", "58", "08"].iter().any(|class| code.starts_with(class)) => {
            Some(unavailable("the database is busy: try again in a few seconds"))
        }
        _ => None,
    };
    sentence_for(fault.code())
}

/// Whether a walk over the geography index broke off. PostGIS now and then measures a row nearer than the box of the index
/// that holds it, at the poles for one, and PostgreSQL ends the statement.
pub fn is_broken_walk(error: &Error) -> bool {
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        if error.to_string().contains("index returned tuples in wrong order") {
            return true;
        }
        cause = error.source();
    }
    false
}

fn is_geometric(message: &str) -> bool {
    const SPEAKERS: [&str; 6] = ["GEOS", "TopologyException", "lwgeom", "Geometry", "geometry", "GEOMETRYCOLLECTION"];
    SPEAKERS.iter().any(|speaker| message.contains(speaker))
}
