//! Nothing is forgotten: the tables and columns that the databases have are those that the list of the copy knows.

use std::collections::{BTreeMap, BTreeSet};

use cairn::config::Database;
use cairn::store::copy::connection::Connection;
use cairn::store::copy::plan::TablePlan;
use cairn::store::copy::side::Purpose;
use cairn::store::copy::tables::{LEFT_OUT_COLUMNS, TABLES, Way, is_known, is_left_out, with_rows};

use super::url_of;
use crate::common::{Kind, Server};

type Found = BTreeMap<String, BTreeSet<String>>;

/// Tables and columns, in the words of the database itself.
async fn walk(server: &Server, kind: Kind) -> Found {
    let columns: Vec<(String, String)> = match kind {
        Kind::Geopackage => {
            let outside = server.outside();
            let question = "SELECT m.name, c.name FROM sqlite_master AS m JOIN pragma_table_xinfo(m.name) AS c
                WHERE m.type IN ('table', 'view')";
            let mut rows = outside.prepare(question).expect("a question");
            let rows = rows.query_map((), |row| Ok((row.get(0)?, row.get(1)?))).expect("rows");
            rows.collect::<Result<_, _>>().expect("rows")
        }
        Kind::Postgis => {
            let question = "SELECT table_name::text, column_name::text FROM information_schema.columns
                WHERE table_schema = current_schema()";
            sqlx::query_as(question).fetch_all(&mut server.database().connect().await).await.expect("rows")
        }
    };
    let mut found = Found::new();
    for (table, column) in columns {
        found.entry(table).or_default().insert(column);
    }
    found
}

/// What neither list names.
fn forgotten(found: &Found, plans: &BTreeMap<&str, TablePlan>) -> Vec<String> {
    let mut forgotten: Vec<_> = found.keys().filter(|table| !is_known(table)).cloned().collect();
    for (table, columns) in found {
        let Some(plan) = plans.get(table.as_str()) else { continue };
        let is_copied = |column: &String| plan.columns.iter().any(|planned| planned.name == *column);
        let missing = columns.iter().filter(|column| !is_copied(column) && !is_left_out(table, column));
        forgotten.extend(missing.map(|column| format!("{table}.{column}")));
    }
    forgotten
}

#[tokio::test]
async fn every_table_and_column_is_copied_or_left_out_with_a_reason() {
    let kinds = [Kind::Geopackage, Kind::Postgis];
    let (on_file, on_server) = tokio::join!(Server::on(kinds[0], &[]), Server::on(kinds[1], &[]));
    let mut shapes = Vec::new();
    for (server, kind) in [&on_file, &on_server].into_iter().zip(kinds) {
        let database = Database::read(&url_of(server, kind)).expect("an address");
        let mut connection = Connection::open(&database, Purpose::Source).await.expect("a connection");
        shapes.push(connection.shape().await.expect("tables"));
    }
    let found = [walk(&on_file, kinds[0]).await, walk(&on_server, kinds[1]).await];
    let advice = "name it in src/store/copy/tables.rs";
    for (from, to) in [(0, 1), (1, 0), (0, 0), (1, 1)] {
        let plan = |table: &'static str| {
            TablePlan::new(table, &shapes[from], &shapes[to]).unwrap_or_else(|error| panic!("{error:?}: {advice}"))
        };
        let plans: BTreeMap<_, _> = with_rows().map(|table| (table.name, plan(table.name))).collect();
        assert_eq!(forgotten(&found[from], &plans), [""; 0], "{advice}");
        let mut more = found[from].clone();
        more.insert("stranger".to_owned(), BTreeSet::new());
        more.entry("layer".to_owned()).or_default().insert("colour".to_owned());
        assert_eq!(forgotten(&more, &plans), ["stranger", "layer.colour"], "the check sees what it looks for");
    }
    for table in TABLES {
        assert!(found.iter().all(|found| found.contains_key(table.name)), "{} is on both stores", table.name);
        let has_version = found.iter().all(|found| found[table.name].contains("version"));
        assert!(table.way == Way::Rows || has_version, "{} has a version", table.name);
    }
    for (table, column, _) in LEFT_OUT_COLUMNS {
        assert!(found.iter().any(|found| found[*table].contains(*column)), "{table}.{column} is there");
    }
}

#[tokio::test]
async fn tables_that_are_referred_to_come_first() {
    let server = Server::empty().await;
    let outside = server.outside();
    let place = |name: &str| TABLES.iter().position(|table| table.name == name);
    let mut references = 0;
    for table in TABLES {
        let mut rows = outside
            .prepare(&format!("SELECT \"table\" FROM pragma_foreign_key_list('{}')", table.name))
            .expect("a list");
        for other in rows.query_map((), |row| row.get::<_, String>(0)).expect("a list") {
            let other = other.expect("a row");
            assert!(other == table.name || place(&other) < place(table.name), "{} refers to {other}", table.name);
            references += 1;
        }
    }
    assert!(references >= 2, "the references were read");
}
