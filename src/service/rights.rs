//! Who may do what to accounts, sessions and tokens.

use std::sync::Arc;

use crate::error::{Error, ErrorCode, Result};
use crate::model::account::{Account, Caller, Credential, SessionId};
use crate::model::{Scope, SignedIn, UserId, Viewer};

/// Refuses everybody but administrators and the server itself.
pub(super) fn require_admin(viewer: &Viewer) -> Result<()> {
    if viewer.is_admin() {
        return Ok(());
    }
    Err(match viewer {
        Viewer::Anonymous => Error::new(ErrorCode::Unauthenticated, "sign in as an administrator to do this"),
        Viewer::SignedIn(_) | Viewer::Server => Error::new(ErrorCode::Forbidden, "this needs the role ADMIN"),
    })
}

/// The account in question: one's own, or any that an administrator names.
pub(super) fn whose(viewer: &Viewer, of: Option<UserId>) -> Result<UserId> {
    match (of, viewer.actor()) {
        (Some(of), Some(own)) if of == own => Ok(own),
        (Some(of), _) => require_admin(viewer).map(|()| of),
        (None, Some(own)) => Ok(own),
        (None, None) => Err(Error::new(ErrorCode::Unauthenticated, "sign in to do this")),
    }
}

pub(super) fn no_such_account() -> Error {
    Error::new(ErrorCode::NotFound, "there is no such account")
}

/// Account and session of a person; a script's token changes no account.
pub(super) fn signed_in(caller: &Caller) -> Result<(UserId, SessionId)> {
    match (&caller.viewer, caller.credential) {
        (Viewer::SignedIn(account), Some(Credential::Session(session))) => Ok((account.user, session)),
        (Viewer::SignedIn(_), Some(Credential::Issuer)) => {
            // What it made here would outlive what the issuer takes away.
            Err(Error::new(ErrorCode::Forbidden, "a token of the OpenID Connect issuer cannot do this: ask there"))
        }
        (Viewer::SignedIn(_), _) => {
            Err(Error::new(ErrorCode::Forbidden, "an API token cannot do this: sign in with the password"))
        }
        (Viewer::Anonymous | Viewer::Server, _) => Err(Error::new(ErrorCode::Unauthenticated, "sign in to do this")),
    }
}

/// A token that proves nothing, or not any more.
pub(super) fn refused() -> Error {
    Error::new(ErrorCode::Unauthenticated, "the token is not valid or has ended: sign in again")
}

/// An account as it asks now.
pub(super) fn caller(account: &Account, scope: Scope, credential: Credential) -> Caller {
    let viewer = Viewer::SignedIn(Arc::new(SignedIn {
        user: account.id,
        username: account.username.clone(),
        role: account.role,
        grants: account.grants.clone(),
        scope,
    }));
    Caller { viewer, credential: Some(credential), request_id: None }
}
