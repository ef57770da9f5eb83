//! From the filter as it came to the closed [`Filter`]: every value through its check, every error with its path.

use async_graphql::ID;

use super::{
    DWithinInput, DateTimeFilter, IdFilter, LocationFilter, PropertyFilter, RelateInput, RelatedToInput, StringFilter,
};
use crate::error::{Error, Result};
use crate::geometry::relate::{Pattern, SpatialPredicate};
use crate::graphql::context::parse_id;
use crate::graphql::scalars::Json;
use crate::model::Timestamp;
use crate::query::{Compare, Filter, PropertyPath, Relation, Scalar, Test, TextTest, ValueTest};

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
            return Err(Error::bad_input(
                "say what the property must be: eq, ne, lt, lte, gt, gte, in, contains, startsWith or exists",
            ));
        }
        Ok(())
    }
}

/// A JSON value that a property can be compared with.
fn scalar(value: Json) -> Result<Scalar> {
    let refused =
        || Error::bad_input("a property is compared with a string, a number or a boolean; for null use exists: false");
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
