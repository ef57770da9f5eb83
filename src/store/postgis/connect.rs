//! Connections to PostgreSQL: a pool that reads and a pool that writes.

use std::time::Duration;

use sea_orm::{ConnectOptions, Database, DatabaseConnection, DbErr};

use crate::config::PostgresUrl;
use crate::error::{Error, ErrorCode, Result};
use crate::store::connect::{Role, StoreOptions};

/// A connection that rested this long is asked whether it lives before it is used: no restart of the server is shorter, and
/// a busy connection is spared the round trip.
pub const TRUSTED_FOR: Duration = Duration::from_millis(10);
/// Prepared statements kept by a connection: a filter has its own text, a value has not.
const STATEMENT_CACHE: usize = 256;
/// What planning takes a call of an operator to cost, beside 1 for reading a page; PostgreSQL's own number is 0.0025. PostGIS
/// prices its tests at thousands of operators, 25 pages for each row, and so the planner would rather read the whole table in
/// the order of ids than test the thousand rows that the spatial index gives: measured 50 ms against 3. This way a test costs
/// half a page to one, which is still dear.
const OPERATOR_COST: f64 = 0.0001;
/// What planning takes the start of another process to cost; PostgreSQL's own number is 1000. It takes 10 to 30 ms, longer than
/// most questions, and the cores that are free answer other questions. So only a scan of millions of rows is worth it.
const PARALLEL_SETUP_COST: u32 = 100_000;
/// An open transaction that does nothing holds locks and dead rows.
const IDLE_IN_TRANSACTION: Duration = Duration::from_mins(1);

/// Opens one of the pools. The first connection is made at once, so that a wrong address ends the start.
pub async fn connect(url: &PostgresUrl, options: &StoreOptions, role: Role) -> Result<DatabaseConnection> {
    let writers = (options.connections / 4).max(1);
    let (most, statement_timeout) = match role {
        Role::Reader => (options.connections.saturating_sub(writers).max(1), options.statement_timeout),
        // An import is bounded by its own limits.
        Role::Writer => (writers, Duration::ZERO),
    };
    let mut connect = ConnectOptions::new(url.expose());
    connect
        .min_connections(1)
        .max_connections(most)
        .acquire_timeout(options.acquire_timeout)
        .test_before_acquire(false)
        .test_before_acquire_if_idle_for(TRUSTED_FOR)
        .sqlx_logging(false)
        .map_sqlx_postgres_opts(move |options| {
            options
                .application_name("cairn")
                .statement_cache_capacity(STATEMENT_CACHE)
                .options(session(role, statement_timeout))
        });
    Database::connect(connect).await.map_err(|error| cannot_connect(url, error))
}

/// One connection that nothing else uses, without a time limit: for migrations and the lock around them.
pub async fn connect_alone(url: &PostgresUrl, options: &StoreOptions) -> Result<DatabaseConnection> {
    let mut connect = ConnectOptions::new(url.expose());
    connect
        .min_connections(1)
        .max_connections(1)
        .acquire_timeout(options.acquire_timeout)
        .sqlx_logging(false)
        .map_sqlx_postgres_opts(|options| {
            options.application_name("cairn migrate").options(session(Role::Writer, Duration::ZERO))
        });
    Database::connect(connect).await.map_err(|error| cannot_connect(url, error))
}

/// The settings of a session.
fn session(role: Role, statement_timeout: Duration) -> Vec<(&'static str, String)> {
    let mut settings = vec![
        ("statement_timeout", statement_timeout.as_millis().to_string()),
        ("idle_in_transaction_session_timeout", IDLE_IN_TRANSACTION.as_millis().to_string()),
        ("timezone", "UTC".to_owned()),
        // "already exists, skipping" is no news.
        ("client_min_messages", "warning".to_owned()),
        // Compiling a statement of a few milliseconds takes longer than running it.
        ("jit", "off".to_owned()),
    ];
    if role == Role::Reader {
        settings.push(("default_transaction_read_only", "on".to_owned()));
        // Whether an index pays depends on the box that was asked; a plan made without knowing it may read the whole table.
        settings.push(("plan_cache_mode", "force_custom_plan".to_owned()));
        settings.push(("cpu_operator_cost", OPERATOR_COST.to_string()));
        settings.push(("parallel_setup_cost", PARALLEL_SETUP_COST.to_string()));
    }
    settings
}

fn cannot_connect(url: &PostgresUrl, error: DbErr) -> Error {
    Error::new(ErrorCode::Unavailable, format!("cannot connect to {url}")).caused_by(error)
}
