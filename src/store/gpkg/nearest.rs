//! Nearest first: a walk through the R-tree that ends as soon as no box left can hold a nearer row.
//!
//! The walk gives rows by the least distance that their box allows, which the sphere bounds from below; each is measured on
//! the ellipsoid once. The best so far decide where it ends, so the answer is exact, ties and all. Where every row passes, the
//! index itself leaves out what lies behind enough other boxes.

use std::cmp::Ordering;

use entity::location::{Column as Stored, Entity as Location};
use rusqlite::{Connection, Row};
use sea_orm::sea_query::{BinOper, Expr, ExprTrait, Func, SqliteQueryBuilder};

use crate::error::{Error, Result};
use crate::geometry::{Envelope, Geometry, Position, geodesic};
use crate::model::Columns;
use crate::query::limits::MAX_METERS;
use crate::query::{BoundFilter, BoundQuery, Direction, KeyValue, SortKey, Test};
use crate::store::dialect::{Dialect, narrows_by_place};
use crate::store::gpkg::best::Best;
use crate::store::gpkg::dialect::{RTREE, rtree_id};
use crate::store::gpkg::statement::{pack, prepare};
use crate::store::sql::column::stored;
use crate::store::sql::row::{DISTANCE, PackedRows, Packer};
use crate::store::sql::select;

/// Measuring so many rows takes some two milliseconds, counting them less than a tenth.
const FEW: u64 = 2_000;
const SIDES: [&str; 4] = ["minx", "miny", "maxx", "maxy"];

/// Where a walk begins, how far it goes, and what a row must satisfy beside that.
pub struct Walk {
    here: Position,
    max_meters: f64,
    filter: BoundFilter,
}

impl Walk {
    /// The walk that answers the question, if one does it best: not for a small layer. A walk passes every row of the other
    /// layers that lies nearer: for the ten nearest of a small layer beside a large one that is most of the table, where
    /// measuring the small layer is a matter of milliseconds.
    pub fn of(db: &Connection, query: &BoundQuery) -> Result<Option<Self>> {
        let Some(walk) = Self::towards(query) else { return Ok(None) };
        if let Some(layers) = select::layers(query.filter()) {
            let mut counting = prepare(db, &select::count_up_to(layers, FEW + 1).build(SqliteQueryBuilder))?;
            let counted: i64 = counting.raw_query().next()?.map_or(Ok(0), |row| row.get(0))?;
            if counted.unsigned_abs() <= FEW {
                return Ok(None);
            }
        }
        Ok(Some(walk))
    }

    /// The walk for a page nearest first, unless a place or a list of ids narrows its rows.
    pub fn towards(query: &BoundQuery) -> Option<Self> {
        let near = query.near().filter(|_| select::is_nearest_first(query))?;
        let point = Geometry::point(near.position);
        if narrows_by_place(query.filter(), &point) {
            return None;
        }
        let mut max_meters = MAX_METERS;
        let filter = without_radius(query.filter(), &point, &mut max_meters);
        Some(Self { here: near.position, max_meters, filter })
    }

    /// Rows by the least distance of their box, and the box behind the columns of the page. What lies behind so many boxes that
    /// are `enough` is left out; 0 for nothing.
    pub fn statement(&self, query: &BoundQuery, columns: Columns, enough: usize) -> select::Page {
        let mut page = select::candidates(Dialect::Geopackage, query, &self.filter, columns);
        let limits = [self.here.lon(), self.here.lat(), self.max_meters].map(Expr::val);
        let limits = limits.into_iter().chain([Expr::val(enough as u64)]);
        let walked = rtree_id().binary(BinOper::Custom("MATCH"), Expr::from(Func::cust("cairn_nearest").args(limits)));
        let row_of_box = stored(Stored::Id).eq(rtree_id());
        page.select.from(RTREE);
        if enough > 0 {
            // A box without a row counted for one, and must show.
            page.select.left_join(Location, row_of_box);
        } else {
            // CROSS JOIN is SQLite's word for "in this order": the walk outside, the rows inside.
            page.select.cross_join(Location);
            page.and_where(row_of_box);
        }
        page.and_where(walked);
        for side in SIDES {
            page.select.expr(Expr::col((RTREE, side)));
        }
        page
    }

    /// The page, in the order of the question.
    pub fn page(&self, db: &Connection, query: &BoundQuery, columns: Columns) -> Result<PackedRows> {
        let enough = if self.takes_every_row(query) { query.limit() + 1 } else { 0 };
        if let Some(found) = self.walk(db, query, columns, enough)? {
            return Ok(found);
        }
        self.walk(db, query, columns, 0)?
            .ok_or_else(|| Error::internal("a walk that leaves nothing out found too little"))
    }

    fn takes_every_row(&self, query: &BoundQuery) -> bool {
        passes_all(&self.filter) && self.max_meters >= MAX_METERS && query.after().is_none()
    }

