//! The OpenID Connect issuer whose tokens are accepted beside our own, as the operator named it.

use super::table::default_of;
use super::values::{PublicUrl, Reader};
use std::path::PathBuf;
use url::{Host, Url};

/// An issuer, and what its tokens are worth here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Oidc {
    /// `iss` of its tokens, letter by letter.
    pub issuer: String,
    /// What `aud` of its tokens must hold.
    pub audience: String,
    /// The claim that gives the role: a name, or a path with dots.
    pub role_claim: String,
    /// The word that makes an administrator; none: nobody is one.
    pub admin: Option<String>,
    /// The word that makes an editor; none: nobody is one.
    pub editor: Option<String>,
    /// A PEM file of certificate authorities in place of the public ones.
    pub ca: Option<PathBuf>,
}

/// The settings that do nothing without an issuer.
const NAMES: [&str; 5] =
    ["CAIRN_OIDC_AUDIENCE", "CAIRN_OIDC_ROLE_CLAIM", "CAIRN_OIDC_ADMIN", "CAIRN_OIDC_EDITOR", "CAIRN_OIDC_CA"];

impl Oidc {
    pub(super) fn read(
        reader: &mut Reader,
        public_url: Option<&PublicUrl>,
        warnings: &mut Vec<String>,
    ) -> Option<Self> {
        let [audience, role_claim, admin, editor, ca] =
            NAMES.map(|name| reader.optional(name, |text| Ok(text.to_owned())));
        if !reader.names().any(|name| name == "CAIRN_OIDC_ISSUER") {
            let given = NAMES.into_iter().zip([&audience, &role_claim, &admin, &editor, &ca]);
            let idle = given.filter(|(name, value)| value.as_deref().is_some_and(|value| value != default_of(name)));
            warnings.extend(idle.map(|(name, _)| format!("{name} does nothing without CAIRN_OIDC_ISSUER")));
            return None;
        }
        let ours = public_url.map(ToString::to_string);
        let issuer = reader.optional("CAIRN_OIDC_ISSUER", |text| issuer(text, ours.as_deref()));
        if audience.is_none() {
            // A token that was meant for another service must not open this one.
            reader.fault("CAIRN_OIDC_AUDIENCE", "must be set when CAIRN_OIDC_ISSUER is: tokens name whom they are for");
        }
        if admin.is_some() && admin == editor {
            reader.fault("CAIRN_OIDC_EDITOR", "must be another word than CAIRN_OIDC_ADMIN");
        }
        Some(Self {
            issuer: issuer?,
            audience: audience?,
            role_claim: role_claim.unwrap_or_else(|| default_of("CAIRN_OIDC_ROLE_CLAIM").to_owned()),
            admin,
            editor,
            ca: ca.map(PathBuf::from),
        })
    }

    /// Whether keys may be asked for at this URL: https, or http where nobody can listen in between.
    pub fn may_be_asked(url: &Url) -> bool {
        match url.scheme() {
            "https" => url.has_host(),
            "http" => is_loopback(url),
            _ => false,
        }
    }
}

/// Whether the host is this machine.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn issuer(text: &str, ours: Option<&str>) -> Result<String, String> {
    let url = Url::parse(text).ok().filter(|url| {
        Oidc::may_be_asked(url)
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none()
    });
    if url.is_none() {
        return Err(
            "must be a URL such as https://login.example.org/realms/maps (http on this machine only)".to_owned()
        );
    }
    if ours == Some(text) {
        return Err("must not be CAIRN_PUBLIC_URL: that is the issuer of our own tokens".to_owned());
    }
    Ok(text.to_owned())
}

#[cfg(test)]
#[path = "oidc_tests.rs"]
mod tests;
