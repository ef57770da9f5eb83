//! The answers of PostGIS: predicates on geometry, metres on geography, every shape a parameter in EWKB.
//!
//! `ST_Intersects` and its kin bring their own index test. PostGIS relates no geometry collections, save in `ST_Intersects`;
//! where the row or the constant is one, functions of the migration compare part by part, by the same rule as the GeoPackage.

use entity::location::{Column, Entity as Location};
use sea_orm::Value;
use sea_orm::sea_query::{BinOper, CommonTableExpression, Expr, ExprTrait, Func, Order, Query, SimpleExpr};

use crate::geometry::relate::{Pattern, SpatialPredicate};
use crate::geometry::{BBox, Envelope, Geometry, GeometryType, Position};
use crate::query::{BoundFilter, BoundQuery, Test};
use crate::store::dialect::{Dialect, narrows_by_place};
use crate::store::sql::column::stored;
use crate::store::sql::filter::condition;
use crate::store::sql::keyset::behind_cursor;
use crate::store::sql::predicate::function_name;
use crate::store::sql::select;

/// Distances are rounded to 1e-8 m: the radius of a walk must not lose the row that gave it.
const SLACK_METERS: f64 = 1e-6;

pub(super) fn call(name: &'static str, arguments: impl IntoIterator<Item = Expr>) -> Expr {
    Func::cust(name).args(arguments).into()
}

/// By code point, as on SQLite, whatever the database was made with.
pub(super) fn by_code_point(text: Expr) -> Expr {
    Expr::cust_with_exprs("$1 COLLATE \"C\"", [text])
}

fn geom() -> Expr {
    stored(Column::Geom)
}

fn geography() -> Expr {
    geom().cast_as("geography")
}

fn bound(geometry: &Geometry) -> Expr {
    Expr::val(Value::Bytes(Some(geometry.to_ewkb()))).cast_as("geometry")
}

fn bound_geography(geometry: &Geometry) -> Expr {
    bound(geometry).cast_as("geography")
}

fn overlaps_box_of(shape: &Geometry) -> Expr {
    geom().binary(BinOper::Custom("&&"), bound(shape))
}

fn is_collection(geometry: &Geometry) -> bool {
    geometry.wkb().geometry_type() == GeometryType::GeometryCollection
}

/// `exact` where neither shape is a collection, else `by_parts`.
fn choose(shape: &Geometry, exact: Expr, by_parts: Expr) -> Expr {
    if is_collection(shape) {
        return by_parts;
    }
    let row_is_collection = call("GeometryType", [geom()]).eq("GEOMETRYCOLLECTION");
    Expr::case(row_is_collection, by_parts).finally(exact).into()
}

/// Whether row PREDICATE shape holds. `ST_Disjoint` knows no collections either: it is what does not intersect.
pub fn predicate(predicate: SpatialPredicate, shape: &Geometry) -> Expr {
    match predicate {
        SpatialPredicate::Intersects => return call("ST_Intersects", [geom(), bound(shape)]),
        SpatialPredicate::Disjoint => return call("ST_Intersects", [geom(), bound(shape)]).not(),
        SpatialPredicate::Contains
        | SpatialPredicate::Within
        | SpatialPredicate::Covers
        | SpatialPredicate::CoveredBy
        | SpatialPredicate::Crosses
        | SpatialPredicate::Overlaps
        | SpatialPredicate::Touches
        | SpatialPredicate::Equals => {}
    }
    let by_parts = call("cairn_holds", [Expr::val(predicate.name()), geom(), bound(shape)]);
    overlaps_box_of(shape).and(choose(shape, call(function_name(predicate), [geom(), bound(shape)]), by_parts))
}

/// Patterns that a pair without a common point can match get no help from the index.
pub fn relate(pattern: &Pattern, shape: &Geometry) -> Expr {
    let wanted = || Expr::val(pattern.to_string());
    let by_parts = call("ST_RelateMatch", [call("cairn_matrix", [geom(), bound(shape)]), wanted()]);
    let exact = choose(shape, call("ST_Relate", [geom(), bound(shape), wanted()]), by_parts);
    if pattern.implies_intersection() { overlaps_box_of(shape).and(exact) } else { exact }
}

/// A box over 180 degrees is two planar ones.
pub fn in_box(bbox: BBox) -> Expr {
    let part = |envelope: Envelope| match Geometry::of_envelope(envelope) {
        Ok(shape) => call("ST_Intersects", [geom(), bound(&shape)]),
        // A checked box is in range.
        Err(_) => Expr::val(false),
    };
    match bbox.parts() {
        (first, None) => part(first),
        (first, Some(second)) => part(first).or(part(second)),
    }
}

/// Geodesic on the spheroid; `ST_DWithin` brings its own index test.
pub fn dwithin(shape: &Geometry, meters: f64) -> Expr {
    call("ST_DWithin", [geography(), bound_geography(shape), Expr::val(meters)])
}

/// Geodesic metres from a position.
pub fn distance(from: Position) -> Expr {
    call("ST_Distance", [geography(), bound_geography(&Geometry::point(from))])
}

