//! The public keys of an issuer: an RFC 7517 key set, of which the keys are taken that verify one of three algorithms.

use std::sync::Arc;

use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;

/// Most keys of a set that are looked at.
const MOST_KEYS: usize = 100;

/// What a token may be signed with. Never a shared secret, never nothing: the list is closed here and not by the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
pub(super) enum Signature {
    RS256,
    ES256,
    EdDSA,
}

impl Signature {
    pub(super) const fn algorithm(self) -> Algorithm {
        match self {
            Self::RS256 => Algorithm::RS256,
            Self::ES256 => Algorithm::ES256,
            Self::EdDSA => Algorithm::EdDSA,
        }
    }
}

/// The name of a key in a token: two keys of a set may share the `kid` if they are of different kinds (RFC 7517, 4.5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KeyName {
    pub(super) kid: String,
    pub(super) signature: Signature,
}

/// The keys of an issuer at one time.
pub(super) struct KeySet(Vec<(KeyName, Arc<DecodingKey>)>);

#[derive(Deserialize)]
pub(super) struct Document {
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: String,
    #[serde(rename = "use")]
    purpose: Option<String>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl KeySet {
    /// A key that is broken, of another kind or for another purpose is passed by: it harms itself alone.
    pub(super) fn of(document: Document) -> Self {
        Self(document.keys.into_iter().take(MOST_KEYS).filter_map(key).collect())
    }

    pub(super) fn get(&self, name: &KeyName) -> Option<Arc<DecodingKey>> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, key)| Arc::clone(key))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn key(jwk: Value) -> Option<(KeyName, Arc<DecodingKey>)> {
    let jwk: Jwk = serde_json::from_value(jwk).ok()?;
    if jwk.purpose.is_some_and(|purpose| purpose != "sig") {
        return None;
    }
    // The library checks lengths and points when it verifies: RSA of 2,048 to 8,192 bits, points that are on the curve.
    let (signature, alg, key) = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
        ("RSA", _) => (Signature::RS256, "RS256", DecodingKey::from_rsa_components(&jwk.n?, &jwk.e?)),
        ("EC", Some("P-256")) => (Signature::ES256, "ES256", DecodingKey::from_ec_components(&jwk.x?, &jwk.y?)),
        ("OKP", Some("Ed25519")) => (Signature::EdDSA, "EdDSA", DecodingKey::from_ed_components(&jwk.x?)),
        _ => return None,
    };
    if jwk.alg.is_some_and(|said| said != alg && !(said == "Ed25519" && signature == Signature::EdDSA)) {
        return None;
    }
    Some((KeyName { kid: jwk.kid, signature }, Arc::new(key.ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_keys_that_verify_one_of_three_algorithms_are_taken() {
        let rsa = json!({ "kty": "RSA", "kid": "a", "n": "AQAB", "e": "AQAB" });
        let with = |base: &Value, name: &str, value: Value| {
            let mut key = base.clone();
            key[name] = value;
            key
        };
        let ed = json!({ "kty": "OKP", "crv": "Ed25519", "kid": "b", "x": "AQAB" });
        let table = [
            (rsa.clone(), Some(Signature::RS256)),
            (with(&rsa, "use", json!("sig")), Some(Signature::RS256)),
            (with(&rsa, "alg", json!("RS256")), Some(Signature::RS256)),
            (with(&rsa, "use", json!("enc")), None),
            (with(&rsa, "alg", json!("RS512")), None),
            (with(&rsa, "alg", json!("HS256")), None),
            (with(&rsa, "alg", json!("RSA-OAEP")), None),
            (with(&rsa, "kid", json!(null)), None),
            (with(&rsa, "n", json!("???")), None),
            (ed.clone(), Some(Signature::EdDSA)),
            (with(&ed, "alg", json!("Ed25519")), Some(Signature::EdDSA)),
            (with(&ed, "crv", json!("X25519")), None),
            (json!({ "kty": "EC", "crv": "P-256", "kid": "c", "x": "AQAB", "y": "AQAB" }), Some(Signature::ES256)),
            (json!({ "kty": "EC", "crv": "P-384", "kid": "c", "x": "AQAB", "y": "AQAB" }), None),
            (json!({ "kty": "EC", "crv": "P-256", "kid": "c", "x": "AQAB" }), None),
            (json!({ "kty": "oct", "kid": "d", "k": "AQAB" }), None),
            (json!("key"), None),
        ];
        for (jwk, wanted) in table {
            let found = key(jwk.clone()).map(|(name, _)| name.signature);
            assert_eq!(found, wanted, "{jwk}");
        }
        let many = (0..=MOST_KEYS).map(|number| with(&rsa, "kid", json!(number.to_string()))).collect();
        assert_eq!(KeySet::of(Document { keys: many }).0.len(), MOST_KEYS);
    }
}
