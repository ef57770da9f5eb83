//! A server on a file of its own, asked through its real router.

use std::path::PathBuf;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, header};
use cairn::app::App;
use cairn::config::Config;
use cairn::run;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt as _;

use super::fixture::{self, USUAL_TIME};

/// A server without a socket.
pub struct Server {
    /// The services, for what has no door yet.
    pub app: App,
    router: Router,
    folder: TempDir,
}

impl Server {
    /// On a new file, with settings beside the defaults.
    pub async fn with_settings(settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("cairn.gpkg");
        let own = [("DATABASE_URL", format!("sqlite://{}", file.display()))];
        let pairs = own.into_iter().chain(settings.iter().map(|(name, value)| (*name, (*value).to_owned())));
        let config = Config::from_pairs(pairs.map(|(name, value)| (name.to_owned(), value))).expect("settings");
        let app = App::build(&config).await.expect("the store opens");
        let router = run::router(&app, &config, run::readiness(&app));
        Self { app, router, folder }
    }

    /// On a new file, with the tables and nothing in them.
    pub async fn empty() -> Self {
        Self::with_settings(&[]).await
    }

    /// With the places of `tests/data/places.json`.
    pub async fn with_places() -> Self {
        let server = Self::empty().await;
        fixture::load(server.app.locations()).await;
        let outside = server.outside();
        outside.execute("UPDATE location SET created_at = ?1, updated_at = ?1", [USUAL_TIME]).expect("times");
        for location in fixture::places().layers.into_iter().flat_map(|layer| layer.locations) {
            outside
                .execute(
                    "UPDATE location SET created_at = ?2, updated_at = ?3 WHERE external_id = ?1",
                    (location.external_id, location.created_at, location.updated_at),
                )
                .expect("times");
        }
        server
    }

    /// The GeoPackage.
    pub fn file(&self) -> PathBuf {
        self.folder.path().join("cairn.gpkg")
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
        let body = json!({ "query": query, "variables": variables }).to_string();
        let request = Request::post("/graphql")
            .header(header::HOST, "localhost")
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body))
            .expect("a request");
        let response = self.router.clone().oneshot(request).await.expect("the router answers");
        let bytes = response.into_body().collect().await.expect("a body").to_bytes();
        serde_json::from_slice(&bytes).unwrap_or_else(|error| panic!("{error} in {}", String::from_utf8_lossy(&bytes)))
    }

    /// Asks what must be answered without an error, and gives `data`.
    pub async fn data(&self, query: &str, variables: Value) -> Value {
        let mut response = self.ask(query, variables).await;
        assert!(response["errors"].is_null(), "{query}\n{}", response["errors"]);
        response["data"].take()
    }

    /// Asks what must be refused, and gives code and field of the first error.
    pub async fn refused(&self, query: &str, variables: Value) -> (String, Option<String>) {
        let response = self.ask(query, variables).await;
        let extensions = &response["errors"][0]["extensions"];
        let text = |name: &str| extensions[name].as_str().map(str::to_owned);
        (text("code").unwrap_or_else(|| panic!("{query} was answered: {response}")), text("field"))
    }
}

/// The external ids of a list of nodes, in answer order; a location without one is `""`.
pub fn external_ids(nodes: &Value) -> Vec<String> {
    let nodes = nodes.as_array().unwrap_or_else(|| panic!("no list: {nodes}"));
    nodes.iter().map(|node| node["externalId"].as_str().unwrap_or_default().to_owned()).collect()
}
