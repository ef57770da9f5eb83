//! What SQLite makes of our statements: the index is used, and no value of a question is ever part of the text.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use sea_orm::sea_query::SqliteQueryBuilder;
use sea_orm::sea_query::{Expr, Query};
use sea_orm::{ConnectionTrait, DbBackend, Statement};

use crate::config::Database;
use crate::geometry::relate::{Pattern, SpatialPredicate};
use crate::geometry::{BBox, Geometry, Position, geojson};
use crate::model::{Columns, NewLayer, NewLocation, PropertyPath, Viewer, Visibility};
use crate::query::bind::RelatedShapes;
use crate::query::{
    Access, BoundFilter, BoundQuery, Compare, Direction, Filter, LocationQuery, Near, Order, OrderBy, Page, Scalar,
    Test, TextTest, ValueTest,
};
use crate::store::Store;
use crate::store::connect::StoreOptions;
use crate::store::dialect::Dialect;
use crate::store::gpkg::nearest::Walk;
use crate::store::sql::filter::condition;
use crate::store::sql::select;

/// Two thousand points, with the statistics that `PRAGMA optimize` leaves or without any.
async fn store(folder: &tempfile::TempDir, analysed: bool) -> (Store, Access) {
    let options = StoreOptions {
        database: Database::Geopackage(folder.path().join("plan.gpkg")),
        readers: 1,
        connections: 2,
        acquire_timeout: Duration::from_secs(3),
        statement_timeout: Duration::from_secs(10),
    };
    let store = Store::open(&options).await.unwrap();
    let layer = NewLayer {
        key: "points".into(),
        title: "Points".into(),
        description: String::new(),
        attribution: String::new(),
        visibility: Visibility::Public,
        style: serde_json::json!({}),
        position: 0,
        property_schema: None,
    };
    let points = (0..2_000).map(|index| NewLocation {
        external_id: None,
        name: format!("point {}", index % 100),
        geometry: point(f64::from(index % 360) - 180.0, f64::from(index % 170) - 85.0),
        properties: serde_json::from_value(serde_json::json!({ "n": index })).unwrap(),
    });
    assert!(store.create_layer(layer, points.collect()).await.unwrap());
    if analysed {
        store.writer.execute_unprepared("ANALYZE").await.unwrap();
    }
    let access = Access::of(&Viewer::Server, Arc::new(store.catalog().await.unwrap()));
    (store, access)
}

fn point(lon: f64, lat: f64) -> Geometry {
    Geometry::point(Position::new(lon, lat).unwrap())
}

fn square() -> Geometry {
    let ring = serde_json::json!([[[1.25, 1.25], [3.25, 1.25], [3.25, 3.25], [1.25, 3.25], [1.25, 1.25]]]);
    geojson::read(&serde_json::json!({ "type": "Polygon", "coordinates": ring })).unwrap()
}

fn filtered(test: Test) -> LocationQuery {
    LocationQuery::filtered(Some(Filter::Test(test)), 10)
}

fn near(max_meters: Option<f64>) -> LocationQuery {
    let near = Near { position: Position::new(7.25, 8.25).unwrap(), max_meters };
    LocationQuery { near: Some(near), ..LocationQuery::filtered(None, 10) }
}

/// The statement that a page is read by.
fn statement(access: &Access, query: LocationQuery) -> Statement {
    let bound = BoundQuery::bind(query, access, &RelatedShapes::new()).unwrap();
    let mut page = match Walk::towards(&bound) {
        Some(walk) => walk.statement(&bound, Columns::STORED, 0),
        None => select::page(Dialect::Geopackage, &bound, Columns::STORED),
    };
    let (sql, values) = page.build(SqliteQueryBuilder);
    Statement::from_sql_and_values(DbBackend::Sqlite, sql, values)
}

/// The lines of EXPLAIN QUERY PLAN.
async fn plan(store: &Store, statement: Statement) -> Vec<String> {
    let explain = Statement { sql: format!("EXPLAIN QUERY PLAN {}", statement.sql), ..statement };
    let rows = store.reader.query_all_raw(explain).await.unwrap();
    rows.iter().map(|row| row.try_get("", "detail").unwrap()).collect()
}

