//! One socket from its opening to its end: a single task that reads, answers, and pulls the next event only when the last one
//! has been taken, so that a slow reader costs no memory; one that takes nothing is closed.

use super::super::identity::Identity;
use super::super::request_id::RequestId;
use super::super::system::Readiness;
use super::answer::{write_errors, write_response};
use super::door::{Asker, Door, Execute};
use super::mask::to_server_error;
use super::protocol::{Farewell, Said, about, bare};
use super::question::Asked;
use crate::config::SocketLimits;
use crate::error::{Error, ErrorCode};
use crate::graphql::context::ClientAddress;
use crate::model::{Caller, UserId};
use crate::serve::{Seat, Seats};
use crate::service::exports::Prove;
use async_graphql::{Response as Answer, Value};
use axum::extract::ws::{Message, WebSocket};
use axum::http::{HeaderMap, HeaderValue, header};
use futures_util::stream::{self, BoxStream, StreamExt as _};
use serde_json::value::RawValue;
use std::net::IpAddr;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_stream::StreamMap;
use tokio_tungstenite::tungstenite;

/// How often who asks is proved again. Together with what accounts are believed for it stays below the five seconds within
/// which a revocation holds.
const PROVED_EVERY: Duration = Duration::from_secs(1);
/// How long a client may take to answer the last message before the connection is cut.
const FAREWELL: Duration = Duration::from_secs(1);

/// What sockets need beside the door of questions.
#[derive(Debug, Clone)]
pub(crate) struct SocketDoor<E> {
    pub(super) door: Door<E>,
    identity: Identity,
    pub(super) limits: SocketLimits,
    accounts: Seats<UserId>,
    pub(super) addresses: Seats<IpAddr>,
    pub(super) readiness: Readiness,
}

impl<E: Execute> SocketDoor<E> {
    /// Over the door of questions.
    pub(crate) fn new(door: Door<E>, identity: &Identity, readiness: &Readiness, limits: &SocketLimits) -> Self {
        Self {
            door,
            identity: identity.clone(),
            limits: limits.clone(),
            accounts: Seats::new(usize::MAX, limits.per_account),
            addresses: Seats::new(usize::MAX, limits.per_address),
            readiness: readiness.clone(),
        }
    }
}

/// Who opened the socket.
pub(super) struct Guest {
    pub(super) id: RequestId,
    /// The credentials of the handshake, until `connection_init` brings others.
    pub(super) credentials: HeaderMap,
    pub(super) caller: Caller,
    pub(super) address: Option<ClientAddress>,
}

/// What an operation says next; `None` says that it has ended.
type Event = Option<Answer>;

/// One socket.
pub(super) struct Session<E> {
    house: SocketDoor<E>,
    guest: Guest,
    /// From `connection_init` on: proves who asks.
    prove: Option<Prove>,
    seat: Option<Seat<UserId>>,
    operations: StreamMap<String, BoxStream<'static, Event>>,
    opened: Instant,
    heard: Instant,
    pinged: bool,
    proved: Instant,
}

impl<E: Execute> Session<E> {
    pub(super) fn new(house: SocketDoor<E>, guest: Guest) -> Self {
        let now = Instant::now();
        Self {
            house,
            guest,
            prove: None,
            seat: None,
            operations: StreamMap::new(),
            opened: now,
            heard: now,
            pinged: false,
            proved: now,
        }
    }

    /// Talks until one of both has had enough or the server stops, then says farewell.
    pub(super) async fn run(mut self, mut wire: WebSocket, mut stopping: watch::Receiver<bool>) {
        let farewell = loop {
            if let Err(farewell) = self.turn(&mut wire, &mut stopping).await {
                break farewell;
            }
        };
        tracing::debug!(id = self.guest.id.as_str(), ?farewell, "a socket ends");
        self.operations.clear();
        if farewell == Farewell::Gone {
            return;
        }
        let last_words = async {
            if wire.send(farewell.message()).await.is_err() {
                return;
            }
            // Bytes that nobody has read would make the system reset the connection, and the code would be lost.
            while wire.recv().await.is_some_and(|message| message.is_ok()) {}
            if farewell == Farewell::TooLarge {
                std::future::pending::<()>().await;
            }
        };
        // Whoever does not answer is cut off.
        let _ = timeout(FAREWELL, last_words).await;
    }

    /// Waits for the next thing to happen and sees to it.
    async fn turn(&mut self, wire: &mut WebSocket, stopping: &mut watch::Receiver<bool>) -> Result<(), Farewell> {
        let due = self.due();
        tokio::select! {
            biased;
            () = told(stopping) => Err(Farewell::Restart),
            () = sleep_until(due) => self.look_after(wire).await,
            message = wire.recv() => self.hear(wire, message).await,
            Some((id, event)) = self.operations.next(), if !self.operations.is_empty() => {
                self.tell(wire, &id, event).await
            }
        }
    }

    /// When something has to be looked after at the latest.
    fn due(&self) -> Instant {
        let ping = self.ping();
        let silence = self.heard + if self.pinged { 2 * ping } else { ping };
        match &self.prove {
            None => self.opened + Duration::from_millis(self.house.limits.init_time_ms),
            Some(_) => silence.min(self.proved + PROVED_EVERY),
        }
    }

    fn ping(&self) -> Duration {
        Duration::from_millis(self.house.limits.ping_ms)
    }

    async fn look_after(&mut self, wire: &mut WebSocket) -> Result<(), Farewell> {
        let Some(prove) = &self.prove else { return Err(Farewell::InitTimeout) };
        let silent = self.heard.elapsed();
        if silent >= 2 * self.ping() {
            return Err(Farewell::Gone);
        }
        if self.proved.elapsed() >= PROVED_EVERY {
            prove().await.map_err(|error| refusal(&error))?;
            self.proved = Instant::now();
        }
        if silent >= self.ping() && !self.pinged {
            self.pinged = true;
            self.send(wire, Message::Ping(tungstenite::Bytes::new())).await?;
        }
        Ok(())
    }

