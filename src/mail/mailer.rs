//! How letters leave: over SMTP, beside the request that asks for them, so that no answer tells by its time whether there was
//! anybody to write to.
//!
//! Bounded in everything: letters that wait, conversations at once, the time of a conversation, attempts. The log has the
//! kind of a failure, once. It has neither the address nor what the other server said, which often names the address.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use lettre::message::{Mailbox, SinglePart, header};
use lettre::transport::smtp;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::Instrument as _;

use crate::config::MailSettings;
use crate::error::{Error, ErrorCode, Result};
use crate::mail::Letter;

/// Letters that wait or are on their way.
const MOST_WAITING: u32 = 256;
/// Conversations with the SMTP server at once: relays refuse more.
const MOST_AT_ONCE: usize = 4;
/// When the server stops, letters that wait get so long.
const FAREWELL: Duration = Duration::from_secs(10);
/// Seconds after which there may be room for another letter.
const RETRY_AFTER_SECONDS: u64 = 30;

/// How long to wait for an SMTP server.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For a whole conversation: a server that answers a letter a second holds nothing longer than one that is silent.
    pub conversation: Duration,
    /// Before each further attempt; there are as many as pauses.
    pub pauses: &'static [Duration],
}

impl Default for Patience {
    /// Greylisting asks for a minute or more; a link that comes later than that has been asked for again.
    fn default() -> Self {
        const PAUSES: [Duration; 3] = [Duration::from_secs(2), Duration::from_secs(15), Duration::from_secs(90)];
        Self { conversation: Duration::from_secs(30), pauses: &PAUSES }
    }
}

/// Sends letters. Clones share the bounds.
#[derive(Clone)]
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    patience: Patience,
    waiting: Arc<Semaphore>,
    at_once: Arc<Semaphore>,
}

impl fmt::Debug for Mailer {
    /// The transport knows the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mailer").field("from", &self.from).field("patience", &self.patience).finish_non_exhaustive()
    }
}

/// A place for a letter, taken before there is anything to write: whoever gets none hears it at once, known or not.
#[derive(Debug)]
pub struct Seat {
    mailer: Mailer,
    taken: OwnedSemaphorePermit,
}

impl Mailer {
    /// For the SMTP server of the settings, which is not asked yet.
    pub fn new(settings: &MailSettings, patience: Patience) -> Result<Self> {
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(settings.url.expose());
        // The cause may hold the URL.
        let transport = transport.map_err(|_| Error::bad_input("is not an SMTP URL").at("CAIRN_SMTP_URL"))?;
        let from: Mailbox =
            settings.from.parse().map_err(|_| Error::bad_input("is not an address").at("CAIRN_MAIL_FROM"))?;
        Ok(Self {
            transport: transport.timeout(Some(patience.conversation)).build(),
            from,
            patience,
            waiting: Arc::new(Semaphore::new(MOST_WAITING as usize)),
            at_once: Arc::new(Semaphore::new(MOST_AT_ONCE)),
        })
    }

    /// Greets the server and signs in, without a letter; else why not, in words that name nobody.
    pub async fn test(&self) -> std::result::Result<(), String> {
        match self.transport.test_connection().await {
            Ok(true) => Ok(()),
            Ok(false) => Err("the SMTP server closed the connection".to_owned()),
            Err(error) => Err(Failure::of(&error).what),
        }
    }

    /// A place for a letter; unavailable when too many wait.
    pub fn seat(&self) -> Result<Seat> {
        let taken = Arc::clone(&self.waiting).try_acquire_owned().map_err(|_| {
            Error::new(ErrorCode::Unavailable, "too many mails wait to be sent: try again in a minute")
                .retry_after(RETRY_AFTER_SECONDS)
        })?;
        Ok(Seat { mailer: self.clone(), taken })
    }

