//! How somebody comes in: who may, where links lead, and what sends them.

use crate::config::Registration;
use crate::error::{Error, ErrorCode, Result};
use crate::mail::Mailer;
use crate::model::link::LinkPurpose;

/// What the operator decided about new accounts.
#[derive(Debug, Clone)]
pub struct Entrance {
    /// Who may come in.
    pub registration: Registration,
    /// What links begin with: `https://maps.example.org`.
    pub site: String,
    /// What sends mail; none: nothing does.
    pub mailer: Option<Mailer>,
}

impl Entrance {
    /// Refuses self-registration unless it is open; gives what sends the proof.
    pub(super) fn open(&self) -> Result<&Mailer> {
        match (self.registration, &self.mailer) {
            (Registration::Open, Some(mailer)) => Ok(mailer),
            (Registration::Open | Registration::Invite | Registration::Closed, _) => {
                Err(closed("nobody registers on this server: ask an administrator for an account"))
            }
        }
    }

    /// Refuses invitations unless they are allowed.
    pub(super) fn inviting(&self) -> Result<()> {
        match self.registration {
            Registration::Invite | Registration::Open => Ok(()),
            Registration::Closed => Err(closed("this server takes no invitations: set CAIRN_REGISTRATION=invite")),
        }
    }

    /// What sends mail, for what is nothing without.
    pub(super) fn mailing(&self) -> Result<&Mailer> {
        self.mailer.as_ref().ok_or_else(|| closed("this server sends no mail: ask an administrator for a new password"))
    }

    /// The whole link of a token.
    pub fn link(&self, purpose: LinkPurpose, token: &str) -> String {
        purpose.url(&self.site, token)
    }
}

fn closed(sentence: &'static str) -> Error {
    Error::new(ErrorCode::Forbidden, sentence)
}
