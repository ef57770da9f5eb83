//! What is reached over the network: the running server, what it serves, the names that lead to it, the bucket, the mail server.

use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::finding::Finding;
use crate::backup::Place;
use crate::config::{Config, Tls};
use crate::error::Result;
use crate::healthcheck::{self, reachable};
use crate::mail::{Mailer, Patience};
use crate::model::Timestamp;
use crate::tls::{Facts, facts_of_files};
use crate::trust;

/// For a name, a connection, a handshake, a mail server.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whether the server of these settings runs on this machine.
pub async fn server(config: &Config) -> Finding {
    let asked = config.clone();
    let words = match spawn_blocking(move || healthcheck::ask(&asked)).await {
        Ok(Ok(())) => return Finding::good("server", format!("the server at {} is ready", config.listen)),
        Ok(Err(error)) => error.to_string(),
        Err(error) => error.to_string(),
    };
    Finding::warning("server", words, "before going live: nothing. Else start it, and look into its log")
}

/// How long the certificate is good that is served, or, with files, that would be; nothing with plain HTTP.
pub async fn certificate(config: &Config, now: Timestamp) -> Option<Finding> {
    let facts = match &config.tls {
        Tls::Off => return None,
        Tls::Files(files) => facts_of_files(files).await,
        Tls::Acme(_) => served(reachable(config.listen)).await.and_then(|der| Facts::of_der(&der)),
    };
    Some(match facts {
        Ok(facts) => judge(&facts, now),
        Err(error) if matches!(config.tls, Tls::Acme(_)) => {
            Finding::warning("certificate", error.to_string(), "start the server: it orders one and serves it")
        }
        Err(error) => {
            Finding::fault("certificate", error.to_string(), "name files that belong together and can be read")
        }
    })
}

/// The certificate, as DER, that is shown to who names nobody.
async fn served(address: SocketAddr) -> Result<Vec<u8>> {
    let cannot = |error: std::io::Error| {
        let words = format!("no certificate is served at {address}");
        crate::error::Error::new(crate::error::ErrorCode::Unavailable, words).caused_by(error)
    };
    let shake = move || {
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let mut stream = trust::anybody(address.ip(), stream)?;
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        let chain = stream.conn.peer_certificates().unwrap_or_default();
        chain.first().map(|der| der.to_vec()).ok_or_else(|| std::io::Error::other("no certificate"))
    };
    spawn_blocking(shake).await.map_err(crate::error::Error::internal)?.map_err(cannot)
}

fn judge(facts: &Facts, now: Timestamp) -> Finding {
    let about = "certificate";
    let days = (facts.not_after - now).num_days();
    let of = facts.names.join(", ");
    if now < facts.not_before {
        let words = format!("the certificate of {of} is good from {} on only", facts.not_before);
        return Finding::fault(about, words, "look at the clock of this machine");
    }
    if facts.is_makeshift() {
        let todo = "wait for the first certificate; the log of the server says why there is none";
        return Finding::warning(about, "only the server's own makeshift is served, which nobody trusts", todo);
    }
    let todo = "look into the log of the server, and at the names below; with files, put a new one in their place";
    match days {
        _ if facts.not_after < now => Finding::fault(about, format!("the certificate of {of} has ended"), todo),
        _ if facts.late() < now => Finding::fault(about, format!("the certificate of {of} ends in {days} days"), todo),
        _ => Finding::good(about, format!("the certificate of {of} is good for {days} days")),
    }
}

/// Whether the names of the certificate lead here, at the ports by which an authority looks.
pub async fn names(config: &Config) -> Vec<Finding> {
    let Tls::Acme(acme) = &config.tls else { return Vec::new() };
    let own = served(reachable(config.listen)).await.ok();
    let mut findings = Vec::new();
    for name in &acme.domains {
        let found = timeout(PATIENCE, tokio::net::lookup_host((name.as_str(), 443))).await;
        let addresses: Vec<_> = found.ok().and_then(std::result::Result::ok).map(Iterator::collect).unwrap_or_default();
        findings.push(match addresses.first() {
            None => Led::Nowhere.finding(name),
            Some(address) => led(*address, own.as_deref()).await.finding(name),
        });
    }
    findings
}

/// Where a name leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Led {
    Nowhere,
    NoPort(SocketAddr),
    Here(SocketAddr),
    Elsewhere(SocketAddr),
    Somewhere(SocketAddr),
}

async fn led(address: SocketAddr, own: Option<&[u8]>) -> Led {
    let http = SocketAddr::new(address.ip(), 80);
    let is_open = |port: SocketAddr| async move {
        matches!(timeout(PATIENCE, tokio::net::TcpStream::connect(port)).await, Ok(Ok(_)))
    };
    if is_open(address).await {
        return match (own, served(address).await.ok()) {
            (Some(own), Some(there)) if there == own => Led::Here(address),
            (Some(_), Some(_)) => Led::Elsewhere(address),
            _ => Led::Somewhere(address),
        };
    }
    if is_open(http).await { Led::Somewhere(http) } else { Led::NoPort(address) }
}

