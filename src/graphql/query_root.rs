//! The queries.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, InputObject, MergedObject, Object};

use crate::error::{Error, Result};
use crate::graphql::accounts::AccountQueries;
use crate::graphql::audit::AuditQueries;
use crate::graphql::clusters::{self, LocationCluster};
use crate::graphql::connection::{LocationConnection, OrdinaryConnection, PageInfo};
use crate::graphql::context::{app, may_render, page_limits, parse_id, to_int, viewer};
use crate::graphql::entrance::EntranceQueries;
use crate::graphql::exports::ExportQueries;
use crate::graphql::filter_input::LocationFilter;
use crate::graphql::imports::ImportQueries;
use crate::graphql::layer::Layer;
use crate::graphql::location::{DEFAULT_PRECISION, Location, check_precision, check_simplify};
use crate::graphql::rendered::ConnectionPlan;
use crate::graphql::scalars::FeatureCollection;
use crate::graphql::search::{self, SearchHit};
use crate::graphql::server_info::ServerQueries;
use crate::graphql::shapes::{BBoxInput, PositionInput};
use crate::graphql::stats::{self, AggregateInput, LocationStats};
use crate::model::{Column, Columns};
use crate::query::limits::{DEFAULT_PAGE, MAX_COUNTED_COLLECTION, MAX_COUNTED_PAGE};
use crate::query::location_query::RelayArguments;
use crate::query::{self, Direction, Filter, LocationQuery, Near, OrderBy, Page, PropertyPath};
use crate::service::locations::{CollectionOptions, off_the_event_loop};

/// The place that distances are measured from.
#[derive(Debug, InputObject)]
pub struct NearInput {
    /// Where.
    position: PositionInput,
    /// Locations farther away than so many geodesic metres are not answered.
    max_meters: Option<f64>,
}

/// One level of an order.
#[derive(Debug, InputObject)]
pub struct LocationOrder {
    /// What is compared.
    field: LocationOrderField,
    /// The property, with `field: PROPERTY`.
    property: Option<String>,
    /// Least or greatest first; what is missing comes last either way.
    #[graphql(default_with = "Some(OrderDirection::Asc)")]
    direction: Option<OrderDirection>,
}

/// What an order compares. The id always breaks ties.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum LocationOrderField {
    /// The id.
    Id,
    /// The name, by Unicode code point.
    Name,
    /// The time of creation.
    CreatedAt,
    /// The time of the last change.
    UpdatedAt,
    /// Geodesic metres from `near`, which must be given.
    Distance,
    /// A property: numbers before strings.
    Property,
}

/// Which end comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "Direction")]
pub enum OrderDirection {
    /// Least first.
    Asc,
    /// Greatest first.
    Desc,
}

impl LocationOrder {
    fn check(self) -> Result<query::Order> {
        let by = match (self.field, self.property) {
            (LocationOrderField::Property, Some(path)) => {
                OrderBy::Property(PropertyPath::parse(&path).map_err(|error| error.at("property"))?)
            }
            (LocationOrderField::Property, None) => {
                return Err(Error::bad_input("name the property to order by").at("property"));
            }
            (_, Some(_)) => return Err(Error::bad_input("a property goes with field: PROPERTY only").at("property")),
            (LocationOrderField::Id, None) => OrderBy::Id,
            (LocationOrderField::Name, None) => OrderBy::Name,
            (LocationOrderField::CreatedAt, None) => OrderBy::CreatedAt,
            (LocationOrderField::UpdatedAt, None) => OrderBy::UpdatedAt,
            (LocationOrderField::Distance, None) => OrderBy::Distance,
        };
        Ok(query::Order { by, direction: self.direction.map_or(Direction::Asc, Into::into) })
    }
}

/// What a client asks of locations, before it is checked.
struct Question {
    filter: Option<LocationFilter>,
    near: Option<NearInput>,
    order_by: Option<Vec<LocationOrder>>,
    page: Page,
}

impl Question {
    fn check(self) -> Result<LocationQuery> {
        let order = self
            .order_by
            .unwrap_or_default()
            .into_iter()
            .enumerate()
            .map(|(index, order)| order.check().map_err(|error| error.at(format!("[{index}]")).at("orderBy")));
        Ok(LocationQuery {
            filter: check_filter(self.filter)?,
            near: check_near(self.near)?,
            order: order.collect::<Result<_>>()?,
            page: self.page,
        })
    }
}

/// The filter, its errors named from `filter` on.
pub fn check_filter(filter: Option<LocationFilter>) -> Result<Option<Filter>> {
    filter.map(LocationFilter::into_filter).transpose().map_err(|error| error.at("filter"))
}