/// Whether a line reads `location` from end to end. Reading an index in the order of the answer ends with the page.
fn scans_the_table(line: &str) -> bool {
    line == "SCAN location"
}

#[tokio::test]
async fn every_question_about_a_place_goes_through_the_spatial_index() {
    let spatial = |predicate| Test::Spatial(predicate, square());
    let mut questions = vec![
        ("bbox", filtered(Test::Bbox(BBox::new(1.0, 2.0, 3.0, 4.0).unwrap()))),
        ("bbox over 180 degrees", filtered(Test::Bbox(BBox::new(170.0, 2.0, -170.0, 4.0).unwrap()))),
        ("dWithin", filtered(Test::DWithin(square(), 1_000.0))),
        ("relate", filtered(Test::Relate(Pattern::parse("T*F**F***").unwrap(), square()))),
        ("nearest", near(None)),
        ("nearest within", near(Some(5_000.0))),
    ];
    let predicates = SpatialPredicate::ALL.into_iter().filter(|predicate| *predicate != SpatialPredicate::Disjoint);
    questions.extend(predicates.map(|predicate| (predicate.name(), filtered(spatial(predicate)))));
    for analysed in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let (store, access) = store(&folder, analysed).await;
        for (name, query) in &questions {
            let lines = plan(&store, statement(&access, query.clone())).await;
            let with_index =
                lines.iter().any(|line| line.starts_with("SCAN rtree_location_geom VIRTUAL TABLE INDEX 2:"));
            assert!(with_index, "{name}, analysed {analysed}: {lines:#?}");
            assert!(!lines.iter().any(|line| scans_the_table(line)), "{name}, analysed {analysed}: {lines:#?}");
            let by_row = lines.iter().any(|line| line == "SEARCH location USING INTEGER PRIMARY KEY (rowid=?)");
            assert!(by_row, "{name}, analysed {analysed}: {lines:#?}");
        }
        store.close().await.unwrap();
    }
}

#[tokio::test]
async fn pages_in_the_order_of_an_index_are_read_from_it() {
    let by = |by| vec![Order { by, direction: Direction::Asc }];
    let folder = tempfile::tempdir().unwrap();
    let (store, access) = store(&folder, true).await;
    for (order, first, next) in [
        (by(OrderBy::Id), "SCAN location", "SEARCH location USING INTEGER PRIMARY KEY (rowid>?)"),
        (
            by(OrderBy::Name),
            "SCAN location USING INDEX location_name",
            "SEARCH location USING INDEX location_name (name>?)",
        ),
        (
            by(OrderBy::CreatedAt),
            "SCAN location USING INDEX location_created_at",
            "SEARCH location USING INDEX location_created_at (created_at>?)",
        ),
        (
            by(OrderBy::UpdatedAt),
            "SCAN location USING INDEX location_updated_at",
            "SEARCH location USING INDEX location_updated_at (updated_at>?)",
        ),
    ] {
        let query = LocationQuery { order, ..LocationQuery::filtered(None, 10) };
        let lines = plan(&store, statement(&access, query.clone())).await;
        assert!(lines.iter().any(|line| line == first), "the first page: {lines:#?}");
        assert!(!lines.iter().any(|line| line.contains("TEMP B-TREE")), "nothing is sorted: {lines:#?}");
        let bound = BoundQuery::bind(query.clone(), &access, &RelatedShapes::new()).unwrap();
        let crate::store::locations::Read::Current(page) = store.page(bound, Columns::ID).await.unwrap() else {
            panic!("nobody writes");
        };
        let behind = Page { cursor: page.end_cursor().unwrap(), ..Page::first(10) };
        let lines = plan(&store, statement(&access, LocationQuery { page: behind, ..query })).await;
        assert!(lines.iter().any(|line| line == next), "the next page: {lines:#?}");
        assert!(
            !lines.iter().any(|line| scans_the_table(line) || line.contains("TEMP B-TREE")),
            "the next page: {lines:#?}"
        );
    }
    store.close().await.unwrap();
}

