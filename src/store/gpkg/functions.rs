//! Teaches every pooled SQLite connection the functions of this store. The only unsafe code of the project.
//!
//! sqlx has no interface for SQL functions, rusqlite has: both link the same SQLite (their versions are pinned together), so a
//! borrowed rusqlite connection registers on sqlx's handle. The R-tree query callbacks have no safe interface anywhere.
#![expect(
    unsafe_code,
    reason = "borrowing sqlx's handle and the R-tree callbacks need the C interface; see the module's page"
)]

use std::cell::Cell;
use std::ffi::{CStr, c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use libsqlite3_sys as ffi;
use rusqlite::config::DbConfig;
use rusqlite::trace::{TraceEvent, TraceEventCodes};
use sqlx::sqlite::SqliteConnection;

use crate::geometry::{Envelope, geodesic};
use crate::store::gpkg::best::Best;
use crate::store::gpkg::{packing, predicates};

/// SQLite asks about the time limit once in so many steps of its machine, some tens of microseconds.
pub(super) const STEPS_BETWEEN_CHECKS: c_int = 10_000;

thread_local! {
    /// When the statement that runs on this thread began. sqlx gives each connection a thread of its own.
    static STATEMENT_BEGAN: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Registers the functions, and interrupts statements that run longer than `statement_timeout`.
pub async fn register(connection: &mut SqliteConnection, statement_timeout: Duration) -> Result<(), sqlx::Error> {
    let mut handle = connection.lock_handle().await?;
    handle.set_progress_handler(STEPS_BETWEEN_CHECKS, move || {
        STATEMENT_BEGAN.get().is_none_or(|began| began.elapsed() < statement_timeout)
    });
    let raw = handle.as_raw_handle().as_ptr();
    // SAFETY: the handle is open and locked for as long as `borrowed` lives; a connection made from a handle is not owned, so
    // dropping it neither closes the handle nor takes back what was registered.
    let borrowed = unsafe { rusqlite::Connection::from_handle(raw) }.map_err(sqlx::Error::config)?;
    borrowed.trace_v2(TraceEventCodes::SQLITE_TRACE_STMT, Some(note_begin));
    teach(&borrowed).map_err(sqlx::Error::config)
}

/// Registers the functions on a connection of rusqlite.
pub fn teach(connection: &rusqlite::Connection) -> rusqlite::Result<()> {
    // Without this promise SQLite takes a bound LIMIT for a reason to plan anew: a kept statement would be parsed each time.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    predicates::register(connection)?;
    packing::register(connection)?;
    register_walk(connection, c"cairn_nearest", nearest)?;
    register_walk(connection, c"cairn_reach", within_reach)
}

/// Lets no trigger run for what this connection writes: rows of a copy come with all that the triggers would note.
pub async fn silence_triggers(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let mut handle = connection.lock_handle().await?;
    // SAFETY: as above: the handle is open and locked, and a borrowed connection leaves it as it is.
    let borrowed = unsafe { rusqlite::Connection::from_handle(handle.as_raw_handle().as_ptr()) };
    let borrowed = borrowed.map_err(sqlx::Error::config)?;
    borrowed.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false).map_err(sqlx::Error::config)?;
    Ok(())
}

#[expect(clippy::needless_pass_by_value, reason = "the signature that SQLite's tracing asks for")]
fn note_begin(event: TraceEvent<'_>) {
    // The statements of a trigger are traced too, as comments; they belong to the statement that fired them.
    if let TraceEvent::Stmt(_, sql) = event
        && !sql.starts_with("--")
    {
        STATEMENT_BEGAN.set(Some(Instant::now()));
    }
}

/// A node or an entry of the R-tree, as a walk sees it.
struct Visit<'a> {
    /// The arguments of the SQL function.
    arguments: &'a [f64],
    /// Its box; 32-bit numbers rounded outward.
    envelope: Envelope,
    /// Whether it is the box of a row.
    is_entry: bool,
    /// What this walk has noted so far.
    notes: &'a mut Option<Best>,
}