fn check_near(near: Option<NearInput>) -> Result<Option<Near>> {
    near.map(|near| {
        let position = near.position.check().map_err(|error| error.at("position").at("near"))?;
        Ok(Near { position, max_meters: near.max_meters })
    })
    .transpose()
}

/// Features of a collection when nothing is said.
const DEFAULT_FEATURES: i32 = 1_000;
/// Hits of a search when nothing is said.
const DEFAULT_HITS: i32 = 10;

/// Questions about locations, layers, accounts, what was done to them, and the server.
#[derive(Debug, Default, MergedObject)]
#[graphql(name = "Query")]
pub struct QueryRoot(
    LocationQueries,
    AccountQueries,
    EntranceQueries,
    AuditQueries,
    ImportQueries,
    ExportQueries,
    ServerQueries,
);

/// The queries about locations and layers.
#[derive(Debug, Default)]
pub struct LocationQueries;

/// Questions about locations and layers.
#[Object]
impl LocationQueries {
    /// One location; null when there is none that you may see.
    async fn location(&self, context: &Context<'_>, #[graphql(desc = "Its id")] id: ID) -> Result<Option<Location>> {
        let Some(id) = parse_id(&id) else { return Ok(None) };
        let page = app(context)?.locations().one(&viewer(context), id, Columns::STORED).await?;
        Ok(page.map(|page| Location::new(Arc::new(page), 0, false)))
    }

    /// Locations that pass a filter, page by page. With `near` and no `orderBy` the nearest come first, else the order is by id.
    #[graphql(complexity = "page_cost(first, last) * (1 + child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "the arguments of a Relay connection")]
    async fn locations(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which locations")] filter: Option<LocationFilter>,
        #[graphql(desc = "Where distances are measured from")] near: Option<NearInput>,
        #[graphql(desc = "The order, at most 4 levels")] order_by: Option<Vec<LocationOrder>>,
        #[graphql(desc = "So many from the front, at most 1000; 100 when nothing is said")] first: Option<i32>,
        #[graphql(desc = "After this cursor")] after: Option<String>,
        #[graphql(desc = "So many from the back, at most 1000")] last: Option<i32>,
        #[graphql(desc = "Before this cursor")] before: Option<String>,
    ) -> Result<LocationConnection> {
        let limits = page_limits(context);
        let arguments = RelayArguments { first, after, last, before };
        let page = Page::relay(arguments, limits.connection_default, limits.connection_max)?;
        let (backward, has_cursor, has_near) = (page.backward, page.cursor.is_some(), near.is_some());
        let query = Question { filter, near, order_by, page }.check()?;
        let (counted, locations, viewer) = (query.clone(), app(context)?.locations(), viewer(context));
        let plan = if may_render(context) { ConnectionPlan::new(&context.field(), has_near)? } else { None };
        let Some(plan) = plan else {
            let columns = if has_near { Columns::STORED.with(Column::Distance) } else { Columns::STORED };
            let page = Arc::new(locations.page(&viewer, query, columns).await?);
            let ordinary = OrdinaryConnection { page, counted, backward, has_cursor, near: has_near };
            return Ok(LocationConnection::Ordinary(ordinary));
        };
        let page = locations.page(&viewer, query, plan.columns()).await?;
        let total = if plan.counts() { to_int(locations.count(&viewer, counted).await?) } else { 0 };
        let info = PageInfo::new(&page, backward, has_cursor)?;
        let bytes = off_the_event_loop(page.answer.rows.bytes(), move || plan.write(&page, &info, total)).await?;
        Ok(LocationConnection::Rendered(bytes.into()))
    }

    /// The same question as `locations`, answered as one GeoJSON FeatureCollection: what a map layer or a script wants. For the
    /// next page pass `pageInfo.endCursor` of the collection as `after`.
    #[graphql(complexity = "collection_cost(first)")]
    #[expect(clippy::too_many_arguments, reason = "the arguments of the contract")]
    async fn locations_geo_json(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which locations")] filter: Option<LocationFilter>,
        #[graphql(desc = "Where distances are measured from")] near: Option<NearInput>,
        #[graphql(desc = "The order, at most 4 levels")] order_by: Option<Vec<LocationOrder>>,
        #[graphql(desc = "So many, at most 10000", default_with = "Some(DEFAULT_FEATURES)")] first: Option<i32>,
        #[graphql(desc = "After this cursor")] after: Option<String>,
        #[graphql(desc = "Decimals of a coordinate, 0 to 15", default_with = "Some(DEFAULT_PRECISION)")]
        precision: Option<i32>,
        #[graphql(desc = "Shapes may deviate so many metres")] simplify_meters: Option<f64>,
        #[graphql(desc = "The properties wanted, by top-level name; all when nothing is said")] properties: Option<
            Vec<String>,
        >,
    ) -> Result<FeatureCollection> {
        let arguments = RelayArguments { first: first.or(Some(DEFAULT_FEATURES)), after, ..RelayArguments::default() };
        let limits = page_limits(context);
        let page = Page::relay(arguments, limits.geojson_max, limits.geojson_max)?;
        let query = Question { filter, near, order_by, page }.check()?;
        let options = CollectionOptions {
            precision: check_precision(precision)?,
            simplify_meters: check_simplify(simplify_meters)?,
            properties,
        };
        let bytes = app(context)?.locations().feature_collection(&viewer(context), query, options).await?;
        Ok(FeatureCollection(bytes.into()))
    }