#[tokio::test]
async fn no_value_of_a_question_is_part_of_a_statement() {
    let folder = tempfile::tempdir().unwrap();
    let (store, access) = store(&folder, false).await;
    let queries = every_test().into_iter().map(filtered).chain([near(Some(987_123.0))]);
    for query in queries {
        let Statement { sql, values, .. } = statement(&access, query);
        for part in ["zyx", "987", "9.87", "98.7", "1.25", "7.25", "2033", "T*F", "X'", "x'", "--"] {
            assert!(!sql.contains(part), "{part} in {sql}");
        }
        assert!(
            sql.matches('?').count() == values.map_or(0, |values| values.0.len()),
            "each value has its place: {sql}"
        );
    }
    store.close().await.unwrap();
}

/// Compares with `plan_tests.sql`, so that a change of any statement is seen in a review.
#[test]
fn the_condition_of_every_test_is_the_pinned_one() {
    let mut written =
        String::from("-- The condition of each test of a row, pinned by plan_tests.rs. A ? is a bound value.\n");
    for test in every_test() {
        let name = format!("{test:?}");
        let name = name.split("wkb").next().unwrap_or(&name).split("Geometry {").next().unwrap_or(&name);
        let condition = condition(Dialect::Geopackage, &BoundFilter::Test(test));
        let statement = Query::select().expr(Expr::val(1)).and_where(condition).take();
        let sql = DbBackend::Sqlite.build(&statement).sql;
        let sql = sql.split_once(" WHERE ").map_or(sql.as_str(), |(_, condition)| condition);
        let _ = write!(written, "\n-- {}\n{sql}\n", name.trim_end_matches([' ', ',', '(']));
    }
    let pinned = include_str!("plan_tests.sql");
    assert!(pinned == written, "if this is meant, it belongs into src/store/plan_tests.sql:\n{written}");
}

/// Each test of a row at least once, with values that are easily found in a text.
fn every_test() -> Vec<Test> {
    let path = |text| PropertyPath::parse(text).unwrap();
    let word = || "zyx'\"; --".to_owned();
    let time = crate::model::time::parse_timestamp("2033-04-05T06:07:08.910Z").unwrap();
    let mut tests = vec![
        Test::Id { ids: vec![987_123, 987_456], negated: true },
        Test::Name(TextTest::Eq(word())),
        Test::Name(TextTest::Ne(word())),
        Test::Name(TextTest::In(vec![word(), word()])),
        Test::Name(TextTest::Contains(word())),
        Test::Name(TextTest::StartsWith(word())),
        Test::ExternalId(TextTest::EndsWith(word())),
        Test::CreatedAt(Compare::Lt, time),
        Test::UpdatedAt(Compare::Gte, time),
        Test::Property(path("n"), ValueTest::Compare(Compare::Gt, Scalar::Int(987_123))),
        Test::Property(path("n"), ValueTest::Compare(Compare::Gt, Scalar::Real(98.7123))),
        Test::Property(path("n.zyx"), ValueTest::Compare(Compare::Eq, Scalar::Text(word()))),
        Test::Property(path("n"), ValueTest::In(vec![Scalar::Text(word()), Scalar::Int(987_123)])),
        Test::Property(path("n"), ValueTest::Contains(word())),
        Test::Property(path("n"), ValueTest::StartsWith(word())),
        Test::Property(path("n"), ValueTest::Exists(true)),
        Test::AnyProperty(word()),
        Test::Bbox(BBox::new(98.7123, -9.87, 101.25, 9.87).unwrap()),
        Test::Relate(Pattern::parse("T*F**F***").unwrap(), square()),
        Test::DWithin(square(), 987_123.0),
    ];
    tests.extend(SpatialPredicate::ALL.map(|predicate| Test::Spatial(predicate, square())));
    tests
}
