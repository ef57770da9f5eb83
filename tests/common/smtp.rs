//! An SMTP server on the loopback that keeps what it is sent, or behaves badly.

use std::time::Duration;

use cairn::config::{Config, MailSettings, Secret};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::tcp::OwnedWriteHalf;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Where the links of the tests lead.
pub const SITE: &str = "https://maps.example.org";
/// A mail that does not come is a failure after so long.
const WAIT: Duration = Duration::from_secs(30);

/// How the server treats its clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Takes every mail.
    Takes,
    /// Takes none for now in the first conversations, so many, and then every one.
    Delays(usize),
    /// Takes no mail, and names the address when it says so.
    Refuses,
    /// Takes the connection and says nothing.
    Hangs,
}

/// What happened.
#[derive(Debug)]
pub enum Event {
    /// Somebody connected.
    Connected,
    /// A mail was taken.
    Mail(Mail),
}

/// A mail as it was sent.
#[derive(Debug, Clone)]
pub struct Mail {
    /// The addresses of the envelope.
    pub to: Vec<String>,
    /// Head and text.
    pub data: String,
}

impl Mail {
    /// The token of the link to a page of [`SITE`].
    pub fn token(&self, page: &str) -> String {
        let start = format!("{SITE}{page}#");
        let link = self.data.lines().find_map(|line| line.strip_prefix(&start));
        link.unwrap_or_else(|| panic!("no link to {page} in {}", self.data)).to_owned()
    }

    /// The value of a field of the head.
    pub fn head(&self, name: &str) -> &str {
        let (head, _) = self.data.split_once("\r\n\r\n").expect("a head");
        let start = format!("{name}: ");
        let mut fields = head.lines().filter_map(|line| line.strip_prefix(&start));
        let field = fields.next().unwrap_or_else(|| panic!("no {name} in {head}"));
        assert_eq!(fields.next(), None, "{name} stands once");
        field
    }
}

/// The server.
#[derive(Debug)]
pub struct Sink {
    /// For `CAIRN_SMTP_URL`.
    pub url: String,
    events: UnboundedReceiver<Event>,
}

impl Sink {
    /// Listens from here on.
    pub async fn new(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("smtp://{}", listener.local_addr().expect("an address"));
        let (sender, events) = unbounded_channel();
        tokio::spawn(async move {
            for conversation in 0.. {
                let (stream, _) = listener.accept().await.expect("a connection");
                let manner = match manner {
                    Manner::Delays(most) if conversation >= most => Manner::Takes,
                    other => other,
                };
                tokio::spawn(talk(stream, manner, sender.clone()));
            }
        });
        Self { url, events }
    }

    /// A URL where nobody listens.
    pub async fn nobody() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        format!("smtp://{}", listener.local_addr().expect("an address"))
    }

    /// The next mail.
    pub async fn mail(&mut self) -> Mail {
        loop {
            if let Event::Mail(mail) = self.event().await {
                return mail;
            }
        }
    }

    /// What happens next.
    pub async fn event(&mut self) -> Event {
        tokio::time::timeout(WAIT, self.events.recv()).await.expect("something happens").expect("the server lives")
    }

    /// How many mails were taken that nobody has looked at.
    pub fn mails_left(&mut self) -> usize {
        let mut mails = 0;
        while let Ok(event) = self.events.try_recv() {
            mails += usize::from(matches!(event, Event::Mail(_)));
        }
        mails
    }
}

/// The settings of a server that sends mail there.
pub fn settings<'a>(registration: &'a str, url: &'a str) -> [(&'a str, &'a str); 4] {
    [
        ("CAIRN_REGISTRATION", registration),
        ("CAIRN_SMTP_URL", url),
        ("CAIRN_MAIL_FROM", "Maps <maps@example.org>"),
        ("CAIRN_PUBLIC_URL", SITE),
    ]
}

/// The same as the mailer takes them.
pub fn mail_settings(url: &str) -> MailSettings {
    let pairs = settings("open", url).map(|(name, value)| (name.to_owned(), value.to_owned()));
    let read = Config::from_pairs(pairs).expect("settings").mail.expect("mail");
    assert_eq!(read.url, Secret::new(url));
    read
}

async fn talk(stream: TcpStream, manner: Manner, events: UnboundedSender<Event>) {
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    let _ = events.send(Event::Connected);
    if manner == Manner::Hangs {
        // Until the client goes.
        let _ = lines.next_line().await;
        return;
    }
    say(&mut writer, "220 sink.example").await;
    let mut to = Vec::new();
    while let Ok(Some(line)) = lines.next_line().await {
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        match (verb.as_str(), manner) {
            ("EHLO", _) => say(&mut writer, "250 sink.example").await,
            ("RCPT", Manner::Refuses) => say(&mut writer, &format!("550 no such person: {line}")).await,
            ("RCPT", Manner::Delays(_)) => say(&mut writer, "450 come again").await,
            ("RCPT", _) => {
                to.push(line["RCPT TO:<".len()..].trim_end_matches('>').to_owned());
                say(&mut writer, "250 fine").await;
            }
            ("DATA", _) => {
                say(&mut writer, "354 go on").await;
                let mut data = String::new();
                while let Ok(Some(line)) = lines.next_line().await {
                    if line == "." {
                        break;
                    }
                    data += line.strip_prefix('.').unwrap_or(&line);
                    data += "\r\n";
                }
                // Quoted-printable breaks long lines, such as those of links.
                let data = data.replace("=\r\n", "").replace("=3D", "=");
                let _ = events.send(Event::Mail(Mail { to: std::mem::take(&mut to), data }));
                say(&mut writer, "250 taken").await;
            }
            ("QUIT", _) => {
                say(&mut writer, "221 bye").await;
                return;
            }
            _ => say(&mut writer, "250 fine").await,
        }
    }
}

/// A client that has gone hears nothing.
async fn say(writer: &mut OwnedWriteHalf, line: &str) {
    let _ = writer.write_all(format!("{line}\r\n").as_bytes()).await;
}
