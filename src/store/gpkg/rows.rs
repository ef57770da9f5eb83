//! Pages of locations, read from the file and packed as they come.

use rusqlite::Connection;
use sea_orm::sea_query::SqliteQueryBuilder;

use crate::error::Result;
use crate::model::Columns;
use crate::query::{BoundFilter, BoundQuery, Test};
use crate::store::dialect::Dialect;
use crate::store::gpkg::nearest;
use crate::store::gpkg::readers::Promise;
use crate::store::gpkg::statement::{pack, prepare};
use crate::store::sql::row::{PackedRows, Packer};
use crate::store::sql::select;

/// One page, with one row more than the limit if there is one; `None` when the catalogue is not the one that the question was
/// decided on.
pub fn page(db: &Connection, query: &BoundQuery, columns: Columns) -> Result<Option<PackedRows>> {
    let _snapshot = Snapshot::begin(db)?;
    let version: i64 = db.prepare_cached("SELECT version FROM catalog")?.query_row([], |row| row.get(0))?;
    if version != query.catalog_version() {
        return Ok(None);
    }
    if let Some(walk) = nearest::Walk::of(db, query)? {
        return walk.page(db, query, columns).map(Some);
    }
    let mut page = select::page(Dialect::Geopackage, query, columns);
    let mut statement = prepare(db, &page.build(SqliteQueryBuilder))?;
    let mut packer = Packer::default();
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next()? {
        pack(&mut packer, row, &page.places)?;
    }
    Ok(Some(PackedRows::new(packer, page.keys)))
}

/// A small page is short, unless a single row may take long to compare.
pub fn promise(query: &BoundQuery) -> Promise {
    /// Reading and packing so many rows takes a fifth of the budget.
    const FEW: usize = 200;
    if query.limit() <= FEW && compares_quickly(query.filter()) { Promise::Short } else { Promise::None }
}

/// Whether the interrupt, which comes between two rows, comes soon enough: no row is compared with a shape.
fn compares_quickly(filter: &BoundFilter) -> bool {
    match filter {
        BoundFilter::And(all) | BoundFilter::Or(all) => all.iter().all(compares_quickly),
        BoundFilter::Not(one) => compares_quickly(one),
        BoundFilter::Test(Test::DWithin(shape, _)) => shape.wkb().point().is_some(),
        BoundFilter::Test(Test::Spatial(..) | Test::Relate(..)) => false,
        BoundFilter::Layers(_) | BoundFilter::Test(_) => true,
    }
}

/// What is read sees one state of the file.
struct Snapshot<'a>(&'a Connection);

impl<'a> Snapshot<'a> {
    fn begin(db: &'a Connection) -> Result<Self> {
        db.prepare_cached("BEGIN")?.execute([])?;
        Ok(Self(db))
    }
}

impl Drop for Snapshot<'_> {
    fn drop(&mut self) {
        let ended = self.0.prepare_cached("ROLLBACK").and_then(|mut statement| statement.execute([]));
        if let Err(error) = ended {
            // An interrupt or a full disk may have ended it already.
            tracing::debug!(%error, "a snapshot had ended");
        }
    }
}
