//! Who asks, and what their role and their token allow.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::{Layer, LayerId, Visibility};

/// The row number of a user.
pub type UserId = i64;

/// What an account may do; each role may all that the one before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Reads private layers.
    Viewer,
    /// Writes locations.
    Editor,
    /// Makes layers, accounts and everything else.
    Admin,
}

impl Role {
    /// Every role, least first.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Editor, Self::Admin];

    /// The word in the database, in tokens and in the schema.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "VIEWER",
            Self::Editor => "EDITOR",
            Self::Admin => "ADMIN",
        }
    }
}

/// What a token allows out of the rights of its account.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Scope {
    /// A person who signed in: everything that the account may.
    #[default]
    Session,
    /// A script's token: reading, and what is named.
    Limited {
        /// `locations:write`: create, update, delete.
        write: bool,
        /// `import`: files.
        import: bool,
        /// `admin`: layers, accounts, the audit log.
        admin: bool,
        /// `layer:KEY`: private layers are seen, and any layer is written, only where named; empty for no such bound.
        layers: BTreeSet<String>,
    },
}

impl Scope {
    fn allows_writing(&self) -> bool {
        matches!(self, Self::Session | Self::Limited { write: true, .. })
    }

    fn allows_importing(&self) -> bool {
        matches!(self, Self::Session | Self::Limited { import: true, .. })
    }
}

/// An account that proved who it is, as its rights were at most a few seconds ago.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// The account's row number: the actor of audit rows.
    pub user: UserId,
    /// The name it signs in with.
    pub username: String,
    /// The most it may anywhere.
    pub role: Role,
    /// Empty: the role holds on every layer. Else it holds only on these, and no further than each says. An `ADMIN` needs none.
    pub grants: BTreeMap<LayerId, Role>,
    /// What its token allows.
    pub scope: Scope,
}

/// The caller of a service, made once per request by a door and never from request data alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Viewer {
    /// Anybody: sees public layers.
    Anonymous,
    /// Somebody with an account.
    SignedIn(Arc<SignedIn>),
    /// The server itself and its command line: may everything.
    Server,
}

impl SignedIn {
    fn role_on(&self, layer: &Layer) -> Option<Role> {
        let within_scope = match &self.scope {
            Scope::Limited { layers, .. } if !layers.is_empty() => layers.contains(&layer.key),
            Scope::Limited { .. } | Scope::Session => true,
        };
        let granted = if self.grants.is_empty() || self.role == Role::Admin {
            Some(self.role)
        } else {
            self.grants.get(&layer.id).map(|granted| self.role.min(*granted))
        };
        granted.filter(|_| within_scope)
    }
}

impl Viewer {
    /// The account that is answerable for what this viewer writes; the server itself is nobody.
    pub fn actor(&self) -> Option<UserId> {
        match self {
            Self::SignedIn(account) => Some(account.user),
            Self::Anonymous | Self::Server => None,
        }
    }

    /// Whether the layer is there for this viewer at all.
    pub fn may_read(&self, layer: &Layer) -> bool {
        layer.visibility == Visibility::Public
            || match self {
                Self::Anonymous => false,
                Self::SignedIn(account) => account.role_on(layer).is_some(),
                Self::Server => true,
            }
    }

    /// Whether this viewer may write locations of the layer.
    pub fn may_write(&self, layer: &Layer) -> bool {
        match self {
            Self::Anonymous => false,
            Self::SignedIn(account) => {
                account.scope.allows_writing() && account.role_on(layer).is_some_and(|role| role >= Role::Editor)
            }
            Self::Server => true,
        }
    }

    /// Whether there may be a layer that this viewer writes.
    pub fn is_editor(&self) -> bool {
        match self {
            Self::Anonymous => false,
            Self::SignedIn(account) => account.role >= Role::Editor && account.scope.allows_writing(),
            Self::Server => true,
        }
    }

    /// Whether this viewer may import files into the layer.
    pub fn may_import(&self, layer: &Layer) -> bool {
        match self {
            Self::Anonymous => false,
            Self::SignedIn(account) => {
                account.scope.allows_importing() && account.role_on(layer).is_some_and(|role| role >= Role::Editor)
            }
            Self::Server => true,
        }
    }

    /// Whether there may be a layer that this viewer imports into.
    pub fn is_importer(&self) -> bool {
        match self {
            Self::Anonymous => false,
            Self::SignedIn(account) => account.role >= Role::Editor && account.scope.allows_importing(),
            Self::Server => true,
        }
    }

    /// Whether this viewer may administer the server.
    pub fn is_admin(&self) -> bool {
        match self {
            Self::Anonymous => false,
            Self::SignedIn(account) => {
                account.role == Role::Admin
                    && matches!(account.scope, Scope::Session | Scope::Limited { admin: true, .. })
            }
            Self::Server => true,
        }
    }
}