    /// Locations of a box grouped by the cells of a grid on the Web Mercator map: what a map shows when it is zoomed out.
    #[graphql(complexity = "500 + child_complexity")]
    async fn location_clusters(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The box in view")] bbox: BBoxInput,
        #[graphql(desc = "The zoom level of the map, 0 to 24")] zoom: i32,
        #[graphql(desc = "Which locations")] filter: Option<LocationFilter>,
    ) -> Result<Vec<LocationCluster>> {
        let bbox = bbox.check().map_err(|error| error.at("bbox"))?;
        clusters::resolve(app(context)?, &viewer(context), bbox, zoom, check_filter(filter)?).await
    }

    /// Counts and figures over all locations that pass a filter.
    #[graphql(complexity = "500 + child_complexity")]
    async fn location_stats(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which locations")] filter: Option<LocationFilter>,
        #[graphql(desc = "Group by the values of these properties, at most 4; the 1000 largest groups are answered")]
        group_by: Option<Vec<String>>,
        #[graphql(desc = "Figures of properties, at most 10")] aggregates: Option<Vec<AggregateInput>>,
    ) -> Result<LocationStats> {
        let (groups, figures) = (group_by.unwrap_or_default(), aggregates.unwrap_or_default());
        stats::resolve(app(context)?, &viewer(context), check_filter(filter)?, groups, figures).await
    }

    /// Places by what a person types: names that begin so, then names with that part, then properties. A text such as
    /// "48.85, 2.29" (latitude first, as people write it) gives a coordinate.
    #[graphql(complexity = "500 + child_complexity")]
    async fn search(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What a person typed, at most 200 characters")] text: String,
        #[graphql(desc = "Only in this box")] bbox: Option<BBoxInput>,
        #[graphql(desc = "So many, at most 100", default_with = "Some(DEFAULT_HITS)")] first: Option<i32>,
    ) -> Result<Vec<SearchHit>> {
        let bbox = bbox.map(|bbox| bbox.check()).transpose().map_err(|error| error.at("bbox"))?;
        search::resolve(app(context)?, &viewer(context), &text, bbox, first.unwrap_or(DEFAULT_HITS)).await
    }

    /// One layer; null when there is none that you may see.
    async fn layer(&self, context: &Context<'_>, #[graphql(desc = "Its key")] key: String) -> Result<Option<Layer>> {
        let access = app(context)?.locations().access(&viewer(context)).await?;
        Ok(access.layers().find(|layer| layer.key == key).map(|layer| Layer::new(layer, &access)))
    }

    /// Where the feed of changes is now. Asked together with locations, and given to `locationChanged` as `since`, no change
    /// falls between the two.
    #[graphql(complexity = 1)]
    async fn change_cursor(&self, context: &Context<'_>) -> Result<String> {
        app(context)?.changes().cursor().await
    }

    /// The layers that you may see, in drawing order.
    async fn layers(&self, context: &Context<'_>) -> Result<Vec<Layer>> {
        let access = app(context)?.locations().access(&viewer(context)).await?;
        Ok(access.layers().map(|layer| Layer::new(layer, &access)).collect())
    }
}

/// A location costs 1, whatever its plain fields: they are written, not resolved. Fields that are computed add up.
fn page_cost(first: Option<i32>, last: Option<i32>) -> usize {
    first.or(last).and_then(|size| usize::try_from(size).ok()).unwrap_or(DEFAULT_PAGE).min(MAX_COUNTED_PAGE)
}

/// Ten features cost 1: a collection is one value.
fn collection_cost(first: Option<i32>) -> usize {
    usize::try_from(first.unwrap_or(DEFAULT_FEATURES)).unwrap_or_default().min(MAX_COUNTED_COLLECTION) / 10 + 1
}
