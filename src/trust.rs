//! Whom we believe when we ask others over TLS: the authorities that the operator names, else Mozilla's list. The health check
//! alone believes anybody.

use std::io;
use std::net::{IpAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;

use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::client::verify_server_name;
use tokio_rustls::rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::server::ParsedCertificate;
use tokio_rustls::rustls::{
    self, CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, RootCertStore, SignatureScheme,
    StreamOwned,
};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::error::{Error, Result};

/// A client that believes the authorities of the PEM file which `setting` names, or those of Mozilla's list when there is none:
/// that list is built in, so that a container without certificates has it too.
pub fn client_config(ca: Option<&Path>, setting: &'static str) -> Result<ClientConfig> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(Error::internal)?;
    let Some(path) = ca else {
        let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        return Ok(builder.with_root_certificates(roots).with_no_client_auth());
    };
    let named = Named::read(path, provider).map_err(|error| error.at(setting))?;
    Ok(builder.dangerous().with_custom_certificate_verifier(Arc::new(named)).with_no_client_auth())
}

/// Believes what the certificates of a file have signed, and these certificates themselves: who makes one with `openssl req -x509`
/// gets an authority that is its own server, which the first rule alone refuses.
#[derive(Debug)]
struct Named {
    signed: Arc<WebPkiServerVerifier>,
    themselves: Vec<CertificateDer<'static>>,
}

impl Named {
    fn read(path: &Path, provider: Arc<CryptoProvider>) -> Result<Self> {
        let unreadable =
            || Error::bad_input(format!("{} must be a PEM file of certificate authorities", path.display()));
        let mut roots = RootCertStore::empty();
        let mut themselves = Vec::new();
        for certificate in CertificateDer::pem_file_iter(path).map_err(|error| unreadable().caused_by(error))? {
            let certificate = certificate.map_err(|error| unreadable().caused_by(error))?;
            roots.add(certificate.clone()).map_err(|error| unreadable().caused_by(error))?;
            themselves.push(certificate);
        }
        let signed = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build();
        Ok(Self { signed: signed.map_err(|error| unreadable().caused_by(error))?, themselves })
    }
}

impl ServerCertVerifier for Named {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        if !self.themselves.contains(certificate) {
            return self.signed.verify_server_cert(certificate, between, name, ocsp, now);
        }
        is_valid(certificate, now)?;
        verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        self.signed.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        self.signed.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.signed.supported_verify_schemes()
    }
}

/// Whether a certificate is valid at a time.
fn is_valid(certificate: &CertificateDer<'_>, now: UnixTime) -> std::result::Result<(), CertificateError> {
    let (_, parsed) = X509Certificate::from_der(certificate).map_err(|_| CertificateError::BadEncoding)?;
    let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    if now < parsed.validity().not_before.timestamp() {
        return Err(CertificateError::NotValidYet);
    }
    if now > parsed.validity().not_after.timestamp() { Err(CertificateError::Expired) } else { Ok(()) }
}

/// A TLS stream to the server on this machine, whatever certificate it has: a makeshift is as good as any for the question
/// whether it is ready, and nothing secret is said.
pub fn anybody(address: IpAddr, stream: TcpStream) -> io::Result<StreamOwned<ClientConnection, TcpStream>> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anybody(provider)))
        .with_no_client_auth();
    let client = ClientConnection::new(Arc::new(config), ServerName::from(address)).map_err(io::Error::other)?;
    Ok(StreamOwned::new(client, stream))
}

#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, date_time_ymd};
    use tokio_rustls::rustls::pki_types::PrivateKeyDer;
    use tokio_rustls::rustls::{ServerConfig, ServerConnection};

    use super::*;

    /// A certificate of `maps.example.test` that may sign others, as `openssl req -x509` makes it, and its key.
    fn own_authority(change: impl FnOnce(&mut CertificateParams)) -> (rcgen::Certificate, KeyPair) {
        let pair = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["maps.example.test".to_owned()]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        change(&mut params);
        (params.self_signed(&pair).unwrap(), pair)
    }

    /// A handshake in memory with a server of that certificate, by a client that believes the file of another.
    fn handshake(
        (certificate, key): &(rcgen::Certificate, KeyPair),
        believed: &rcgen::Certificate,
        name: &'static str,
    ) -> std::result::Result<(), rustls::Error> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        std::fs::write(&file, believed.pem()).unwrap();
        let client = client_config(Some(&file), "CAIRN_ACME_CA_FILE").unwrap();
        let mut client = ClientConnection::new(Arc::new(client), ServerName::try_from(name).unwrap()).unwrap();
        let server = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::try_from(key.serialize_der()).unwrap())?;
        let mut server = ServerConnection::new(Arc::new(server))?;
        while client.is_handshaking() {
            let mut bytes = Vec::new();
            client.write_tls(&mut bytes).unwrap();
            server.read_tls(&mut bytes.as_slice()).unwrap();
            server.process_new_packets()?;
            bytes.clear();
            server.write_tls(&mut bytes).unwrap();
            client.read_tls(&mut bytes.as_slice()).unwrap();
            client.process_new_packets()?;
        }
        Ok(())
    }

    #[test]
    fn a_certificate_that_the_operator_names_is_believed_itself_for_its_names_and_its_time() {
        let own = own_authority(|_| ());
        handshake(&own, &own.0, "maps.example.test").unwrap();
        let wrong_name = handshake(&own, &own.0, "other.example.test").unwrap_err();
        assert!(format!("{wrong_name:?}").contains("NotValidForName"), "{wrong_name:?}");
        let old = own_authority(|params| params.not_after = date_time_ymd(2020, 1, 1));
        let expired = handshake(&old, &old.0, "maps.example.test").unwrap_err();
        assert_eq!(expired, CertificateError::Expired.into());
        let early = own_authority(|params| params.not_before = date_time_ymd(4000, 1, 1));
        let not_yet = handshake(&early, &early.0, "maps.example.test").unwrap_err();
        assert_eq!(not_yet, CertificateError::NotValidYet.into());
    }

    #[test]
    fn a_certificate_that_nobody_named_is_believed_when_one_that_was_named_signed_it() {
        let authority = own_authority(|_| ());
        let pair = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["maps.example.test".to_owned()]).unwrap();
        let signed = (params.signed_by(&pair, &authority.0, &authority.1).unwrap(), pair);
        handshake(&signed, &authority.0, "maps.example.test").unwrap();
        handshake(&signed, &own_authority(|_| ()).0, "maps.example.test").unwrap_err();
        let stranger = own_authority(|_| ());
        handshake(&stranger, &authority.0, "maps.example.test").unwrap_err();
    }

    #[test]
    fn a_file_without_certificates_is_refused_by_the_name_of_its_setting() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        for text in ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            std::fs::write(&file, text).unwrap();
            let error = client_config(Some(&file), "CAIRN_OIDC_CA").unwrap_err();
            assert!(error.to_string().contains("must be a PEM file of certificate authorities"), "{error}");
        }
    }
}
