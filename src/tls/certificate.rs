//! A certificate that can be served: its chain, its key, and what stands in it.

use std::sync::Arc;

use chrono::Duration;
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};
use tokio_rustls::rustls::crypto::aws_lc_rs::sign::any_supported_type;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::sign::CertifiedKey;
use x509_parser::extensions::GeneralName;
use x509_parser::parse_x509_certificate;

use crate::error::{Error, Result};
use crate::model::Timestamp;
use crate::model::time::from_milliseconds;

/// Who signs what is served before the first certificate comes.
const MAKESHIFT: &str = "Cairn waits for its certificate";

/// A chain with its key.
#[derive(Debug, Clone)]
pub struct Certificate {
    /// What rustls serves.
    pub key: Arc<CertifiedKey>,
    /// What stands in it.
    pub facts: Facts,
}

/// What stands in a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The names that it is good for.
    pub names: Vec<String>,
    /// Who signed it.
    pub issuer: String,
    /// Hexadecimal.
    pub serial: String,
    /// Good from here on.
    pub not_before: Timestamp,
    /// And until here.
    pub not_after: Timestamp,
}

impl Facts {
    /// From here on it is to be renewed: a third of its life is left.
    pub fn renewal(&self) -> Timestamp {
        self.not_after - self.life() / 3
    }

    /// From here on it is late: renewals should have come for half of the time that they have.
    pub fn late(&self) -> Timestamp {
        self.not_after - self.life() / 6
    }

    /// Reads a certificate as it is sent.
    pub fn of_der(der: &[u8]) -> Result<Self> {
        facts(der)
    }

    /// Whether it is a certificate of [`Certificate::self_signed`].
    pub fn is_makeshift(&self) -> bool {
        self.issuer.contains(MAKESHIFT)
    }

    fn life(&self) -> Duration {
        self.not_after - self.not_before
    }
}

impl Certificate {
    /// Reads a chain, the server's own certificate first, and its key. Both are PEM; the text of the errors is for an operator.
    pub fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self> {
        let chain: Vec<_> = CertificateDer::pem_slice_iter(chain)
            .collect::<std::result::Result<_, _>>()
            .map_err(|error| Error::bad_input("the certificate is not PEM").caused_by(error))?;
        let key = PrivateKeyDer::from_pem_slice(key)
            .map_err(|error| Error::bad_input("the private key is not PEM").caused_by(error))?;
        Self::new(chain, &key)
    }

    /// A certificate that nobody trusts, for the time before the first one: health checks get an answer, and a browser says
    /// what is wrong instead of nothing.
    pub fn self_signed(names: &[String]) -> Result<Self> {
        let mut params = CertificateParams::new(names).map_err(Error::internal)?;
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, MAKESHIFT);
        let pair = KeyPair::generate().map_err(Error::internal)?;
        let certificate = params.self_signed(&pair).map_err(Error::internal)?;
        Ok(Self { key: of_rcgen(&certificate, &pair)?, facts: facts(certificate.der())? })
    }

    fn new(chain: Vec<CertificateDer<'static>>, key: &PrivateKeyDer<'_>) -> Result<Self> {
        let own = chain.first().ok_or_else(|| Error::bad_input("there is no certificate in it"))?;
        let facts = facts(own)?;
        let key = any_supported_type(key)
            .map_err(|error| Error::bad_input("this private key is of no use").caused_by(error))?;
        let key = CertifiedKey::new(chain, key);
        key.keys_match()
            .map_err(|error| Error::bad_input("the private key is not that of the certificate").caused_by(error))?;
        Ok(Self { key: Arc::new(key), facts })
    }
}

/// Takes over what was made here. Nothing is checked: rustls cannot read the critical extension of a proof.
pub(super) fn of_rcgen(certificate: &rcgen::Certificate, pair: &KeyPair) -> Result<Arc<CertifiedKey>> {
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(pair.serialize_der()));
    let key = any_supported_type(&key).map_err(Error::internal)?;
    Ok(Arc::new(CertifiedKey::new(vec![certificate.der().clone()], key)))
}

fn facts(certificate: &[u8]) -> Result<Facts> {
    let (_, parsed) = parse_x509_certificate(certificate)
        .map_err(|error| Error::bad_input("the certificate cannot be read").caused_by(error))?;
    let time = |time: x509_parser::time::ASN1Time| from_milliseconds(time.timestamp().saturating_mul(1_000));
    let names = parsed.subject_alternative_name().ok().flatten().into_iter().flat_map(|extension| {
        extension.value.general_names.iter().filter_map(|name| match name {
            GeneralName::DNSName(name) => Some((*name).to_owned()),
            _ => None,
        })
    });
    Ok(Facts {
        names: names.collect(),
        issuer: parsed.issuer().to_string(),
        serial: parsed.raw_serial_as_string(),
        not_before: time(parsed.validity().not_before)?,
        not_after: time(parsed.validity().not_after)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_of_another_certificate_is_refused_and_so_is_what_is_no_certificate() {
        let made = || {
            let pair = KeyPair::generate().unwrap();
            let params = CertificateParams::new(vec!["maps.example.org".to_owned()]).unwrap();
            (params.self_signed(&pair).unwrap().pem(), pair.serialize_pem())
        };
        let ((chain, key), (_, other)) = (made(), made());
        let read = Certificate::from_pem(chain.as_bytes(), key.as_bytes()).unwrap();
        assert_eq!(read.facts.names, ["maps.example.org"]);
        let faults = [
            (chain.as_str(), other.as_str(), "not that of the certificate"),
            ("", &key, "there is no certificate"),
            (&chain, "", "private key is not PEM"),
            ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", &key, "cannot be read"),
        ];
        for (chain, key, wanted) in faults {
            let error = Certificate::from_pem(chain.as_bytes(), key.as_bytes()).unwrap_err();
            assert!(error.message().contains(wanted), "{error}");
        }
    }

    #[test]
    fn a_certificate_is_renewed_when_a_third_of_its_life_is_left() {
        let facts = |days: i64| Facts {
            names: Vec::new(),
            issuer: String::new(),
            serial: String::new(),
            not_before: from_milliseconds(0).unwrap(),
            not_after: from_milliseconds(days * 86_400_000).unwrap(),
        };
        assert_eq!(facts(90).renewal(), from_milliseconds(60 * 86_400_000).unwrap());
        assert_eq!(facts(90).late(), from_milliseconds(75 * 86_400_000).unwrap());
    }
}
