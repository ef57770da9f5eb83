//! Changes of many locations, each call one transaction.

use std::collections::{HashMap, HashSet};

use serde_json::Map;

use crate::error::{Error, ErrorCode, Result};
use crate::model::edit::signed_in;
use crate::model::{AuditNote, Author, Layer, LocationId, UpsertRow, Upserted};
use crate::query::{Access, Filter, LocationQuery, TextTest};
use crate::service::Locations;
use crate::service::edits::property_schema::PropertySchema;
use crate::service::edits::{draft, state};
use crate::store::locations::Read;
use crate::store::write::{NewRow, StoredLocation};

/// Rows of one upsert: a transaction holds up other writers of the file for as long as it runs.
pub const MAX_UPSERT: usize = 1_000;
/// Locations that one call deletes.
pub const MAX_DELETED: usize = 10_000;

/// What an upsert is going to do.
#[derive(Default)]
struct Plan {
    /// New rows, with their index.
    new: Vec<(usize, NewRow)>,
    changed: Vec<(LocationId, NewRow)>,
    /// Of the changed rows.
    notes: Vec<AuditNote>,
    outcome: Upserted,
}

impl Locations {
    /// Makes or changes locations by their external ids, all or none: with an error in any row nothing is written. Rows that
    /// are as the input has them are left alone. `rows` may hold errors of the door already.
    pub async fn upsert_locations(
        &self,
        author: &Author,
        layer: &str,
        rows: Vec<Result<UpsertRow>>,
        dry_run: bool,
    ) -> Result<Upserted> {
        signed_in(&author.viewer)?;
        if rows.len() > MAX_UPSERT {
            return Err(Error::limit(format!("an upsert has at most {MAX_UPSERT} rows")).at("input"));
        }
        let vertices = rows.iter().flatten().map(|row| row.geometry.wkb().vertices()).sum();
        let (rows, errors) = draft::check_apart(vertices, move || Ok(check_rows(rows))).await?;
        if !errors.is_empty() {
            // Whether the layer may be written is told before what is wrong with its rows.
            self.access(&author.viewer).await?.writable(layer).map_err(|error| error.at("layer"))?;
            return Ok(Upserted { errors, ..Upserted::default() });
        }
        let rows = &rows;
        self.edit(&author.viewer, |access| async move {
            let found = access.writable(layer).map_err(|error| error.at("layer"))?;
            let Read::Current(writing) = self.store.write_locations(author, &access).await? else {
                return Ok(Read::Stale);
            };
            let external_ids: Vec<_> = rows.iter().map(|row| row.external_id.as_str()).collect();
            let known = writing.by_external_id(found.id, &external_ids).await?;
            let mut plan = plan(&access, found, rows, &known)?;
            let nothing = plan.new.is_empty() && plan.changed.is_empty();
            if dry_run || nothing || !plan.outcome.errors.is_empty() {
                writing.abandon().await?;
                return Ok(Read::Current(plan.outcome));
            }
            let new: Vec<_> = plan.new.iter().map(|(_, row)| row.clone()).collect();
            let made = match writing.insert_locations(&new).await {
                Ok(made) => made,
                // Somebody else has just made one of them: the next look finds it.
                Err(error) if error.code() == ErrorCode::Conflict => return Ok(Read::Stale),
                Err(error) => return Err(error),
            };
            let made: HashMap<_, _> = made.into_iter().map(|(id, external_id)| (external_id, id)).collect();
            for (index, row) in &plan.new {
                let id = *made.get(&row.external_id).ok_or_else(|| Error::internal("an insert lost a row"))?;
                plan.notes.push(state::created(&access, id, row)?);
                if let Some(slot) = plan.outcome.ids.get_mut(*index) {
                    *slot = Some(id);
                }
            }
            writing.update_locations(&plan.changed).await?;
            writing.note(&plan.notes).await?;
            writing.commit().await?;
            Ok(Read::Current(plan.outcome))
        })
        .await
    }

    /// Deletes the locations that pass a filter, of those layers that the viewer may write to; gives how many.
    pub async fn delete_locations(&self, author: &Author, filter: Filter, dry_run: bool) -> Result<usize> {
        signed_in(&author.viewer)?;
        if says_nothing(&filter) {
            let sentence = "an empty filter would delete everything: say which locations, such as those of a layer";
            return Err(Error::bad_input(sentence).at("filter"));
        }
        let filter = &filter;
        self.edit(&author.viewer, |access| async move {
            let query = LocationQuery::filtered(Some(within_writable(filter, &access)?), 0);
            let Read::Current(bound) = self.bind(&query, &access).await? else { return Ok(Read::Stale) };
            let Read::Current(writing) = self.store.write_locations(author, &access).await? else {
                return Ok(Read::Stale);
            };
            let found = writing.matching(&bound, MAX_DELETED + 1).await?;
            if found.len() > MAX_DELETED {
                let sentence = format!("more than {MAX_DELETED} locations pass the filter: narrow it");
                return Err(Error::limit(sentence).at("filter"));
            }
            if dry_run || found.is_empty() {
                writing.abandon().await?;
                return Ok(Read::Current(found.len()));
            }
            let ids: Vec<_> = found.iter().map(|stored| stored.id).collect();
            writing.delete_locations(&ids).await?;
            let notes = found.iter().map(|stored| state::deleted(&access, stored)).collect::<Result<Vec<_>>>()?;
            writing.note(&notes).await?;
            writing.commit().await?;
            Ok(Read::Current(found.len()))
        })
        .await
    }
}

