//! THE QUERY PATH: viewer and question in, locations out. Every door comes through here.

use std::sync::Arc;

use crate::error::{Error, ErrorCode, Result};
use crate::format::geojson::{self, FeatureOptions};
use crate::geometry::Geometry;
use crate::model::{Catalog, Column, Columns, LocationId, LocationRow, Viewer};
use crate::query::bind::{RelatedShapes, known_property};
use crate::query::{Access, BoundQuery, Filter, LocationQuery, Page, Test};
use crate::service::catalog::CatalogCache;
use crate::store::error::is_connection_lost;
use crate::store::locations::Read;
use crate::store::{Answer, Store};

/// How often a question is decided again because the catalogue moved while it ran. Layers change by hand; more than a few
/// changes within one question mean an import that adds property names row by row.
pub(super) const MAX_DECISIONS: usize = 8;

/// Answers questions about locations.
#[derive(Debug)]
pub struct Locations {
    pub(super) store: Store,
    pub(super) catalog: CatalogCache,
}

/// One page of locations, with the rights that it was read under.
#[derive(Debug, Clone)]
pub struct LocationPage {
    /// The locations.
    pub answer: Answer,
    /// What the viewer may read; holds the layers of the rows.
    pub access: Access,
}

impl LocationPage {
    /// The key of the layer of a row.
    pub fn layer_key(&self, row: &LocationRow<'_>) -> &str {
        self.access.layer(row.layer).map_or("", |layer| layer.key.as_str())
    }
}

/// How a `FeatureCollection` is written.
#[derive(Debug, Clone, Default)]
pub struct CollectionOptions {
    /// Decimals of a coordinate.
    pub precision: u8,
    /// Shapes may deviate so many metres.
    pub simplify_meters: Option<f64>,
    /// The properties wanted; `None` for all.
    pub properties: Option<Vec<String>>,
}

impl Locations {
    /// Over an open store.
    pub fn new(store: Store) -> Self {
        Self { store, catalog: CatalogCache::default() }
    }

    /// The store, for health checks.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// One page of locations.
    pub async fn page(&self, viewer: &Viewer, query: LocationQuery, columns: Columns) -> Result<LocationPage> {
        let read = |bound| async move { self.store.page(bound, columns).await };
        let (answer, access) = self.decide(viewer, query, read).await?;
        Ok(LocationPage { answer, access })
    }

    /// One location, or `None` where this viewer sees nothing.
    pub async fn one(&self, viewer: &Viewer, id: LocationId, columns: Columns) -> Result<Option<LocationPage>> {
        let page = self.page(viewer, by_ids(vec![id]), columns).await?;
        Ok((!page.answer.rows.is_empty()).then_some(page))
    }

    /// How many locations pass the filter, whatever the page.
    pub async fn count(&self, viewer: &Viewer, query: LocationQuery) -> Result<i64> {
        let read = |bound| async move { self.store.count(&bound).await };
        Ok(self.decide(viewer, LocationQuery { page: Page::first(0), ..query }, read).await?.0)
    }

    /// The page as an RFC 7946 `FeatureCollection`, written.
    pub async fn feature_collection(
        &self,
        viewer: &Viewer,
        query: LocationQuery,
        options: CollectionOptions,
    ) -> Result<Vec<u8>> {
        let columns = [Column::Layer, Column::Name, Column::Geometry, Column::Properties, Column::Distance];
        let page = self.page(viewer, query, columns.into_iter().collect()).await?;
        for name in options.properties.iter().flatten() {
            known_property(name, &page.access).map_err(|error| error.at("properties"))?;
        }
        off_the_event_loop(page.answer.rows.bytes(), move || write_collection(&page, &options)).await
    }

    /// The rights of a viewer on the catalogue as it is now.
    pub async fn access(&self, viewer: &Viewer) -> Result<Access> {
        let at_hand = self.catalog.at_hand(&self.store).await?;
        let current = if self.store.catalog_version().await? == at_hand.version {
            at_hand
        } else {
            self.catalog.reload(&self.store).await?
        };
        Ok(Access::of(viewer, current))
    }

