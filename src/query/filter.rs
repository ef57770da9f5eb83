//! The filter: a closed set of conditions joined by and, or, not.

use crate::error::{Error, Result};
use crate::geometry::relate::{Pattern, SpatialPredicate};
use crate::geometry::{BBox, Geometry, GeometryType};
use crate::model::{LocationId, PropertyPath, Timestamp};
use crate::query::limits::{MAX_FILTER_DEPTH, MAX_FILTER_TESTS, MAX_IN_VALUES, MAX_METERS, MAX_TEXT_BYTES};

/// A condition on locations as a door asks it. Nulls follow SQL's three-valued logic: a test of a value that is not there
/// is unknown, `not` of unknown is unknown, and only what is true is answered.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// All of them; true when empty.
    And(Vec<Self>),
    /// Any of them; false when empty.
    Or(Vec<Self>),
    /// The opposite.
    Not(Box<Self>),
    /// A test of the layer's key; bound to the readable layers it names.
    Layer(TextTest),
    /// A spatial relation to the shape of another location; bound to that shape.
    RelatedTo(LocationId, Relation),
    /// A test that needs nothing but the row.
    Test(Test),
}

/// How a location must lie to another one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Relation {
    /// A planar predicate: location PREDICATE other.
    Predicate(SpatialPredicate),
    /// At most so many geodesic metres apart.
    Within(f64),
}

/// One test of one row: the closed list that each dialect compiles by one exhaustive match.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// Is one of these, or (`negated`) none.
    Id {
        /// The ids.
        ids: Vec<LocationId>,
        /// Whether it must be none of them.
        negated: bool,
    },
    /// The name in its source.
    ExternalId(TextTest),
    /// The name a person reads.
    Name(TextTest),
    /// Time of creation.
    CreatedAt(Compare, Timestamp),
    /// Time of the last change.
    UpdatedAt(Compare, Timestamp),
    /// A value in the properties.
    Property(PropertyPath, ValueTest),
    /// Some text among the properties holds this part, upper and lower case alike.
    AnyProperty(String),
    /// Has one of these types.
    GeometryType(Vec<GeometryType>),
    /// Shares at least a point with the box.
    Bbox(BBox),
    /// Location PREDICATE geometry, planar on longitude/latitude.
    Spatial(SpatialPredicate, Geometry),
    /// relate(location, geometry) matches the DE-9IM pattern.
    Relate(Pattern, Geometry),
    /// At most so many geodesic metres from the geometry.
    DWithin(Geometry, f64),
}

/// A comparison of ordered values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compare {
    /// Equal.
    Eq,
    /// Not equal.
    Ne,
    /// Less.
    Lt,
    /// Less or equal.
    Lte,
    /// Greater.
    Gt,
    /// Greater or equal.
    Gte,
}

/// A test of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextTest {
    /// Equal to the letter.
    Eq(String),
    /// Different.
    Ne(String),
    /// One of these.
    In(Vec<String>),
    /// Holds this part, upper and lower case alike.
    Contains(String),
    /// Begins so, upper and lower case alike.
    StartsWith(String),
    /// Ends so, upper and lower case alike.
    EndsWith(String),
    /// Is not there (or is).
    IsNull(bool),
}

/// A JSON value that a property is compared with. Values of different types are not comparable: unknown.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar {
    /// A string.
    Text(String),
    /// A whole number.
    Int(i64),
    /// Any other number; finite.
    Real(f64),
    /// True or false; only `eq`, `ne` and `in`.
    Bool(bool),
}

/// A test of a property.
#[derive(Debug, Clone, PartialEq)]
pub enum ValueTest {
    /// Compares numbers by value, strings by Unicode code point.
    Compare(Compare, Scalar),
    /// Equal to one of these.
    In(Vec<Scalar>),
    /// A string with this part, or an array with this string as an element; the part ignores case, the element does not.
    Contains(String),
    /// A string that begins so, upper and lower case alike.
    StartsWith(String),
    /// Is there and not null (or is not).
    Exists(bool),
}

impl Filter {
    /// Counts tests and depth, and checks what a type cannot say: metres, list lengths, text lengths.
    pub fn check(&self) -> Result<()> {
        let mut tests = 0;
        self.check_at(1, &mut tests)
    }

    fn check_at(&self, depth: usize, tests: &mut usize) -> Result<()> {
        if depth > MAX_FILTER_DEPTH {
            return Err(Error::limit(format!("a filter nests at most {MAX_FILTER_DEPTH} levels of and, or, not")));
        }
        *tests += 1;
        if *tests > MAX_FILTER_TESTS {
            return Err(Error::limit(format!("a filter has at most {MAX_FILTER_TESTS} conditions")));
        }
        match self {
            Self::And(all) | Self::Or(all) => all.iter().try_for_each(|one| one.check_at(depth + 1, tests)),
            Self::Not(one) => one.check_at(depth + 1, tests),
            Self::Layer(test) => test.check(),
            Self::RelatedTo(_, Relation::Within(meters)) => {
                check_meters(*meters).map_err(|error| error.at("meters").at("relatedTo"))
            }
            Self::RelatedTo(_, Relation::Predicate(_)) => Ok(()),
            Self::Test(test) => test.check(),
        }
    }
}

