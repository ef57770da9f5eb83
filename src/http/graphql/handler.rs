//! `/graphql`: from a request to an answer.

use super::super::error::{Problem, RETRY_AFTER_SECONDS};
use super::super::etag::with_etag;
use super::super::request_id::RequestId;
use super::answer::{could_not_run, write_batch, write_response};
use super::body::read_body;
use super::door::{Asker, Door, Execute};
use super::mask::{code_of, retry_after_of, to_server_error};
use super::media::{Media, is_json};
use super::origin::is_foreign;
use super::question::{Asked, Question};
use super::upload;
use crate::app::App;
use crate::error::{Error, ErrorCode};
use crate::model::edit::signed_in;
use async_graphql::{Response as Answer, Value};
use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts as RequestParts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

impl<E: Execute> Door<E> {
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