    /// Decides rights and names on the catalogue at hand, reads, and decides again when the rows came from a newer one.
    pub(super) async fn decide<T, F: Future<Output = Result<Read<T>>> + Send>(
        &self,
        viewer: &Viewer,
        query: LocationQuery,
        read: impl Fn(BoundQuery) -> F,
    ) -> Result<(T, Access)> {
        let mut catalog = self.catalog.at_hand(&self.store).await?;
        let mut is_second_try = false;
        for _ in 0..MAX_DECISIONS {
            let access = Access::of(viewer, Arc::clone(&catalog));
            let outcome = match self.bind(&query, &access).await {
                Ok(Read::Current(bound)) => read(bound).await.map(|read| match read {
                    Read::Current(answer) => Some(answer),
                    Read::Stale => None,
                }),
                Ok(Read::Stale) => Ok(None),
                Err(error) => Err(error),
            };
            match outcome {
                Ok(Some(answer)) => return Ok((answer, access)),
                Ok(None) => catalog = self.catalog.reload(&self.store).await?,
                // A name that is unknown may have come a moment ago, by another program.
                Err(error) if error.code() == ErrorCode::UnknownProperty => {
                    catalog = self.newer(&catalog).await?.ok_or(error)?;
                }
                // Reading twice changes nothing.
                Err(error) if is_connection_lost(&error) && !is_second_try => is_second_try = true,
                Err(error) => return Err(error),
            }
        }
        Err(Error::new(
            ErrorCode::Unavailable,
            "the layers are changing too fast to answer: try again in a few seconds",
        ))
    }

    /// The catalogue if it has moved on since.
    pub(super) async fn newer(&self, catalog: &Catalog) -> Result<Option<Arc<Catalog>>> {
        if self.store.catalog_version().await? == catalog.version {
            return Ok(None);
        }
        self.catalog.reload(&self.store).await.map(Some)
    }

    pub(super) async fn bind(&self, query: &LocationQuery, access: &Access) -> Result<Read<BoundQuery>> {
        let ids = query.related_ids();
        let mut related = RelatedShapes::new();
        if !ids.is_empty() {
            let bound = BoundQuery::bind(by_ids(ids), access, &related)?;
            let Read::Current(answer) = self.store.page(bound, Columns::ID.with(Column::Geometry)).await? else {
                return Ok(Read::Stale);
            };
            for row in answer.rows.iter() {
                let row = row?;
                related.insert(row.id, Geometry::from_wkb(row.wkb.to_vec())?);
            }
        }
        BoundQuery::bind(query.clone(), access, &related).map(Read::Current)
    }
}

fn by_ids(ids: Vec<LocationId>) -> LocationQuery {
    let limit = ids.len();
    LocationQuery::filtered(Some(Filter::Test(Test::Id { ids, negated: false })), limit)
}

fn write_collection(page: &LocationPage, options: &CollectionOptions) -> Result<Vec<u8>> {
    let rows = &page.answer.rows;
    let features = FeatureOptions {
        precision: options.precision,
        simplify_meters: options.simplify_meters,
        properties: options.properties.as_deref(),
    };
    let mut out = Vec::with_capacity(rows.bytes() * 2 + 256);
    out.extend_from_slice(br#"{"type":"FeatureCollection","features":["#);
    for (index, row) in rows.iter().enumerate() {
        let row = row?;
        if index > 0 {
            out.push(b',');
        }
        geojson::write_feature(&row, page.layer_key(&row), &features, &mut out)?;
    }
    let cursor = page.answer.end_cursor()?.map(|cursor| cursor.encode());
    let page_info = serde_json::json!({ "hasNextPage": page.answer.has_more, "endCursor": cursor });
    out.extend_from_slice(br#"],"pageInfo":"#);
    serde_json::to_writer(&mut out, &page_info).map_err(Error::internal)?;
    out.push(b'}');
    Ok(out)
}

/// Runs the writing of a large answer where it does not hold up other requests.
pub async fn off_the_event_loop<T: Send + 'static>(
    bytes: usize,
    write: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    /// About a millisecond of writing; the hand-over itself costs some tens of microseconds.
    const WORTH_A_THREAD_BYTES: usize = 512 * 1024;
    if bytes < WORTH_A_THREAD_BYTES {
        return write();
    }
    tokio::task::spawn_blocking(write).await.map_err(Error::internal)?
}
