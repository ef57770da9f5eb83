//! `/graphql`: from a request to an answer.

use super::super::error::{Problem, RETRY_AFTER_SECONDS};
use super::super::etag::with_etag;
use super::super::request_id::RequestId;
use super::answer::{could_not_run, write_batch, write_response};
use super::body::read_body;
use super::browser::browser_session;
use super::complete::{Switches, Types};
use super::documents::Documents;
use super::mask::{code_of, mask, retry_after_of, to_server_error};
use super::media::{Media, is_json};
use super::origin::is_foreign;
use super::pace::Pace;
use super::question::{Asked, Question};
use super::running::{fill_variables, only_queries, operation};
use super::upload;
use crate::app::App;
use crate::config::{Config, HttpLimits, Limits};
use crate::error::{Error, ErrorCode};
use crate::graphql::browser_session::BrowserSession;
use crate::graphql::context::{AskedTwice, ClientAddress, Sent};
use crate::model::edit::signed_in;
use crate::model::{Caller, IdempotencyKey, Viewer};
use async_graphql::parser::types::{ExecutableDocument, OperationType};
use async_graphql::{ObjectType, Response as Answer, Schema, SubscriptionType, Value};
use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts as RequestParts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Who answers a question that has passed the guards.
pub trait Execute: Clone + Send + Sync + 'static {
    /// Answers one question. Its document is parsed already, and the [`RequestId`] stands in its data.
    fn execute(&self, request: async_graphql::Request) -> impl Future<Output = Answer> + Send;

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

    fn sdl(&self) -> String {
        Schema::sdl(self)
    }
}

/// All that `/graphql` needs.
#[derive(Debug, Clone)]
pub struct Door<E> {
    executor: E,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    limits: Limits,
    documents: Documents,
    pace: Pace,
    types: Types,
    introspection: bool,
    public_origin: Option<String>,
    /// Who keeps files; a door without services takes none.
    files: Option<App>,
    uploading: Semaphore,
}

impl<E: Execute> Door<E> {
    /// A door under these settings.
    pub fn new(executor: E, config: &Config, files: Option<App>) -> Self {
        let types = Types::of(&executor.sdl()).unwrap_or_else(|error| {
            tracing::error!(%error, "the schema cannot be read: answers go out as they are resolved");
            Types::default()
        });
        let shared = Shared {
            types,
            limits: config.limits.clone(),
            documents: Documents::new(&config.limits.graphql),
            pace: Pace::new(&config.limits.graphql),
            introspection: config.introspection,
            public_origin: config.public_url.as_ref().map(|url| url.origin.clone()),
            files,
            uploading: Semaphore::new(config.limits.http.uploads_at_once),
        };
        Self { executor, shared: Arc::new(shared) }
    }

    /// Guards, runs and masks one question.
    async fn answer(&self, mut question: Question, asker: &Asker, index: usize) -> Answer {
        let document = match self.shared.documents.get(&question.query) {
            Ok(document) => document,
            Err(error) => return Answer::from_errors(vec![error]),
        };
        let running = operation(&document, question.operation_name.as_deref());
        if let Some(running) = running
            && let Err(error) = fill_variables(running, &mut question.variables)
        {
            return Answer::from_errors(vec![error]);
        }
        let switches = Switches::of(&question.variables);
        if let Some(running) = running {
            let changes = self.shared.types.changes(&document, running, &switches);
            let address = asker.address.map(|address| address.0);
            if let Err(error) = self.shared.pace.take(asker.caller.viewer.actor(), address, &changes) {
                return Answer::from_errors(vec![to_server_error(&error)]);
            }
        }
        let mut request = async_graphql::Request::new(question.query).variables(question.variables);
        request = asker.sign(request, index);
        request.operation_name = question.operation_name;
        if let Some(uploads) = question.uploads {
            request = request.data(uploads);
        }
        request.set_parsed_query(ExecutableDocument::clone(&document));
        if running.is_some_and(|running| self.shared.types.asks_twice(&document, running, &switches)) {
            request = request.data(AskedTwice);
        }
        if !self.shared.introspection {
            request = request.disable_introspection();
        }
        let mut answer = self.executor.execute(request).await;
        if let Some(running) = running {
            self.shared.types.complete(&mut answer, &document, running, &switches);
        }
        mask(&mut answer, &asker.id, &self.shared.limits.graphql);
        answer
    }

