//! What administrators hear of the server itself.

#![expect(clippy::unused_async, reason = "async-graphql wants async resolvers")]

use async_graphql::{Context, Object, SimpleObject};

use crate::error::Result;
use crate::graphql::context::app;
use crate::graphql::guard::Needs;
use crate::graphql::scalars::DateTime;
use crate::tls::State;

/// The server that answers.
#[derive(Debug, SimpleObject)]
pub struct ServerInfo {
    /// The version of Cairn.
    version: &'static str,
    /// What it serves over HTTPS; null with plain HTTP.
    certificate: Option<Certificate>,
}

/// The certificate that is served.
#[derive(Debug, SimpleObject)]
pub struct Certificate {
    /// The names that it is good for.
    names: Vec<String>,
    /// Who signed it.
    issuer: String,
    /// Its number, in hexadecimal digits.
    serial: String,
    /// Good from here on.
    not_before: DateTime,
    /// Good until here.
    not_after: DateTime,
    /// Whether it is only the server's own, which no browser trusts, until the first one comes from the authority.
    is_makeshift: bool,
    /// Why the last order failed, if none has succeeded since.
    failure: Option<String>,
    /// Not before this time the authority is asked again.
    next_order: Option<DateTime>,
}

impl Certificate {
    fn of(state: State) -> Option<Self> {
        let facts = state.certificate?;
        Some(Self {
            names: facts.names,
            issuer: facts.issuer,
            serial: facts.serial,
            not_before: DateTime(facts.not_before),
            not_after: DateTime(facts.not_after),
            is_makeshift: state.is_makeshift,
            failure: state.failure.map(|failure| failure.reason),
            next_order: state.next_order.map(DateTime),
        })
    }
}

/// The queries about the server.
#[derive(Debug, Default)]
pub struct ServerQueries;

#[Object]
impl ServerQueries {
    /// The state of the server that answers. For administrators.
    #[graphql(guard = "Needs::Admin")]
    async fn server_info(&self, context: &Context<'_>) -> Result<ServerInfo> {
        let state = app(context)?.https().state();
        Ok(ServerInfo { version: env!("CARGO_PKG_VERSION"), certificate: Certificate::of(state) })
    }
}
