//! Who may run a field at all, checked before its arguments are looked at. What a viewer may do to which layer is decided
//! by the services; a guard answers the plain cases early and alike.

use async_graphql::{Context, Guard};

use crate::error::{Error, ErrorCode};
use crate::graphql::context::viewer;
use crate::model::Viewer;

/// What a field needs of the viewer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// An account.
    Account,
    /// An account that may write locations somewhere.
    Editor,
    /// An account that may import files somewhere.
    Importer,
    /// An administrator.
    Admin,
}

impl Guard for Needs {
    async fn check(&self, context: &Context<'_>) -> async_graphql::Result<()> {
        let viewer = viewer(context);
        let is_enough = match (self, &viewer) {
            (_, Viewer::Anonymous) => {
                return Err(Error::new(ErrorCode::Unauthenticated, "sign in, or send an API token, to do this").into());
            }
            (_, Viewer::Server) | (Self::Account, _) => true,
            (Self::Editor, Viewer::SignedIn(_)) => viewer.is_editor(),
            (Self::Importer, Viewer::SignedIn(_)) => viewer.is_importer(),
            (Self::Admin, Viewer::SignedIn(_)) => viewer.is_admin(),
        };
        if is_enough {
            return Ok(());
        }
        let needed = match self {
            Self::Account => "an account",
            Self::Editor => "the role EDITOR (and an API token the scope `locations:write`)",
            Self::Importer => "the role EDITOR (and an API token the scope `import`)",
            Self::Admin => "the role ADMIN (and an API token the scope `admin`)",
        };
        Err(Error::new(ErrorCode::Forbidden, format!("this needs {needed}")).into())
    }
}