/// Takes out the rows that are wrong by themselves, by index.
fn check_rows(rows: Vec<Result<UpsertRow>>) -> (Vec<UpsertRow>, Vec<(usize, Error)>) {
    let (mut good, mut errors) = (Vec::with_capacity(rows.len()), Vec::new());
    let mut seen = HashSet::new();
    for (index, row) in rows.into_iter().enumerate() {
        let checked = row.and_then(|row| {
            check_row(&row)?;
            if !seen.insert(row.external_id.clone()) {
                return Err(Error::bad_input("an earlier row has the same external id").at("externalId"));
            }
            Ok(row)
        });
        match checked {
            Ok(row) => good.push(row),
            Err(error) => errors.push((index, error)),
        }
    }
    (good, errors)
}

fn check_row(row: &UpsertRow) -> Result<()> {
    draft::check_external_id(&row.external_id)?;
    row.name.as_deref().map_or(Ok(()), draft::check_name)?;
    draft::check_geometry(&row.geometry)
}

fn plan(access: &Access, layer: &Layer, rows: &[UpsertRow], known: &[StoredLocation]) -> Result<Plan> {
    let schema = PropertySchema::of(layer)?;
    let known: HashMap<_, _> = known.iter().map(|stored| (stored.external_id.as_deref(), stored)).collect();
    let mut plan = Plan::default();
    for (index, row) in rows.iter().enumerate() {
        let stored = known.get(&Some(row.external_id.as_str())).copied();
        let wanted = match wanted(layer, &schema, row, stored) {
            Ok(wanted) => wanted,
            Err(error) => {
                plan.outcome.errors.push((index, error));
                continue;
            }
        };
        plan.outcome.ids.push(stored.map(|stored| stored.id));
        let Some(stored) = stored else {
            plan.outcome.created += 1;
            plan.new.push((index, wanted));
            continue;
        };
        match state::updated(access, stored, &wanted)? {
            Some(note) => {
                plan.outcome.updated += 1;
                plan.notes.push(note);
                plan.changed.push((stored.id, wanted));
            }
            None => plan.outcome.unchanged += 1,
        }
    }
    if !plan.outcome.errors.is_empty() {
        let errors = std::mem::take(&mut plan.outcome.errors);
        plan.outcome = Upserted { errors, ..Upserted::default() };
    }
    Ok(plan)
}

/// The row as it shall be. Properties that are not given stay, and have kept to the schema when they were written.
fn wanted(layer: &Layer, schema: &PropertySchema, row: &UpsertRow, stored: Option<&StoredLocation>) -> Result<NewRow> {
    let properties = match (&row.properties, stored) {
        (None, Some(stored)) => stored.properties.clone(),
        (given, _) => {
            let none = Map::new();
            let given = given.as_ref().unwrap_or(&none);
            schema.check(given)?;
            draft::write_properties(given)?
        }
    };
    let name = row.name.clone().or_else(|| stored.map(|stored| stored.name.clone())).unwrap_or_default();
    Ok(NewRow {
        layer: layer.id,
        external_id: Some(row.external_id.clone()),
        name,
        geometry: row.geometry.clone(),
        properties,
    })
}

/// Whether a filter names no condition at all.
fn says_nothing(filter: &Filter) -> bool {
    match filter {
        Filter::And(all) | Filter::Or(all) => all.iter().all(says_nothing),
        Filter::Not(one) => says_nothing(one),
        Filter::Layer(_) | Filter::RelatedTo(..) | Filter::Test(_) => false,
    }
}

/// The filter among the layers that may be written to.
fn within_writable(filter: &Filter, access: &Access) -> Result<Filter> {
    let writable: Vec<_> = access.writable_layers().map(|layer| layer.key.clone()).collect();
    if writable.is_empty() {
        return Err(Error::new(ErrorCode::Forbidden, "you may not write to any layer"));
    }
    if writable.len() == access.layers().count() {
        return Ok(filter.clone());
    }
    Ok(Filter::And(vec![filter.clone(), Filter::Layer(TextTest::In(writable))]))
}
