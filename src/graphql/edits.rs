//! The mutations of locations. What a change left is read afterwards, on the query path: as any reader finds it now.

use std::sync::Arc;

use async_graphql::{Context, ID, MergedObject, Object, SimpleObject};

use crate::error::{Error, Result};
use crate::graphql::context::{app, author, keyed_place, parse_id, to_int, viewer};
use crate::graphql::edit_inputs::{CreateLocationInput, UpdateLocationInput, UpsertLocationInput};
use crate::graphql::filter_input::LocationFilter;
use crate::graphql::guard::Needs;
use crate::graphql::layer_edits::LayerMutations;
use crate::graphql::location::Location;
use crate::model::{Columns, LocationId, Upserted};
use crate::query::access::no_location;
use crate::service::LocationPage;
use crate::service::locations::off_the_event_loop;

/// The mutations of locations and layers.
#[derive(Debug, Default, MergedObject)]
pub struct EditMutations(LocationMutations, LayerMutations);

/// A location as it is after the change.
#[derive(SimpleObject)]
pub struct LocationPayload {
    /// The location.
    location: Location,
}

/// What was deleted.
#[derive(SimpleObject)]
pub struct DeletePayload {
    /// The id that it had.
    id: ID,
}

/// What an upsert did; with `dryRun` what it would do.
#[derive(SimpleObject)]
pub struct UpsertPayload {
    /// How many locations were new.
    created: i32,
    /// How many were changed.
    updated: i32,
    /// How many were as the input has them already: they keep their version.
    unchanged: i32,
    /// The ids in the order of the input; null for new ones of a dry run. Empty when there are errors.
    ids: Vec<Option<ID>>,
    /// What is wrong, by row. If there is anything, nothing was written.
    errors: Vec<RowError>,
    /// Whether nothing was to be written.
    dry_run: bool,
}

/// What is wrong with one row.
#[derive(SimpleObject)]
pub struct RowError {
    /// The index in the input, from 0.
    index: i32,
    /// The code, as in `extensions.code` of an error.
    code: &'static str,
    /// The field at fault, such as `geometry.coordinates[0][3]`.
    field: Option<String>,
    /// What to do about it.
    message: String,
}

/// How many locations a change met; with `dryRun` would meet.
#[derive(SimpleObject)]
pub struct BulkPayload {
    /// How many.
    count: i32,
    /// Whether nothing was to be written.
    dry_run: bool,
}

fn count(length: usize) -> i32 {
    i32::try_from(length).unwrap_or(i32::MAX)
}

impl UpsertPayload {
    fn new(outcome: Upserted, dry_run: bool) -> Self {
        let errors = outcome.errors.into_iter().map(|(index, error)| RowError {
            index: count(index),
            code: error.code().as_str(),
            field: error.field().map(str::to_owned),
            message: error.message().to_owned(),
        });
        Self {
            created: count(outcome.created),
            updated: count(outcome.updated),
            unchanged: count(outcome.unchanged),
            ids: outcome.ids.into_iter().map(|id| id.map(Into::into)).collect(),
            errors: errors.collect(),
            dry_run,
        }
    }
}

impl From<LocationPage> for LocationPayload {
    fn from(page: LocationPage) -> Self {
        Self { location: Location::new(Arc::new(page), 0, false) }
    }
}

/// The location as a reader finds it now.
async fn payload(context: &Context<'_>, id: LocationId) -> Result<LocationPayload> {
    let page = app(context)?.locations().one(&viewer(context), id, Columns::STORED).await?;
    Ok(page.ok_or_else(|| no_location(id))?.into())
}

fn location_id(id: &ID) -> Result<LocationId> {
    parse_id(id).ok_or_else(|| {
        // As an id that was deleted: nothing is told apart.
        Error::new(crate::error::ErrorCode::NotFound, format!("there is no location {}", id.as_str()))
    })
}

/// The mutations of locations.
#[derive(Debug, Default)]
pub struct LocationMutations;