    /// Receives the files of a question and answers it. Whoever may import nothing is refused before the body is read.
    async fn with_files(&self, app: &App, id: RequestId, parts: RequestParts, body: Body) -> Result<Answer, Problem> {
        let limits = &self.shared.limits;
        upload::check(&parts.headers, limits)?;
        let asker = Asker::of(id, &parts, self.shared.public_origin.as_deref())?;
        if !asker.caller.viewer.is_importer() {
            signed_in(&asker.caller.viewer)?;
            return Err(Error::new(
                ErrorCode::Forbidden,
                "files need the role EDITOR, and an API token the scope `import`",
            )
            .into());
        }
        let busy = || Error::new(ErrorCode::Unavailable, "too many files come in now: try again in a few seconds");
        let turn = self.shared.uploading.try_acquire().map_err(|_| busy())?;
        let (mut question, uploads) = upload::read(app, &parts.headers, body, limits).await?;
        drop(turn);
        question.uploads = Some(uploads);
        Ok(self.answer(question, &asker, 0).await)
    }

    /// True when the text holds an operation that would run and is no query. A faulty text is not our concern
    /// here: its faults are told with the answer.
    fn is_no_query(&self, question: &Question) -> bool {
        let Ok(document) = self.shared.documents.get(&question.query) else { return false };
        operation(&document, question.operation_name.as_deref())
            .map_or(!only_queries(&document), |operation| operation.ty != OperationType::Query)
    }
}

/// The header of the client's own name of a request.
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// Who asks: the names of the request, the caller, and where it came from.
struct Asker {
    id: RequestId,
    caller: Caller,
    address: Option<ClientAddress>,
    key: Option<IdempotencyKey>,
    browser: Option<BrowserSession>,
}

impl Asker {
    /// As the layers around the route have found out; without them the caller is anonymous.
    fn of(id: RequestId, parts: &RequestParts, public_origin: Option<&str>) -> Result<Self, Error> {
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
    fn body_bytes(&self, limits: &HttpLimits) -> usize {
        match self.caller.viewer {
            Viewer::Anonymous => limits.body_bytes,
            Viewer::SignedIn(_) | Viewer::Server => limits.signed_in_body_bytes.max(limits.body_bytes),
        }
    }
}

/// `POST /graphql`: one question or a batch of them, as JSON.
pub async fn post<E: Execute>(
    State(door): State<Door<E>>,
    Extension(id): Extension<RequestId>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let Some(media) = Media::negotiate(&parts.headers) else { return not_acceptable() };
    let refuse = |status, error| refusal(status, &error, media);
    if is_foreign(&parts.uri, &parts.headers, door.shared.public_origin.as_deref()) {
        let error = Error::new(ErrorCode::Forbidden, "a page of another origin cannot ask here");
        return refuse(StatusCode::FORBIDDEN, error);
    }
    if let Some(app) = door.shared.files.as_ref().filter(|_| upload::is_multipart(&parts.headers)) {
        return match door.with_files(app, id, parts, body).await {
            Ok(answer) => {
                let mut out = Vec::new();
                write_response(&answer, &mut out);
                finish(status_of(&answer, media), media, headers_of(answer), out)
            }
            Err(problem) => refuse(problem.status, problem.error),
        };
    }
    if !is_json(&parts.headers) {
        let error = Error::bad_input("the Content-Type must be application/json");
        return refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, error);
    }
    let asker = match Asker::of(id, &parts, door.shared.public_origin.as_deref()) {
        Ok(asker) => asker,
        Err(error) => return refuse(Problem::status_of(&error), error),
    };
    let body = match read_body(body, &parts.headers, asker.body_bytes(&door.shared.limits.http)).await {
        Ok(body) => body,
        Err(problem) => return refuse(problem.status, problem.error),
    };
    let mut out = Vec::new();
    match Asked::from_json(&body, &door.shared.limits.graphql) {
        Err(error) => refuse(StatusCode::BAD_REQUEST, error),
        Ok(Asked::One(question)) => {
            let answer = door.answer(*question, &asker, 0).await;
            write_response(&answer, &mut out);
            finish(status_of(&answer, media), media, headers_of(answer), out)
        }
        Ok(Asked::Batch(questions)) => {
            // One after the other, so that a batch never takes more of the database than one question does.
            let mut answers = Vec::with_capacity(questions.len());
            let mut headers = HeaderMap::new();
            for (index, question) in questions.into_iter().enumerate() {
                let mut answer = door.answer(question, &asker, index).await;
                headers.extend(std::mem::take(&mut answer.http_headers));
                answers.push(answer);
            }
            write_batch(&answers, &mut out);
            finish(StatusCode::OK, media, headers, out)
        }
    }
}

