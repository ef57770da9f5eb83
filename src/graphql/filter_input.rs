//! The filter as clients write it, and its way to the closed [`Filter`].

use async_graphql::{Enum, ID, InputObject};

use crate::error::{Error, Result};
use crate::geometry::relate::{Pattern, SpatialPredicate};
use crate::graphql::context::parse_id;
use crate::graphql::shapes::{BBoxInput, GeometryType};
use crate::graphql::scalars::{DateTime, GeoJson, Json};
use crate::model::Timestamp;
use crate::query::{Compare, Filter, PropertyPath, Relation, Scalar, Test, TextTest, ValueTest};

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
/// unknown. A name that no readable location has is an error (UNKNOWN_PROPERTY).
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

impl LocationFilter {
    /// The condition, every value through its check.
    pub fn into_filter(self) -> Result<Filter> {
        let mut all = Vec::new();
        self.push_logic(&mut all)
            .and_then(|rest| rest.push_attributes(&mut all))
            .and_then(|rest| rest.push_shapes(&mut all))?;
        Ok(if all.len() == 1 { all.swap_remove(0) } else { Filter::And(all) })
    }

    fn push_logic(mut self, all: &mut Vec<Filter>) -> Result<Self> {
        let each = |filters: Vec<Self>, name: &str| -> Result<Vec<Filter>> {
            let bind = |(index, filter): (usize, Self)| {
                filter.into_filter().map_err(|error| error.at(format!("[{index}]")).at(name))
            };
            filters.into_iter().enumerate().map(bind).collect()
        };
        if let Some(filters) = self.and.take() {
            all.push(Filter::And(each(filters, "and")?));
        }
        if let Some(filters) = self.or.take() {
            all.push(Filter::Or(each(filters, "or")?));
        }
        if let Some(filter) = self.not.take() {
            all.push(Filter::Not(Box::new(filter.into_filter().map_err(|error| error.at("not"))?)));
        }
        Ok(self)
    }

    fn push_attributes(mut self, all: &mut Vec<Filter>) -> Result<Self> {
        if let Some(id) = self.id.take() {
            id.push(all);
        }
        if let Some(text) = self.external_id.take() {
            text.push(all, |test| Filter::Test(Test::ExternalId(test)));
        }
        if let Some(text) = self.layer.take() {
            text.push(all, Filter::Layer);
        }
        if let Some(text) = self.name.take() {
            text.push(all, |test| Filter::Test(Test::Name(test)));
        }
        if let Some(time) = self.created_at.take() {
            time.push(all, Test::CreatedAt);
        }
        if let Some(time) = self.updated_at.take() {
            time.push(all, Test::UpdatedAt);
        }
        if let Some(property) = self.property.take() {
            property.push(all).map_err(|error| error.at("property"))?;
        }
        if let Some(types) = self.geometry_type.take() {
            all.push(Filter::Test(Test::GeometryType(types.into_iter().map(Into::into).collect())));
        }
        Ok(self)
    }

    fn push_shapes(self, all: &mut Vec<Filter>) -> Result<()> {
        if let Some(bbox) = self.bbox {
            all.push(Filter::Test(Test::Bbox(bbox.check().map_err(|error| error.at("bbox"))?)));
        }
        let predicates = [
            (self.intersects, SpatialPredicate::Intersects),
            (self.disjoint, SpatialPredicate::Disjoint),
            (self.contains, SpatialPredicate::Contains),
            (self.within, SpatialPredicate::Within),
            (self.covers, SpatialPredicate::Covers),
            (self.covered_by, SpatialPredicate::CoveredBy),
            (self.crosses, SpatialPredicate::Crosses),
            (self.overlaps, SpatialPredicate::Overlaps),
            (self.touches, SpatialPredicate::Touches),
            (self.equals, SpatialPredicate::Equals),
        ];
        for (geometry, predicate) in predicates {
            if let Some(geometry) = geometry {
                let shape = geometry.geometry().map_err(|error| error.at(predicate.name()))?;
                all.push(Filter::Test(Test::Spatial(predicate, shape)));
            }
        }
        if let Some(RelateInput { geometry, pattern }) = self.relate {
            let shape = geometry.geometry().map_err(|error| error.at("geometry").at("relate"))?;
            let pattern = Pattern::parse(&pattern).map_err(|error| error.at("pattern").at("relate"))?;
            all.push(Filter::Test(Test::Relate(pattern, shape)));
        }
        if let Some(DWithinInput { geometry, meters }) = self.d_within {
            let shape = geometry.geometry().map_err(|error| error.at("geometry").at("dWithin"))?;
            all.push(Filter::Test(Test::DWithin(shape, meters)));
        }
        if let Some(related) = self.related_to {
            all.push(related.into_filter().map_err(|error| error.at("relatedTo"))?);
        }
        Ok(())
    }
}

