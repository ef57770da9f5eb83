//! Tells a Sentry-compatible server of faults of ours, where `SENTRY_DSN` names one: what failed, where in the code or the schema, and
//! under which request id the log has the rest.
//!
//! A report is built here word by word from what is ours. Causes, headers, addresses, texts and variables stay in the log: they may be
//! somebody's. `sentry-types` knows the form; the usual client would bring a queue, a thread and an HTTP stack of its own, and collects
//! by itself what it finds.

use std::borrow::Cow;
use std::cell::Cell;
use std::panic;
use std::str::FromStr as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Once};
use std::time::Duration;

use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use sentry_types::Dsn;
use sentry_types::protocol::v7::{Envelope, Event, Exception};
use tokio::sync::Semaphore;
use url::Url;

use crate::config::Secret;
use crate::error::{Error, Result};
use crate::fetch::Fetcher;

/// More reports than that wait for a server that is slow; further ones are dropped, and the log has them all.
const MOST_WAITING: u32 = 64;
/// A server that is slower than that is as good as gone.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a stop waits for the reports on their way.
const FAREWELL: Duration = Duration::from_secs(2);
/// What this program calls itself.
const AGENT: &str = concat!("cairn/", env!("CARGO_PKG_VERSION"));
const RELEASE: &str = concat!("cairn@", env!("CARGO_PKG_VERSION"));

/// Who is told. Clones share it. Off, nothing is built and nothing is sent.
#[derive(Debug, Clone, Default)]
pub struct Reports(Option<Arc<Receiver>>);

/// A fault that a client was told of as `INTERNAL`.
#[derive(Debug)]
pub struct Fault<'a> {
    /// What kind of cause it has: the name of a type, or the place of a panic.
    pub origin: &'a str,
    /// The field at the root of the question, or the route: words of ours.
    pub operation: &'a str,
    /// What the client got, too.
    pub request_id: &'a str,
}

struct Receiver {
    url: Url,
    headers: HeaderMap,
    fetcher: Fetcher,
    waiting: Arc<Semaphore>,
    /// One after the other: a storm of faults is no storm of connections.
    turn: Semaphore,
    is_lost: AtomicBool,
}

impl std::fmt::Debug for Receiver {
    /// The key is what lets somebody write there.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Receiver").field("host", &self.url.host_str()).finish_non_exhaustive()
    }
}

impl Reports {
    /// To the project of this DSN, as the settings have checked it. Panics remember their place from here on.
    pub fn to(dsn: &Secret) -> Result<Self> {
        // The cause may hold the key.
        let wrong = || Error::bad_input("is not a DSN").at("SENTRY_DSN");
        let dsn = Dsn::from_str(dsn.expose()).map_err(|_| wrong())?;
        let mut auth = HeaderValue::from_str(&dsn.to_auth(Some(AGENT)).to_string()).map_err(|_| wrong())?;
        auth.set_sensitive(true);
        let form = HeaderValue::from_static("application/x-sentry-envelope");
        let headers = [(HeaderName::from_static("x-sentry-auth"), auth), (CONTENT_TYPE, form)];
        remember_places();
        Ok(Self(Some(Arc::new(Receiver {
            url: dsn.envelope_api_url(),
            headers: headers.into_iter().collect(),
            fetcher: Fetcher::new(None, "SENTRY_DSN", PATIENCE)?,
            waiting: Arc::new(Semaphore::new(MOST_WAITING as usize)),
            turn: Semaphore::new(1),
            is_lost: AtomicBool::new(false),
        }))))
    }

    /// Whether anybody is told.
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Tells. Returns at once, whatever becomes of it.
    pub fn tell(&self, fault: &Fault<'_>) {
        let Some(receiver) = &self.0 else { return };
        let Ok(seat) = Arc::clone(&receiver.waiting).try_acquire_owned() else { return };
        let mut body = Vec::new();
        // Writing into memory cannot fail.
        let _ = Envelope::from(event(fault)).to_writer(&mut body);
        let receiver = Arc::clone(receiver);
        tokio::spawn(async move {
            receiver.send(body).await;
            drop(seat);
        });
    }

    /// Waits until the reports on their way have arrived or failed, for two seconds.
    pub async fn finish(&self) {
        let Some(receiver) = &self.0 else { return };
        if tokio::time::timeout(FAREWELL, receiver.waiting.acquire_many(MOST_WAITING)).await.is_err() {
            tracing::warn!("reports were still on their way when the server stopped");
        }
    }
}

impl Receiver {
    async fn send(&self, body: Vec<u8>) {
        // Never closed.
        let _turn = self.turn.acquire().await;
        let outcome = self.fetcher.post_as(&self.url, self.headers.clone(), body.into()).await;
        let was_lost = self.is_lost.swap(outcome.is_err(), Ordering::Relaxed);
        match outcome {
            // Once, not for each of a storm.
            Err(error) if !was_lost => tracing::warn!(%error, "a report does not reach the server of SENTRY_DSN"),
            Ok(()) if was_lost => tracing::info!("reports reach the server of SENTRY_DSN again"),
            _ => {}
        }
    }
}

fn event(fault: &Fault<'_>) -> Event<'static> {
    let exception = Exception {
        ty: fault.origin.to_owned(),
        value: Some("a request failed: the log has the cause under the request id".to_owned()),
        ..Exception::default()
    };
    Event {
        exception: vec![exception].into(),
        transaction: Some(fault.operation.to_owned()),
        release: Some(Cow::Borrowed(RELEASE)),
        platform: Cow::Borrowed("native"),
        logger: Some("cairn".to_owned()),
        tags: [("request_id", fault.request_id), ("operation", fault.operation)]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        ..Event::default()
    }
}

thread_local! {
    static PLACE: Cell<Option<String>> = const { Cell::new(None) };
}

/// Where in the code this thread panicked last; only once.
pub fn place_of_panic() -> Option<String> {
    PLACE.take()
}

fn remember_places() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |panicking| {
            PLACE.set(panicking.location().map(ToString::to_string));
            usual(panicking);
        }));
    });
}
