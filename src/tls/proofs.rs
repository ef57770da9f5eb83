//! Proofs that a name is ours, given by any server of the database: it keeps them while an order runs.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use rcgen::{CertificateParams, CustomExtension, KeyPair};
use tokio_rustls::rustls::server::ClientHello;
use tokio_rustls::rustls::sign::CertifiedKey;

use super::certificate::of_rcgen;
use crate::error::{Error, Result};
use crate::store::Store;

/// The protocol of RFC 8737.
pub(super) const ALPN: &[u8] = b"acme-tls/1";
/// Tokens have 22 letters or some more; what is longer is not looked for.
const MOST_TOKEN_BYTES: usize = 128;

/// Gives proofs.
#[derive(Debug, Clone)]
pub struct Proofs {
    store: Store,
}

impl Proofs {
    pub(super) fn new(store: Store) -> Self {
        Self { store }
    }

    /// The text of HTTP-01 for a token that an order of ours has.
    pub async fn text(&self, token: &str) -> Result<Option<String>> {
        let is_token = token.bytes().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, b'-' | b'_'));
        if !is_token || !(1..=MOST_TOKEN_BYTES).contains(&token.len()) {
            return Ok(None);
        }
        self.store.acme_proof_of_token(token).await
    }

    /// The certificate of TLS-ALPN-01 for a name whose order runs.
    pub(super) async fn certificate(&self, name: &str) -> Result<Option<Arc<CertifiedKey>>> {
        let Some(text) = self.store.acme_proof_of_name(&name.to_ascii_lowercase()).await? else { return Ok(None) };
        let mut params = CertificateParams::new(vec![name.to_owned()]).map_err(Error::internal)?;
        let hash = digest(&SHA256, text.as_bytes());
        params.custom_extensions = vec![CustomExtension::new_acme_identifier(hash.as_ref())];
        let pair = KeyPair::generate().map_err(Error::internal)?;
        let certificate = params.self_signed(&pair).map_err(Error::internal)?;
        of_rcgen(&certificate, &pair).map(Some)
    }
}

/// The name whose proof a client asks for.
pub(super) fn asked_for(hello: &ClientHello<'_>) -> Option<String> {
    let mut protocols = hello.alpn()?;
    let only_this = protocols.next() == Some(ALPN) && protocols.next().is_none();
    only_this.then(|| hello.server_name().map(str::to_owned)).flatten()
}