impl IdFilter {
    fn push(self, all: &mut Vec<Filter>) {
        let ids = |ids: &[ID]| ids.iter().filter_map(|id| parse_id(id)).collect();
        if let Some(id) = self.eq {
            all.push(Filter::Test(Test::Id { ids: ids(&[id]), negated: false }));
        }
        if let Some(id) = self.ne {
            all.push(Filter::Test(Test::Id { ids: ids(&[id]), negated: true }));
        }
        if let Some(one_of) = self.one_of {
            all.push(Filter::Test(Test::Id { ids: ids(&one_of), negated: false }));
        }
    }
}

impl StringFilter {
    fn push(self, all: &mut Vec<Filter>, filter: impl Fn(TextTest) -> Filter) {
        let tests = [
            self.eq.map(TextTest::Eq),
            self.ne.map(TextTest::Ne),
            self.one_of.map(TextTest::In),
            self.contains.map(TextTest::Contains),
            self.starts_with.map(TextTest::StartsWith),
            self.ends_with.map(TextTest::EndsWith),
            self.is_null.map(TextTest::IsNull),
        ];
        all.extend(tests.into_iter().flatten().map(filter));
    }
}

impl DateTimeFilter {
    fn push(self, all: &mut Vec<Filter>, test: impl Fn(Compare, Timestamp) -> Test) {
        let comparisons = [
            (Compare::Eq, self.eq),
            (Compare::Ne, self.ne),
            (Compare::Lt, self.lt),
            (Compare::Lte, self.lte),
            (Compare::Gt, self.gt),
            (Compare::Gte, self.gte),
        ];
        let given = comparisons.into_iter().filter_map(|(compare, time)| time.map(|time| (compare, time.0)));
        all.extend(given.map(|(compare, time)| Filter::Test(test(compare, time))));
    }
}

impl PropertyFilter {
    fn push(self, all: &mut Vec<Filter>) -> Result<()> {
        let path = PropertyPath::parse(&self.path).map_err(|error| error.at("path"))?;
        let before = all.len();
        let mut push = |test| all.push(Filter::Test(Test::Property(path.clone(), test)));
        let comparisons = [
            (Compare::Eq, "eq", self.eq),
            (Compare::Ne, "ne", self.ne),
            (Compare::Lt, "lt", self.lt),
            (Compare::Lte, "lte", self.lte),
            (Compare::Gt, "gt", self.gt),
            (Compare::Gte, "gte", self.gte),
        ];
        for (compare, name, value) in comparisons {
            if let Some(value) = value {
                push(ValueTest::Compare(compare, scalar(value).map_err(|error| error.at(name))?));
            }
        }
        if let Some(values) = self.one_of {
            let scalars = values.into_iter().map(scalar).collect::<Result<_>>();
            push(ValueTest::In(scalars.map_err(|error| error.at("in"))?));
        }
        if let Some(part) = self.contains {
            push(ValueTest::Contains(part));
        }
        if let Some(part) = self.starts_with {
            push(ValueTest::StartsWith(part));
        }
        if let Some(exists) = self.exists {
            push(ValueTest::Exists(exists));
        }
        if all.len() == before {
            return Err(Error::bad_input("say what the property must be: eq, ne, lt, lte, gt, gte, in, contains, startsWith or exists"));
        }
        Ok(())
    }
}

/// A JSON value that a property can be compared with.
fn scalar(value: Json) -> Result<Scalar> {
    let refused = || Error::bad_input("a property is compared with a string, a number or a boolean; for null use exists: false");
    let Json::Value(value) = value else { return Err(refused()) };
    match value {
        serde_json::Value::String(text) => Ok(Scalar::Text(text)),
        serde_json::Value::Bool(truth) => Ok(Scalar::Bool(truth)),
        serde_json::Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Ok(Scalar::Int(whole)),
            (None, Some(real)) if real.is_finite() => Ok(Scalar::Real(real)),
            _ => Err(refused()),
        },
        serde_json::Value::Null | serde_json::Value::Array(_) | serde_json::Value::Object(_) => Err(refused()),
    }
}

impl RelatedToInput {
    fn into_filter(self) -> Result<Filter> {
        let relation = match (self.predicate, self.meters) {
            (Some(_), Some(_)) => return Err(Error::bad_input("give predicate or meters, not both").at("predicate")),
            (Some(predicate), None) => Relation::Predicate(predicate.into()),
            (None, Some(meters)) => Relation::Within(meters),
            (None, None) => Relation::Predicate(SpatialPredicate::Intersects),
        };
        // An id that is no number names nothing, and so is not found.
        Ok(Filter::RelatedTo(parse_id(&self.id).unwrap_or_default(), relation))
    }
}
