//! From the question to the bound question: checked, limited, with the viewer's rights inside.

use std::collections::HashMap;
use std::fmt::Write as _;

use crate::error::{Error, ErrorCode, Result};
use crate::geometry::{Geometry, Position};
use crate::model::time::parse_timestamp;
use crate::model::{LayerId, LocationId, PropertyPath};
use crate::query::access::Access;
use crate::query::cursor::{Cursor, KeyValue};
use crate::query::filter::{Filter, Relation, Test, check_meters};
use crate::query::limits::MAX_ORDERS;
use crate::query::location_query::{Direction, LocationQuery, Near, Order, OrderBy};

/// The shapes that `relatedTo` conditions name, loaded under the same rights.
pub type RelatedShapes = HashMap<LocationId, Geometry>;

/// A filter with nothing left to look up.
#[derive(Debug, Clone, PartialEq)]
pub enum BoundFilter {
    /// All of them; true when empty.
    And(Vec<Self>),
    /// Any of them; false when empty.
    Or(Vec<Self>),
    /// The opposite.
    Not(Box<Self>),
    /// In one of these layers.
    Layers(Vec<LayerId>),
    /// A test of the row.
    Test(Test),
}

/// A question that the store may answer: every value checked, the viewer's rights a part of the filter.
#[derive(Debug, Clone)]
pub struct BoundQuery {
    filter: BoundFilter,
    near: Option<Near>,
    order: BoundOrder,
    after: Option<Vec<KeyValue>>,
    backward: bool,
    limit: usize,
    catalog_version: i64,
}

/// The order as sort keys, the id last.
#[derive(Debug, Clone)]
pub struct BoundOrder {
    /// Never empty.
    pub keys: Vec<(SortKey, Direction)>,
    name: String,
}

/// A value that rows are sorted by. A property gives two: numbers come before strings.
#[derive(Debug, Clone, PartialEq)]
pub enum SortKey {
    /// The id; breaks every tie.
    Id,
    /// The name.
    Name,
    /// Time of creation.
    CreatedAt,
    /// Time of the last change.
    UpdatedAt,
    /// Metres from `near`.
    Distance,
    /// The property if it is a number, else missing.
    PropertyNumber(PropertyPath),
    /// The property if it is a string, else missing.
    PropertyText(PropertyPath),
}

impl SortKey {
    /// Whether rows may lack it. A row whose geometry is empty or broken has no distance.
    pub fn nullable(&self) -> bool {
        matches!(self, Self::PropertyNumber(_) | Self::PropertyText(_) | Self::Distance)
    }
}

impl SortKey {
    /// Whether a row may have such a value; a cursor that somebody made up may hold anything.
    fn admits(&self, value: &KeyValue) -> bool {
        match (self, value) {
            (Self::Id | Self::PropertyNumber(_), KeyValue::Int(_))
            | (Self::Name | Self::PropertyText(_), KeyValue::Text(_)) => true,
            (Self::Distance | Self::PropertyNumber(_), KeyValue::RealBits(bits)) => !f64::from_bits(*bits).is_nan(),
            (Self::CreatedAt | Self::UpdatedAt, KeyValue::Text(text)) => parse_timestamp(text).is_ok(),
            (key, KeyValue::Null) => key.nullable(),
            _ => false,
        }
    }
}

impl BoundOrder {
    /// The order of a question that names none.
    pub fn by_id() -> Self {
        let keys = vec![(SortKey::Id, Direction::Asc)];
        let name = order_name(&keys, None);
        Self { keys, name }
    }

    /// The keys of a cursor of this order.
    fn read(&self, cursor: &Cursor) -> Result<Vec<KeyValue>> {
        let values = cursor.keys_for(&self.name, self.keys.len())?;
        if self.keys.iter().zip(values).all(|((key, _), value)| key.admits(value)) {
            return Ok(values.to_vec());
        }
        Err(Error::bad_input("this cursor is not one of this server: ask for the first page again"))
    }

    /// The cursor of a row with these key values.
    pub fn cursor(&self, keys: Vec<KeyValue>) -> Cursor {
        Cursor::new(self.name.clone(), keys)
    }
}

impl BoundQuery {
    /// Checks the question and binds it to the viewer's rights. `related` holds the shape of every
    /// [`LocationQuery::related_ids`] that the viewer may see; one that is missing is not found.
    pub fn bind(query: LocationQuery, access: &Access, related: &RelatedShapes) -> Result<Self> {
        let LocationQuery { filter, near, order, page } = query;
        let mut conditions = Vec::new();
        if !access.sees_everything() {
            conditions.push(BoundFilter::Layers(access.layers().map(|layer| layer.id).collect()));
        }
        if let Some(filter) = filter {
            filter
                .check()
                .and_then(|()| bind_filter(filter, access, related))
                .map(|bound| conditions.push(bound))
                .map_err(|error| error.at("filter"))?;
        }
        if let Some(Near { position, max_meters: Some(meters) }) = near {
            check_meters(meters).map_err(|error| error.at("maxMeters").at("near"))?;
            conditions.push(BoundFilter::Test(Test::DWithin(Geometry::point(position), meters)));
        }
        let order = bind_order(order, near.map(|near| near.position), access).map_err(|error| error.at("orderBy"))?;
        let argument = if page.backward { "before" } else { "after" };
        let after = page.cursor.map(|cursor| order.read(&cursor)).transpose().map_err(|error| error.at(argument))?;
        Ok(Self {
            filter: BoundFilter::And(conditions),
            near,
            order,
            after,
            backward: page.backward,
            limit: page.limit,
            catalog_version: access.catalog_version(),
        })
    }