    async fn hear(
        &mut self,
        wire: &mut WebSocket,
        message: Option<Result<Message, axum::Error>>,
    ) -> Result<(), Farewell> {
        (self.heard, self.pinged) = (Instant::now(), false);
        let text = match message {
            None | Some(Ok(Message::Close(_))) => return Err(Farewell::Gone),
            Some(Err(error)) => return Err(fault(error)),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => return Ok(()),
            Some(Ok(Message::Binary(_))) => return Err(Farewell::BadRequest),
            Some(Ok(Message::Text(text))) => text,
        };
        let said = Said::read(&text, &self.house.door.shared.limits.graphql).ok_or(Farewell::BadRequest)?;
        match said {
            Said::Init(authorization) => {
                self.begin(authorization).await?;
                self.send(wire, bare("connection_ack")).await
            }
            Said::Ping => self.send(wire, bare("pong")).await,
            Said::Pong => Ok(()),
            Said::Complete(id) => {
                self.operations.remove(&id);
                Ok(())
            }
            Said::Subscribe { id, question } => self.subscribe(wire, id, &question).await,
        }
    }

    /// Finds out who asks, and takes a seat of that account.
    async fn begin(&mut self, authorization: Option<String>) -> Result<(), Farewell> {
        if self.prove.is_some() {
            return Err(Farewell::InitTwice);
        }
        if let Some(text) = authorization {
            let value = HeaderValue::try_from(text).map_err(|_| Farewell::Forbidden)?;
            self.guest.credentials = HeaderMap::from_iter([(header::AUTHORIZATION, value)]);
        }
        let caller = self.caller().await?;
        if let Some(account) = caller.viewer.actor() {
            self.seat = Some(self.house.accounts.take(account).ok_or(Farewell::TryLater)?);
        }
        let prove = self.house.identity.prover(&self.guest.credentials, caller);
        self.prove = Some(prove.map_err(|error| refusal(&error))?);
        self.proved = Instant::now();
        Ok(())
    }

    async fn caller(&mut self) -> Result<Caller, Farewell> {
        let known = self.house.identity.caller(&self.guest.credentials).await.map_err(|error| refusal(&error))?;
        Ok(known.unwrap_or_else(|| self.guest.caller.clone()))
    }

    async fn subscribe(&mut self, wire: &mut WebSocket, id: String, question: &RawValue) -> Result<(), Farewell> {
        let Some(prove) = self.prove.clone() else { return Err(Farewell::Unauthorized) };
        if self.operations.contains_key(&id) {
            return Err(Farewell::SameId);
        }
        let most = self.house.limits.operations;
        if self.operations.len() >= most {
            let error = Error::limit(format!("a socket has at most {most} operations at once: complete some first"));
            return self.refuse(wire, &id, &error).await;
        }
        let limits = &self.house.door.shared.limits.graphql;
        let question = match Asked::from_json(question.get().as_bytes(), limits) {
            Ok(Asked::One(question)) => *question,
            Ok(Asked::Batch(_)) => return Err(Farewell::BadRequest),
            Err(error) => return self.refuse(wire, &id, &error).await,
        };
        let asker = Asker::on_socket(self.guest.id.clone(), self.caller().await?, self.guest.address);
        let answers = self.house.door.answers(question, &asker, prove);
        self.operations.insert(id, answers.map(Some).chain(stream::once(async { None })).boxed());
        Ok(())
    }

    async fn tell(&mut self, wire: &mut WebSocket, id: &str, event: Event) -> Result<(), Farewell> {
        let Some(answer) = event else {
            self.operations.remove(id);
            return self.send(wire, about("complete", id, None)).await;
        };
        let mut out = Vec::new();
        // Refused, or its source has failed: nothing can follow.
        if answer.data == Value::Null && !answer.errors.is_empty() {
            self.operations.remove(id);
            write_errors(&answer, &mut out);
            return self.send(wire, about("error", id, Some(&out))).await;
        }
        write_response(&answer, &mut out);
        self.send(wire, about("next", id, Some(&out))).await
    }

    async fn refuse(&mut self, wire: &mut WebSocket, id: &str, error: &Error) -> Result<(), Farewell> {
        let mut out = Vec::new();
        write_errors(&Answer::from_errors(vec![to_server_error(error)]), &mut out);
        self.send(wire, about("error", id, Some(&out))).await
    }

    /// Sends a message; a reader who takes nothing for too long is gone.
    async fn send(&mut self, wire: &mut WebSocket, message: Message) -> Result<(), Farewell> {
        let within = Duration::from_millis(self.house.limits.send_time_ms);
        match timeout(within, wire.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Farewell::Gone),
        }
    }
}

/// Waits for the word that the server stops; its end is that word, too.
async fn told(stopping: &mut watch::Receiver<bool>) {
    let _ = stopping.wait_for(|is_told| *is_told).await;
}

/// What a proof that fails means to a socket.
fn refusal(error: &Error) -> Farewell {
    if error.code() == ErrorCode::Unavailable { Farewell::TryLater } else { Farewell::Forbidden }
}

/// What is wrong with what came in.
fn fault(error: axum::Error) -> Farewell {
    match error.into_inner().downcast_ref::<tungstenite::Error>() {
        Some(tungstenite::Error::Capacity(_)) => Farewell::TooLarge,
        Some(tungstenite::Error::Utf8(_) | tungstenite::Error::Protocol(_)) => Farewell::BadRequest,
        _ => Farewell::Gone,
    }
}
