//! Links that are good once: what each is for, what it brings, and the page that redeems it.

use std::collections::BTreeMap;

use chrono::Duration;

use crate::model::account::Username;
use crate::model::email::EmailAddress;
use crate::model::{LayerId, Role, Timestamp, UserId};

/// The row number of a link.
pub type LinkId = i64;

/// What a link is for. A token of one purpose is worth nothing for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkPurpose {
    /// Makes the first administrator.
    SetUp,
    /// Proves the address of somebody who registers.
    Registration,
    /// Makes the account of somebody who was invited.
    Invitation,
    /// Gives an account a new password.
    PasswordReset,
}

impl LinkPurpose {
    /// The word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SetUp => "SET_UP",
            Self::Registration => "REGISTRATION",
            Self::Invitation => "INVITATION",
            Self::PasswordReset => "PASSWORD_RESET",
        }
    }

    /// What its tokens begin with.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::SetUp => "cairns_",
            Self::Registration => "cairnv_",
            Self::Invitation => "cairni_",
            Self::PasswordReset => "cairnp_",
        }
    }

    /// How long a link is good. A mailbox that is read by somebody else later must not hold the key to an account.
    pub const fn lifetime(self) -> Duration {
        match self {
            Self::SetUp | Self::Registration => Duration::hours(24),
            Self::Invitation => Duration::days(7),
            Self::PasswordReset => Duration::hours(1),
        }
    }

    /// The page that redeems it, up to where the token stands. The admin page has other things behind its `#` too.
    const fn page(self) -> &'static str {
        match self {
            Self::SetUp => "/#setup=",
            Self::Registration => "/account/verify#",
            Self::Invitation => "/account/invitation#",
            Self::PasswordReset => "/account/reset#",
        }
    }

    /// The whole link on a site such as `https://maps.example.org`; a set-up link begins with the address of the admin page. The
    /// token stands behind the `#`: browsers send that to no server, so that no log of a proxy has it.
    pub fn url(self, site: &str, token: &str) -> String {
        format!("{site}{}{token}", self.page())
    }
}

/// What a link brings.
#[derive(Debug, Clone)]
pub enum LinkContent {
    /// Nothing: the first administrator chooses name and password.
    SetUp,
    /// All of an account but the proof of its address.
    Registration(Registration),
    /// What the account may.
    Invitation(Invited),
    /// The account.
    PasswordReset(UserId),
}

impl LinkContent {
    /// What such a link is for.
    pub fn purpose(&self) -> LinkPurpose {
        match self {
            Self::SetUp => LinkPurpose::SetUp,
            Self::Registration(_) => LinkPurpose::Registration,
            Self::Invitation(_) => LinkPurpose::Invitation,
            Self::PasswordReset(_) => LinkPurpose::PasswordReset,
        }
    }
}

/// Somebody who registered. There is no account until the address is proved, so that nobody holds a name or an address that is
/// not theirs, and whether an address is known cannot be asked by trying.
#[derive(Debug, Clone)]
pub struct Registration {
    /// The name to sign in with.
    pub username: Username,
    /// The address to be proved.
    pub email: EmailAddress,
    /// PHC string.
    pub password_hash: String,
}

/// Somebody who was invited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invited {
    /// Where they are reached.
    pub email: EmailAddress,
    /// The most the account may.
    pub role: Role,
    /// Where its role holds.
    pub grants: BTreeMap<LayerId, Role>,
    /// Whether the link went to the address, and nowhere else: who has it has read that mail.
    pub is_mailed: bool,
}

/// An invitation that nobody has accepted yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Row number.
    pub id: LinkId,
    /// Who is invited to what.
    pub invited: Invited,
    /// When.
    pub created: Timestamp,
    /// Its end.
    pub expires: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_to_its_page_with_the_token_behind_the_hash() {
        let links = [
            (LinkPurpose::SetUp, "https://a.example/maps/#setup=T"),
            (LinkPurpose::Registration, "https://a.example/maps/account/verify#T"),
            (LinkPurpose::Invitation, "https://a.example/maps/account/invitation#T"),
            (LinkPurpose::PasswordReset, "https://a.example/maps/account/reset#T"),
        ];
        for (purpose, wanted) in links {
            assert_eq!(purpose.url("https://a.example/maps", "T"), wanted);
        }
    }
}
