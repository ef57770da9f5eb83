//! Accounts as administrators see them, and the tokens that stand for them.

use std::collections::{BTreeMap, HashMap};

use crate::error::{Error, Result};
use crate::model::email::EmailAddress;
use crate::model::{Author, LayerId, Role, Scope, Timestamp, UserId, Viewer};

/// Most letters of a user name.
pub const MOST_NAME_LETTERS: usize = 64;

/// In place of the hash of a password: no password gives it. The mark of an account that only an issuer signs in.
pub const NO_PASSWORD: &str = "";

/// The row number of a sign-in.
pub type SessionId = i64;

/// The row number of an API token.
pub type ApiTokenId = i64;

/// A name to sign in with; names that differ in upper and lower case only are one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Username {
    shown: String,
}

impl Username {
    /// 1 to 64 letters, digits and `. - _ @ +`, of any script.
    pub fn parse(text: &str) -> Result<Self> {
        let fits = |letter: char| letter.is_alphanumeric() || matches!(letter, '.' | '-' | '_' | '@' | '+');
        if (1..=MOST_NAME_LETTERS).contains(&text.chars().count()) && text.chars().all(fits) {
            return Ok(Self { shown: text.to_owned() });
        }
        let sentence = format!("a user name has 1 to {MOST_NAME_LETTERS} letters, digits or . - _ @ +");
        Err(Error::bad_input(sentence).at("username"))
    }

    /// As near to a text as a name can be; `None` when nothing of it is left.
    pub fn near(text: &str) -> Option<Self> {
        let fits = text.chars().filter(|letter| Self::parse(letter.encode_utf8(&mut [0; 4])).is_ok());
        Self::parse(&fits.take(MOST_NAME_LETTERS).collect::<String>()).ok()
    }

    /// As it was given.
    pub fn as_str(&self) -> &str {
        &self.shown
    }

    /// As names are compared.
    pub fn key(&self) -> String {
        fold(&self.shown)
    }
}

/// Any text as names are compared, cut to their longest form.
pub fn fold(name: &str) -> String {
    name.chars().take(MOST_NAME_LETTERS).collect::<String>().to_lowercase()
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Row number.
    pub id: UserId,
    /// The name it signs in with.
    pub username: String,
    /// The most it may anywhere.
    pub role: Role,
    /// Whether it may not sign in.
    pub disabled: bool,
    /// Where its owner is reached.
    pub email: Option<String>,
    /// Whether its owner has followed a link that went there.
    pub email_verified: bool,
    /// Empty: the role holds on every layer. Else it holds only on these, and no further than each says.
    pub grants: BTreeMap<LayerId, Role>,
    /// When it was made.
    pub created: Timestamp,
    /// When it last changed.
    pub updated: Timestamp,
}

/// An account to be made; its password is hashed already.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// The name.
    pub username: Username,
    /// The most it may.
    pub role: Role,
    /// Where its role holds.
    pub grants: BTreeMap<LayerId, Role>,
    /// PHC string, or [`NO_PASSWORD`].
    pub password_hash: String,
    /// Where its owner is reached, and whether they have followed a link that went there.
    pub email: Option<(EmailAddress, bool)>,
}

/// What is to change of an account; `None` leaves as it is.
#[derive(Debug, Clone, Default)]
pub struct AccountChange {
    /// The most it may.
    pub role: Option<Role>,
    /// Whether it may not sign in; `true` ends its sessions.
    pub disabled: Option<bool>,
    /// Where its role holds.
    pub grants: Option<BTreeMap<LayerId, Role>>,
    /// Where it is reached, nobody having proved it yet; `Some(None)` takes the address away.
    pub email: Option<Option<EmailAddress>>,
    /// PHC string of a new password; ends its sessions but this one.
    pub password: Option<(String, Option<SessionId>)>,
}

/// A sign-in that has not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Row number.
    pub id: SessionId,
    /// Whose it is.
    pub account: UserId,
    /// The sign-in.
    pub created: Timestamp,
    /// The last exchange of its refresh token.
    pub used: Timestamp,
    /// Its end.
    pub expires: Timestamp,
}

/// The token of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiToken {
    /// Row number.
    pub id: ApiTokenId,
    /// Whose rights it has a part of.
    pub account: UserId,
    /// What its owner calls it.
    pub name: String,
    /// Which part.
    pub scope: Scope,
    /// When it was made.
    pub created: Timestamp,
    /// Its last use, true to the minute.
    pub used: Option<Timestamp>,
    /// Its end.
    pub expires: Timestamp,
}

/// Who somebody is to an OpenID Connect issuer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Identity {
    /// The issuer, as it names itself.
    pub issuer: String,
    /// The issuer's name for the person, which it gives to nobody else.
    pub subject: String,
}