    /// The page, or `None` when a box for which others were left out holds no place.
    fn walk(&self, db: &Connection, query: &BoundQuery, columns: Columns, enough: usize) -> Result<Option<PackedRows>> {
        let mut page = self.statement(query, columns, enough);
        let (mut statement, width, wanted) =
            (prepare(db, &page.build(SqliteQueryBuilder))?, page.width(), query.limit() + 1);
        let distance =
            page.places.get(DISTANCE).copied().flatten().ok_or_else(|| Error::internal("a walk without distances"))?;
        let mut packer = Packer::default();
        let mut best = Best::of(wanted);
        let mut distances = Vec::new();
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next()? {
            if self.least(row, width)? > best.limit() {
                break;
            }
            // A row without a distance is empty or broken: it is near to nothing.
            let Some(meters) = row.get::<_, Option<f64>>(distance)? else {
                if enough > 0 {
                    return Ok(None);
                }
                continue;
            };
            if meters <= best.limit().min(self.max_meters) {
                best.add(meters);
                distances.push(meters);
                pack(&mut packer, row, &page.places)?;
            }
        }
        let mut found = PackedRows::new(packer, page.keys);
        sort(&mut found, &distances, query);
        found.truncate(wanted);
        Ok(Some(found))
    }

    /// No place in the row's box is nearer.
    fn least(&self, row: &Row<'_>, width: usize) -> Result<f64> {
        let side = |index: usize| row.get::<_, f64>(width + index);
        let envelope = Envelope { min_x: side(0)?, min_y: side(1)?, max_x: side(2)?, max_y: side(3)? };
        Ok(geodesic::least_distance(self.here.lon(), self.here.lat(), geodesic::bulge(envelope)))
    }
}

fn passes_all(filter: &BoundFilter) -> bool {
    matches!(filter, BoundFilter::And(all) if all.iter().all(passes_all))
}

/// The filter without those conditions that only say how far from here a row may be; the least of them is the walk's end.
fn without_radius(filter: &BoundFilter, here: &Geometry, max_meters: &mut f64) -> BoundFilter {
    match filter {
        BoundFilter::And(all) => {
            BoundFilter::And(all.iter().map(|one| without_radius(one, here, max_meters)).collect())
        }
        BoundFilter::Test(Test::DWithin(shape, meters)) if shape == here => {
            *max_meters = max_meters.min(*meters);
            BoundFilter::And(Vec::new())
        }
        other => other.clone(),
    }
}

/// By distance, then by the other keys of the order, as the store itself compares them.
fn sort(found: &mut PackedRows, distances: &[f64], query: &BoundQuery) {
    let mut order: Vec<(f64, usize)> = distances.iter().copied().zip(0..).collect();
    order.sort_by(|&(meters, a), &(other, b)| {
        meters.total_cmp(&other).then_with(|| {
            // Few rows lie at the very same distance: their keys are read when they are needed.
            let (Ok(a), Ok(b)) = (found.keys(a), found.keys(b)) else { return Ordering::Equal };
            let later = query.order().keys.iter().zip(a.iter().zip(&b)).skip(1);
            later.map(|(sort, (a, b))| compare(sort, a, b)).find(|found| found.is_ne()).unwrap_or(Ordering::Equal)
        })
    });
    found.arrange(order.into_iter().map(|(_, index)| index));
}

/// What is missing comes last either way.
fn compare((_, direction): &(SortKey, Direction), a: &KeyValue, b: &KeyValue) -> Ordering {
    let by_value = match (a, b) {
        (KeyValue::Null, KeyValue::Null) => Ordering::Equal,
        (KeyValue::Null, _) => return Ordering::Greater,
        (_, KeyValue::Null) => return Ordering::Less,
        (KeyValue::Text(a), KeyValue::Text(b)) => a.cmp(b),
        (KeyValue::Int(a), KeyValue::Int(b)) => a.cmp(b),
        (KeyValue::RealBits(a), KeyValue::RealBits(b)) => compare_reals(f64::from_bits(*a), f64::from_bits(*b)),
        (KeyValue::Int(a), KeyValue::RealBits(b)) => compare_mixed(*a, f64::from_bits(*b)),
        (KeyValue::RealBits(a), KeyValue::Int(b)) => compare_mixed(*b, f64::from_bits(*a)).reverse(),
        // Texts and numbers are keys of their own.
        (KeyValue::Text(_), _) => Ordering::Greater,
        (_, KeyValue::Text(_)) => Ordering::Less,
    };
    match direction {
        Direction::Asc => by_value,
        Direction::Desc => by_value.reverse(),
    }
}

/// A whole number against a double, exactly: beyond 2^53 the cast alone would call neighbours equal.
fn compare_mixed(whole: i64, real: f64) -> Ordering {
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "ties are decided below")]
    let (rounded, cut) = (whole as f64, real as i64);
    compare_reals(rounded, real).then_with(|| whole.cmp(&cut))
}

/// Neither is NaN, which no store holds.
fn compare_reals(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or(Ordering::Equal)
}
