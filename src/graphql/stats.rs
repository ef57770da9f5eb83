//! `locationStats`: counts and figures over a set.

use async_graphql::{Enum, InputObject, SimpleObject};

use crate::app::App;
use crate::error::Result;
use crate::graphql::context::to_int;
use crate::graphql::scalars::Json;
use crate::graphql::shapes::BBox;
use crate::model::summary::{self, Aggregate, Group};
use crate::model::{PropertyPath, Viewer};
use crate::query::Filter;

/// A figure of a property.
#[derive(Debug, InputObject)]
pub struct AggregateInput {
    /// The property; values that are no numbers do not count.
    property: String,
    /// The figure.
    function: AggregateFunction,
}

/// A figure over the numbers of a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "summary::AggregateFunction")]
pub enum AggregateFunction {
    /// How many.
    Count,
    /// The least.
    Min,
    /// The greatest.
    Max,
    /// All together.
    Sum,
    /// The arithmetic mean.
    Avg,
}

/// Counts and figures over all locations that pass a filter.
#[derive(SimpleObject)]
pub struct LocationStats {
    /// How many locations.
    count: i32,
    /// Their planar extent in degrees; null of an empty set.
    extent: Option<BBox>,
    /// The figures, in the order asked for.
    aggregates: Vec<AggregateValue>,
    /// The groups, largest first; empty without `groupBy`.
    groups: Vec<StatsGroup>,
}

/// The same of one group.
#[derive(SimpleObject)]
pub struct StatsGroup {
    /// The values it shares, in the order of `groupBy`; null where the property is missing.
    keys: Vec<Option<Json>>,
    /// How many locations.
    count: i32,
    /// Their planar extent in degrees.
    extent: Option<BBox>,
    /// The figures, in the order asked for.
    aggregates: Vec<AggregateValue>,
}

/// One figure.
#[derive(SimpleObject)]
pub struct AggregateValue {
    /// Of which property.
    property: String,
    /// Which figure.
    function: AggregateFunction,
    /// The figure; null over nothing.
    value: Option<f64>,
}

/// Counts and figures.
pub async fn resolve(
    app: &App,
    viewer: &Viewer,
    filter: Option<Filter>,
    group_by: Vec<String>,
    aggregates: Vec<AggregateInput>,
) -> Result<LocationStats> {
    let by = group_by
        .iter()
        .map(|path| PropertyPath::parse(path).map_err(|error| error.at("groupBy")))
        .collect::<Result<Vec<_>>>()?;
    let figures = aggregates
        .iter()
        .map(|input| {
            let property =
                PropertyPath::parse(&input.property).map_err(|error| error.at("property").at("aggregates"))?;
            Ok(Aggregate { property, function: input.function.into() })
        })
        .collect::<Result<Vec<_>>>()?;
    let (all, groups) = app.locations().stats(viewer, filter, &by, &figures).await?;
    let groups = groups
        .into_iter()
        .map(|group| StatsGroup {
            count: to_int(group.count),
            extent: group.extent.map(Into::into),
            aggregates: values(&aggregates, &group),
            keys: group.keys.into_iter().map(|key| key.map(|text| Json::Written(text.into()))).collect(),
        })
        .collect();
    Ok(LocationStats {
        count: to_int(all.count),
        extent: all.extent.map(Into::into),
        aggregates: values(&aggregates, &all),
        groups,
    })
}

fn values(aggregates: &[AggregateInput], group: &Group) -> Vec<AggregateValue> {
    aggregates
        .iter()
        .zip(&group.values)
        .map(|(input, value)| AggregateValue {
            property: input.property.clone(),
            function: input.function,
            value: *value,
        })
        .collect()
}