/// Changes of locations.
#[Object]
impl LocationMutations {
    /// Makes a location. With the header `Idempotency-Key` (1 to 255 printable ASCII characters) a request that is sent again
    /// within 24 hours finds what it made before; the key with another request is a `CONFLICT`.
    #[graphql(guard = "Needs::Editor", complexity = "50 + child_complexity")]
    async fn create_location(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The new location")] input: CreateLocationInput,
    ) -> Result<LocationPayload> {
        let (layer, place) = (input.layer.clone(), keyed_place(context));
        let new = input.check().map_err(|error| error.at("input"))?;
        let made = app(context)?.locations().create_location(&author(context), &layer, new, place.as_ref()).await;
        Ok(made.map_err(in_input)?.into())
    }

    /// Changes a location. With `version` only if that is still its newest: else the error `CONFLICT` has what is there now in
    /// `extensions.current`. Without `version` the last write wins. A change that changes nothing keeps the version.
    #[graphql(guard = "Needs::Editor", complexity = "50 + child_complexity")]
    async fn update_location(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which location")] id: ID,
        #[graphql(desc = "The version that the change was made on")] version: Option<i32>,
        #[graphql(desc = "What changes")] input: UpdateLocationInput,
    ) -> Result<LocationPayload> {
        let id = location_id(&id)?;
        let patch = input.check().map_err(|error| error.at("input"))?;
        let locations = app(context)?.locations();
        let done = locations.update_location(&author(context), id, version.map(Into::into), patch).await;
        done.map_err(in_input)?;
        payload(context, id).await
    }

    /// Deletes a location; with `version` only if that is still its newest.
    #[graphql(guard = "Needs::Editor", complexity = "50 + child_complexity")]
    async fn delete_location(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which location")] id: ID,
        #[graphql(desc = "The version that the decision was made on")] version: Option<i32>,
    ) -> Result<DeletePayload> {
        let row = location_id(&id)?;
        app(context)?.locations().delete_location(&author(context), row, version.map(Into::into)).await?;
        Ok(DeletePayload { id: row.into() })
    }

    /// Makes or changes up to 1,000 locations of a layer by their external ids, in one transaction: all, or none if any row has
    /// an error. Rows that are as the input has them keep their version, so that the same call twice changes nothing. Send the
    /// rows as variables: the text of a question is short.
    #[graphql(guard = "Needs::Editor", complexity = "500 + child_complexity")]
    async fn upsert_locations(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The key of the layer")] layer: String,
        #[graphql(desc = "The locations, each external id once")] input: Vec<UpsertLocationInput>,
        #[graphql(desc = "Only tells what it would do", default)] dry_run: bool,
    ) -> Result<UpsertPayload> {
        /// Bytes of a row that is no more than a point and a few properties.
        const USUAL_ROW_BYTES: usize = 1_000;
        let size = input.len() * USUAL_ROW_BYTES;
        let read = move || Ok(input.into_iter().map(UpsertLocationInput::check).collect());
        let rows = off_the_event_loop(size, read).await?;
        let locations = app(context)?.locations();
        let outcome = locations.upsert_locations(&author(context), &layer, rows, dry_run).await?;
        Ok(UpsertPayload::new(outcome, dry_run))
    }

    /// Deletes the locations that pass a filter, at most 10,000, in one transaction. Only layers that you may write to are met.
    #[graphql(guard = "Needs::Editor", complexity = "500 + child_complexity")]
    async fn delete_locations(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which locations; an empty filter is refused")] filter: LocationFilter,
        #[graphql(desc = "Only counts", default)] dry_run: bool,
    ) -> Result<BulkPayload> {
        let filter = filter.into_filter().map_err(|error| error.at("filter"))?;
        let deleted = app(context)?.locations().delete_locations(&author(context), filter, dry_run).await?;
        Ok(BulkPayload { count: to_int(i64::try_from(deleted).unwrap_or(i64::MAX)), dry_run })
    }
}

/// A fault of the change stands in `input`; what is at fault beside it has a name of its own.
fn in_input(error: Error) -> Error {
    match error.field() {
        None | Some("version" | "Idempotency-Key") => error,
        Some(_) => error.at("input"),
    }
}
