//! Who may come in, and the mail that this needs.

use lettre::message::Mailbox;
use lettre::{AsyncSmtpTransport, Tokio1Executor};
use url::Url;

use super::secret::Secret;
use super::values::{PublicUrl, Reader};

/// How somebody gets an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registration {
    /// An administrator makes it.
    Closed,
    /// An administrator makes it or invites to it.
    Invite,
    /// Whoever proves an e-mail address makes their own.
    Open,
}

/// The SMTP server, and the sender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailSettings {
    /// `smtp://`, `smtps://`, or `smtp://HOST?tls=required` for STARTTLS, with user and password.
    pub url: Secret,
    /// `maps@example.org` or `Maps <maps@example.org>`.
    pub from: String,
    /// Who hears of what only an operator can mend.
    pub alert_to: Option<String>,
}

/// Where alerts are posted. The URL itself is often the secret: it shows itself as its host alone.
#[derive(Clone, PartialEq, Eq)]
pub struct Webhook(Url);

impl Webhook {
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "https" | "http") && url.has_host());
        url.map(Self).ok_or("must be the https URL of a webhook, or an http one on a network that is yours".to_owned())
    }

    /// The whole URL, for the request alone.
    pub fn url(&self) -> Url {
        self.0.clone()
    }
}

impl std::fmt::Display for Webhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.origin().ascii_serialization())
    }
}

impl std::fmt::Debug for Webhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Webhook({self})")
    }
}

/// Reads both; each setting that another one needs is asked for by name.
pub(super) fn read(
    reader: &mut Reader,
    public_url: Option<&PublicUrl>,
    warnings: &mut Vec<String>,
) -> (Registration, Option<MailSettings>) {
    let is_given = |reader: &Reader, name: &str| reader.names().any(|given| given == name);
    let (has_smtp, has_from) = (is_given(reader, "CAIRN_SMTP_URL"), is_given(reader, "CAIRN_MAIL_FROM"));
    let has_public_url = public_url.is_some() || is_given(reader, "CAIRN_PUBLIC_URL");
    let registration = reader.optional("CAIRN_REGISTRATION", registration).unwrap_or(Registration::Closed);
    let url = reader.optional("CAIRN_SMTP_URL", |text| smtp_url(text, warnings));
    let from = reader.optional("CAIRN_MAIL_FROM", sender);
    if has_smtp && !has_from {
        reader.fault("CAIRN_MAIL_FROM", "must name the sender of mails when CAIRN_SMTP_URL is set");
    }
    if has_smtp && !has_public_url {
        reader.fault("CAIRN_PUBLIC_URL", "must be set when CAIRN_SMTP_URL is: mails hold links to it");
    }
    if has_from && !has_smtp {
        warnings.push("CAIRN_MAIL_FROM does nothing without CAIRN_SMTP_URL".to_owned());
    }
    let alert_to = reader.optional("CAIRN_ALERT_TO", address);
    if alert_to.is_some() && !has_smtp {
        reader.fault("CAIRN_ALERT_TO", "needs CAIRN_SMTP_URL: nobody would hear of it");
    }
    if registration == Registration::Open {
        if !has_smtp {
            let sentence = "open needs CAIRN_SMTP_URL, CAIRN_MAIL_FROM and CAIRN_PUBLIC_URL: whoever registers proves \
                            their e-mail address by a link in a mail";
            reader.fault("CAIRN_REGISTRATION", sentence);
        }
        let sentence = "CAIRN_REGISTRATION is open: whoever has an e-mail address becomes a VIEWER and reads every \
                        private layer";
        warnings.push(sentence.to_owned());
    }
    (registration, url.zip(from).map(|(url, from)| MailSettings { url, from, alert_to }))
}

fn registration(text: &str) -> Result<Registration, String> {
    match text {
        "closed" => Ok(Registration::Closed),
        "invite" => Ok(Registration::Invite),
        "open" => Ok(Registration::Open),
        _ => Err("must be closed, invite or open".to_owned()),
    }
}

/// The URL is never told: it may hold a password.
fn smtp_url(text: &str, warnings: &mut Vec<String>) -> Result<Secret, String> {
    let wanted = || {
        "must be smtps://USER:PASSWORD@HOST:PORT, or smtp://USER:PASSWORD@HOST:PORT?tls=required for STARTTLS, or \
         smtp://HOST:PORT without TLS; signs such as @ in a password are written %40"
            .to_owned()
    };
    let url = Url::parse(text).map_err(|_| wanted())?;
    AsyncSmtpTransport::<Tokio1Executor>::from_url(text).map_err(|_| wanted())?;
    if !url.username().is_empty() && url.password().is_none() {
        return Err("has a user name and no password".to_owned());
    }
    let is_plain = url.scheme() == "smtp" && !url.query_pairs().any(|pair| pair == ("tls".into(), "required".into()));
    let is_here = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    if is_plain && !is_here && url.password().is_some() {
        let sentence = "CAIRN_SMTP_URL may send its password without TLS: use smtps:// or ?tls=required";
        warnings.push(sentence.to_owned());
    }
    Ok(Secret::new(text))
}

/// A bare address, also of the account at an authority.
pub(super) fn address(text: &str) -> Result<String, String> {
    let is_address = text.is_ascii() && text.parse::<lettre::Address>().is_ok();
    if is_address { Ok(text.to_owned()) } else { Err("must be an address such as maps@example.org".to_owned()) }
}

fn sender(text: &str) -> Result<String, String> {
    let parsed: Result<Mailbox, _> = text.parse();
    let is_one_line = !text.chars().any(char::is_control);
    parsed
        .ok()
        .filter(|_| is_one_line)
        .map(|_| text.to_owned())
        .ok_or("must be an address such as maps@example.org or Maps <maps@example.org>".to_owned())
}
