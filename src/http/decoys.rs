//! Decoys: the paths that scanners try answer with a form that never lets anybody in, and say in the log who tried.
//!
//! What is typed there is read past and kept nowhere: somebody may have taken the decoy for the real page.

use super::error::Problem;
use super::graphql::read_body;
use super::identity::client_address;
use crate::config::{Config, Network};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Where a decoy answers, with a slash at the end and without. Their first words stand in `config::TAKEN_WORDS` too, so that
/// the real page is never one of them.
const PATHS: [&str; 17] = [
    "/admin",
    "/admin.php",
    "/admin/index.php",
    "/admin/login",
    "/admin/login.php",
    "/administrator",
    "/administrator/index.php",
    "/login.php",
    "/manager/html",
    "/phpMyAdmin",
    "/phpmyadmin",
    "/phpmyadmin/index.php",
    "/pma",
    "/wp-admin",
    "/wp-admin/admin.php",
    "/wp-admin/index.php",
    "/wp-login.php",
];

/// How long a wrong password takes there: a guesser's time, and a task that sleeps on our side.
const SLOW_DOWN: Duration = Duration::from_secs(2);
/// Slow answers at once; above that the answer comes at once and without a line in the log, so that neither tasks nor the log
/// can be filled through a decoy.
const MOST_SLOW: usize = 16;
/// Longest part of a user agent in the log, in letters.
const AGENT_LETTERS: usize = 160;

const FORM: &str = include_str!("decoy.html");
/// Where the form says that it was wrong.
const MESSAGE: &str = "<!-- message -->";
const WRONG: &str = "<p role=\"alert\">The username or the password is wrong.</p>";

/// What the decoys need. Clones share it.
#[derive(Debug, Clone)]
pub(super) struct Decoys {
    slow: Arc<Semaphore>,
    slow_down: Duration,
    body_bytes: usize,
    trusted_proxies: Arc<[Network]>,
}

impl Decoys {
    pub(super) fn new(config: &Config) -> Self {
        // Well before the time limit of a request strikes: its 503 would tell a decoy from a real form.
        let half = Duration::from_millis(config.limits.http.request_time_ms / 2);
        Self {
            slow: Arc::new(Semaphore::new(MOST_SLOW)),
            slow_down: SLOW_DOWN.min(half),
            body_bytes: config.limits.http.body_bytes,
            trusted_proxies: config.trusted_proxies.clone().into(),
        }
    }

    /// The routes of all decoys.
    pub(super) fn routes(self) -> Router {
        PATHS.iter().fold(Router::new(), |router, path| {
            let answers = || get(form).post(refuse).with_state(self.clone());
            router.route(path, answers()).route(&format!("{path}/"), answers())
        })
    }
}

async fn form() -> Response {
    page(StatusCode::OK, "")
}

/// Reads past the body, waits, and says no.
async fn refuse(State(decoys): State<Decoys>, request: Request) -> Response {
    let address = client_address(&request, &decoys.trusted_proxies);
    let (parts, body) = request.into_parts();
    if let Err(problem) = read_body(body, &parts.headers, decoys.body_bytes).await {
        return Problem::into_response(problem);
    }
    if let Ok(_turn) = decoys.slow.try_acquire() {
        let agent = user_agent(&parts.headers);
        tracing::warn!(%address, agent, "a password was tried on a decoy");
        tokio::time::sleep(decoys.slow_down).await;
    }
    page(StatusCode::FORBIDDEN, WRONG)
}

fn page(status: StatusCode, message: &str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (status, headers, FORM.replace(MESSAGE, message)).into_response()
}

/// The user agent as a log may show it: short, and without a sign that a terminal or a log reader acts on.
fn user_agent(headers: &HeaderMap) -> String {
    let given = headers.get(header::USER_AGENT).map(HeaderValue::as_bytes).unwrap_or_default();
    let plain = |byte: &u8| if byte.is_ascii_graphic() || *byte == b' ' { char::from(*byte) } else { '?' };
    given.iter().take(AGENT_LETTERS).map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::TAKEN_WORDS;
    use axum::body::Body;

    fn decoys(slow_down: Duration) -> Decoys {
        Decoys { slow_down, ..Decoys::new(&Config::from_pairs([]).unwrap()) }
    }

    fn attempt() -> Request {
        Request::post("/admin").body(Body::from("username=a&password=b")).unwrap()
    }

    #[test]
    fn the_admin_page_can_be_at_no_decoy() {
        for path in PATHS {
            let first = path.split('/').nth(1).unwrap().to_ascii_lowercase();
            assert!(TAKEN_WORDS.contains(&first.as_str()), "{path}");
        }
    }

    #[test]
    fn a_user_agent_in_the_log_is_short_and_plain() {
        let long = "x".repeat(AGENT_LETTERS + 1);
        for (given, wanted) in [
            (b"Mozilla/5.0 (X11)".as_slice(), "Mozilla/5.0 (X11)"),
            // Control signs other than the tab never pass hyper.
            (b"a\tb\xff\xc3\xa4".as_slice(), "a?b???"),
            (long.as_bytes(), &long[1..]),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::USER_AGENT, HeaderValue::from_bytes(given).unwrap());
            assert_eq!(user_agent(&headers), wanted);
        }
        assert_eq!(user_agent(&HeaderMap::new()), "");
    }

    #[tokio::test]
    async fn a_wrong_password_takes_its_time_and_above_the_cap_none() {
        let decoys = decoys(Duration::from_millis(30));
        let begun = std::time::Instant::now();
        assert_eq!(refuse(State(decoys.clone()), attempt()).await.status(), StatusCode::FORBIDDEN);
        assert!(begun.elapsed() >= Duration::from_millis(30));
        assert_eq!(decoys.slow.available_permits(), MOST_SLOW, "the turn is given back");

        let decoys = Decoys { slow_down: Duration::from_hours(1), ..decoys };
        let _all = decoys.slow.try_acquire_many(u32::try_from(MOST_SLOW).unwrap()).unwrap();
        let answer = tokio::time::timeout(Duration::from_secs(20), refuse(State(decoys.clone()), attempt()));
        assert_eq!(answer.await.expect("an answer at once").status(), StatusCode::FORBIDDEN);
    }
}
