//! PostgreSQL for the tests: a scratch cluster of this run, or the server of `TEST_DATABASE_URL`; a database for each test.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _};

pub use super::cluster::Cluster;

/// What every test database is copied from.
const TEMPLATE: &str = "cairn_template";

/// A database of one test, with PostGIS and nothing else in it.
pub struct TestDatabase {
    /// Its address.
    pub url: String,
}

impl TestDatabase {
    /// A copy of the template.
    pub async fn new() -> Self {
        Self::copy_of(TEMPLATE).await
    }

    /// Without any extension.
    pub async fn bare() -> Self {
        Self::copy_of("template0").await
    }

    async fn copy_of(template: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let name = format!("cairn_test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let server = server();
        // Two copies of one template at once are refused.
        let statement = format!("CREATE DATABASE {name} TEMPLATE {template}");
        let mut connection = PgConnection::connect(&server("postgres")).await.expect("the server");
        execute(&mut connection, "SELECT pg_advisory_lock(1)").await;
        execute(&mut connection, &statement).await;
        connection.close().await.expect("an end");
        Self { url: server(&name) }
    }

    /// Another program that writes.
    pub async fn connect(&self) -> PgConnection {
        PgConnection::connect(&self.url).await.expect("the database")
    }
}

impl Drop for TestDatabase {
    /// A scratch cluster takes its databases with it; a server that is not ours must not keep them.
    fn drop(&mut self) {
        let Ok(server) = std::env::var("TEST_DATABASE_URL") else { return };
        let name = self.url.rsplit('/').next().unwrap_or_default().split('?').next().unwrap_or_default().to_owned();
        let ending = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async move {
                let mut connection = PgConnection::connect(&server).await.expect("the server");
                execute(&mut connection, &format!("DROP DATABASE {name} WITH (FORCE)")).await;
            });
        });
        assert!(ending.join().is_ok() || std::thread::panicking(), "a test database stays behind");
    }
}

/// Runs statements that need no parameters.
pub async fn execute(connection: &mut PgConnection, statements: &str) {
    let done = sqlx::raw_sql(AssertSqlSafe(statements.to_owned())).execute(connection).await;
    done.unwrap_or_else(|error| panic!("{error} in {statements}"));
}

type Addresses = Box<dyn Fn(&str) -> String + Send + Sync>;

/// The address of a database on the server of this run, which has the template.
fn server() -> &'static Addresses {
    static SERVER: OnceLock<Addresses> = OnceLock::new();
    SERVER.get_or_init(|| {
        let address: Addresses = if let Ok(url) = std::env::var("TEST_DATABASE_URL") {
            Box::new(move |name| with_database(&url, name))
        } else {
            let cluster = Cluster::start(&[]);
            Box::new(move |name| cluster.url(name))
        };
        std::thread::scope(|scope| scope.spawn(|| make_template(&address)).join().expect("a template"));
        address
    })
}

fn with_database(url: &str, name: &str) -> String {
    let (start, query) = url.split_once('?').unwrap_or((url, ""));
    let (server, _) = start.rsplit_once('/').expect("TEST_DATABASE_URL ends with the name of a database");
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{server}/{name}{mark}{query}")
}

fn make_template(address: &Addresses) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut connection = PgConnection::connect(&address("postgres")).await.expect("the server");
        execute(&mut connection, &format!("DROP DATABASE IF EXISTS {TEMPLATE}")).await;
        execute(&mut connection, &format!("CREATE DATABASE {TEMPLATE}")).await;
        let mut connection = PgConnection::connect(&address(TEMPLATE)).await.expect("the template");
        execute(&mut connection, "CREATE EXTENSION postgis; CREATE EXTENSION pg_trgm").await;
        connection.close().await.expect("an end");
    });
}