/// `GET /graphql?query=`: one query, never anything that writes.
pub async fn get<E: Execute>(
    State(door): State<Door<E>>,
    Extension(id): Extension<RequestId>,
    request: Request,
) -> Response {
    let Some(media) = Media::negotiate(request.headers()) else { return not_acceptable() };
    let question = match Question::from_query_string(request.uri(), &door.shared.limits.graphql) {
        Ok(question) => question,
        Err(error) => return refusal(StatusCode::BAD_REQUEST, &error, media),
    };
    if door.is_no_query(&question) {
        let error = Error::bad_input("GET runs queries only; send this operation by POST");
        let mut response = refusal(StatusCode::METHOD_NOT_ALLOWED, &error, media);
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
        return response;
    }
    let parts = request.into_parts().0;
    let asker = match Asker::of(id, &parts, door.shared.public_origin.as_deref()) {
        Ok(asker) => asker,
        Err(error) => return refusal(Problem::status_of(&error), &error, media),
    };
    let headers = parts.headers;
    let answer = door.answer(question, &asker, 0).await;
    let mut out = Vec::new();
    write_response(&answer, &mut out);
    if answer.is_ok() {
        return with_etag(&headers, media.content_type(), "accept, accept-encoding, authorization", out);
    }
    finish(status_of(&answer, media), media, headers_of(answer), out)
}

/// A database that is out of reach, and attempts that come too fast, are told by the status too, for balancers and for clients
/// that try again; unless a part of the question was answered.
fn status_of(answer: &Answer, media: Media) -> StatusCode {
    if is_only(answer, ErrorCode::Unavailable) {
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    if is_only(answer, ErrorCode::RateLimited) {
        return StatusCode::TOO_MANY_REQUESTS;
    }
    if media == Media::GraphqlResponse && could_not_run(answer) { StatusCode::BAD_REQUEST } else { StatusCode::OK }
}

/// Whether nothing was answered and an error has this code.
fn is_only(answer: &Answer, code: ErrorCode) -> bool {
    let unanswered = match &answer.data {
        Value::Object(fields) => fields.values().all(|value| *value == Value::Null),
        data => *data == Value::Null,
    };
    unanswered && answer.errors.iter().any(|error| code_of(error) == Some(code))
}

/// What resolvers want in the head, and when to come back.
fn headers_of(answer: Answer) -> HeaderMap {
    let mut headers = answer.http_headers;
    if let Some(seconds) = answer.errors.iter().filter_map(retry_after_of).max() {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    headers
}

fn finish(status: StatusCode, media: Media, more: HeaderMap, body: Vec<u8>) -> Response {
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.extend(more);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media.content_type()));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
        headers.entry(header::RETRY_AFTER).or_insert(RETRY_AFTER_SECONDS);
    }
    response
}

/// A request that holds no question we could run, in GraphQL's own form of an error.
fn refusal(status: StatusCode, error: &Error, media: Media) -> Response {
    let mut out = Vec::new();
    write_response(&Answer::from_errors(vec![to_server_error(error)]), &mut out);
    finish(status, media, HeaderMap::new(), out)
}

fn not_acceptable() -> Response {
    let sentence = "the answer is application/graphql-response+json or application/json; Accept one of them";
    Problem::new(StatusCode::NOT_ACCEPTABLE, Error::bad_input(sentence)).into_response()
}
