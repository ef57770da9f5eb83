//! Rights for a write: decided on the catalogue at hand, proved inside the transaction, decided again if it has moved on.

use std::sync::Arc;

use crate::error::{Error, ErrorCode, Result};
use crate::model::Viewer;
use crate::query::Access;
use crate::service::Locations;
use crate::service::locations::MAX_DECISIONS;
use crate::store::error::is_lost_race;
use crate::store::locations::Read;

impl Locations {
    /// Runs a change until it was made under the newest catalogue. `change` begins its own transaction, and leaves nothing
    /// behind when it is stale or fails. A transaction that lost against another one is tried again.
    pub(in crate::service) async fn edit<T, F: Future<Output = Result<Read<T>>> + Send>(
        &self,
        viewer: &Viewer,
        change: impl Fn(Access) -> F + Send,
    ) -> Result<T> {
        let mut catalog = self.catalog.at_hand(&self.store).await?;
        for _ in 0..MAX_DECISIONS {
            match change(Access::of(viewer, Arc::clone(&catalog))).await {
                Ok(Read::Current(done)) => return Ok(done),
                Ok(Read::Stale) => catalog = self.catalog.reload(&self.store).await?,
                // A layer that is unknown or closed may have come or been opened a moment ago, by another program.
                Err(error) if hangs_on_the_catalogue(&error) => {
                    catalog = self.newer(&catalog).await?.ok_or(error)?;
                }
                Err(error) if is_lost_race(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Err(Error::new(ErrorCode::Unavailable, "other writes were in the way too often: try again in a few seconds"))
    }
}

fn hangs_on_the_catalogue(error: &Error) -> bool {
    matches!(error.code(), ErrorCode::NotFound | ErrorCode::Forbidden | ErrorCode::UnknownProperty)
}
