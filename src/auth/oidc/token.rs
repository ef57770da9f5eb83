//! A token of the issuer: verified, and what it says of its owner.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Utc;
use jsonwebtoken::{DecodingKey, Validation};
use lru::LruCache;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::key_set::{KeyName, Signature};
use super::keys::IssuerKeys;
use crate::config::{Oidc, OidcLimits};
use crate::error::{Error, ErrorCode, Result};
use crate::model::Role;
use crate::model::account::Identity;

/// Seconds that the clock of the issuer may differ.
const LEEWAY_SECONDS: i64 = 30;
/// Longest text that is looked at: tokens that list groups have some kilobytes.
const MOST_BYTES: usize = 16 * 1024;
/// Longest name of a key.
const MOST_KID_BYTES: usize = 256;
/// Longest `sub` (OpenID Connect Core, 2).
const MOST_SUBJECT_BYTES: usize = 255;
/// Verified tokens that are remembered: a signature costs some 50 microseconds.
const REMEMBERED: NonZeroUsize = NonZeroUsize::new(4096).unwrap();

/// What a verified token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// Whose it is.
    pub identity: Identity,
    /// What its owner would like to be called, best first.
    pub names: Vec<String>,
    /// The most it may.
    pub role: Role,
    /// When it was signed, in seconds since 1970.
    pub issued: i64,
    expires: i64,
}

/// The issuer whose tokens are accepted beside our own.
pub struct Issuer {
    oidc: Oidc,
    keys: Arc<IssuerKeys>,
    remembered: Mutex<LruCache<[u8; 32], Arc<Remembered>>>,
}

struct Remembered {
    name: KeyName,
    /// The key that verified it, by identity: a set that is fetched anew verifies anew.
    key: Arc<DecodingKey>,
    claimed: Arc<Claimed>,
}

/// `alg` beyond the closed list is an error of its own type. A header that asks for understanding (`crit`) is refused.
#[derive(Deserialize)]
struct Head {
    alg: Signature,
    kid: String,
    typ: Option<String>,
    crit: Option<Value>,
}

#[derive(Deserialize)]
struct Peek {
    iss: String,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: Audience,
    sub: String,
    exp: i64,
    iat: i64,
    nbf: Option<i64>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    fn holds(&self, wanted: &str) -> bool {
        match self {
            Self::One(one) => one == wanted,
            Self::Many(many) => many.iter().any(|one| one == wanted),
        }
    }
}

#[cfg(test)]
impl Claimed {
    /// As if a token had said so.
    pub fn of_test(identity: Identity, names: Vec<String>, role: Role) -> Self {
        Self { identity, names, role, issued: 0, expires: 0 }
    }
}

fn refused() -> Error {
    Error::new(ErrorCode::Unauthenticated, "the token is not valid or has ended: sign in again")
}

fn part<T: for<'a> Deserialize<'a>>(token: &str, number: usize) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(number)?).ok()?).ok()
}

impl Issuer {
    /// Asks nothing yet.
    pub fn new(oidc: Oidc, limits: &OidcLimits) -> Result<Self> {
        let keys = Arc::new(IssuerKeys::new(&oidc, limits)?);
        Ok(Self { oidc, keys, remembered: Mutex::new(LruCache::new(REMEMBERED)) })
    }

    /// Whether a token says that it comes from here; what it says is not believed by that.
    pub fn is_named_by(&self, token: &str) -> bool {
        token.len() <= MOST_BYTES && part::<Peek>(token, 1).is_some_and(|said| said.iss == self.oidc.issuer)
    }

