//! `Layer`: a named set of locations.

use async_graphql::{Context, Enum, Object};

use crate::error::Result;
use crate::graphql::context::{app, to_int, viewer};
use crate::graphql::scalars::{DateTime, Json};
use crate::graphql::shapes::BBox;
use crate::model;
use crate::query::{Access, Filter, LocationQuery, TextTest};

/// A layer that the viewer may see.
#[derive(Debug, Clone)]
pub struct Layer {
    layer: model::Layer,
    properties: Vec<String>,
}

impl Layer {
    /// From the catalogue, under the rights it was found by.
    pub fn new(layer: &model::Layer, access: &Access) -> Self {
        Self { layer: layer.clone(), properties: access.properties(layer.id).map(str::to_owned).collect() }
    }

    fn locations(&self) -> LocationQuery {
        LocationQuery::filtered(Some(Filter::Layer(TextTest::Eq(self.layer.key.clone()))), 0)
    }
}

/// Who may see a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "model::Visibility")]
pub enum Visibility {
    /// Everybody.
    Public,
    /// Signed-in viewers with the right to it; for others it is not found.
    Private,
}

/// A named set of locations (an OGC collection).
#[Object]
impl Layer {
    /// The name in addresses and filters.
    #[graphql(complexity = 0)]
    async fn key(&self) -> &str {
        &self.layer.key
    }

    /// The name a person reads.
    #[graphql(complexity = 0)]
    async fn title(&self) -> &str {
        &self.layer.title
    }

    /// What it holds, in a sentence or two.
    #[graphql(complexity = 0)]
    async fn description(&self) -> &str {
        &self.layer.description
    }

    /// Who is to be credited for the data; a map shows it.
    #[graphql(complexity = 0)]
    async fn attribution(&self) -> &str {
        &self.layer.attribution
    }

    /// Who may see it.
    #[graphql(complexity = 0)]
    async fn visibility(&self) -> Visibility {
        self.layer.visibility.into()
    }

    /// Its place among the layers: lists and the legend have the lowest first, the older first of equal ones.
    #[graphql(complexity = 0)]
    async fn position(&self) -> i32 {
        to_int(self.layer.position)
    }

    /// How a map draws it: `color`, `fillOpacity`, `weight`, `dash` (pixels on and off), `radius`, `shape` (`circle`, `square`,
    /// `triangle`, `diamond`, `star`, `cross`), `radiusBy` and `colorBy { property, stops }`, `colorBy { property, values }`.
    #[graphql(complexity = 0)]
    async fn style(&self) -> Json {
        Json::Value(self.layer.style.clone())
    }

    /// The JSON Schema that properties must keep to when they are written; null where anything goes.
    #[graphql(complexity = 0)]
    async fn property_schema(&self) -> Option<Json> {
        self.layer.property_schema.clone().map(Json::Value)
    }

    /// The top-level property names found in its locations, in alphabetical order.
    #[graphql(complexity = 0)]
    async fn properties(&self) -> &[String] {
        &self.properties
    }

    /// How many locations it has.
    #[graphql(complexity = 20)]
    async fn location_count(&self, context: &Context<'_>) -> Result<i32> {
        Ok(to_int(app(context)?.locations().count(&viewer(context), self.locations()).await?))
    }

    /// The planar extent of its locations in degrees; null when it has none.
    #[graphql(complexity = 50)]
    async fn extent(&self, context: &Context<'_>) -> Result<Option<BBox>> {
        let extent = app(context)?.locations().extent(&viewer(context), self.locations()).await?;
        Ok(extent.map(Into::into))
    }

    /// When it was made.
    #[graphql(complexity = 0)]
    async fn created_at(&self) -> DateTime {
        DateTime(self.layer.created_at)
    }

    /// When its description last changed (not its locations).
    #[graphql(complexity = 0)]
    async fn updated_at(&self) -> DateTime {
        DateTime(self.layer.updated_at)
    }
}
