//! Every setting as it holds, for people: what was set, what is the default, and nothing that is secret.

use super::settings::Config;
use super::table::groups;

/// A setting as it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effective {
    /// Its name.
    pub name: &'static str,
    /// Its value; empty for "not set". A secret is hidden.
    pub value: String,
    /// Whether the operator set it.
    pub is_set: bool,
}

/// Settings that are secret as a whole.
const SECRETS: [&str; 5] =
    ["CAIRN_ADMIN_PASSWORD", "CAIRN_JWT_KEY", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "SENTRY_DSN"];
const HIDDEN: &str = "(hidden)";

/// All settings, in the order of `.env.example`. `pairs` are those that the configuration was read from.
pub fn effective(config: &Config, pairs: &[(String, String)]) -> Vec<Effective> {
    let settings = groups().into_iter().flat_map(|group| group.settings);
    settings
        .map(|setting| {
            let given = pairs.iter().rev().find(|(name, _)| name == setting.name);
            let given = given.map(|(_, value)| value.trim()).filter(|value| !value.is_empty());
            let value = shown(config, setting.name, given)
                .unwrap_or_else(|| given.map_or_else(|| setting.default.clone(), str::to_owned));
            Effective { name: setting.name, value, is_set: given.is_some() }
        })
        .collect()
}

/// What is secret or follows from other settings, in a form that may be shown.
fn shown(config: &Config, name: &str, given: Option<&str>) -> Option<String> {
    match name {
        "DATABASE_URL" => Some(config.database.to_string()),
        "CAIRN_BACKUP_URL" => Some(match &config.backup.bucket {
            Some(bucket) => bucket.to_string(),
            None => config.backup.folder.display().to_string(),
        }),
        "CAIRN_PUBLIC_URL" => config.public_url.as_ref().map(ToString::to_string),
        "CAIRN_ALLOWED_HOSTS" => Some(config.allowed_hosts.join(",")),
        "CAIRN_HTTP_LISTEN" => Some(config.http_listen.map_or("off".to_owned(), |address| address.to_string())),
        "CAIRN_ALERT_WEBHOOK" => config.alert_webhook.as_ref().map(ToString::to_string),
        "CAIRN_SMTP_URL" => config.mail.as_ref().map(|mail| without_password(mail.url.expose())),
        name if SECRETS.contains(&name) => given.map(|_| HIDDEN.to_owned()),
        _ => None,
    }
}

fn without_password(text: &str) -> String {
    let Ok(mut url) = url::Url::parse(text) else { return HIDDEN.to_owned() };
    if url.password().is_some() && url.set_password(Some("hidden")).is_err() {
        return HIDDEN.to_owned();
    }
    url.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_is_shown_and_no_secret_is() {
        let pairs: Vec<_> = [
            ("CAIRN_LISTEN", " 127.0.0.1:9 "),
            ("DATABASE_URL", "postgres://me:canary@db/maps?sslmode=require&password=canary"),
            ("CAIRN_ADMIN_PASSWORD", "canary canary"),
            ("CAIRN_JWT_KEY", "/run/canary"),
            ("AWS_SECRET_ACCESS_KEY", "canary"),
            ("AWS_SESSION_TOKEN", "canary"),
            ("SENTRY_DSN", "https://canary@faults.example/1"),
            ("CAIRN_SMTP_URL", "smtps://me:canary@mail.example:465"),
            ("CAIRN_MAIL_FROM", "maps@example.org"),
            ("CAIRN_PUBLIC_URL", "https://maps.example.org/"),
            ("CAIRN_ALERT_WEBHOOK", "https://chat.example/hooks/canary"),
            ("CAIRN_LOG", ""),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        let all = effective(&Config::from_pairs(pairs.clone()).unwrap(), &pairs);
        assert_eq!(all.len(), groups().iter().map(|group| group.settings.len()).sum::<usize>());
        assert!(!format!("{all:?}").contains("canary"), "{all:?}");
        for (name, value, is_set) in [
            ("CAIRN_LISTEN", "127.0.0.1:9", true),
            ("CAIRN_LOG", "info", false),
            ("DATABASE_URL", "postgres://me@db/maps", true),
            ("CAIRN_ADMIN_PASSWORD", "(hidden)", true),
            ("CAIRN_ADMIN_PATH", "", false),
            ("CAIRN_SMTP_URL", "smtps://me:hidden@mail.example:465", true),
            ("CAIRN_ALERT_WEBHOOK", "https://chat.example", true),
            ("CAIRN_PUBLIC_URL", "https://maps.example.org", true),
            ("CAIRN_BACKUP_URL", "./data/backups", false),
            ("CAIRN_HTTP_LISTEN", "off", false),
        ] {
            assert!(all.contains(&Effective { name, value: value.to_owned(), is_set }), "{name} {all:#?}");
        }
    }
}
