//! `locationClusters`: what a map shows when it is zoomed out.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::SimpleObject;

use crate::app::App;
use crate::error::{Error, Result};
use crate::geometry::Envelope;
use crate::geometry::cluster::{ClusterGrid, MAX_ZOOM};
use crate::graphql::context::to_int;
use crate::graphql::location::Location;
use crate::graphql::shapes::{BBox, Position};
use crate::model::summary::Cluster;
use crate::model::{Columns, Viewer};
use crate::query::{Filter, LocationQuery, Test};

/// Locations that fall into one cell of the clustering grid.
#[derive(SimpleObject)]
pub struct LocationCluster {
    /// Names the cell at this zoom level: the same view gives the same ids.
    id: String,
    /// How many locations.
    count: i32,
    /// The mean of the middles of their extents.
    position: Position,
    /// The extent of them all.
    bbox: BBox,
    /// The zoom level at which the cluster falls apart; null for a single location, or when it never does.
    expansion_zoom: Option<i32>,
    /// The location itself when it is alone.
    location: Option<Location>,
}

/// Clusters of a box.
pub async fn resolve(
    app: &App,
    viewer: &Viewer,
    bbox: crate::geometry::BBox,
    zoom: i32,
    filter: Option<Filter>,
) -> Result<Vec<LocationCluster>> {
    let zoom = u8::try_from(zoom)
        .ok()
        .filter(|zoom| *zoom <= MAX_ZOOM)
        .ok_or_else(|| Error::bad_input(format!("a zoom level is between 0 and {MAX_ZOOM}")).at("zoom"))?;
    let in_view = Filter::Test(Test::Bbox(bbox));
    let filter = Filter::And(std::iter::once(in_view).chain(filter).collect());
    let clusters = app.locations().clusters(viewer, filter, zoom).await?;
    let single = single_locations(app, viewer, &clusters).await?;
    Ok(clusters
        .into_iter()
        .map(|cluster| LocationCluster {
            id: format!("{zoom}/{}", cluster.cell),
            count: to_int(cluster.count),
            position: Position { lon: cluster.center.0, lat: cluster.center.1 },
            bbox: cluster.extent.into(),
            expansion_zoom: if cluster.count > 1 { expansion_zoom(cluster.extent, zoom) } else { None },
            location: if cluster.count == 1 { single.get(&cluster.first).cloned() } else { None },
        })
        .collect())
}

/// The first level whose grid puts the corners of the extent into different cells.
fn expansion_zoom(extent: Envelope, zoom: u8) -> Option<i32> {
    let (north_west, south_east) = ((extent.min_x, extent.max_y), (extent.max_x, extent.min_y));
    (zoom + 1..=MAX_ZOOM).find(|zoom| ClusterGrid::at(*zoom).separates(north_west, south_east)).map(i32::from)
}

async fn single_locations(app: &App, viewer: &Viewer, clusters: &[Cluster]) -> Result<HashMap<i64, Location>> {
    let ids: Vec<_> = clusters.iter().filter(|cluster| cluster.count == 1).map(|cluster| cluster.first).collect();
    let mut found = HashMap::with_capacity(ids.len());
    for ids in ids.chunks(crate::query::limits::MAX_IN_VALUES) {
        let query =
            LocationQuery::filtered(Some(Filter::Test(Test::Id { ids: ids.to_vec(), negated: false })), ids.len());
        let page = Arc::new(app.locations().page(viewer, query, Columns::STORED).await?);
        for (row, location) in page.answer.rows.iter().zip(Location::all(&page, false)) {
            found.insert(row?.id, location);
        }
    }
    Ok(found)
}
