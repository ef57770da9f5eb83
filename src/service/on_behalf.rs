//! Work that waits is done on behalf of an account: whose jobs a viewer sees, and whose rights hold when one is begun.

use chrono::Utc;

use crate::error::Result;
use crate::model::edit::signed_in;
use crate::model::{Scope, UserId, Viewer};
use crate::service::Accounts;

/// The account whose jobs a viewer sees; none for all.
pub(super) fn whose(viewer: &Viewer) -> Result<Option<UserId>> {
    signed_in(viewer)?;
    Ok(if viewer.is_admin() { None } else { viewer.actor() })
}

/// What the token of a request allows, to be kept with a job; none for everything that the account may.
pub(super) fn scopes(viewer: &Viewer) -> Option<Vec<String>> {
    match viewer {
        Viewer::SignedIn(account) if account.scope != Scope::Session => Some(account.scope.words()),
        Viewer::SignedIn(_) | Viewer::Anonymous | Viewer::Server => None,
    }
}

/// The account as it is now, with its rights no further than the token of the request went.
pub(super) async fn viewer(accounts: &Accounts, account: UserId, scopes: Option<&[String]>) -> Result<Viewer> {
    let scope = match scopes {
        None => Scope::Session,
        Some(words) => Scope::parse(words.iter().map(String::as_str))?,
    };
    accounts.viewer_of(account, scope).await
}

/// Milliseconds since 1970, as rows of jobs have it.
pub(super) fn now() -> i64 {
    Utc::now().timestamp_millis()
}
