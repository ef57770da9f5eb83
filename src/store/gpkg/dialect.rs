//! The answers of the GeoPackage: R-tree prefilters and the functions that every connection was taught.

use entity::location::Column;
use sea_orm::Value;
use sea_orm::sea_query::{BinOper, Expr, ExprTrait, Func, Query};

use crate::geometry::relate::{Pattern, SpatialPredicate};
use crate::geometry::{BBox, Envelope, Geometry, Position, geodesic};
use crate::query::{Compare, KeyValue, PropertyPath, Scalar, ValueTest};
use crate::store::sql::column::stored;
use crate::store::sql::filter::compare;
use crate::store::sql::predicate::function_name;
use crate::store::sql::select::narrow;

/// The spatial index of the locations.
pub const RTREE: &str = "rtree_location_geom";

fn geom() -> Expr {
    stored(Column::Geom)
}

fn id() -> Expr {
    stored(Column::Id)
}

fn call(name: &'static str, arguments: impl IntoIterator<Item = Expr>) -> Expr {
    Func::cust(name).args(arguments).into()
}

fn bound(geometry: &Geometry) -> Expr {
    Expr::val(Value::Bytes(Some(geometry.to_gpkg())))
}

/// The R-tree narrows the candidates, the function decides: its boxes are 32-bit numbers rounded outward, never decisive.
pub fn predicate(predicate: SpatialPredicate, shape: &Geometry) -> Expr {
    let exact = call(function_name(predicate), [geom(), bound(shape)]);
    if predicate == SpatialPredicate::Disjoint {
        return exact;
    }
    candidates_overlapping(shape.wkb().envelope()).and(exact)
}

/// Patterns that a pair without a common point can match get no help from the index.
pub fn relate(pattern: &Pattern, shape: &Geometry) -> Expr {
    let exact = call("ST_Relate", [geom(), bound(shape), Expr::val(pattern.to_string())]);
    if pattern.implies_intersection() {
        return candidates_overlapping(shape.wkb().envelope()).and(exact);
    }
    exact
}

/// Great-circle edges bulge out of the planar boxes of the R-tree: the walk `cairn_reach` knows by how much.
pub fn dwithin(shape: &Geometry, meters: f64) -> Expr {
    let reach = geodesic::reach(shape.wkb().envelope(), meters);
    let sides = [reach.west(), reach.south(), reach.east(), reach.north()].map(Expr::val);
    candidates(rtree_id().binary(BinOper::Custom("MATCH"), call("cairn_reach", sides)))
        .and(call("cairn_dwithin", [geom(), bound(shape), Expr::val(meters)]))
}

/// The RFC 7946 name of the row's type.
pub fn geometry_type() -> Expr {
    call("cairn_geometry_type", [geom()])
}

/// A box over 180 degrees is two planar ones.
pub fn in_box(bbox: BBox) -> Expr {
    let (first, second) = bbox.parts();
    let part = |envelope: Envelope| {
        let sides = [envelope.min_x, envelope.min_y, envelope.max_x, envelope.max_y].map(Expr::val);
        candidates_overlapping(envelope).and(call("cairn_in_box", std::iter::once(geom()).chain(sides)))
    };
    match second {
        None => part(first),
        Some(second) => part(first).or(part(second)),
    }
}

/// The row that an entry of the index belongs to.
pub fn rtree_id() -> Expr {
    Expr::col((RTREE, "id"))
}

/// Rows whose box touches the envelope.
fn candidates_overlapping(envelope: Envelope) -> Expr {
    let side = |name| Expr::col(name);
    candidates(
        side("minx")
            .lte(envelope.max_x)
            .and(side("maxx").gte(envelope.min_x))
            .and(side("miny").lte(envelope.max_y))
            .and(side("maxy").gte(envelope.min_y)),
    )
}

fn candidates(condition: Expr) -> Expr {
    let mut found = Query::select();
    narrow(found.column("id").from(RTREE), condition);
    id().in_subquery(found)
}

/// Geodesic metres from a position.
pub fn distance(from: Position) -> Expr {
    call("cairn_distance", [geom(), bound(&Geometry::point(from))])
}

/// The path in SQLite's notation, each name in quotes and escaped as JSON.
fn json_path(path: &PropertyPath) -> Expr {
    let mut text = String::from("$");
    for step in path.steps() {
        text.push('.');
        text.push_str(&serde_json::Value::from(step.as_str()).to_string());
    }
    Expr::val(text)
}

fn properties() -> Expr {
    stored(Column::Properties)
}

fn json_type(path: &PropertyPath) -> Expr {
    call("json_type", [properties(), json_path(path)])
}

fn json_value(path: &PropertyPath) -> Expr {
    call("json_extract", [properties(), json_path(path)])
}