    /// Waits until the letters that wait are sent or given up, for some seconds.
    pub async fn finish(&self) {
        if tokio::time::timeout(FAREWELL, self.waiting.acquire_many(MOST_WAITING)).await.is_err() {
            tracing::warn!("mails were still waiting when the server stopped");
        }
    }

    /// Sends a letter, in several attempts where another one may help.
    async fn send(&self, letter: Letter) -> std::result::Result<(), Failure> {
        let message = self.message(letter)?;
        let mut pauses = self.patience.pauses.iter();
        loop {
            let failure = match self.attempt(message.clone()).await {
                Ok(()) => return Ok(()),
                Err(failure) => failure,
            };
            match pauses.next() {
                Some(pause) if failure.may_pass => tokio::time::sleep(*pause).await,
                _ => return Err(failure),
            }
        }
    }

    async fn attempt(&self, message: Message) -> std::result::Result<(), Failure> {
        // Never closed.
        let _turn = self.at_once.acquire().await;
        match tokio::time::timeout(self.patience.conversation, self.transport.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(Failure::of(&error)),
            Err(_) => Err(Failure { may_pass: true, what: "the SMTP server does not answer in time".to_owned() }),
        }
    }

    fn message(&self, letter: Letter) -> std::result::Result<Message, Failure> {
        let unfit = || Failure { may_pass: false, what: "the mail could not be written".to_owned() };
        let to: Address = letter.to.as_str().parse().map_err(|_| unfit())?;
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(letter.subject)
            .message_id(Some(self.message_id().map_err(|_| unfit())?))
            .header(AutoSubmitted)
            .singlepart(SinglePart::plain(letter.text))
            .map_err(|_| unfit())
    }

    /// Of the sender's host: the name of this machine is nobody's business.
    fn message_id(&self) -> Result<String> {
        let mut random = [0_u8; 16];
        aws_lc_rs::rand::fill(&mut random).map_err(|_| Error::internal("the system gives no randomness"))?;
        Ok(format!("<{:032x}@{}>", u128::from_be_bytes(random), self.from.email.domain()))
    }
}

impl Seat {
    /// Finds out what to write, if anything, and sends it: all of it after the answer to whoever asked.
    pub fn send(self, letter: impl Future<Output = Result<Option<Letter>>> + Send + 'static) {
        let Self { mailer, taken } = self;
        let work = async move {
            match letter.await {
                Ok(Some(letter)) => {
                    if let Err(failure) = mailer.send(letter).await {
                        tracing::warn!(cause = failure.what, "a mail was not sent");
                    }
                }
                Ok(None) => {}
                Err(error) => {
                    let cause = std::error::Error::source(&error).map(ToString::to_string);
                    tracing::error!(%error, cause, "a mail was not written");
                }
            }
            drop(taken);
        };
        tokio::spawn(work.in_current_span());
    }
}

/// Why a letter did not leave, in words of our own.
#[derive(Debug)]
struct Failure {
    /// Whether another attempt may help.
    may_pass: bool,
    what: String,
}

impl Failure {
    fn of(error: &smtp::Error) -> Self {
        let what = match error.status() {
            Some(code) => format!("the SMTP server answered {code}"),
            None if error.is_tls() => "TLS with the SMTP server failed".to_owned(),
            None if error.is_timeout() => "the SMTP server does not answer in time".to_owned(),
            None if error.is_response() => "the SMTP server answered what is no SMTP".to_owned(),
            None if error.is_client() => "the SMTP server lacks what its URL asks for".to_owned(),
            None => "the SMTP server cannot be reached".to_owned(),
        };
        Self { may_pass: !error.is_permanent() && !error.is_client(), what }
    }
}

/// Tells programs that answer for people on holiday not to (RFC 3834).
#[derive(Clone)]
struct AutoSubmitted;

impl header::Header for AutoSubmitted {
    fn name() -> header::HeaderName {
        header::HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> std::result::Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> header::HeaderValue {
        header::HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}
