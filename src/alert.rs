//! Tells the operator what only they can mend: in the log, by mail, and to a webhook.

use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use serde_json::json;
use url::Url;

use crate::config::Config;
use crate::error::Result;
use crate::fetch::Fetcher;
use crate::mail::{Letter, Mailer};
use crate::model::email::EmailAddress;
use crate::model::time::format_timestamp;

/// From one word on a trouble that lasts to the next, counted by the store.
pub const EVERY_MS: i64 = 24 * 3_600_000;
/// A receiver that is slower than that is as good as gone.
const PATIENCE: Duration = Duration::from_secs(10);
/// Before each further attempt at the webhook.
const PAUSES: [Duration; 3] = [Duration::from_secs(2), Duration::from_secs(15), Duration::from_secs(90)];

/// What the trouble is with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// No new certificate comes.
    Certificate,
    /// No new backup comes.
    Backup,
}

impl Topic {
    /// The word that machines sort by.
    pub fn word(self) -> &'static str {
        match self {
            Self::Certificate => "certificate",
            Self::Backup => "backup",
        }
    }

    fn subject(self) -> &'static str {
        match self {
            Self::Certificate => "The certificate needs you",
            Self::Backup => "The backups need you",
        }
    }
}

/// Who is told. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Alerts {
    mail: Option<(Mailer, EmailAddress)>,
    webhook: Option<Arc<Webhook>>,
    site: String,
}

struct Webhook {
    url: Url,
    fetcher: Fetcher,
}

impl std::fmt::Debug for Webhook {
    /// The path is what lets somebody in.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Webhook").field("host", &self.url.host_str()).finish_non_exhaustive()
    }
}

impl Alerts {
    /// As the operator said; the log is always told.
    pub fn new(config: &Config, mailer: Option<&Mailer>) -> Result<Self> {
        let to = config.mail.as_ref().and_then(|mail| mail.alert_to.as_deref()).map(EmailAddress::parse);
        let to = to.transpose().map_err(|error| error.at("CAIRN_ALERT_TO"))?;
        let webhook = match &config.alert_webhook {
            None => None,
            Some(webhook) => {
                let fetcher = Fetcher::new(None, "CAIRN_ALERT_WEBHOOK", PATIENCE)?;
                Some(Arc::new(Webhook { url: webhook.url(), fetcher }))
            }
        };
        Ok(Self { mail: mailer.cloned().zip(to), webhook, site: config.site(config.listen) })
    }

    /// Tells. Returns at once: mail and webhook are reached meanwhile.
    pub fn tell(&self, topic: Topic, trouble: &str) {
        tracing::error!(trouble, "the {} needs the operator", topic.word());
        if let Some((mailer, to)) = &self.mail {
            let letter = Letter::alert(to.clone(), &self.site, topic.subject(), trouble);
            match mailer.seat() {
                Ok(seat) => seat.send(std::future::ready(Ok(Some(letter)))),
                Err(error) => tracing::error!(%error, "the mail about the {} is not sent", topic.word()),
            }
        }
        if let Some(webhook) = &self.webhook {
            let text = format!("{}: {trouble}", self.site);
            let at = format_timestamp(Utc::now());
            // `text` is what chat programs show.
            let document =
                json!({ "topic": topic.word(), "site": self.site, "trouble": trouble, "text": text, "at": at });
            tokio::spawn(Arc::clone(webhook).send(document));
        }
    }
}

impl Webhook {
    async fn send(self: Arc<Self>, document: serde_json::Value) {
        let mut pauses = PAUSES.iter();
        while let Err(error) = self.fetcher.post(&self.url, &document).await {
            let Some(pause) = pauses.next() else {
                tracing::error!(%error, "the webhook is not told");
                return;
            };
            tokio::time::sleep(*pause).await;
        }
    }
}