    /// The condition, rights included.
    pub fn filter(&self) -> &BoundFilter {
        &self.filter
    }
    /// The place that distances are measured from. Its greatest distance is a part of the filter already.
    pub fn near(&self) -> Option<Near> {
        self.near
    }
    /// The sort keys, the id last.
    pub fn order(&self) -> &BoundOrder {
        &self.order
    }
    /// The key values that the page begins after (or, backward, ends before).
    pub fn after(&self) -> Option<&[KeyValue]> {
        self.after.as_deref()
    }
    /// Whether the page is read from its end.
    pub fn backward(&self) -> bool {
        self.backward
    }
    /// How many locations at most.
    pub fn limit(&self) -> usize {
        self.limit
    }
    /// The version of the catalogue that rights and names were decided on.
    pub fn catalog_version(&self) -> i64 {
        self.catalog_version
    }
}

impl LocationQuery {
    /// The locations whose shapes the filter needs.
    pub fn related_ids(&self) -> Vec<LocationId> {
        fn collect(filter: &Filter, ids: &mut Vec<LocationId>) {
            match filter {
                Filter::And(all) | Filter::Or(all) => all.iter().for_each(|one| collect(one, ids)),
                Filter::Not(one) => collect(one, ids),
                Filter::RelatedTo(id, _) if !ids.contains(id) => ids.push(*id),
                Filter::RelatedTo(..) | Filter::Layer(_) | Filter::Test(_) => {}
            }
        }
        let mut ids = Vec::new();
        // A filter beyond its limits is refused by `bind`; here it must not be walked.
        if let Some(filter) = self.filter.as_ref().filter(|filter| filter.check().is_ok()) {
            collect(filter, &mut ids);
        }
        ids
    }
}

fn bind_filter(filter: Filter, access: &Access, related: &RelatedShapes) -> Result<BoundFilter> {
    let bind_all =
        |all: Vec<Filter>| all.into_iter().map(|one| bind_filter(one, access, related)).collect::<Result<Vec<_>>>();
    Ok(match filter {
        Filter::And(all) => BoundFilter::And(bind_all(all)?),
        Filter::Or(all) => BoundFilter::Or(bind_all(all)?),
        Filter::Not(one) => BoundFilter::Not(Box::new(bind_filter(*one, access, related)?)),
        Filter::Layer(test) => BoundFilter::Layers(
            access.layers().filter(|layer| test.matches(&layer.key)).map(|layer| layer.id).collect(),
        ),
        Filter::RelatedTo(id, relation) => {
            let shape = related.get(&id).cloned().ok_or_else(|| {
                Error::new(ErrorCode::NotFound, format!("there is no location {id}")).at("id").at("relatedTo")
            })?;
            BoundFilter::Test(match relation {
                Relation::Predicate(predicate) => Test::Spatial(predicate, shape),
                Relation::Within(meters) => Test::DWithin(shape, meters),
            })
        }
        Filter::Test(test) => {
            if let Test::Property(path, _) = &test {
                known_property(path.top(), access).map_err(|error| error.at("path").at("property"))?;
            }
            BoundFilter::Test(test)
        }
    })
}

/// Refuses a property name that no readable layer has: a mistyped filter must not pass as an empty answer.
pub fn known_property(name: &str, access: &Access) -> Result<()> {
    if access.knows_property(name) {
        return Ok(());
    }
    Err(Error::new(ErrorCode::UnknownProperty, format!("no location has a property named {name:?}")))
}

fn bind_order(order: Vec<Order>, near: Option<Position>, access: &Access) -> Result<BoundOrder> {
    if order.len() > MAX_ORDERS {
        return Err(Error::limit(format!("at most {MAX_ORDERS} orders at once")));
    }
    let mut keys = Vec::new();
    if order.is_empty() && near.is_some() {
        keys.push((SortKey::Distance, Direction::Asc));
    }
    let mut unique = false;
    for (index, Order { by, direction }) in order.into_iter().enumerate() {
        let mut push = |key| keys.push((key, direction));
        match by {
            OrderBy::Id => {
                push(SortKey::Id);
                unique = true;
            }
            OrderBy::Name => push(SortKey::Name),
            OrderBy::CreatedAt => push(SortKey::CreatedAt),
            OrderBy::UpdatedAt => push(SortKey::UpdatedAt),
            OrderBy::Distance if near.is_none() => {
                return Err(Error::bad_input("an order by DISTANCE needs `near`").at("field").at(format!("[{index}]")));
            }
            OrderBy::Distance => push(SortKey::Distance),
            OrderBy::Property(path) => {
                known_property(path.top(), access).map_err(|error| error.at("property").at(format!("[{index}]")))?;
                push(SortKey::PropertyNumber(path.clone()));
                push(SortKey::PropertyText(path));
            }
        }
        if unique {
            break; // What follows the id cannot change the order.
        }
    }
    if !unique {
        keys.push((SortKey::Id, Direction::Asc));
    }
    let name = order_name(&keys, near);
    Ok(BoundOrder { keys, name })
}

/// The order in a word, kept in its cursors.
fn order_name(keys: &[(SortKey, Direction)], near: Option<Position>) -> String {
    let mut name = String::new();
    for (key, direction) in keys {
        let sign = if *direction == Direction::Asc { '+' } else { '-' };
        let _ = match (key, near) {
            (SortKey::Distance, Some(near)) => write!(name, "{sign}distance({},{})", near.lon(), near.lat()),
            (SortKey::PropertyNumber(path), _) => write!(name, "{sign}property{:?}", path.steps()),
            (SortKey::PropertyText(_), _) => Ok(()),
            (key, _) => write!(name, "{sign}{key:?}"),
        };
    }
    name
}