/// The value when it has one of the JSON types, else null.
fn typed(path: &PropertyPath, types: &[&str]) -> Expr {
    Expr::case(json_type(path).is_in(types.iter().copied()), json_value(path)).into()
}

/// The property if it is a number, else null.
pub fn property_number(path: &PropertyPath) -> Expr {
    typed(path, &["integer", "real"])
}

/// A number of a property, from a cursor.
pub fn number_key(value: &KeyValue) -> Option<Expr> {
    match value {
        KeyValue::Int(whole) => Some(Expr::val(*whole)),
        KeyValue::RealBits(bits) => Some(Expr::val(f64::from_bits(*bits))),
        KeyValue::Null | KeyValue::Text(_) => None,
    }
}

/// The property if it is a string, else null.
pub fn property_text(path: &PropertyPath) -> Expr {
    typed(path, &["text"])
}

/// The property as JSON text, or null.
pub fn property_json(path: &PropertyPath) -> Expr {
    properties().binary(BinOper::Custom("->"), json_path(path))
}

/// A scan of the JSON text rules most rows out before any is taken apart.
pub fn any_property_contains(part: &str) -> Expr {
    let tree = "tree";
    let value = Expr::col((tree, "value"));
    let found = Query::select()
        .expr(Expr::val(1))
        .from_function(Func::cust("json_tree").arg(properties()), tree)
        .and_where(Expr::col((tree, "type")).eq("text"))
        .and_where(contains(folded(value), part))
        .take();
    contains(folded(properties()), part).and(Expr::exists(found))
}

/// From the header of the blob, which has them ready for lines and polygons.
pub fn envelope() -> [Expr; 4] {
    ["ST_MinX", "ST_MinY", "ST_MaxX", "ST_MaxY"].map(|side| call(side, [geom()]))
}

/// See [`ClusterGrid`](crate::geometry::cluster::ClusterGrid).
pub fn cluster_cell(zoom: u8) -> Expr {
    call("cairn_cluster_cell", [geom(), Expr::val(i64::from(zoom))])
}

/// Values of another JSON type, and missing ones, are unknown.
pub fn property(path: &PropertyPath, test: &ValueTest) -> Expr {
    match test {
        ValueTest::Compare(operator, scalar) => property_compare(path, *operator, scalar),
        ValueTest::In(scalars) => scalars
            .iter()
            .map(|scalar| property_compare(path, Compare::Eq, scalar))
            // `in` an empty list is false, not unknown, as in SQL.
            .fold(None, |any: Option<Expr>, one| {
                Some(match any {
                    Some(any) => any.or(one),
                    None => one,
                })
            })
            .unwrap_or_else(|| Expr::val(false)),
        ValueTest::Contains(part) => {
            let in_text = contains(folded(json_value(path)), part);
            let in_array = Expr::exists(
                Query::select()
                    .expr(Expr::val(1))
                    .from_function(Func::cust("json_each").args([properties(), json_path(path)]), "element")
                    .and_where(Expr::col(("element", "type")).eq("text"))
                    .and_where(Expr::col(("element", "value")).eq(part.as_str()))
                    .take(),
            );
            Expr::case(json_type(path).eq("text"), in_text).case(json_type(path).eq("array"), in_array).into()
        }
        ValueTest::StartsWith(part) => starts_with(folded(property_text(path)), part),
        ValueTest::Exists(exists) => {
            let found = Expr::from(Func::coalesce([json_type(path), Expr::val("null")])).ne("null");
            if *exists { found } else { found.not() }
        }
    }
}

fn property_compare(path: &PropertyPath, operator: Compare, scalar: &Scalar) -> Expr {
    match scalar {
        Scalar::Text(text) => compare(property_text(path), operator, Expr::val(text.as_str())),
        Scalar::Int(number) => compare(property_number(path), operator, Expr::val(*number)),
        Scalar::Real(number) => compare(property_number(path), operator, Expr::val(*number)),
        Scalar::Bool(truth) => compare(typed(path, &["true", "false"]), operator, Expr::val(*truth)),
    }
}

/// Upper and lower case alike by Unicode: SQLite's own `lower` knows ASCII only.
pub fn folded(text: Expr) -> Expr {
    call("cairn_fold", [text])
}

/// Whether a folded text begins with the part.
pub fn starts_with(text: Expr, part: &str) -> Expr {
    call("instr", [text, Expr::val(part.to_lowercase())]).eq(1)
}

/// Whether a folded text ends with the part.
pub fn ends_with(text: Expr, part: &str) -> Expr {
    call("cairn_ends_with", [text, Expr::val(part.to_lowercase())])
}

/// Whether a folded text holds the part.
pub fn contains(text: Expr, part: &str) -> Expr {
    call("instr", [text, Expr::val(part.to_lowercase())]).gt(0)
}
