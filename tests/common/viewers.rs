//! Who asks, in tests: accounts as the door would have found them.

use std::collections::BTreeMap;
use std::sync::Arc;

use cairn::model::{LayerId, Role, Scope, SignedIn, Viewer};

/// An account with a role everywhere.
pub fn account(user: i64, role: Role) -> Viewer {
    granted(user, role, [])
}

/// An account with a role on some layers only; on all if none is named.
pub fn granted(user: i64, role: Role, grants: impl IntoIterator<Item = (LayerId, Role)>) -> Viewer {
    Viewer::SignedIn(Arc::new(SignedIn {
        user,
        username: format!("user{user}"),
        role,
        grants: BTreeMap::from_iter(grants),
        scope: Scope::Session,
    }))
}

/// Writes everywhere.
pub fn editor() -> Viewer {
    account(7, Role::Editor)
}

/// May everything.
pub fn admin() -> Viewer {
    account(1, Role::Admin)
}
