//! What every way to ask shares: the guards of a question, who runs it, and the completion of its answer.

use super::super::request_id::RequestId;
use super::browser::browser_session;
use super::complete::{OTHER, Switches, Types};
use super::documents::Documents;
use super::mask::{mask, to_server_error};
use super::pace::Pace;
use super::question::Question;
use super::running::{fill_variables, only_queries, operation};
use crate::app::App;
use crate::config::{Config, HttpLimits, Limits};
use crate::error::{Error, ErrorCode};
use crate::graphql::browser_session::BrowserSession;
use crate::graphql::context::{AskedTwice, ClientAddress, LiveViewer, Sent};
use crate::metrics::Metrics;
use crate::model::{Caller, IdempotencyKey, Viewer};
use crate::report::{Fault, Reports};
use crate::service::exports::Prove;
use async_graphql::parser::types::{ExecutableDocument, OperationDefinition, OperationType};
use async_graphql::{ObjectType, Response as Answer, Schema, ServerError, SubscriptionType};
use axum::http::request::Parts as RequestParts;
use futures_util::stream::{self, BoxStream, StreamExt as _};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// Who answers a question that has passed the guards.
pub trait Execute: Clone + Send + Sync + 'static {
    /// Answers one question. Its document is parsed already, and the [`RequestId`] stands in its data.
    fn execute(&self, request: async_graphql::Request) -> impl Future<Output = Answer> + Send;

    /// Answers a subscription, event by event.
    fn follow(&self, request: async_graphql::Request) -> BoxStream<'static, Answer>;

    /// The schema, in its definition language: answers are completed by it.
    fn sdl(&self) -> String;
}

impl<Q, M, S> Execute for Schema<Q, M, S>
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    fn execute(&self, request: async_graphql::Request) -> impl Future<Output = Answer> + Send {
        Schema::execute(self, request)
    }

    fn follow(&self, request: async_graphql::Request) -> BoxStream<'static, Answer> {
        Schema::execute_stream(self, request).boxed()
    }

    fn sdl(&self) -> String {
        Schema::sdl(self)
    }
}

/// All that `/graphql` needs.
#[derive(Debug, Clone)]
pub struct Door<E> {
    executor: E,
    pub(super) shared: Arc<Shared>,
}

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) limits: Limits,
    documents: Documents,
    pace: Pace,
    metrics: Metrics,
    reports: Reports,
    types: Types,
    introspection: bool,
    pub(super) public_origin: Option<String>,
    /// Who keeps files; a door without services takes none.
    pub(super) files: Option<App>,
    pub(super) uploading: Semaphore,
}

/// A question that has passed the guards, with what completes its answer.
struct Ready {
    shared: Arc<Shared>,
    document: Arc<ExecutableDocument>,
    operation_name: Option<String>,
    switches: Switches,
    id: RequestId,
}

impl Ready {
    /// Guards a question; gives it as the executor takes it, too.
    fn new(
        shared: &Arc<Shared>,
        mut question: Question,
        asker: &Asker,
        index: usize,
    ) -> Result<(Self, async_graphql::Request), ServerError> {
        let document = shared.documents.get(&question.query)?;
        let running = operation(&document, question.operation_name.as_deref());
        if let Some(running) = running {
            fill_variables(running, &mut question.variables)?;
        }
        let switches = Switches::of(&question.variables);
        if let Some(running) = running {
            let changes = shared.types.changes(&document, running, &switches);
            let address = asker.address.map(|address| address.0);
            shared
                .pace
                .take(asker.caller.viewer.actor(), address, &changes)
                .map_err(|error| to_server_error(&error))?;
        }
        let mut request = async_graphql::Request::new(question.query).variables(question.variables);
        request = asker.sign(request, index);
        request.operation_name.clone_from(&question.operation_name);
        if let Some(uploads) = question.uploads {
            request = request.data(uploads);
        }
        request.set_parsed_query(ExecutableDocument::clone(&document));
        if running.is_some_and(|running| shared.types.asks_twice(&document, running, &switches)) {
            request = request.data(AskedTwice);
        }
        if !shared.introspection {
            request = request.disable_introspection();
        }
        let (shared, id) = (Arc::clone(shared), asker.id.clone());
        Ok((Self { shared, document, operation_name: question.operation_name, switches, id }, request))
    }