/// Decides on a node: its score (least first), or `None` to leave it and all below it out.
type Walk = fn(&mut Visit<'_>) -> Option<f64>;

/// `cairn_nearest(lon, lat, max_meters, enough)`: entries in the order of the least distance their box allows. What is farther
/// than so many rows are in any case is left out, if `enough` is not 0.
fn nearest(visit: &mut Visit<'_>) -> Option<f64> {
    let &[lon, lat, max_meters, enough] = visit.arguments else { return None };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the limit of a page, which fits")]
    let mut best = (enough > 0.0).then(|| visit.notes.get_or_insert_with(|| Best::of(enough as usize)));
    let farthest = best.as_ref().map_or(max_meters, |best| best.limit().min(max_meters));
    let held = geodesic::bulge(visit.envelope);
    if geodesic::is_beyond(lat, held, farthest) {
        return None;
    }
    let least = geodesic::least_distance(lon, lat, held);
    if least > farthest {
        return None;
    }
    if let Some(best) = best.as_mut().filter(|_| visit.is_entry) {
        best.add(geodesic::greatest_distance(lon, lat, visit.envelope));
    }
    Some(least)
}

/// `cairn_reach(west, south, east, north)`: entries whose great-circle edges may touch the box; west > east crosses 180 degrees.
fn within_reach(visit: &mut Visit<'_>) -> Option<f64> {
    let &[west, south, east, north] = visit.arguments else { return None };
    let bulge = geodesic::bulge(visit.envelope);
    let part = |min_x, max_x| Envelope { min_x, min_y: south, max_x, max_y: north };
    let touches = if west <= east {
        part(west, east).intersects(bulge)
    } else {
        part(west, 180.0).intersects(bulge) || part(-180.0, east).intersects(bulge)
    };
    touches.then_some(0.0)
}

fn register_walk(connection: &rusqlite::Connection, name: &CStr, walk: Walk) -> rusqlite::Result<()> {
    // SAFETY: the handle is open for as long as the connection is borrowed and is used for this one call. The context is a
    // plain function pointer: nothing to destroy, valid for ever.
    let code = unsafe {
        let db = connection.handle();
        ffi::sqlite3_rtree_query_callback(db, name.as_ptr(), Some(visit_node), walk as *mut c_void, None)
    };
    if code == ffi::SQLITE_OK { Ok(()) } else { Err(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None)) }
}

/// Called by SQLite for each node and entry it considers.
unsafe extern "C" fn visit_node(info: *mut ffi::sqlite3_rtree_query_info) -> c_int {
    const DIMENSIONS: c_int = 4;
    // SAFETY: SQLite passes a valid structure for the duration of the call, `pContext` is the function pointer registered
    // above, and both arrays have the lengths it states. `pUser` is null until it is set here; it belongs to this walk alone,
    // which one thread at a time makes, until SQLite has `xDelUser` forget it.
    let (info, walk, arguments, box_, notes) = unsafe {
        let info = &mut *info;
        if info.nCoord != DIMENSIONS || info.nParam < 0 {
            return ffi::SQLITE_ERROR;
        }
        let walk = std::mem::transmute::<*mut c_void, Walk>(info.pContext);
        let arguments = match usize::try_from(info.nParam) {
            Ok(count) if count > 0 => std::slice::from_raw_parts(info.aParam, count),
            _ => &[],
        };
        let box_ = std::slice::from_raw_parts(info.aCoord, DIMENSIONS as usize);
        if info.pUser.is_null() {
            info.pUser = Box::into_raw(Box::<Option<Best>>::default()).cast();
            info.xDelUser = Some(forget_notes);
        }
        let notes = &mut *info.pUser.cast::<Option<Best>>();
        (info, walk, arguments, box_, notes)
    };
    let &[min_x, max_x, min_y, max_y] = box_ else { return ffi::SQLITE_ERROR };
    let envelope = Envelope { min_x, min_y, max_x, max_y };
    let mut visit = Visit { arguments, envelope, is_entry: info.iLevel == 0, notes };
    match catch_unwind(AssertUnwindSafe(|| walk(&mut visit))) {
        Ok(Some(score)) => {
            info.eWithin = ffi::PARTLY_WITHIN;
            // A child never scores below its parent, or entries would come out of order.
            info.rScore = score.max(info.rParentScore);
            ffi::SQLITE_OK
        }
        Ok(None) => {
            info.eWithin = ffi::NOT_WITHIN;
            ffi::SQLITE_OK
        }
        Err(_) => ffi::SQLITE_ERROR,
    }
}

/// Called by SQLite when a walk ends.
unsafe extern "C" fn forget_notes(notes: *mut c_void) {
    // SAFETY: SQLite hands back the pointer that `visit_node` made from a box, once.
    drop(unsafe { Box::from_raw(notes.cast::<Option<Best>>()) });
}
