//! The filter as clients write it, and its way to the closed [`Filter`].

mod check;
mod from_json;

use async_graphql::{Enum, ID, InputObject};

pub use from_json::filter_from_json;

use crate::geometry::relate::SpatialPredicate;
use crate::graphql::scalars::{DateTime, GeoJson, Json};
use crate::graphql::shapes::{BBoxInput, GeometryType};

/// A condition on locations. The fields that are given must all hold; `{}` holds for every location. Tests of a value that
/// is not there are unknown, as in SQL: `not` of unknown is unknown, and only what is true is answered. Spatial predicates are
/// planar on longitude and latitude (DE-9IM); distances are geodesic metres.
#[derive(Debug, Default, InputObject)]
pub struct LocationFilter {
    /// All of these hold.
    and: Option<Vec<LocationFilter>>,
    /// At least one of these holds.
    or: Option<Vec<LocationFilter>>,
    /// This does not hold.
    not: Option<Box<LocationFilter>>,
    /// The id.
    id: Option<IdFilter>,
    /// The name that its source gives it.
    external_id: Option<StringFilter>,
    /// The key of the layer.
    layer: Option<StringFilter>,
    /// The name.
    name: Option<StringFilter>,
    /// The time of creation.
    created_at: Option<DateTimeFilter>,
    /// The time of the last change.
    updated_at: Option<DateTimeFilter>,
    /// A value in the properties.
    property: Option<PropertyFilter>,
    /// Has one of these geometry types.
    geometry_type: Option<Vec<GeometryType>>,
    /// Shares at least a point with the box; `west` greater than `east` crosses 180 degrees.
    bbox: Option<BBoxInput>,
    /// Shares at least a point with the geometry.
    intersects: Option<GeoJson>,
    /// Shares no point with the geometry.
    disjoint: Option<GeoJson>,
    /// The geometry lies inside the location, interiors meeting.
    contains: Option<GeoJson>,
    /// The location lies inside the geometry, interiors meeting: a point on the boundary does not.
    within: Option<GeoJson>,
    /// No point of the geometry lies outside of the location.
    covers: Option<GeoJson>,
    /// No point of the location lies outside of the geometry: a point on the boundary does not.
    covered_by: Option<GeoJson>,
    /// Interiors meet, in less than the dimension of the larger one.
    crosses: Option<GeoJson>,
    /// Same dimension, and interiors meet in that dimension, and neither covers the other.
    overlaps: Option<GeoJson>,
    /// Only boundaries meet.
    touches: Option<GeoJson>,
    /// Both are the same set of points.
    equals: Option<GeoJson>,
    /// The DE-9IM matrix of location and geometry matches a pattern.
    relate: Option<RelateInput>,
    /// Is at most so many metres away.
    d_within: Option<DWithinInput>,
    /// Lies so to another location.
    related_to: Option<RelatedToInput>,
}

/// A test of an id.
#[derive(Debug, InputObject)]
pub struct IdFilter {
    /// Is this one.
    eq: Option<ID>,
    /// Is another one.
    ne: Option<ID>,
    /// Is one of these.
    #[graphql(name = "in")]
    one_of: Option<Vec<ID>>,
}

/// A test of a text. `contains`, `startsWith` and `endsWith` take upper and lower case alike.
#[derive(Debug, InputObject)]
pub struct StringFilter {
    /// Equal to the letter.
    eq: Option<String>,
    /// Different.
    ne: Option<String>,
    /// One of these.
    #[graphql(name = "in")]
    one_of: Option<Vec<String>>,
    /// Holds this part.
    contains: Option<String>,
    /// Begins so.
    starts_with: Option<String>,
    /// Ends so.
    ends_with: Option<String>,
    /// Is not there (true), or is (false).
    is_null: Option<bool>,
}

/// A test of an instant.
#[derive(Debug, InputObject)]
pub struct DateTimeFilter {
    /// At this instant, to the millisecond.
    eq: Option<DateTime>,
    /// At another one.
    ne: Option<DateTime>,
    /// Before.
    lt: Option<DateTime>,
    /// Before or at.
    lte: Option<DateTime>,
    /// After.
    gt: Option<DateTime>,
    /// After or at.
    gte: Option<DateTime>,
}

/// A test of a property. Numbers compare by value, strings by Unicode code point; a value of another JSON type, or none, is
/// unknown. A name that no readable location has is an error (`UNKNOWN_PROPERTY`).
#[derive(Debug, InputObject)]
pub struct PropertyFilter {
    /// The name; `address.city` for a value inside an object, names with dots in quotes.
    path: String,
    /// Equal: a string, number or boolean.
    eq: Option<Json>,
    /// There, of the same type, and different.
    ne: Option<Json>,
    /// Less: a string or number.
    lt: Option<Json>,
    /// Less or equal.
    lte: Option<Json>,
    /// Greater.
    gt: Option<Json>,
    /// Greater or equal.
    gte: Option<Json>,
    /// Equal to one of these.
    #[graphql(name = "in")]
    one_of: Option<Vec<Json>>,
    /// A string with this part, upper and lower case alike; or an array with exactly this string as an element.
    contains: Option<String>,
    /// A string that begins so, upper and lower case alike.
    starts_with: Option<String>,
    /// There and not null (true), or not (false).
    exists: Option<bool>,
}

/// A DE-9IM pattern.
#[derive(Debug, InputObject)]
pub struct RelateInput {
    /// The other geometry.
    geometry: GeoJson,
    /// Nine of `T F * 0 1 2`: interior, boundary and exterior of the location against those of the geometry.
    pattern: String,
}

/// A distance.
#[derive(Debug, InputObject)]
#[graphql(name = "DWithinInput")]
pub struct DWithinInput {
    /// The other geometry.
    geometry: GeoJson,
    /// Geodesic metres on the WGS 84 ellipsoid, at most half-way round the Earth.
    meters: f64,
}

/// A relation to another location, without sending its shape. Give `predicate` or `meters`; without either it is INTERSECTS.
#[derive(Debug, InputObject)]
pub struct RelatedToInput {
    /// The other location.
    id: ID,
    /// The planar predicate: location PREDICATE other.
    predicate: Option<SpatialPredicateInput>,
    /// At most so many geodesic metres apart.
    meters: Option<f64>,
}

/// A spatial predicate of Simple Features (DE-9IM).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(name = "SpatialPredicate", remote = "SpatialPredicate")]
pub enum SpatialPredicateInput {
    /// Share at least a point.
    Intersects,
    /// Share no point.
    Disjoint,
    /// The other lies inside, interiors meeting.
    Contains,
    /// Lies inside the other, interiors meeting.
    Within,
    /// No point of the other lies outside.
    Covers,
    /// No point lies outside of the other.
    CoveredBy,
    /// Interiors meet in less than the larger dimension.
    Crosses,
    /// Interiors meet in the common dimension, and neither covers the other.
    Overlaps,
    /// Only boundaries meet.
    Touches,
    /// The same set of points.
    Equals,
}
