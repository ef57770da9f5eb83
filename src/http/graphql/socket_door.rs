//! `/graphql/ws`: who may open a socket.

use super::super::error::Problem;
use super::super::request_id::RequestId;
use super::door::Execute;
use super::origin::is_foreign_socket;
use super::protocol::PROTOCOL;
use super::socket::{Guest, Session, SocketDoor};
use crate::config::counted_as;
use crate::error::{Error, ErrorCode};
use crate::graphql::context::ClientAddress;
use crate::model::Caller;
use crate::serve::Kept;
use axum::Extension;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{FromRequestParts as _, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::net::{IpAddr, Ipv4Addr};

/// The route.
pub(crate) const SOCKET_PATH: &str = "/graphql/ws";

/// Memory for what comes in, in bytes: a message of a client is a question. The usual 128 KiB would be most of what an idle
/// socket costs.
const READ_BUFFER_BYTES: usize = 4_096;
/// Below this what goes out is gathered, in bytes; each message is flushed anyway.
const WRITE_BUFFER_BYTES: usize = 4_096;

/// Opens a socket, or says why not.
pub(crate) async fn open<E: Execute>(
    State(house): State<SocketDoor<E>>,
    Extension(id): Extension<RequestId>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Response {
    let (mut parts, _) = request.into_parts();
    if is_foreign_socket(&parts.uri, &parts.headers, house.door.shared.public_origin.as_deref()) {
        return Problem::from(Error::new(ErrorCode::Forbidden, "a page of another origin cannot ask here"))
            .into_response();
    }
    let Ok(upgrade) = WebSocketUpgrade::from_request_parts(&mut parts, &()).await else {
        let error = Error::bad_input("this is the address of a WebSocket: ask by POST at /graphql, or upgrade");
        let mut response = Problem::new(StatusCode::UPGRADE_REQUIRED, error).into_response();
        response.headers_mut().insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        return response;
    };
    let upgrade = upgrade.protocols([PROTOCOL]);
    if upgrade.selected_protocol().is_none() {
        let error = Error::bad_input("this socket speaks graphql-transport-ws: name it in Sec-WebSocket-Protocol");
        return Problem::from(error).into_response();
    }
    let address = parts.extensions.get::<ClientAddress>().copied();
    let ip = address.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ClientAddress(ip)| ip);
    let Some(seat) = house.addresses.take(counted_as(ip)) else {
        let error = Error::new(ErrorCode::RateLimited, "too many sockets are open from your address").retry_after(10);
        return Problem::from(error).into_response();
    };
    let guest = Guest { id, credentials: credentials(&parts.headers), caller, address };
    let stopping = house.readiness.stopping();
    // Kept until the socket ends: the connection, and the seat of the address.
    let kept = (parts.extensions.remove::<Kept>(), seat);
    upgrade
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(WRITE_BUFFER_BYTES)
        .max_message_size(house.limits.message_bytes)
        .max_frame_size(house.limits.message_bytes)
        .on_upgrade(async move |wire| {
            Session::new(house, guest).run(wire, stopping).await;
            drop(kept);
        })
}

/// Of the head, what proves who asks.
fn credentials(headers: &HeaderMap) -> HeaderMap {
    let given = headers.get_all(header::AUTHORIZATION).iter();
    given.map(|value| (header::AUTHORIZATION, value.clone())).collect()
}
