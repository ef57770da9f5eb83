//! Access tokens: JWT signed with Ed25519, fifteen minutes.
//!
//! What a token is comes from here and never from the token: one algorithm, one type (`at+jwt`, RFC 9068), a header of exactly
//! three fields, claims of exact types. Beyond that it names a session, whose state is asked at each request.

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Utc;
use jsonwebtoken::{Algorithm, Header, Validation};
use lru::LruCache;
use serde::{Deserialize, Serialize};

use crate::auth::Keys;
use crate::auth::secret::{Shown, random};
use crate::error::{Error, ErrorCode, Result};

/// Seconds that an access token lives.
pub const LIFE_SECONDS: i64 = 15 * 60;
/// Seconds that the clocks of two servers may differ.
const LEEWAY_SECONDS: i64 = 5;
/// Whom tokens are for.
pub const AUDIENCE: &str = "cairn-api";
const TYPE: &str = "at+jwt";
/// Longest text that is looked at: ours have about 450 bytes.
const MOST_BYTES: usize = 2048;
/// Verified tokens that are remembered: a signature costs some 50 microseconds, to remember it one.
const REMEMBERED: NonZeroUsize = NonZeroUsize::new(4096).unwrap();

/// What a verified token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Whose it is.
    pub account: i64,
    /// The sign-in that it comes from.
    pub session: i64,
    /// Its end, in seconds since 1970.
    pub expires: i64,
    kid: String,
}

/// Signs and verifies.
#[derive(Debug)]
pub struct Tokens {
    keys: Keys,
    issuer: String,
    remembered: Mutex<LruCache<[u8; 32], Verified>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    alg: String,
    typ: String,
    kid: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    sid: String,
    jti: String,
    iat: i64,
    nbf: i64,
    exp: i64,
}

fn refused() -> Error {
    Error::new(ErrorCode::Unauthenticated, "the token is not valid or has ended: sign in again")
}

impl Tokens {
    /// Tokens of this issuer.
    pub fn new(keys: Keys, issuer: String) -> Self {
        Self { keys, issuer, remembered: Mutex::new(LruCache::new(REMEMBERED)) }
    }

    /// The keys.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// A token for a session, and its end in seconds since 1970.
    pub async fn sign(&self, account: i64, session: i64) -> Result<(Shown, i64)> {
        let ring = self.keys.ring().await?;
        let (kid, key) = ring.signing();
        let now = Utc::now().timestamp();
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: AUDIENCE.to_owned(),
            sub: account.to_string(),
            sid: session.to_string(),
            jti: URL_SAFE_NO_PAD.encode(random()?),
            iat: now,
            nbf: now,
            exp: now + LIFE_SECONDS,
        };
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(kid.to_owned());
        let token = jsonwebtoken::encode(&header, &claims, key).map_err(Error::internal)?;
        Ok((Shown(token), claims.exp))
    }

    /// What the token says, if this server or one that shares its keys signed it and it has not ended.
    pub async fn verify(&self, token: &str) -> Result<Verified> {
        if token.len() > MOST_BYTES {
            return Err(refused());
        }
        let name = name_of(token);
        if let Some(known) = self.recall(&name) {
            let ring = self.keys.ring().await?;
            let is_live =
                ring.verifying(&known.kid).is_some() && Utc::now().timestamp() < known.expires + LEEWAY_SECONDS;
            return if is_live { Ok(known) } else { Err(refused()) };
        }
        let verified = self.verify_anew(token).await?;
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner).put(name, verified.clone());
        Ok(verified)
    }

    fn recall(&self, name: &[u8; 32]) -> Option<Verified> {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    async fn verify_anew(&self, token: &str) -> Result<Verified> {
        let head = token.split('.').next().and_then(|head| URL_SAFE_NO_PAD.decode(head).ok()).ok_or_else(refused)?;
        // Any further field, `crit` and embedded keys among them, is a refusal: our own tokens have none.
        let head: Head = serde_json::from_slice(&head).map_err(|_| refused())?;
        if head.alg != "EdDSA" || head.typ != TYPE {
            return Err(refused());
        }
        let ring = self.keys.ring_with(&head.kid).await?;
        let key = ring.verifying(&head.kid).ok_or_else(refused)?;
        let claims = jsonwebtoken::decode::<Claims>(token, key, &self.validation()).map_err(|_| refused())?.claims;
        self.check(&claims, head.kid)
    }

    fn validation(&self) -> Validation {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.leeway = LEEWAY_SECONDS.unsigned_abs();
        validation.validate_nbf = true;
        validation.set_audience(&[AUDIENCE]);
        validation.set_issuer(&[&self.issuer]);
        validation.set_required_spec_claims(&["exp", "nbf", "aud", "iss", "sub"]);
        validation
    }

    /// What the library does not look at: the claims are there and of their types by now.
    fn check(&self, claims: &Claims, kid: String) -> Result<Verified> {
        let now = Utc::now().timestamp();
        let is_ours = claims.iss == self.issuer && claims.aud == AUDIENCE && !claims.jti.is_empty();
        let is_timely = claims.iat <= now + LEEWAY_SECONDS
            && claims.nbf <= now + LEEWAY_SECONDS
            && claims.exp > now - LEEWAY_SECONDS
            && claims.exp.checked_sub(claims.iat).is_some_and(|life| (1..=LIFE_SECONDS).contains(&life));
        match (number(&claims.sub), number(&claims.sid)) {
            (Some(account), Some(session)) if is_ours && is_timely => {
                Ok(Verified { account, session, expires: claims.exp, kid })
            }
            _ => Err(refused()),
        }
    }
}

/// A row number, written in the one way that we write it.
fn number(text: &str) -> Option<i64> {
    text.parse().ok().filter(|number: &i64| number.to_string() == text)
}

fn name_of(token: &str) -> [u8; 32] {
    let mut name = [0; 32];
    let digest = digest::digest(&digest::SHA256, token.as_bytes());
    name.iter_mut().zip(digest.as_ref()).for_each(|(to, from)| *to = *from);
    name
}