impl Led {
    fn finding(self, name: &str) -> Finding {
        let about = "name";
        match self {
            Self::Here(address) => Finding::good(about, format!("{name} leads to this server, at {address}")),
            Self::Nowhere => {
                let todo = "add an A or AAAA record with the address of this server; it takes minutes to be known";
                Finding::fault(about, format!("{name} has no address"), todo)
            }
            Self::NoPort(address) => {
                let todo = "open ports 443 and 80 in the firewall, and let a router hand them on; some routers do not let a \
                            machine reach itself from outside: then try from elsewhere";
                Finding::warning(
                    about,
                    format!("nobody answers at {}, ports 443 and 80, where {name} leads", address.ip()),
                    todo,
                )
            }
            Self::Elsewhere(address) => {
                let words = format!("{name} leads to {address}, where another certificate is served than here");
                Finding::warning(about, words, "let the name lead here, unless what answers there is a proxy of yours")
            }
            Self::Somewhere(address) => {
                let words = format!("{name} leads to {address}, where somebody answers");
                Finding::warning(
                    about,
                    words,
                    "start the server here and check again: it is known then whether that is this one",
                )
            }
        }
    }
}

/// Whether the bucket of the backups can be used; nothing with a folder.
pub async fn bucket(config: &Config) -> Option<Finding> {
    let about = "backup-bucket";
    let bucket = config.backup.bucket.as_ref()?;
    let tried = async { Place::new(&config.backup)?.try_bucket(PATIENCE * 2).await };
    Some(match tried.await {
        Ok(()) => Finding::good(about, format!("{bucket} can be listed, written and deleted from")),
        Err(error) => {
            let todo =
                "look at CAIRN_BACKUP_URL and the AWS_ settings; the keys need the rights to list, write and delete";
            Finding::fault(about, error.to_string(), todo)
        }
    })
}

/// Whether somebody hears of a trouble, and whether the mail server answers.
pub async fn alerts(config: &Config) -> Finding {
    let about = "alerts";
    if let Some(mail) = &config.mail {
        let answer = match Mailer::new(mail, Patience::default()) {
            Ok(mailer) => timeout(PATIENCE * 2, mailer.test())
                .await
                .unwrap_or_else(|_| Err("it does not answer in time".to_owned())),
            Err(error) => Err(error.to_string()),
        };
        if let Err(reason) = answer {
            return Finding::fault(
                about,
                format!("no mail can be sent: {reason}"),
                "look at CAIRN_SMTP_URL and its password",
            );
        }
    }
    let has_address = config.mail.as_ref().is_some_and(|mail| mail.alert_to.is_some());
    if has_address || config.alert_webhook.is_some() {
        return Finding::good(about, "troubles are told by mail or webhook");
    }
    Finding::warning(about, "troubles are told in the log alone", "set CAIRN_ALERT_TO or CAIRN_ALERT_WEBHOOK")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Level;
    use crate::model::time::from_milliseconds;

    #[test]
    fn a_certificate_is_judged_by_its_time() {
        let day = |days: i64| from_milliseconds(days * 86_400_000).unwrap();
        let facts = Facts {
            names: vec!["a.example".to_owned()],
            issuer: "CN=Some Authority".to_owned(),
            serial: String::new(),
            not_before: day(10),
            not_after: day(100),
        };
        for (now, wanted) in
            [(9, Level::Fault), (10, Level::Good), (84, Level::Good), (86, Level::Fault), (101, Level::Fault)]
        {
            assert_eq!(judge(&facts, day(now)).level, wanted, "{now}");
        }
        assert!(judge(&facts, day(9)).todo.is_some_and(|todo| todo.contains("clock")));
    }

    #[test]
    fn a_name_leads_here_or_it_is_said_what_to_do() {
        let address = "192.0.2.1:443".parse().unwrap();
        for (led, wanted) in [
            (Led::Here(address), Level::Good),
            (Led::Nowhere, Level::Fault),
            (Led::NoPort(address), Level::Warning),
            (Led::Elsewhere(address), Level::Warning),
            (Led::Somewhere(address), Level::Warning),
        ] {
            let finding = led.finding("a.example");
            assert_eq!((finding.level, finding.todo.is_none()), (wanted, wanted == Level::Good), "{led:?}");
        }
    }

    #[tokio::test]
    async fn a_port_that_nobody_listens_on_serves_no_certificate() {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        assert!(served(free).await.unwrap_err().to_string().contains("no certificate is served"));
    }
}
