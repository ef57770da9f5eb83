//! The letters that Cairn writes. What stands in them beside our own words is a name, an address and a link, each of a checked
//! form: there is nothing to escape and no head to break.

use crate::model::account::Username;
use crate::model::email::EmailAddress;

/// A letter to one address.
#[derive(Clone)]
pub struct Letter {
    /// Where it goes.
    pub to: EmailAddress,
    /// One line in ASCII.
    pub subject: &'static str,
    /// Plain text.
    pub text: String,
}

impl Letter {
    /// To somebody who registered: the link that makes the account.
    pub fn registration(to: EmailAddress, username: &Username, link: &str) -> Self {
        let text = format!(
            "Somebody, probably you, registered as {} with this address.\n\n\
             Follow this link within 24 hours to prove that the address is yours:\n\n{link}\n\n\
             If it was not you, do nothing: there is no account without the link.\n",
            username.as_str()
        );
        Self { to, subject: "Confirm your e-mail address", text }
    }

    /// To somebody who has an account and registered again.
    pub fn known_already(to: EmailAddress, username: &str, site: &str) -> Self {
        let text = format!(
            "Somebody, probably you, registered at {site} with this address.\n\n\
             You have an account there: {username}. Sign in, or ask for a new password.\n\n\
             If it was not you, do nothing: nothing has changed.\n"
        );
        Self { to, subject: "You have an account already", text }
    }

    /// To somebody whom an administrator invited.
    pub fn invitation(to: EmailAddress, site: &str, link: &str) -> Self {
        let text = format!(
            "You are invited to {site}.\n\n\
             Follow this link within 7 days to choose a name and a password:\n\n{link}\n\n\
             The link is good once. If you expected no invitation, do nothing.\n"
        );
        Self { to, subject: "You are invited", text }
    }

    /// To somebody who forgot their password.
    pub fn password_reset(to: EmailAddress, username: &str, link: &str) -> Self {
        let text = format!(
            "Somebody, probably you, asked for a new password of the account {username}.\n\n\
             Follow this link within an hour to choose one:\n\n{link}\n\n\
             The link is good once and ends every session of the account. If it was not you, do nothing: your password stays.\n"
        );
        Self { to, subject: "Choose a new password", text }
    }

    /// To the operator, about what only they can mend.
    pub fn alert(to: EmailAddress, site: &str, subject: &'static str, trouble: &str) -> Self {
        let text = format!(
            "{site} needs you.\n\n{trouble}\n\n\
             The log of the server has every attempt. This mail comes once a day until it is mended.\n"
        );
        Self { to, subject, text }
    }
}
