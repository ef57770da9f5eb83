//! The side of a copy that is a PostgreSQL server.

use futures_util::StreamExt as _;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgRow};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Row as _, ValueRef as _};

use crate::config::PostgresUrl;
use crate::error::{Error, ErrorCode, Result};
use crate::store::copy::binary::{self, EPOCH_MICROS};
use crate::store::copy::plan::{Column, Planned, Shape, TablePlan, quoted};
use crate::store::copy::side::{Purpose, Rows, fault};
use crate::store::copy::tables::copied;
use crate::store::copy::value::{Kind, Value, time_text};

/// Opens a connection without time limits: it has work for as long as the other side has.
pub async fn open(url: &PostgresUrl, purpose: Purpose) -> Result<PgConnection> {
    let cannot =
        |cause: sqlx::Error| Error::new(ErrorCode::Unavailable, format!("cannot connect to {url}")).caused_by(cause);
    let read_only = match purpose {
        Purpose::Source => "on",
        Purpose::Target => "off",
    };
    let options: PgConnectOptions = url.expose().parse().map_err(cannot)?;
    let options = options.application_name("cairn copy").options([
        ("statement_timeout", "0"),
        ("idle_in_transaction_session_timeout", "0"),
        ("timezone", "UTC"),
        ("client_min_messages", "warning"),
        ("default_transaction_read_only", read_only),
    ]);
    options.disable_statement_logging().connect().await.map_err(cannot)
}

/// The cluster, the database and the schema in which the tables are looked for.
pub async fn identity(connection: &mut PgConnection) -> Result<String> {
    let question =
        "SELECT concat_ws('/', system_identifier, (SELECT oid FROM pg_database WHERE datname = current_database()),
        current_schema()) FROM pg_control_system()";
    sqlx::query_scalar(question).fetch_one(connection).await.map_err(fault)
}

/// The tables and their columns.
pub async fn shape(connection: &mut PgConnection) -> Result<Shape> {
    let question = "SELECT c.relname::text, a.attname::text, t.typname::text,
            coalesce(array_position(i.indkey::int2[], a.attnum) + 1, 0)::bigint, a.attgenerated <> ''
        FROM pg_class AS c
        JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        JOIN pg_type AS t ON t.oid = a.atttypid
        LEFT JOIN pg_index AS i ON i.indrelid = c.oid AND i.indisprimary
        WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') ORDER BY c.relname, a.attnum";
    let found: Vec<(String, String, String, i64, bool)> =
        sqlx::query_as(question).fetch_all(connection).await.map_err(fault)?;
    let mut shape = Shape::new();
    for (table, name, declared, key, is_computed) in found {
        let kind = match declared.as_str() {
            "int2" | "int4" | "int8" => Some(Kind::Integer),
            "float8" => Some(Kind::Real),
            "bool" => Some(Kind::Bool),
            "timestamptz" => Some(Kind::Time),
            "text" | "varchar" | "json" | "jsonb" => Some(Kind::Text),
            "bytea" => Some(Kind::Bytes),
            "geometry" => Some(Kind::Geometry),
            _ => None,
        };
        shape.entry(table).or_default().push(Column { name, declared, kind, key, is_computed });
    }
    Ok(shape)
}

/// The rows behind a key. Text is in the order of its bytes, as on SQLite.
pub fn rows<'a>(connection: &'a mut PgConnection, plan: &'a TablePlan, after: &[Value]) -> Rows<'a> {
    let columns: Vec<_> = plan.columns.iter().map(selected).collect();
    let keys: Vec<_> = plan.keys.iter().filter_map(|place| plan.columns.get(*place)).map(ordered).collect();
    let keys = keys.join(", ");
    let behind = match after.len() {
        0 => String::new(),
        count => {
            let marks: Vec<_> = (1..=count).map(|number| format!("${number}")).collect();
            format!("WHERE ({keys}) > ({})", marks.join(", "))
        }
    };
    let columns = columns.join(", ");
    let question = format!("SELECT {columns} FROM {} {behind} ORDER BY {keys}", copied(plan.table));
    let mut query = sqlx::query(AssertSqlSafe(question));
    for value in after {
        query = match value {
            Value::Null => query.bind(None::<i64>),
            Value::Integer(number) => query.bind(*number),
            Value::Real(number) => query.bind(*number),
            Value::Text(text) => query.bind(text.clone()),
            Value::Bytes(bytes) => query.bind(bytes.clone()),
        };
    }
    query.fetch(connection).map(|row| row.map_err(fault).and_then(|row| read(&row, plan))).boxed()
}