/// `ST_MultiPolygon` without its prefix is the name in RFC 7946.
pub fn geometry_type() -> Expr {
    call("substr", [call("ST_GeometryType", [geom()]), Expr::val(4)])
}

/// From the coordinates themselves: a cached box has 32-bit numbers.
pub fn envelope() -> [Expr; 4] {
    ["ST_XMin", "ST_YMin", "ST_XMax", "ST_YMax"].map(|side| call(side, [geom()]))
}

/// See [`ClusterGrid`](crate::geometry::cluster::ClusterGrid).
pub fn cluster_cell(zoom: u8) -> Expr {
    call("cairn_cluster_cell", [geom(), Expr::val(i32::from(zoom))])
}

/// How the index is walked nearest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Walk {
    /// By degrees or over the sphere, whichever is cheaper.
    Cheaper,
    /// By degrees; for the case that PostGIS gives the other up.
    ByDegrees,
}

/// `WITH radius AS (the greatest exact distance of the first k rows of an index walk) ... AND ST_DWithin(radius)`.
///
/// `<->` walks an index nearest first, but by degrees or on the sphere: its k rows are *some* k rows near the place. The
/// ordinary question within the greatest of their exact distances is exact, ties and all. A walk that finds fewer rows has seen
/// all. So any walk will do, and the cheaper one is taken: among 1.35 million rows the one by degrees reads 15 pages, the one
/// over the sphere takes ten times as long as all the rest.
pub fn nearest(page: &mut select::Page, query: &BoundQuery, walk: Walk) {
    let Some(near) = query.near().filter(|_| select::is_nearest_first(query)) else { return };
    let here = Geometry::point(near.position);
    if narrows_by_place(query.filter(), &here) {
        return;
    }
    let radius = "radius";
    let meters = "meters";
    let away = if walk == Walk::ByDegrees || is_cheaper_by_degrees(near.position, query.filter()) {
        geom().binary(BinOper::Custom("<->"), bound(&here))
    } else {
        geography().binary(BinOper::Custom("<->"), bound_geography(&here))
    };
    let found = Query::select()
        .expr_as(distance(near.position), meters)
        .from(Location)
        .and_where(condition(Dialect::Postgis, query.filter()))
        .and_where_option(behind_cursor(Dialect::Postgis, query))
        .order_by_expr(away, Order::Asc)
        .limit(query.limit() as u64 + 1)
        .take();
    let greatest =
        Query::select().expr_as(Expr::col(meters).max().add(SLACK_METERS), meters).from_subquery(found, "found").take();
    page.select.with_cte(CommonTableExpression::new().query(greatest).table_name(radius).materialized(true).to_owned());
    let radius: SimpleExpr = Expr::SubQuery(None, Box::new(Query::select().column(meters).from(radius).take().into()));
    page.and_where(call("ST_DWithin", [geography(), bound_geography(&here), radius]));
}

/// Whether a walk by degrees serves. Towards the poles a degree of longitude shrinks, and the radius of such a walk would hold
/// many more rows than asked for. A limit to the distance ends a walk over the sphere, which uses the same index, but not one
/// by degrees, which would go on to the end of the table for the rows that are not there.
fn is_cheaper_by_degrees(here: Position, filter: &BoundFilter) -> bool {
    /// Here a degree of longitude is a sixth of one of latitude.
    const MOST_LATITUDE: f64 = 80.0;
    here.lat().abs() <= MOST_LATITUDE && !is_within_a_distance(filter)
}

fn is_within_a_distance(filter: &BoundFilter) -> bool {
    match filter {
        BoundFilter::And(all) => all.iter().any(is_within_a_distance),
        BoundFilter::Test(test) => matches!(test, Test::DWithin(..)),
        BoundFilter::Or(_) | BoundFilter::Not(_) | BoundFilter::Layers(_) => false,
    }
}

/// A stored time is compared as a time.
pub fn timestamp(text: &str) -> Expr {
    Expr::val(text).cast_as("timestamptz")
}

/// A figure as a double: sums and means of `numeric` are `numeric`.
pub fn figure(number: Expr) -> Expr {
    number.cast_as("double precision")
}

/// Upper and lower case alike by Unicode.
pub fn folded(text: Expr) -> Expr {
    call("cairn_fold", [text])
}

/// Whether a folded text begins with the part.
pub fn starts_with(text: Expr, part: &str) -> Expr {
    like(text, format!("{}%", literal(part)))
}

/// Whether a folded text ends with the part.
pub fn ends_with(text: Expr, part: &str) -> Expr {
    like(text, format!("%{}", literal(part)))
}

/// Whether a folded text holds the part; trigram indexes answer LIKE.
pub fn contains(text: Expr, part: &str) -> Expr {
    like(text, format!("%{}%", literal(part)))
}

fn like(text: Expr, pattern: String) -> Expr {
    text.binary(BinOper::Custom("LIKE"), Expr::val(pattern))
}

/// The part in lower case, with the signs of LIKE taken literally.
fn literal(part: &str) -> String {
    let mut text = String::with_capacity(part.len());
    for letter in part.to_lowercase().chars() {
        if matches!(letter, '\\' | '%' | '_') {
            text.push('\\');
        }
        text.push(letter);
    }
    text
}
