//! A server on a file of its own, asked through its real router.

use std::collections::HashMap;
use std::path::PathBuf;

use axum::Router;
use axum::body::Body;
use axum::http::response::Parts;
use axum::http::{Request, header};
use cairn::app::App;
use cairn::config::Config;
use cairn::model::{Caller, Viewer};
use cairn::run;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt as _;

use super::fixture::{self, USUAL_TIME};
use super::postgres::{self, TestDatabase};

/// The stores that must give the same answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Geopackage,
    Postgis,
}

/// Makes each of the tests one test on each store.
#[macro_export]
macro_rules! on_both_stores {
    ($($name:ident),+ $(,)?) => {
        mod geopackage {
            $( #[tokio::test] async fn $name() { Box::pin(super::$name($crate::common::server::Kind::Geopackage)).await } )+
        }
        mod postgis {
            $( #[tokio::test] async fn $name() { Box::pin(super::$name($crate::common::server::Kind::Postgis)).await } )+
        }
    };
}

/// A server without a socket.
pub struct Server {
    /// The services, for what has no door yet.
    pub app: App,
    /// The whole HTTP door.
    pub router: Router,
    url: String,
    folder: TempDir,
    database: Option<TestDatabase>,
}

impl Server {
    /// On a new file, with settings beside the defaults.
    pub async fn with_settings(settings: &[(&str, &str)]) -> Self {
        Self::on(Kind::Geopackage, settings).await
    }

    /// On a new database of either store, with settings beside the defaults.
    pub async fn on(kind: Kind, settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let database = match kind {
            Kind::Geopackage => None,
            Kind::Postgis => Some(TestDatabase::new().await),
        };
        let file = folder.path().join("cairn.gpkg");
        let url = database.as_ref().map_or(format!("sqlite://{}", file.display()), |database| database.url.clone());
        // Settings of the test go before: a later pair holds.
        let data_dir = folder.path().to_str().expect("UTF-8").to_owned();
        let settings: Vec<_> =
            [("CAIRN_DATA_DIR", data_dir.as_str())].into_iter().chain(settings.iter().copied()).collect();
        let (app, router) = Self::open(&url, &settings).await;
        Self { app, router, url, folder, database }
    }

    /// Another server on the same database and data folder.
    pub async fn replica(&self) -> (App, Router) {
        Self::open(&self.url, &[("CAIRN_DATA_DIR", self.folder.path().to_str().expect("UTF-8"))]).await
    }

    /// The address of the database.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The services and the router over a database that is there.
    pub async fn open(url: &str, settings: &[(&str, &str)]) -> (App, Router) {
        let pairs = [("DATABASE_URL", url)].into_iter().chain(settings.iter().copied());
        let config =
            Config::from_pairs(pairs.map(|(name, value)| (name.to_owned(), value.to_owned()))).expect("settings");
        let app = App::build(&config).await.expect("the store opens");
        let router = run::router(&app, &config, run::readiness(&app));
        (app, router)
    }

    /// On a new file, with the tables and nothing in them.
    pub async fn empty() -> Self {
        Self::with_settings(&[]).await
    }

    /// On a new file, with the places of `tests/data/places.json`.
    pub async fn with_places() -> Self {
        Self::with_places_on(Kind::Geopackage).await
    }

    /// With the places of `tests/data/places.json`.
    pub async fn with_places_on(kind: Kind) -> Self {
        let server = Self::on(kind, &[]).await;
        fixture::load(server.app.locations()).await;
        server
            .write_outside(&format!("UPDATE location SET created_at = '{USUAL_TIME}', updated_at = '{USUAL_TIME}'"))
            .await;
        for location in fixture::places().layers.into_iter().flat_map(|layer| layer.locations) {
            let Some(external_id) = location.external_id else { continue };
            let (created, updated) = (location.created_at, location.updated_at);
            let times = format!("created_at = '{created}', updated_at = '{updated}'");
            server.write_outside(&format!("UPDATE location SET {times} WHERE external_id = '{external_id}'")).await;
        }
        server
    }

    /// Lets another program write.
    pub async fn write_outside(&self, statement: &str) {
        match &self.database {
            None => self.outside().execute_batch(statement).expect(statement),
            Some(database) => postgres::execute(&mut database.connect().await, statement).await,
        }
    }

    /// Row numbers by external id, of hidden locations too.
    pub async fn ids(&self) -> HashMap<String, i64> {
        let question = "SELECT external_id, id FROM location WHERE external_id IS NOT NULL";
        match &self.database {
            None => {
                let outside = self.outside();
                let mut rows = outside.prepare(question).expect(question);
                let rows = rows.query_map((), |row| Ok((row.get(0)?, row.get(1)?))).expect(question);
                rows.collect::<Result<_, _>>().expect(question)
            }
            Some(database) => {
                let rows: Vec<(String, i64)> =
                    sqlx::query_as(question).fetch_all(&mut database.connect().await).await.expect(question);
                rows.into_iter().collect()
            }
        }
    }

    /// The GeoPackage.
    pub fn file(&self) -> PathBuf {
        self.folder.path().join("cairn.gpkg")
    }

    /// The database on PostgreSQL.
    pub fn database(&self) -> &TestDatabase {
        self.database.as_ref().expect("a server on PostGIS")
    }

    /// A folder for what a test writes beside it.
    pub fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// Another program that has the file open, with the SQL functions that its triggers call.
    pub fn outside(&self) -> rusqlite::Connection {
        let connection = rusqlite::Connection::open(self.file()).expect("the file opens");
        cairn::store::gpkg::predicates::register(&connection).expect("the functions");
        connection
    }

    /// Asks and gives the whole response object: `data`, `errors`.
    pub async fn ask(&self, query: &str, variables: Value) -> Value {
        ask(&self.router, query, variables).await.1
    }

    /// Asks what must be answered without an error, and gives `data`.
    pub async fn data(&self, query: &str, variables: Value) -> Value {
        let mut response = self.ask(query, variables).await;
        assert!(response["errors"].is_null(), "{query}\n{}", response["errors"]);
        response["data"].take()
    }

    /// Asks as somebody, and gives the whole response object.
    pub async fn ask_as(&self, viewer: &Viewer, query: &str, variables: Value) -> Value {
        self.ask_with_key(viewer, None, query, variables).await
    }

    /// Asks as somebody under an idempotency key.
    pub async fn ask_with_key(&self, viewer: &Viewer, key: Option<&str>, query: &str, variables: Value) -> Value {
        send(&self.router, viewer, key, json!({ "query": query, "variables": variables })).await.1
    }

    /// Asks as somebody what must be answered without an error, and gives `data`.
    pub async fn data_as(&self, viewer: &Viewer, query: &str, variables: Value) -> Value {
        let mut response = self.ask_as(viewer, query, variables).await;
        assert!(response["errors"].is_null(), "{query}\n{}", response["errors"]);
        response["data"].take()
    }

    /// Asks as somebody what must be refused, and gives code and field of the first error.
    pub async fn refused_as(&self, viewer: &Viewer, query: &str, variables: Value) -> (String, Option<String>) {
        refusal(query, &self.ask_as(viewer, query, variables).await)
    }

    /// One number of the database, as another program reads it.
    pub async fn number(&self, question: &str) -> i64 {
        match &self.database {
            None => self.outside().query_row(question, (), |row| row.get(0)).expect(question),
            Some(database) => {
                let question = sqlx::AssertSqlSafe(question.to_owned());
                sqlx::query_scalar(question).fetch_one(&mut database.connect().await).await.expect("a number")
            }
        }
    }

    /// Asks what must be refused, and gives code and field of the first error.
    pub async fn refused(&self, query: &str, variables: Value) -> (String, Option<String>) {
        refusal(query, &self.ask(query, variables).await)
    }
}

/// Code and field of the first error.
pub fn refusal(query: &str, response: &Value) -> (String, Option<String>) {
    let extensions = &response["errors"][0]["extensions"];
    let text = |name: &str| extensions[name].as_str().map(str::to_owned);
    (text("code").unwrap_or_else(|| panic!("{query} was answered: {response}")), text("field"))
}

/// Asks a router; gives the head and the response object.
pub async fn ask(router: &Router, query: &str, variables: Value) -> (Parts, Value) {
    ask_as(router, "", query, variables).await
}

/// Asks a router with a bearer token; without one when it is empty.
pub async fn ask_as(router: &Router, token: &str, query: &str, variables: Value) -> (Parts, Value) {
    let mut request = request(&json!({ "query": query, "variables": variables }));
    if !token.is_empty() {
        request.headers_mut().insert(header::AUTHORIZATION, format!("Bearer {token}").parse().expect("a header"));
    }
    answer(router, request).await
}

/// Sends a body as somebody, as if the door had found out who that is.
pub async fn send(router: &Router, viewer: &Viewer, key: Option<&str>, body: Value) -> (Parts, Value) {
    let mut request = request(&body);
    request.extensions_mut().insert(Caller { viewer: viewer.clone(), ..Caller::ANONYMOUS });
    if let Some(key) = key {
        request.headers_mut().insert("idempotency-key", key.parse().expect("a header"));
    }
    answer(router, request).await
}

fn request(body: &Value) -> Request<Body> {
    Request::post("/graphql")
        .header(header::HOST, "localhost")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body.to_string()))
        .expect("a request")
}

async fn answer(router: &Router, request: Request<Body>) -> (Parts, Value) {
    let (head, body) = router.clone().oneshot(request).await.expect("the router answers").into_parts();
    let bytes = body.collect().await.expect("a body").to_bytes();
    let answer =
        serde_json::from_slice(&bytes).unwrap_or_else(|error| panic!("{error} in {}", String::from_utf8_lossy(&bytes)));
    (head, answer)
}

/// The external ids of a list of nodes, in answer order; a location without one is `""`.
pub fn external_ids(nodes: &Value) -> Vec<String> {
    let nodes = nodes.as_array().unwrap_or_else(|| panic!("no list: {nodes}"));
    nodes.iter().map(|node| node["externalId"].as_str().unwrap_or_default().to_owned()).collect()
}
