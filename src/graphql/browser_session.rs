//! The session of a browser: its refresh token lives in a cookie that no script can read, its access token in the page alone.
//!
//! A page asks for it by the header `Cairn-Session: cookie`; the door checks that it is a page of ours before it puts
//! [`BrowserSession`] into the question. The cookie is good for `refreshToken` and for nothing else: only a bearer token proves
//! who asks.

use std::fmt;

use async_graphql::Context;

use crate::service::sign_in::SESSION_DAYS;

/// The cookie. Browsers take a name with `__Host-` only if it is `Secure`, for this very host and for every path.
pub const COOKIE: &str = "__Host-cairn-refresh";

/// `Strict`: no other site's link or form ever brings it along.
const ATTRIBUTES: &str = "Path=/; Secure; HttpOnly; SameSite=Strict";

/// Stands in the data of a question that a page of ours asks with its cookie.
#[derive(Clone)]
pub struct BrowserSession {
    /// What the cookie holds.
    pub refresh_token: Option<String>,
}

impl fmt::Debug for BrowserSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BrowserSession").finish_non_exhaustive()
    }
}

impl BrowserSession {
    /// The session of the page that asks, if it asks with its cookie.
    pub fn of<'a>(context: &Context<'a>) -> Option<&'a Self> {
        context.data_opt()
    }

    /// Lets the browser keep a refresh token.
    pub fn keep(context: &Context<'_>, refresh_token: &str) {
        let seconds = SESSION_DAYS * 24 * 60 * 60;
        put(context, &format!("{COOKIE}={refresh_token}; {ATTRIBUTES}; Max-Age={seconds}"));
    }

    /// Lets the browser forget what it kept.
    pub fn end(context: &Context<'_>) {
        put(context, &format!("{COOKIE}=; {ATTRIBUTES}; Max-Age=0"));
    }
}

/// In place of an earlier one: an operation may sign in twice, and a browser wants one answer.
fn put(context: &Context<'_>, cookie: &str) {
    context.insert_http_header("set-cookie", cookie);
}