impl Test {
    fn check(&self) -> Result<()> {
        match self {
            Self::Id { ids, .. } => check_count(ids.len()),
            Self::ExternalId(test) | Self::Name(test) => test.check(),
            Self::Property(_, ValueTest::In(values)) => check_count(values.len()),
            Self::Property(_, ValueTest::Compare(compare, Scalar::Bool(_)))
                if !matches!(compare, Compare::Eq | Compare::Ne) =>
            {
                Err(Error::bad_input("true and false have no order: use eq, ne or in"))
            }
            Self::AnyProperty(text)
            | Self::Property(
                _,
                ValueTest::Contains(text) | ValueTest::StartsWith(text) | ValueTest::Compare(_, Scalar::Text(text)),
            ) => check_text(text),
            Self::DWithin(_, meters) => check_meters(*meters).map_err(|error| error.at("meters").at("dWithin")),
            Self::CreatedAt(..)
            | Self::UpdatedAt(..)
            | Self::Property(..)
            | Self::GeometryType(_)
            | Self::Bbox(_)
            | Self::Spatial(..)
            | Self::Relate(..) => Ok(()),
        }
    }
}

impl TextTest {
    /// Whether a text that is there passes; used where the values are few and known, as with layer keys.
    pub fn matches(&self, text: &str) -> bool {
        let folded = || text.to_lowercase();
        match self {
            Self::Eq(other) => text == other,
            Self::Ne(other) => text != other,
            Self::In(others) => others.iter().any(|other| other == text),
            Self::Contains(part) => folded().contains(&part.to_lowercase()),
            Self::StartsWith(part) => folded().starts_with(&part.to_lowercase()),
            Self::EndsWith(part) => folded().ends_with(&part.to_lowercase()),
            Self::IsNull(is_null) => !is_null,
        }
    }

    fn check(&self) -> Result<()> {
        match self {
            Self::Eq(text) | Self::Ne(text) | Self::Contains(text) | Self::StartsWith(text) | Self::EndsWith(text) => {
                check_text(text)
            }
            Self::In(texts) => {
                check_count(texts.len()).and_then(|()| texts.iter().try_for_each(|text| check_text(text)))
            }
            Self::IsNull(_) => Ok(()),
        }
    }
}

/// Refuses metres that are negative, not a number, or more than half-way round the Earth.
pub fn check_meters(meters: f64) -> Result<()> {
    if meters.is_finite() && (0.0..=MAX_METERS).contains(&meters) {
        return Ok(());
    }
    Err(Error::bad_input(format!("metres are between 0 and {MAX_METERS}")))
}

fn check_count(count: usize) -> Result<()> {
    if count > MAX_IN_VALUES {
        return Err(Error::limit(format!("a list has at most {MAX_IN_VALUES} values")));
    }
    Ok(())
}

fn check_text(text: &str) -> Result<()> {
    if text.len() > MAX_TEXT_BYTES {
        return Err(Error::limit(format!("a text in a filter has at most {MAX_TEXT_BYTES} bytes")));
    }
    if text.contains('\0') {
        return Err(Error::bad_input("a text holds no NUL character"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(depth: usize) -> Filter {
        (1..depth).fold(Filter::And(vec![]), |inner, _| Filter::Not(Box::new(inner)))
    }

    #[test]
    fn depth_and_count_are_bounded_at_the_limit() {
        assert!(nested(MAX_FILTER_DEPTH).check().is_ok());
        assert!(nested(MAX_FILTER_DEPTH + 1).check().is_err());
        let many = |count| Filter::And(vec![Filter::Layer(TextTest::IsNull(false)); count - 1]);
        assert!(many(MAX_FILTER_TESTS).check().is_ok());
        assert!(many(MAX_FILTER_TESTS + 1).check().is_err());
    }

    #[test]
    fn values_a_type_cannot_refuse_are_refused() {
        let id = |count| Filter::Test(Test::Id { ids: vec![1; count], negated: false });
        assert!(id(MAX_IN_VALUES).check().is_ok());
        assert!(id(MAX_IN_VALUES + 1).check().is_err());
        for meters in [-1.0, f64::NAN, f64::INFINITY, MAX_METERS * 1.01] {
            assert!(check_meters(meters).is_err(), "{meters}");
        }
        assert!(check_meters(0.0).is_ok() && check_meters(MAX_METERS).is_ok());
        let text = |length| Filter::Test(Test::Name(TextTest::Contains("x".repeat(length))));
        assert!(text(MAX_TEXT_BYTES).check().is_ok());
        assert!(text(MAX_TEXT_BYTES + 1).check().is_err());
    }
}
