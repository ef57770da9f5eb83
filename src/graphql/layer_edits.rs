//! The mutations of layers, for administrators.

use async_graphql::{Context, InputObject, MaybeUndefined, Object, SimpleObject};

use crate::error::{Error, ErrorCode, Result};
use crate::graphql::context::{app, author, to_int, viewer};
use crate::graphql::edit_inputs::{not_null, nullable};
use crate::graphql::guard::Needs;
use crate::graphql::layer::{Layer, Visibility};
use crate::graphql::scalars::Json;
use crate::model::{self, LayerPatch, NewLayer};

/// A new layer.
#[derive(Debug, InputObject)]
pub struct CreateLayerInput {
    /// The name in addresses and filters: 1 to 64 small letters, digits, `-` and `_`.
    key: String,
    /// The name a person reads; at most 200 bytes.
    title: String,
    /// What it holds, in a sentence or two.
    description: Option<String>,
    /// Who is to be credited for the data; a map shows it.
    attribution: Option<String>,
    /// Who may see it; everybody when nothing is said.
    visibility: Option<Visibility>,
    /// How a map draws it: a JSON object, at most 16 kB.
    style: Option<Json>,
    /// Drawing order, lowest first; 0 when nothing is said.
    position: Option<i32>,
    /// A JSON Schema that properties must keep to when they are written. References lead nowhere outside of it.
    property_schema: Option<Json>,
}

/// A change of a layer. What is left out stays.
#[derive(Debug, InputObject)]
pub struct UpdateLayerInput {
    /// The name in addresses and filters. Whoever knows the old one finds nothing under it.
    key: MaybeUndefined<String>,
    /// The name a person reads.
    title: MaybeUndefined<String>,
    /// What it holds.
    description: MaybeUndefined<String>,
    /// Who is to be credited.
    attribution: MaybeUndefined<String>,
    /// Who may see it; holds from the next answer on.
    visibility: MaybeUndefined<Visibility>,
    /// How a map draws it.
    style: MaybeUndefined<Json>,
    /// Drawing order, lowest first.
    position: MaybeUndefined<i32>,
    /// The JSON Schema of properties; null takes it away. Locations that are there are not asked again until they are written.
    property_schema: MaybeUndefined<Json>,
}

/// A layer as it is after the change.
#[derive(SimpleObject)]
pub struct LayerPayload {
    /// The layer.
    layer: Layer,
}

/// What was deleted.
#[derive(SimpleObject)]
pub struct DeleteLayerPayload {
    /// The key that the layer had.
    key: String,
    /// How many locations went with it.
    locations: i32,
}

impl CreateLayerInput {
    fn check(self) -> Result<NewLayer> {
        let value =
            |json: Option<Json>, name: &str| json.map(Json::into_value).transpose().map_err(|error| error.at(name));
        Ok(NewLayer {
            key: self.key,
            title: self.title,
            description: self.description.unwrap_or_default(),
            attribution: self.attribution.unwrap_or_default(),
            visibility: self.visibility.map_or(model::Visibility::Public, Into::into),
            style: value(self.style, "style")?.unwrap_or_else(|| serde_json::json!({})),
            position: self.position.unwrap_or_default().into(),
            property_schema: value(self.property_schema, "propertySchema")?.filter(|schema| !schema.is_null()),
        })
    }
}

impl UpdateLayerInput {
    fn check(self) -> Result<LayerPatch> {
        let style = not_null(self.style, "style")?;
        let schema = nullable(self.property_schema);
        Ok(LayerPatch {
            key: not_null(self.key, "key")?,
            title: not_null(self.title, "title")?,
            description: not_null(self.description, "description")?,
            attribution: not_null(self.attribution, "attribution")?,
            visibility: not_null(self.visibility, "visibility")?.map(Into::into),
            style: style.map(Json::into_value).transpose()?,
            position: not_null(self.position, "position")?.map(Into::into),
            property_schema: schema.map(|schema| schema.map(Json::into_value).transpose()).transpose()?,
        })
    }
}

async fn payload(context: &Context<'_>, key: &str) -> Result<LayerPayload> {
    let access = app(context)?.locations().access(&viewer(context)).await?;
    let layer = access.layers().find(|layer| layer.key == key);
    let layer = layer.ok_or_else(|| Error::new(ErrorCode::NotFound, format!("there is no layer {key:?}")))?;
    Ok(LayerPayload { layer: Layer::new(layer, &access) })
}

/// The mutations of layers.
#[derive(Debug, Default)]
pub struct LayerMutations;

/// Changes of layers.
#[Object]
impl LayerMutations {
    /// Makes an empty layer; a key that is taken is a `CONFLICT`. For administrators.
    #[graphql(guard = "Needs::Admin", complexity = "50 + child_complexity")]
    async fn create_layer(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The new layer")] input: CreateLayerInput,
    ) -> Result<LayerPayload> {
        let new = input.check().map_err(|error| error.at("input"))?;
        let key = new.key.clone();
        let done = app(context)?.locations().add_layer(&author(context), new).await;
        done.map_err(|error| if error.field().is_some() { error.at("input") } else { error })?;
        payload(context, &key).await
    }

    /// Changes a layer; the last write wins. For administrators.
    #[graphql(guard = "Needs::Admin", complexity = "50 + child_complexity")]
    async fn update_layer(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which layer")] key: String,
        #[graphql(desc = "What changes")] input: UpdateLayerInput,
    ) -> Result<LayerPayload> {
        let patch = input.check().map_err(|error| error.at("input"))?;
        let new_key = patch.key.clone().unwrap_or_else(|| key.clone());
        let done = app(context)?.locations().update_layer(&author(context), &key, patch).await;
        done.map_err(|error| match (error.code(), error.field()) {
            (ErrorCode::NotFound, _) | (_, None) => error,
            _ => error.at("input"),
        })?;
        payload(context, &new_key).await
    }

    /// Deletes a layer. One that has locations is deleted with them only if that is said. An account that was granted this layer
    /// alone is disabled: without grants it would have its role everywhere. For administrators.
    #[graphql(guard = "Needs::Admin", complexity = "500 + child_complexity")]
    async fn delete_layer(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which layer")] key: String,
        #[graphql(desc = "Whether its locations go with it", default)] with_locations: bool,
    ) -> Result<DeleteLayerPayload> {
        let deleted = app(context)?.locations().remove_layer(&author(context), &key, with_locations).await?;
        Ok(DeleteLayerPayload { key, locations: to_int(i64::try_from(deleted).unwrap_or(i64::MAX)) })
    }
}