    /// What the token says, if the issuer signed it for this server and it has not ended.
    pub async fn verify(&self, token: &str) -> Result<Arc<Claimed>> {
        if token.len() > MOST_BYTES {
            return Err(refused());
        }
        let name = name_of(token);
        if let Some(known) = self.recall(&name) {
            // A key that the issuer has taken back verifies nothing any more.
            let key = self.keys.get(&known.name).await?.ok_or_else(refused)?;
            if Utc::now().timestamp() >= known.claimed.expires.saturating_add(LEEWAY_SECONDS) {
                return Err(refused());
            }
            if Arc::ptr_eq(&key, &known.key) {
                return Ok(Arc::clone(&known.claimed));
            }
        }
        let known = Arc::new(self.verify_anew(token).await?);
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner).put(name, Arc::clone(&known));
        Ok(Arc::clone(&known.claimed))
    }

    fn recall(&self, name: &[u8; 32]) -> Option<Arc<Remembered>> {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    async fn verify_anew(&self, token: &str) -> Result<Remembered> {
        let head: Head = part(token, 0).ok_or_else(refused)?;
        let is_access_token = head.typ.is_none_or(|typ| {
            let typ = typ.to_ascii_lowercase();
            matches!(typ.strip_prefix("application/").unwrap_or(&typ), "jwt" | "at+jwt")
        });
        if head.crit.is_some() || !is_access_token || head.kid.len() > MOST_KID_BYTES {
            return Err(refused());
        }
        let name = KeyName { kid: head.kid, signature: head.alg };
        let key = self.keys.get(&name).await?.ok_or_else(refused)?;
        let mut validation = Validation::new(name.signature.algorithm());
        validation.leeway = LEEWAY_SECONDS.unsigned_abs();
        validation.validate_nbf = true;
        validation.set_audience(&[&self.oidc.audience]);
        validation.set_issuer(&[&self.oidc.issuer]);
        validation.set_required_spec_claims(&["exp", "aud", "iss", "sub"]);
        let claims = jsonwebtoken::decode::<Claims>(token, &key, &validation).map_err(|_| refused())?.claims;
        Ok(Remembered { name, claimed: Arc::new(self.check(claims)?), key })
    }

    /// What the library does not look at: the claims are there and of their types by now.
    fn check(&self, claims: Claims) -> Result<Claimed> {
        let now = Utc::now().timestamp();
        let is_for_us = claims.iss == self.oidc.issuer && claims.aud.holds(&self.oidc.audience);
        let is_timely = claims.iat <= now.saturating_add(LEEWAY_SECONDS)
            && claims.nbf.is_none_or(|from| from <= now.saturating_add(LEEWAY_SECONDS))
            && claims.exp > now.saturating_sub(LEEWAY_SECONDS)
            && claims.exp > claims.iat;
        let is_somebody =
            (1..=MOST_SUBJECT_BYTES).contains(&claims.sub.len()) && !claims.sub.contains(char::is_control);
        // Bound to a key that its bearer would have to prove (RFC 7800, DPoP): nobody proves it here.
        let is_bearer = !claims.rest.contains_key("cnf");
        if !(is_for_us && is_timely && is_somebody && is_bearer) {
            return Err(refused());
        }
        let text = |name: &str| claims.rest.get(name).and_then(Value::as_str).map(str::to_owned);
        Ok(Claimed {
            names: ["preferred_username", "email"].into_iter().filter_map(text).chain([claims.sub.clone()]).collect(),
            role: role(&self.oidc, &claims.rest),
            identity: Identity { issuer: claims.iss, subject: claims.sub },
            issued: claims.iat,
            expires: claims.exp,
        })
    }
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issuer").field("oidc", &self.oidc).finish_non_exhaustive()
    }
}

/// What the role claim makes of its owner; whatever it is that is not one of the two words, it makes nobody more than a viewer.
fn role(oidc: &Oidc, claims: &Map<String, Value>) -> Role {
    // The whole name first: issuers name claims of their own by URL, which has dots too.
    let claim = claims.get(&oidc.role_claim).or_else(|| {
        let mut steps = oidc.role_claim.split('.');
        let first = claims.get(steps.next()?)?;
        steps.try_fold(first, |inside, step| inside.get(step))
    });
    let words: Vec<&str> = match claim {
        Some(Value::String(words)) => words.split_ascii_whitespace().collect(),
        Some(Value::Array(words)) => words.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let has = |word: &Option<String>| word.as_deref().is_some_and(|word| words.contains(&word));
    if has(&oidc.admin) {
        Role::Admin
    } else if has(&oidc.editor) {
        Role::Editor
    } else {
        Role::Viewer
    }
}

fn name_of(token: &str) -> [u8; 32] {
    let mut name = [0; 32];
    let digest = digest::digest(&digest::SHA256, token.as_bytes());
    name.iter_mut().zip(digest.as_ref()).for_each(|(to, from)| *to = *from);
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_role_is_given_by_its_exact_word_alone() {
        let oidc = |role_claim: &str| Oidc {
            issuer: String::new(),
            audience: String::new(),
            role_claim: role_claim.to_owned(),
            admin: Some("maps-admin".to_owned()),
            editor: Some("maps-editor".to_owned()),
            ca: None,
        };
        let table = [
            ("roles", json!({ "roles": ["x", "maps-admin"] }), Role::Admin),
            ("roles", json!({ "roles": ["maps-editor", "maps-admin"] }), Role::Admin),
            ("roles", json!({ "roles": ["maps-editor"] }), Role::Editor),
            ("roles", json!({ "roles": "openid maps-editor" }), Role::Editor),
            ("roles", json!({ "roles": ["openid maps-editor"] }), Role::Viewer),
            ("roles", json!({ "roles": ["Maps-Admin", "maps-admins", ""] }), Role::Viewer),
            ("roles", json!({ "roles": [["maps-admin"], { "maps-admin": true }, 1, null] }), Role::Viewer),
            ("roles", json!({ "roles": { "maps-admin": true } }), Role::Viewer),
            ("roles", json!({ "roles": true }), Role::Viewer),
            ("roles", json!({}), Role::Viewer),
            ("realm_access.roles", json!({ "realm_access": { "roles": ["maps-admin"] } }), Role::Admin),
            ("realm_access.roles", json!({ "realm_access": ["maps-admin"] }), Role::Viewer),
            ("https://a.example/roles", json!({ "https://a.example/roles": ["maps-editor"] }), Role::Editor),
        ];
        for (claim, claims, wanted) in table {
            let claims = claims.as_object().unwrap().clone();
            assert_eq!(role(&oidc(claim), &claims), wanted, "{claim} {claims:?}");
            let nobody = Oidc { admin: None, editor: None, ..oidc(claim) };
            assert_eq!(role(&nobody, &claims), Role::Viewer);
        }
    }
}
