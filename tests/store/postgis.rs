//! What only a server can do: start beside others, go away and come back, be full, lack an extension.

use cairn::app::App;
use cairn::config::Config;
use cairn::model::{Columns, Viewer, Visibility};
use cairn::query::{LocationQuery, Page};
use serde_json::{Value, json};
use sqlx::postgres::PgListener;
use sqlx::{Connection as _, PgConnection};

use crate::common::fixture::{create, new_layer};
use crate::common::postgres::{Cluster, TestDatabase, execute};
use crate::common::server::{ask, external_ids};
use crate::common::{Kind, Server};

const COUNT: &str = "{ locations { totalCount } }";

async fn start(url: &str) -> cairn::error::Result<App> {
    let config = Config::from_pairs([("DATABASE_URL".to_owned(), url.to_owned())]).expect("settings");
    App::build(&config).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn five_servers_that_open_a_new_database_at_once_all_come_up() {
    let database = TestDatabase::bare().await;
    let starts: Vec<_> = (0..5)
        .map(|_| {
            let url = database.url.clone();
            tokio::spawn(async move { start(&url).await })
        })
        .collect();
    for start in starts {
        let app = start.await.expect("no panic").expect("the store opens");
        app.ready().await.expect("the store answers");
        app.close().await.expect("an end");
    }
    let question =
        "SELECT (SELECT count(*) FROM layer), (SELECT count(*) - count(DISTINCT version) FROM seaql_migrations)";
    let found: (i64, i64) = sqlx::query_as(question).fetch_one(&mut database.connect().await).await.expect("tables");
    assert_eq!(found, (1, 0), "each migration ran once");
}

#[tokio::test]
async fn a_database_without_postgis_gets_one_error_with_the_command() {
    let cluster = Cluster::start(&[]);
    let mut connection = PgConnection::connect(&cluster.url("postgres")).await.expect("the cluster");
    execute(&mut connection, "CREATE ROLE owner LOGIN").await;
    execute(&mut connection, "CREATE DATABASE bare OWNER owner").await;
    let url = cluster.url("bare").replace("postgres://postgres@", "postgres://owner@");
    let error = start(&url).await.expect_err("no PostGIS").to_string();
    assert!(error.contains("psql -d bare -c 'CREATE EXTENSION postgis'"), "{error}");
    let mut connection = PgConnection::connect(&cluster.url("bare")).await.expect("the cluster");
    execute(&mut connection, "CREATE EXTENSION postgis; GRANT ALL ON SCHEMA public TO owner").await;
    start(&url).await.expect("the store opens once the command was run");
}

#[tokio::test]
async fn a_restart_of_postgresql_needs_no_restart_of_cairn() {
    let cluster = Cluster::start(&[]);
    let (_app, router) = Server::open(&cluster.url("postgres"), &[]).await;
    let asked = async || ask(&router, COUNT, json!({})).await;
    let all = json!({ "data": { "locations": { "totalCount": 0 } } });
    assert_eq!(asked().await.1, all);
    for way in ["fast", "immediate"] {
        cluster.control(&["restart", "-m", way]);
        assert_eq!(asked().await.1, all, "after a restart that was {way}");
        cluster.control(&["stop", "-m", way]);
        let (head, answer) = asked().await;
        assert_eq!(head.status, 503, "{answer}");
        assert!(head.headers.contains_key("retry-after"));
        assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAVAILABLE", "{answer}");
        cluster.control(&["start"]);
        assert_eq!(asked().await.1, all, "after a stop that was {way}");
    }
}

#[tokio::test]
async fn a_full_pool_is_told_by_503_and_a_long_statement_by_its_time_limit() {
    let server = Server::on(Kind::Postgis, &[]).await;
    let settings = [
        ("CAIRN_LIMIT_DATABASE_CONNECTIONS", "2"),
        ("CAIRN_LIMIT_POOL_WAIT_MS", "200"),
        ("CAIRN_LIMIT_STATEMENT_TIME_MS", "1500"),
    ];
    let (_app, router) = Server::open(&server.database().url, &settings).await;
    // The catalogue is at hand now: what follows asks one question each.
    assert_eq!(ask(&router, COUNT, json!({})).await.0.status, 200);
    let mut lock = server.database().connect().await;
    execute(&mut lock, "BEGIN; LOCK TABLE location IN ACCESS EXCLUSIVE MODE").await;
    let (one, other) = tokio::join!(ask(&router, COUNT, json!({})), ask(&router, COUNT, json!({})));
    let mut told: Vec<_> = [one, other]
        .into_iter()
        .map(|(head, answer)| {
            let code = answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_default().to_owned();
            (code, head.status.as_u16(), head.headers.contains_key("retry-after"))
        })
        .collect();
    told.sort();
    assert_eq!(told, [("TIMEOUT".to_owned(), 200, false), ("UNAVAILABLE".to_owned(), 503, true)]);
    execute(&mut lock, "COMMIT").await;
    assert_eq!(ask(&router, COUNT, json!({})).await.0.status, 200);
}

#[tokio::test]
async fn heights_and_the_text_of_properties_come_back_to_the_letter() {
    let server = Server::on(Kind::Postgis, &[]).await;
    let properties = r#"{"b":1.50,"a":12345678901234567890, "b":2e2,"n":"\u0000\ud800","ä":[ ]}"#;
    let written = format!(
        "INSERT INTO location (geom, properties) VALUES (ST_GeomFromEWKT('SRID=4326;LINESTRING Z (1 2 3.5, 4 5 -6)'), '{properties}')"
    );
    server.write_outside(&written).await;
    let query = LocationQuery { page: Page::first(10), ..LocationQuery::filtered(None, 10) };
    let page = server.app.locations().page(&Viewer::Server, query, Columns::STORED).await.expect("a page");
    let row = page.answer.rows.row(0).expect("a row");
    assert_eq!(row.properties, properties);
    let mut shape = Vec::new();
    cairn::geometry::geojson::write(row.geometry().expect("a geometry"), 7, &mut shape).expect("GeoJSON");
    assert_eq!(String::from_utf8_lossy(&shape), r#"{"type":"LineString","coordinates":[[1,2,3.5],[4,5,-6]]}"#);
    let layer = new_layer("peaks", "Peaks", Visibility::Public, 0);
    let geometry = cairn::geometry::geojson::read(&json!({ "type": "Point", "coordinates": [86.925, 27.9881, 8849] }));
    let peak = cairn::model::NewLocation {
        external_id: Some("everest".to_owned()),
        name: "Everest".to_owned(),
        geometry: geometry.expect("a point"),
        properties: serde_json::Map::new(),
    };
    create(server.app.locations(), layer, vec![peak]).await;
    let data =
        server.data("{ locations(filter: { layer: { eq: \"peaks\" } }) { nodes { geometry } } }", json!({})).await;
    assert_eq!(data["locations"]["nodes"][0]["geometry"]["coordinates"], json!([86.925, 27.9881, 8849]));
}

#[tokio::test]
async fn other_programs_are_stamped_and_heard() {
    let server = Server::with_places_on(Kind::Postgis).await;
    let mut listener = PgListener::connect(&server.database().url).await.expect("a listener");
    listener.listen("cairn_change").await.expect("a channel");
    let mut outside = server.database().connect().await;
    execute(&mut outside, "DELETE FROM location_change").await;
    execute(&mut outside, "UPDATE location SET name = name || '!' WHERE external_id IN ('paris', 'berlin', 'tokyo')")
        .await;
    execute(&mut outside, "NOTIFY cairn_change, 'end'").await;
    let mut heard = Vec::new();
    while heard.last().is_none_or(|payload| payload != "end") {
        heard.push(listener.recv().await.expect("a notification").payload().to_owned());
    }
    assert_eq!(heard, ["", "end"], "one notification for three changes");
    let question = "SELECT count(*), min(l.version), max(l.version), count(*) FILTER (WHERE c.operation = 'UPDATED')
        FROM location_change c JOIN location l ON l.id = c.location_id";
    let found: (i64, i64, i64, i64) = sqlx::query_as(question).fetch_one(&mut outside).await.expect("changes");
    assert_eq!(found, (3, 2, 2, 3));
}

#[tokio::test]
async fn an_invalid_shape_of_another_program_never_is_a_fault_of_the_server() {
    let server = Server::with_places_on(Kind::Postgis).await;
    server
        .write_outside(
            "INSERT INTO location (geom) VALUES (ST_GeomFromEWKT('SRID=4326;POLYGON((0 0,4 4,4 0,0 4,0 0))'))",
        )
        .await;
    let square = json!({ "type": "Polygon", "coordinates": [[[1, 1], [3, 1], [3, 3], [1, 3], [1, 1]]] });
    for predicate in ["intersects", "contains", "within", "overlaps", "touches", "crosses", "equals"] {
        let question = format!("query($g: GeoJSON!) {{ locations(filter: {{ {predicate}: $g }}) {{ totalCount }} }}");
        let answer = server.ask(&question, json!({ "g": square })).await;
        let code = answer["errors"][0]["extensions"]["code"].clone();
        assert!(code == Value::Null || code == "INVALID_GEOMETRY", "{predicate}: {answer}");
    }
}

#[tokio::test]
async fn spatial_and_text_questions_use_their_indexes() {
    let server = Server::on(Kind::Postgis, &[]).await;
    let fill = "INSERT INTO location (geom, name, properties)
        SELECT ST_SetSRID(ST_Point(-180 + n % 360, -80 + n / 360 % 160), 4326), 'name ' || n, '{\"code\":\"' || n || '\"}'
        FROM generate_series(1, 20000) AS n; ANALYZE location";
    server.write_outside(fill).await;
    let mut outside = server.database().connect().await;
    let here = "ST_SetSRID(ST_Point(10, 10), 4326)";
    for (condition, index) in [
        (format!("geom && ST_Expand({here}, 1) AND ST_Intersects(geom, ST_Expand({here}, 1))"), "location_geom"),
        (format!("ST_DWithin(CAST(geom AS geography), CAST({here} AS geography), 1000)"), "location_geography"),
        ("document @> CAST('{\"code\":\"777\"}' AS jsonb)".to_owned(), "location_document"),
        ("cairn_fold(name) LIKE '%e 1999%'".to_owned(), "location_name_trigrams"),
        (
            "name >= 'name 9' AND (name > 'name 9' OR (name = 'name 9' AND id > 3)) ORDER BY name, id LIMIT 10"
                .to_owned(),
            "location_name",
        ),
        (format!("true ORDER BY CAST(geom AS geography) <-> CAST({here} AS geography) LIMIT 10"), "location_geography"),
    ] {
        let plan: Vec<(String,)> =
            sqlx::query_as(sqlx::AssertSqlSafe(format!("EXPLAIN SELECT id FROM location WHERE {condition}")))
                .fetch_all(&mut outside)
                .await
                .expect("a plan");
        let plan = plan.into_iter().map(|line| line.0).collect::<Vec<_>>().join("\n");
        assert!(plan.contains(&format!(" {index} ")) || plan.contains(&format!(" {index}\n")), "{condition}\n{plan}");
    }
    let near = json!({ "near": { "position": { "lon": 10.2, "lat": 10.2 } } });
    let data = server
        .data("query($near: NearInput) { locations(near: $near, first: 1) { nodes { externalId name } } }", near)
        .await;
    assert_eq!(external_ids(&data["locations"]["nodes"]), [""]);
}
