//! The part on PostgreSQL + PostGIS: a scratch cluster of this run, asked by Cairn and by pgbench by turns.

use std::path::Path;
use std::time::Duration;

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _, Row as _};

use crate::cases::{self, Case, Question};
use crate::client::Client;
use crate::cluster::Cluster;
use crate::data::{self, Place};
use crate::pgbench::{Floor, Form, polygons, statement, variables};
use crate::report::{Goal, Report, Row};
use crate::rounds::{CONNECTIONS, Outcome, Rounds, server_turn};
use crate::server::Server;

/// What a server of this size is usually given; printed with the table.
pub const SETTINGS: &[&str] = &[
    "shared_buffers = 512MB",
    "effective_cache_size = 2GB",
    "work_mem = 16MB",
    "maintenance_work_mem = 256MB",
    "max_wal_size = 4GB",
    "random_page_cost = 1.1",
    "jit = off",
];

/// Rounds whose median is judged: an odd number.
const ROUNDS: usize = 5;
/// How long one side of a round works; pgbench counts whole seconds.
const TURN_SECONDS: u64 = 1;
/// What a question on PostgreSQL is to reach against its rows read by pgbench.
const GOAL: Goal = Goal::AtLeast(0.75);
const DATABASE: &str = "postgres";

/// Loads the cities, measures every case at one and at several connections, and adds the lines.
pub fn measure(cities: &Path, folder: &Path, report: &mut Report) -> Outcome<()> {
    let cluster = Cluster::start(SETTINGS);
    let url = cluster.url(DATABASE);
    let places = data::load(cities, &url)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let floor = Floor { cluster: &cluster, database: DATABASE, folder: folder.to_owned() };
    println!("PostgreSQL for {} cities: {}", places.len(), SETTINGS.join(", "));

    let cases = cases(&places)?;
    let first = cases.first().and_then(|(case, _)| case.questions.first()).ok_or("there is no case")?;
    let mut connection = runtime.block_on(PgConnection::connect(&url))?;
    runtime.block_on(execute(&mut connection, "VACUUM ANALYZE location"))?;
    let (server, _) = Server::start(&url, folder, &first.body)?;
    for (case, limit) in &cases {
        runtime.block_on(execute(&mut connection, &polygons(&case.questions)))?;
        check(case, *limit, &server, &runtime, &mut connection)?;
        for connections in [1, CONNECTIONS] {
            against_floor(case, *limit, connections, &server, &floor, report)?;
        }
    }
    Ok(())
}

/// The cases of the file, with the number of rows that each asks for.
fn cases(places: &[Place]) -> Outcome<Vec<(Case, usize)>> {
    let cases = cases::all(places)?;
    Ok(cases.into_iter().map(|case| (Case { name: case.name, goal: GOAL, ..case }, 0)).map(limited).collect())
}

fn limited((case, _): (Case, usize)) -> (Case, usize) {
    let limit = case.questions.first().map_or(0, |question| question.floor.limit);
    (case, limit)
}

/// Runs statements that need no parameters.
pub async fn execute(connection: &mut PgConnection, statements: &str) -> Outcome<()> {
    sqlx::raw_sql(AssertSqlSafe(statements.to_owned())).execute(connection).await?;
    Ok(())
}

/// Asks each question once on both sides: the rows must be the same, and the floor must use a spatial index.
fn check(
    case: &Case,
    limit: usize,
    server: &Server,
    runtime: &tokio::runtime::Runtime,
    connection: &mut PgConnection,
) -> Outcome<()> {
    let mut client = Client::connect(server.address)?;
    for (index, question) in case.questions.iter().enumerate() {
        let mut have = ids(client.ask(&question.body)?);
        let statement = with_values(&statement(&question.sought, limit, Form::Ids), index + 1, question);
        let explained = format!("EXPLAIN (COSTS OFF) {statement}");
        let plan: Vec<String> =
            runtime.block_on(sqlx::query_scalar(AssertSqlSafe(explained)).fetch_all(&mut *connection))?;
        if !plan.iter().any(|line| line.contains("location_geom") || line.contains("location_geography")) {
            return Err(format!("{}: the floor uses no spatial index: {}", case.name, plan.join("\n")).into());
        }
        let rows = runtime.block_on(sqlx::query(AssertSqlSafe(statement)).fetch_all(&mut *connection))?;
        let mut want: Vec<i64> = rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
        have.sort_unstable();
        want.sort_unstable();
        if have != want || have.is_empty() {
            return Err(format!("{}: the floor has other features at question {index}", case.name).into());
        }
    }
    Ok(())
}

/// The ids of the features of an answer.
fn ids(answer: &[u8]) -> Vec<i64> {
    let text = String::from_utf8_lossy(answer);
    let behind = text.split(r#"{"type":"Feature","id":""#).skip(1);
    behind.filter_map(|feature| feature.split('"').next()?.parse().ok()).collect()
}

fn with_values(statement: &str, number: usize, question: &Question) -> String {
    let numbers = variables(question).into_iter().fold(statement.to_owned(), |statement, (name, value)| {
        statement.replace(&format!(":{name}"), &format!("({value:?})"))
    });
    numbers.replace("id = :i)", &format!("id = {number})"))
}

/// Measures a case on so many connections; the floor has as many.
fn against_floor(
    case: &Case,
    limit: usize,
    connections: usize,
    server: &Server,
    floor: &Floor<'_>,
    report: &mut Report,
) -> Outcome<()> {
    let (mut rows, mut json) = (Rounds::default(), Rounds::default());
    for _ in 0..ROUNDS {
        let of_floor = |form| floor.turn(&case.questions, limit, form, connections, TURN_SECONDS);
        let plain = of_floor(Form::Rows)?;
        let cairn = server_turn(case, server, connections, Duration::from_secs(TURN_SECONDS))?;
        rows.push(plain, cairn);
        json.push(of_floor(Form::Json)?, cairn);
    }
    let name = format!("PostGIS: {}, {connections} at once", case.name);
    report.push(Row::rates(name.clone(), rows.rates(), case.goal));
    report.push(Row::rates(format!("{name}, against json_agg"), json.rates(), Goal::None));
    Ok(())
}
