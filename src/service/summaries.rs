//! Questions about sets of locations, on the same path as the locations themselves.

use crate::error::{Error, Result};
use crate::geometry::Envelope;
use crate::model::Viewer;
use crate::model::summary::{Aggregate, Cluster, Group};
use crate::query::bind::known_property;
use crate::query::limits::{MAX_AGGREGATES, MAX_CLUSTERS, MAX_GROUP_KEYS};
use crate::query::{BoundQuery, Filter, LocationQuery, PropertyPath};
use crate::service::Locations;
use crate::store::locations::Read;

impl Locations {
    /// The planar extent of what passes the filter; `None` of nothing.
    pub async fn extent(&self, viewer: &Viewer, query: LocationQuery) -> Result<Option<Envelope>> {
        let read = |bound| async move { self.store.summary(&bound, &[]).await };
        Ok(self.decide(viewer, query, read).await?.0.extent)
    }

    /// Count, extent and figures of what passes the filter, and the same by group.
    pub async fn stats(
        &self,
        viewer: &Viewer,
        filter: Option<Filter>,
        by: &[PropertyPath],
        aggregates: &[Aggregate],
    ) -> Result<(Group, Vec<Group>)> {
        if by.len() > MAX_GROUP_KEYS {
            return Err(Error::limit(format!("at most {MAX_GROUP_KEYS} properties to group by")).at("groupBy"));
        }
        if aggregates.len() > MAX_AGGREGATES {
            return Err(Error::limit(format!("at most {MAX_AGGREGATES} figures")).at("aggregates"));
        }
        let access = self.access(viewer).await?;
        for path in by {
            known_property(path.top(), &access).map_err(|error| error.at("groupBy"))?;
        }
        for aggregate in aggregates {
            known_property(aggregate.property.top(), &access).map_err(|error| error.at("aggregates"))?;
        }
        let read = |bound: BoundQuery| async move {
            let Read::Current(all) = self.store.summary(&bound, aggregates).await? else { return Ok(Read::Stale) };
            if by.is_empty() {
                return Ok(Read::Current((all, Vec::new())));
            }
            let Read::Current(groups) = self.store.groups(&bound, by, aggregates).await? else {
                return Ok(Read::Stale);
            };
            Ok(Read::Current((all, groups)))
        };
        Ok(self.decide(viewer, LocationQuery::filtered(filter, 0), read).await?.0)
    }

    /// Locations by the cells of the clustering grid.
    pub async fn clusters(&self, viewer: &Viewer, filter: Filter, zoom: u8) -> Result<Vec<Cluster>> {
        let read = |bound| async move { self.store.clusters(&bound, zoom).await };
        let clusters = self.decide(viewer, LocationQuery::filtered(Some(filter), 0), read).await?.0;
        if clusters.len() > MAX_CLUSTERS {
            return Err(Error::limit(format!(
                "more than {MAX_CLUSTERS} clusters: ask for a smaller box or a lower zoom"
            ))
            .at("bbox"));
        }
        Ok(clusters)
    }
}
