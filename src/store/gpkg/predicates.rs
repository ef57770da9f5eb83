//! The SQL functions of the GeoPackage: envelopes for its triggers, the predicates of Simple Features, geodesic distance.
//!
//! In `ST_Intersects(geom, constant)` the constant is bound once and prepared once per statement (SQLite's auxiliary data).
//! A row whose geometry cannot be read or compared answers NULL, which is unknown: one broken row of a foreign writer must
//! not take every question about its neighbourhood down.

use std::panic::RefUnwindSafe;

use rusqlite::Connection;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::{ToSql, ValueRef};

use crate::error::Error;
use crate::geometry::Envelope;
use crate::geometry::cluster::ClusterGrid;
use crate::geometry::geodesic::Target;
use crate::geometry::relate::{Pattern, Planar, SpatialPredicate};
use crate::geometry::wkb::{GpkgHeader, Wkb};
use crate::store::sql::predicate::function_name;

/// Same arguments, same answer; and allowed inside triggers of a file that is not trusted.
pub(super) const FLAGS: FunctionFlags =
    FunctionFlags::SQLITE_UTF8.union(FunctionFlags::SQLITE_DETERMINISTIC).union(FunctionFlags::SQLITE_INNOCUOUS);

type SqlResult<T> = rusqlite::Result<T>;

/// Registers every function of this page.
pub fn register(db: &Connection) -> SqlResult<()> {
    register_envelopes(db)?;
    register_relations(db)?;
    register_measures(db)?;
    register_texts(db)
}

fn scalar<T: ToSql>(
    db: &Connection,
    name: &str,
    arguments: i32,
    function: impl Fn(&Context<'_>) -> SqlResult<T> + Send + RefUnwindSafe + 'static,
) -> SqlResult<()> {
    db.create_scalar_function(name, arguments, FLAGS, move |context| function(context))
}

/// A side of an envelope.
type Side = fn(Envelope) -> f64;

/// The functions that the R-tree triggers of the GeoPackage standard call.
fn register_envelopes(db: &Connection) -> SqlResult<()> {
    scalar(db, "ST_IsEmpty", 1, |context| Ok(envelope(context).map(Envelope::is_empty)))?;
    let sides: [(&str, Side); 4] = [
        ("ST_MinX", |envelope| envelope.min_x),
        ("ST_MinY", |envelope| envelope.min_y),
        ("ST_MaxX", |envelope| envelope.max_x),
        ("ST_MaxY", |envelope| envelope.max_y),
    ];
    for (name, side) in sides {
        scalar(db, name, 1, move |context| Ok(envelope(context).filter(|envelope| !envelope.is_empty()).map(side)))?;
    }
    scalar(db, "cairn_geometry_type", 1, |context| Ok(row(context).map(|wkb| wkb.geometry_type().name())))
}

fn register_relations(db: &Connection) -> SqlResult<()> {
    for predicate in SpatialPredicate::ALL {
        scalar(db, function_name(predicate), 2, move |context| {
            let constant = context.get_or_create_aux(1, planar)?;
            Ok(row(context).and_then(|row| constant.test(predicate, row).ok()))
        })?;
    }
    scalar(db, "ST_Relate", 3, |context| {
        let constant = context.get_or_create_aux(1, planar)?;
        let pattern =
            context.get_or_create_aux(2, |value| Pattern::parse(value.as_str().map_err(user)?).map_err(user))?;
        Ok(row(context).and_then(|row| constant.relate(&pattern, row).ok()))
    })?;
    // The box of a map view, tested without building its polygon for each row.
    scalar(db, "cairn_in_box", 5, |context| {
        let area = context.get_or_create_aux(1, |_| {
            let side = |index| context.get::<f64>(index);
            let envelope = Envelope { min_x: side(1)?, min_y: side(2)?, max_x: side(3)?, max_y: side(4)? };
            Planar::of_envelope(envelope).map_err(user)
        })?;
        Ok(row(context).and_then(|row| area.test(SpatialPredicate::Intersects, row).ok()))
    })
}

fn register_measures(db: &Connection) -> SqlResult<()> {
    scalar(db, "cairn_distance", 2, |context| {
        let target = context.get_or_create_aux(1, target)?;
        Ok(row(context).and_then(|row| target.distance(row)))
    })?;
    scalar(db, "cairn_dwithin", 3, |context| {
        let target = context.get_or_create_aux(1, target)?;
        let Some(meters) = context.get::<Option<f64>>(2)? else { return Ok(None) };
        Ok(row(context).map(|row| target.within(row, meters)))
    })?;
    scalar(db, "cairn_cluster_cell", 2, |context| {
        let Ok(zoom) = u8::try_from(context.get::<i64>(1)?) else { return Ok(None) };
        Ok(envelope(context).filter(|envelope| !envelope.is_empty()).map(|envelope| {
            let (lon, lat) = envelope.center();
            ClusterGrid::at(zoom).cell(lon, lat)
        }))
    })
}

fn register_texts(db: &Connection) -> SqlResult<()> {
    scalar(db, "cairn_fold", 1, |context| Ok(text(context, 0).map(str::to_lowercase)))?;
    scalar(db, "cairn_ends_with", 2, |context| {
        Ok(text(context, 0).zip(text(context, 1)).map(|(text, part)| text.ends_with(part)))
    })
}

/// The geometry of the row, the first argument; `None` when it is null or broken.
fn row<'a>(context: &'a Context<'_>) -> Option<Wkb<'a>> {
    Wkb::check_gpkg(context.get_raw(0).as_blob().ok()?).ok()
}

/// A text argument; `None` when it is null, a number, or not UTF-8.
fn text<'a>(context: &'a Context<'_>, index: usize) -> Option<&'a str> {
    context.get_raw(index).as_str().ok()
}

/// The envelope of the first argument: from the header when it has one, else from a walk.
fn envelope(context: &Context<'_>) -> Option<Envelope> {
    let header = GpkgHeader::parse(context.get_raw(0).as_blob().ok()?).ok()?;
    header.envelope.or_else(|| Wkb::check(header.wkb).ok().map(Wkb::envelope))
}

fn planar(value: ValueRef<'_>) -> SqlResult<Planar> {
    Planar::new(constant(value)?).map_err(user)
}

fn target(value: ValueRef<'_>) -> SqlResult<Target> {
    Target::new(constant(value)?).map_err(user)
}

fn constant(value: ValueRef<'_>) -> SqlResult<Wkb<'_>> {
    Wkb::check_gpkg(value.as_blob().map_err(user)?).map_err(user)
}

fn user(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> rusqlite::Error {
    let error = error.into();
    let text = match error.downcast_ref::<Error>() {
        Some(error) => crate::store::error::mark(error),
        None => error.to_string(),
    };
    rusqlite::Error::UserFunctionError(text.into())
}
