//! The subscriptions: answers that go on.

use std::sync::Arc;
use std::time::Duration;

use async_graphql::{Context, Enum, ID, SimpleObject, Subscription};
use futures_util::stream::{self, Stream, StreamExt as _};

use crate::error::Result;
use crate::graphql::context::{app, prover};
use crate::graphql::exports::ExportJob;
use crate::graphql::filter_input::LocationFilter;
use crate::graphql::guard::Needs;
use crate::graphql::imports::ImportJob;
use crate::graphql::jobs::Kind;
use crate::graphql::location::Location;
use crate::graphql::query_root::check_filter;
use crate::graphql::scalars::DateTime;
use crate::service::changes::{ChangeKind, Told};

/// How often the state of a job is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// What goes out: async-graphql wants errors there that can be copied.
type Event<T> = async_graphql::Result<T>;

/// What a change means to a filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "ChangeKind")]
pub enum LocationChangeKind {
    /// The location is new and passes.
    Created,
    /// It passes, and may have passed before.
    Updated,
    /// It is gone, and may have passed before.
    Deleted,
    /// It passes, and did not before.
    Entered,
    /// It does not pass any more, or you may not see it any more; it may have passed before.
    Left,
}

/// A change of a location, whoever made it. It shows the location as it is now: the same may be told twice, and several changes
/// together, but none is left out.
#[derive(SimpleObject)]
pub struct LocationChange {
    /// What it means to the filter. Of a location before the change the layer and the extent are known: a condition on these
    /// is decided (spatial ones for points), any other may have been true.
    kind: LocationChangeKind,
    /// The id of the location.
    id: ID,
    /// The location; null when it is gone or does not pass any more.
    #[graphql(complexity = "1 + child_complexity")]
    location: Option<Location>,
    /// When it was changed.
    at: DateTime,
    /// Pass it as `since` to go on after this change.
    cursor: String,
}

impl From<Told> for LocationChange {
    fn from(told: Told) -> Self {
        Self {
            kind: told.kind.into(),
            id: told.id.into(),
            location: told.location.map(|(page, index)| Location::new(page, index, false)),
            at: DateTime(told.at),
            cursor: told.cursor,
        }
    }
}

/// Answers that go on, over the WebSocket at `/graphql/ws` (`graphql-transport-ws`).
#[derive(Debug, Default)]
pub struct SubscriptionRoot;

/// Answers that go on.
#[Subscription(name = "Subscription")]
impl SubscriptionRoot {
    /// Changes of the locations that pass a filter, by whichever program, within a second; one that is in a long transaction at
    /// its end. Rights are those of the moment of each change.
    #[graphql(complexity = "20 + child_complexity")]
    async fn location_changed(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which locations; all that you may see when nothing is said")] filter: Option<LocationFilter>,
        #[graphql(desc = "The `cursor` of the last change that you know, or a `changeCursor`; kept for some weeks")]
        since: Option<String>,
    ) -> Result<impl Stream<Item = Event<LocationChange>>> {
        let filter = check_filter(filter)?;
        let told = app(context)?.changes().follow(prover(context), filter, since.as_deref()).await?;
        Ok(told.map(|told| Ok(told?.into())))
    }

    /// An import of yours, or of anybody for administrators, each time it is further; ends when it has ended.
    #[graphql(guard = "Needs::Account", complexity = "20 + child_complexity")]
    async fn import_progress(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Its id")] id: ID,
    ) -> Result<impl Stream<Item = Event<ImportJob>>> {
        let row = Kind::Import.row(&id)?;
        let (imports, prove) = (Arc::clone(app(context)?.imports()), prover(context));
        imports.one(&prove().await?, row).await?;
        Ok(watched(move || {
            let (imports, prove) = (Arc::clone(&imports), Arc::clone(&prove));
            async move {
                let job = imports.one(&prove().await?, row).await?;
                let sign = (job.state, job.progress.to_bits(), job.counts);
                Ok((job.state.is_open(), sign, ImportJob::from(job)))
            }
        }))
    }

    /// An export of yours, or of anybody for administrators, each time it is further; ends when it has ended.
    #[graphql(guard = "Needs::Account", complexity = "20 + child_complexity")]
    async fn export_progress(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Its id")] id: ID,
    ) -> Result<impl Stream<Item = Event<ExportJob>>> {
        let row = Kind::Export.row(&id)?;
        let (exports, prove) = (Arc::clone(app(context)?.export_jobs()), prover(context));
        exports.one(&prove().await?, row).await?;
        Ok(watched(move || {
            let (exports, prove) = (Arc::clone(&exports), Arc::clone(&prove));
            async move {
                let job = exports.one(&prove().await?, row).await?;
                Ok((job.state.is_open(), (job.state, job.counts), ExportJob::from(job)))
            }
        }))
    }
}

/// A job each time that its sign has changed, up to the first one that is no longer open. `look` says whether it is, its sign, and it.
fn watched<J, S: PartialEq, F: Future<Output = Event<(bool, S, J)>>>(
    look: impl Fn() -> F,
) -> impl Stream<Item = Event<J>> {
    stream::try_unfold(Some((None, look)), async |state| {
        let Some((told, look)) = state else { return Event::Ok(None) };
        loop {
            let (is_open, sign, job) = look().await?;
            if told.as_ref() != Some(&sign) {
                return Ok(Some((job, is_open.then_some((Some(sign), look)))));
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    })
}
