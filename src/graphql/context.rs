//! What resolvers find in the context: the services, and the viewer that the door made once for the request.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use async_graphql::Context;

use crate::app::App;
use crate::config::PageLimits;
use crate::error::{Error, Result};
use crate::model::{Author, Caller, IdempotencyKey, KeyedPlace, LocationId, Viewer};
use crate::service::exports::Prove;

/// The services.
pub fn app<'a>(context: &Context<'a>) -> Result<&'a App> {
    context.data_opt::<App>().ok_or_else(|| Error::internal("the schema was built without its services"))
}

/// The sizes of pages.
pub fn page_limits(context: &Context<'_>) -> PageLimits {
    context.data_opt::<PageLimits>().cloned().unwrap_or_default()
}

/// Who asks; a request that no door has named a viewer for is anonymous.
pub fn viewer(context: &Context<'_>) -> Viewer {
    context.data_opt::<Viewer>().cloned().unwrap_or(Viewer::Anonymous)
}

/// Proves who asks again and again, for an answer that goes on; the rights of the first moment where no door has put it there.
pub fn prover(context: &Context<'_>) -> Prove {
    if let Some(LiveViewer(prove)) = context.data_opt::<LiveViewer>() {
        return Arc::clone(prove);
    }
    let viewer = viewer(context);
    Arc::new(move || Box::pin(std::future::ready(Ok(viewer.clone()))))
}

/// Stands in the data of a question whose answer goes on.
#[derive(Clone)]
pub struct LiveViewer(pub Prove);

/// Who asks, and what proved it.
pub fn caller(context: &Context<'_>) -> Caller {
    context.data_opt::<Caller>().cloned().unwrap_or(Caller::ANONYMOUS)
}

/// Where a request came from, in its data: the connection's other end, or what a trusted proxy says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

/// The address that failed sign-ins are counted by.
pub fn client_address(context: &Context<'_>) -> IpAddr {
    context.data_opt::<ClientAddress>().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |address| address.0)
}

/// What the door knows of a request beside its question and its viewer.
#[derive(Debug, Clone)]
pub struct Sent {
    /// The request's name in the log of the server.
    pub request_id: String,
    /// The client's own name of the request.
    pub key: Option<IdempotencyKey>,
    /// Which question of the request this is: a batch has several.
    pub index: usize,
}

/// Who writes, with the request for the audit log.
pub fn author(context: &Context<'_>) -> Author {
    let request_id = context.data_opt::<Sent>().map(|sent| sent.request_id.clone());
    Author { viewer: viewer(context), request_id }
}

/// The place in a request with an idempotency key that a field makes something at: one request may make several things.
pub fn keyed_place(context: &Context<'_>) -> Option<KeyedPlace> {
    let sent = context.data_opt::<Sent>()?;
    let path = context.path_node.map(|node| node.to_string_vec().join(".")).unwrap_or_default();
    Some(KeyedPlace { key: sent.key.clone()?, path: format!("{}/{path}", sent.index) })
}

/// Stands in the data of a question that names a field of the root twice, as clients with fragments do. async-graphql joins
/// such answers object by object and would drop the second of two that are rendered: they must be resolved.
#[derive(Debug)]
pub struct AskedTwice;

/// Whether an answer may be written at once instead of field by field.
pub fn may_render(context: &Context<'_>) -> bool {
    context.data_opt::<AskedTwice>().is_none()
}

/// An id of the API as a row number; what is no number is the id of nothing.
pub fn parse_id(id: &str) -> Option<LocationId> {
    id.parse().ok()
}

/// A count as a GraphQL `Int`, which ends at 2^31 - 1.
pub fn to_int(count: i64) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