    fn running(&self) -> Option<&OperationDefinition> {
        operation(&self.document, self.operation_name.as_deref())
    }

    fn kind(&self) -> Option<OperationType> {
        self.running().map(|running| running.ty)
    }

    /// A subscription has one field at its root (section 5.2.3.1): async-graphql would run them all.
    fn check_single(&self) -> Result<(), Error> {
        let types = &self.shared.types;
        match self.running().map(|running| types.root_fields(&self.document, running, &self.switches)) {
            Some(1) => Ok(()),
            _ => Err(Error::bad_input("a subscription has exactly one field at its root")),
        }
    }

    /// Counts how long it took, and tells of what was slow. Neither text nor variables go to the log: they may hold a password.
    fn note(&self, took: Duration) {
        let is_slow = took.as_millis() > u128::from(self.shared.limits.graphql.slow_ms);
        if !is_slow && !self.shared.metrics.is_on() {
            return;
        }
        let word = self.word();
        self.shared.metrics.operation(word, took);
        if is_slow {
            let (ms, name) = (took.as_millis(), self.operation_name.as_deref());
            tracing::warn!(request_id = %self.id, operation = word, name, ms, "a slow question");
        }
    }

    /// The field at the root, as the schema has it.
    fn word(&self) -> &str {
        self.running().map_or(OTHER, |running| self.shared.types.word(&self.document, running, &self.switches))
    }

    /// Completes and masks an answer, and reports what is our fault.
    fn finish(&self, mut answer: Answer) -> Answer {
        if let Some(running) = self.running() {
            self.shared.types.complete(&mut answer, &self.document, running, &self.switches);
        }
        if let Some(origin) = mask(&mut answer, &self.id, &self.shared.limits.graphql) {
            let (operation, request_id) = (self.word(), self.id.as_str());
            self.shared.reports.tell(&Fault { origin: &origin, operation, request_id });
        }
        answer
    }
}

impl<E: Execute> Door<E> {
    /// A door under these settings.
    pub fn new(executor: E, config: &Config, files: Option<App>, reports: Reports) -> Self {
        let types = Types::of(&executor.sdl()).unwrap_or_else(|error| {
            tracing::error!(%error, "the schema cannot be read: answers go out as they are resolved");
            Types::default()
        });
        let shared = Shared {
            types,
            limits: config.limits.clone(),
            documents: Documents::new(&config.limits.graphql),
            pace: Pace::new(&config.limits.graphql),
            metrics: files.as_ref().map(|app| app.metrics().clone()).unwrap_or_default(),
            reports,
            introspection: config.introspection,
            public_origin: config.public_url.as_ref().map(|url| url.origin.clone()),
            files,
            uploading: Semaphore::new(config.limits.http.uploads_at_once),
        };
        Self { executor, shared: Arc::new(shared) }
    }

    /// Guards, runs and masks one question.
    pub(super) async fn answer(&self, question: Question, asker: &Asker, index: usize) -> Answer {
        let began = Instant::now();
        match Ready::new(&self.shared, question, asker, index) {
            Ok((ready, request)) => {
                let answer = ready.finish(self.executor.execute(request).await);
                ready.note(began.elapsed());
                answer
            }
            Err(error) => {
                self.shared.metrics.operation(OTHER, began.elapsed());
                Answer::from_errors(vec![error])
            }
        }
    }

