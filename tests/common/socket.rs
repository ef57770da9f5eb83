//! A server that listens on loopback, and clients of its WebSocket.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use cairn::config::ConnectionLimits;
use cairn::serve;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::{HeaderValue, StatusCode};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

/// Turns a hang into a failure.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// A router behind a listener; ends with the value.
pub struct Listening {
    pub address: SocketAddr,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<cairn::error::Result<()>>,
}

impl Listening {
    pub async fn start(router: Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (stop, stopped) = oneshot::channel::<()>();
        let limits = ConnectionLimits::default();
        let ended = tokio::spawn(async move {
            serve::serve(listener, serve::Entrance::plain(router), &limits, async move {
                let _ = stopped.await;
            })
            .await
        });
        Self { address, stop, ended }
    }

    /// Stops the server, and waits until its last connection has ended.
    pub async fn stop(self) {
        self.stop.send(()).expect("the server runs");
        tokio::time::timeout(PATIENCE, self.ended).await.expect("an end").expect("no panic").expect("no error");
    }

    /// Opens a socket with these headers beside the usual ones; the status of a refusal otherwise.
    pub async fn open(&self, headers: &[(&'static str, &str)]) -> Result<Client, StatusCode> {
        let stream = TcpStream::connect(self.address).await.expect("a connection");
        let mut request =
            format!("ws://localhost:{}/graphql/ws", self.address.port()).into_client_request().expect("a request");
        request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("graphql-transport-ws"));
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().expect("a header"));
        }
        match client_async(request, stream).await {
            Ok((wire, _)) => Ok(Client { wire }),
            Err(Error::Http(response)) => Err(response.status()),
            Err(error) => panic!("{error}"),
        }
    }

    /// Opens a socket and has it acknowledged.
    pub async fn client(&self, token: &str) -> Client {
        let mut client = self.open(&[]).await.expect("a socket");
        let payload = if token.is_empty() { json!({}) } else { json!({ "Authorization": format!("Bearer {token}") }) };
        client.say(&json!({ "type": "connection_init", "payload": payload })).await;
        assert_eq!(client.hear().await, json!({ "type": "connection_ack" }));
        client
    }
}

/// One socket.
pub struct Client {
    pub wire: WebSocketStream<TcpStream>,
}

impl Client {
    pub async fn say(&mut self, message: &Value) {
        self.send(Message::text(message.to_string())).await;
    }

    /// Sends what may be too much for the server, which then closes while it is sent.
    pub async fn send(&mut self, message: Message) {
        let _ = self.wire.send(message).await;
    }

    pub async fn subscribe(&mut self, id: &str, query: &str, variables: Value) {
        let payload = json!({ "query": query, "variables": variables });
        self.say(&json!({ "type": "subscribe", "id": id, "payload": payload })).await;
    }

    async fn next(&mut self) -> Option<Result<Message, Error>> {
        tokio::time::timeout(PATIENCE, self.wire.next()).await.expect("a message in time")
    }

    /// The next message of the protocol.
    pub async fn hear(&mut self) -> Value {
        loop {
            match self.next().await {
                Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).expect("JSON"),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// The data of the next event of an operation.
    pub async fn event(&mut self, id: &str) -> Value {
        let mut message = self.hear().await;
        assert_eq!((&message["type"], &message["id"]), (&json!("next"), &json!(id)), "{message}");
        assert!(message["payload"]["errors"].is_null(), "{message}");
        message["payload"]["data"].take()
    }

    /// The code of the first error of an operation that is refused.
    pub async fn refusal(&mut self, id: &str) -> String {
        let message = self.hear().await;
        assert_eq!((&message["type"], &message["id"]), (&json!("error"), &json!(id)), "{message}");
        message["payload"][0]["extensions"]["code"].as_str().expect("a code").to_owned()
    }

    /// The code that the server closes with; 1006 when it cuts the connection.
    pub async fn closed(&mut self) -> u16 {
        loop {
            match self.next().await {
                Some(Ok(Message::Close(Some(frame)))) => return frame.code.into(),
                Some(Ok(_)) => {}
                None | Some(Err(_)) => return 1006,
            }
        }
    }
}