/// Types of one kind are sent in one form.
fn selected(column: &Planned) -> String {
    let name = quoted(&column.name);
    match column.kind {
        Kind::Integer => format!("{name}::bigint"),
        Kind::Text => format!("{name}::text"),
        Kind::Real | Kind::Bool | Kind::Time | Kind::Bytes | Kind::Geometry => name,
    }
}

fn ordered(column: &Planned) -> String {
    let name = quoted(&column.name);
    if column.kind == Kind::Text { format!("{name} COLLATE \"C\"") } else { name }
}

fn read(row: &PgRow, plan: &TablePlan) -> Result<Vec<Value>> {
    plan.columns
        .iter()
        .enumerate()
        .map(|(place, column)| {
            let value = row.try_get_raw(place).map_err(fault)?;
            if value.is_null() {
                return Ok(Value::Null);
            }
            let bytes = value.as_bytes().map_err(Error::internal)?;
            Ok(match column.kind {
                Kind::Integer => Value::Integer(i64::from_be_bytes(fixed(bytes)?)),
                Kind::Real => Value::Real(f64::from_be_bytes(fixed(bytes)?)),
                Kind::Bool => Value::Integer(i64::from(bytes == [1])),
                Kind::Time => Value::Text(time(i64::from_be_bytes(fixed(bytes)?))?),
                Kind::Text => Value::Text(String::from_utf8(bytes.to_vec()).map_err(Error::internal)?),
                // The binary form of a geometry is EWKB.
                Kind::Bytes | Kind::Geometry => Value::Bytes(bytes.to_vec()),
            })
        })
        .collect()
}

fn fixed<const N: usize>(bytes: &[u8]) -> Result<[u8; N]> {
    bytes.try_into().map_err(Error::internal)
}

fn time(micros: i64) -> Result<String> {
    let text = micros.checked_add(EPOCH_MICROS).and_then(time_text);
    text.ok_or_else(|| Error::bad_input("a time is out of range, such as infinity"))
}

/// Writes rows through COPY. The table's triggers sleep until the end of the transaction: what they would note is copied too.
pub async fn insert(connection: &mut PgConnection, plan: &TablePlan, rows: &[Vec<Value>]) -> Result<()> {
    let table = quoted(plan.table);
    let message = binary::encode(plan, rows)
        .map_err(|reason| Error::bad_input(format!("PostgreSQL cannot hold a row of {}: {reason}", plan.table)))?;
    execute(connection, &format!("ALTER TABLE {table} DISABLE TRIGGER USER")).await?;
    let statement = format!("COPY {table} ({}) FROM STDIN (FORMAT binary)", plan.names());
    let mut copy = connection.copy_in_raw(&statement).await.map_err(fault)?;
    copy.send(message).await.map_err(fault)?;
    let refused = |cause: sqlx::Error| {
        let ends = rows.first().zip(rows.last());
        let (first, last) = ends.map(|(first, last)| (plan.key(first), plan.key(last))).unwrap_or_default();
        let (first, last) = (plan.describe(&first), plan.describe(&last));
        match fault(cause) {
            error if error.code() == ErrorCode::Unavailable => error,
            error => Error::bad_input(format!("PostgreSQL refuses a row of {} from {first} to {last}", plan.table))
                .caused_by(error),
        }
    };
    copy.finish().await.map_err(refused)?;
    execute(connection, &format!("ALTER TABLE {table} ENABLE TRIGGER USER")).await
}

async fn execute(connection: &mut PgConnection, statement: &str) -> Result<()> {
    sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(connection).await.map_err(fault).map(drop)
}

/// The last number that the sequence of the column gave; 0 if it has none.
pub async fn last_given(connection: &mut PgConnection, table: &str, column: &str) -> Result<i64> {
    let Some(sequence) = sequence(connection, table, column).await? else { return Ok(0) };
    let question = format!("SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END FROM {sequence}");
    sqlx::query_scalar(AssertSqlSafe(question)).fetch_one(connection).await.map_err(fault)
}

/// Lets the next row get a number behind `last`. A table whose rows nobody numbers is left alone.
pub async fn continue_numbers(connection: &mut PgConnection, table: &str, column: &str, last: i64) -> Result<()> {
    let Some(sequence) = sequence(connection, table, column).await? else { return Ok(()) };
    let statement = "SELECT setval($1::regclass, greatest($2, 1), $2 > 0)";
    sqlx::query(statement).bind(sequence).bind(last).execute(connection).await.map_err(fault).map(drop)
}

/// The name of the sequence, as SQL writes it.
async fn sequence(connection: &mut PgConnection, table: &str, column: &str) -> Result<Option<String>> {
    let question = "SELECT pg_get_serial_sequence(quote_ident($1), $2)";
    sqlx::query_scalar(question)
        .bind(table.to_owned())
        .bind(column.to_owned())
        .fetch_one(connection)
        .await
        .map_err(fault)
}