    /// The same over a socket: an answer, or one after the other. Changes go by POST, which knows of idempotency.
    pub(super) fn answers(&self, question: Question, asker: &Asker, prove: Prove) -> BoxStream<'static, Answer> {
        let refused = |error| stream::once(async { Answer::from_errors(vec![error]) }).boxed();
        let (ready, request) = match Ready::new(&self.shared, question, asker, 0) {
            Ok(ready) => ready,
            Err(error) => return refused(error),
        };
        let executor = self.executor.clone();
        match ready.kind() {
            Some(OperationType::Mutation) => refused(to_server_error(&Error::bad_input(
                "a socket takes subscriptions and queries: send mutations by POST",
            ))),
            Some(OperationType::Subscription) => match ready.check_single() {
                Err(error) => refused(to_server_error(&error)),
                Ok(()) => {
                    executor.follow(request.data(LiveViewer(prove))).map(move |answer| ready.finish(answer)).boxed()
                }
            },
            Some(OperationType::Query) | None => {
                let within = Duration::from_millis(self.shared.limits.http.request_time_ms);
                stream::once(async move {
                    match tokio::time::timeout(within, executor.execute(request)).await {
                        Ok(answer) => ready.finish(answer),
                        Err(_) => Answer::from_errors(vec![to_server_error(&Error::new(
                            ErrorCode::Timeout,
                            "the answer took too long; ask for less, or try again",
                        ))]),
                    }
                })
                .boxed()
            }
        }
    }

    /// True when the text holds an operation that would run and is no query. A faulty text is not our concern
    /// here: its faults are told with the answer.
    pub(super) fn is_no_query(&self, question: &Question) -> bool {
        let Ok(document) = self.shared.documents.get(&question.query) else { return false };
        operation(&document, question.operation_name.as_deref())
            .map_or(!only_queries(&document), |operation| operation.ty != OperationType::Query)
    }
}

/// The header of the client's own name of a request.
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// Who asks: the names of the request, the caller, and where it came from.
pub(super) struct Asker {
    id: RequestId,
    pub(super) caller: Caller,
    address: Option<ClientAddress>,
    key: Option<IdempotencyKey>,
    browser: Option<BrowserSession>,
}

impl Asker {
    /// As the layers around the route have found out; without them the caller is anonymous.
    pub(super) fn of(id: RequestId, parts: &RequestParts, public_origin: Option<&str>) -> Result<Self, Error> {
        let key = match parts.headers.get(IDEMPOTENCY_KEY) {
            None => None,
            // What is not ASCII is no key either.
            Some(value) => Some(
                IdempotencyKey::parse(value.to_str().unwrap_or_default())
                    .map_err(|error| error.at("Idempotency-Key"))?,
            ),
        };
        let caller = parts.extensions.get::<Caller>().cloned().unwrap_or(Caller::ANONYMOUS);
        let browser = browser_session(parts, public_origin)?;
        Ok(Self { id, caller, address: parts.extensions.get::<ClientAddress>().copied(), key, browser })
    }

    /// Somebody on a socket, which has no headers of its own for each question.
    pub(super) fn on_socket(id: RequestId, caller: Caller, address: Option<ClientAddress>) -> Self {
        Self { id, caller, address, key: None, browser: None }
    }

    /// Puts what resolvers want to know into a question, which is the `index`-th of the request.
    fn sign(&self, request: async_graphql::Request, index: usize) -> async_graphql::Request {
        let sent = Sent { request_id: self.id.to_string(), key: self.key.clone(), index };
        let caller = Caller { request_id: Some(sent.request_id.clone()), ..self.caller.clone() };
        let mut request = request.data(self.id.clone()).data(caller.viewer.clone()).data(caller).data(sent);
        if let Some(address) = self.address {
            request = request.data(address);
        }
        match &self.browser {
            Some(browser) => request.data(browser.clone()),
            None => request,
        }
    }

    /// Whoever is known may send more: an upsert of many rows.
    pub(super) fn body_bytes(&self, limits: &HttpLimits) -> usize {
        match self.caller.viewer {
            Viewer::Anonymous => limits.body_bytes,
            Viewer::SignedIn(_) | Viewer::Server => limits.signed_in_body_bytes.max(limits.body_bytes),
        }
    }
}