/// Somebody who comes with a token of the issuer, to be given an account or to have its role brought up to date.
#[derive(Debug, Clone)]
pub struct Introduction {
    /// Who.
    pub identity: Identity,
    /// Names for a new account, the first free one is taken.
    pub names: Vec<Username>,
    /// The role that the token gives.
    pub role: Role,
    /// When it was signed, in seconds since 1970.
    pub issued: i64,
}

/// All that decides who a token stands for, at one version: accounts, and what has not ended of sessions and API tokens.
#[derive(Debug, Clone, Default)]
pub struct AccountBook {
    /// Counts every change.
    pub version: i64,
    /// Accounts by row number.
    pub accounts: HashMap<UserId, Account>,
    /// Sessions by row number: the account and the end.
    pub sessions: HashMap<SessionId, (UserId, Timestamp)>,
    /// API tokens by the hash of the token.
    pub tokens: HashMap<String, ApiToken>,
    /// Accounts of people that an issuer knows, and when the token was signed that their role comes from.
    pub identities: HashMap<Identity, (UserId, i64)>,
}

/// What proved who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    /// An access token of a sign-in.
    Session(SessionId),
    /// An API token.
    ApiToken(ApiTokenId),
    /// A token of the OpenID Connect issuer.
    Issuer,
}

/// Who asks, and what proved it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Who.
    pub viewer: Viewer,
    /// By what; `None` for nobody.
    pub credential: Option<Credential>,
    /// The request's name in the log of the server.
    pub request_id: Option<String>,
}

impl Caller {
    /// Somebody without a token.
    pub const ANONYMOUS: Self = Self { viewer: Viewer::Anonymous, credential: None, request_id: None };

    /// Who is answerable for what the caller writes.
    pub fn author(&self) -> Author {
        Author { viewer: self.viewer.clone(), request_id: self.request_id.clone() }
    }
}

impl Role {
    /// The role of a word in the database or on the command line.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }
}

/// Most scopes of a token.
const MOST_SCOPES: usize = 100;
/// Longest key of a layer.
const MOST_KEY_LETTERS: usize = 64;

impl Scope {
    /// From words such as `locations:write` and `layer:cities`; none of them means reading only.
    pub fn parse<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<Self> {
        let (mut write, mut import, mut admin, mut layers) = (false, false, false, std::collections::BTreeSet::new());
        for (index, word) in words.into_iter().enumerate() {
            let layer = word.strip_prefix("layer:").filter(|key| (1..=MOST_KEY_LETTERS).contains(&key.chars().count()));
            match (word, layer) {
                _ if index >= MOST_SCOPES => return Err(Error::limit(format!("at most {MOST_SCOPES} scopes"))),
                ("locations:write", _) => write = true,
                ("import", _) => import = true,
                ("admin", _) => admin = true,
                (_, Some(key)) => {
                    layers.insert(key.to_owned());
                }
                _ => {
                    let sentence = "a scope is locations:write, import, admin or layer:KEY";
                    return Err(Error::bad_input(sentence).at(format!("[{index}]")));
                }
            }
        }
        Ok(Self::Limited { write, import, admin, layers })
    }

    /// The words that [`Scope::parse`] reads.
    pub fn words(&self) -> Vec<String> {
        let Self::Limited { write, import, admin, layers } = self else { return Vec::new() };
        let named = [(*write, "locations:write"), (*import, "import"), (*admin, "admin")];
        let named = named.into_iter().filter(|(is_there, _)| *is_there).map(|(_, word)| word.to_owned());
        named.chain(layers.iter().map(|key| format!("layer:{key}"))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_and_compared_without_case() {
        for name in ["a", "Anna", "anna.b-c_d@example.org", "Жанна", &"n".repeat(64)] {
            assert_eq!(Username::parse(name).unwrap().key(), name.to_lowercase());
        }
        for name in ["", " ", "a b", "a\n", "<b>", "a/b", "a\0", &"n".repeat(65), "\u{202e}a"] {
            assert_eq!(Username::parse(name).unwrap_err().field(), Some("username"), "{name:?}");
        }
        assert_eq!(fold(&"N".repeat(1000)).len(), MOST_NAME_LETTERS);
        let near = |text: &str| Username::near(text).map(|name| name.shown);
        assert_eq!(near("Anna B. <a@b.example>").as_deref(), Some("AnnaB.a@b.example"));
        assert_eq!(near("auth0|5f7c").as_deref(), Some("auth05f7c"));
        assert_eq!(near(&"n".repeat(255)).map(|name| name.len()), Some(MOST_NAME_LETTERS));
        assert_eq!(near(" <|> "), None);
    }

    #[test]
    fn scopes_are_words_of_a_closed_list() {
        for words in [&[][..], &["locations:write"], &["import", "admin", "layer:cities", "layer:roads"]] {
            assert_eq!(Scope::parse(words.iter().copied()).unwrap().words(), words);
        }
        for bad in ["", "write", "Admin", "layer:", "layer", "locations:read", "admin "] {
            assert_eq!(Scope::parse(["import", bad]).unwrap_err().field(), Some("[1]"), "{bad}");
        }
    }
}
