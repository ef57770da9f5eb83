//! Imports of many rows, which put aside what follows each row and make it at the end: they leave what single rows would.

use serde_json::{Value, json};

use crate::common::{Kind, Server};
use crate::imports::{collection, counts, import, points, with_editor};

crate::on_both_stores! {
    many_rows_leave_what_single_rows_would,
    many_rows_that_are_refused_leave_nothing_aside,
}

/// Points everywhere.
fn scattered(from: usize, to: usize) -> Vec<Value> {
    let mut points = points(from, to);
    for (number, point) in (0_u32..).zip(&mut points) {
        let place = f64::from(number * 7_919 % 36_000);
        point["geometry"]["coordinates"] = json!([place / 100.0 - 180.0, place / 200.0 - 90.0]);
    }
    points
}

/// What the table is made of, with its triggers and indexes.
async fn shape(server: &Server, store: Kind) -> [i64; 2] {
    let questions = match store {
        Kind::Geopackage => [
            "SELECT count(*) FROM sqlite_master WHERE tbl_name = 'location'",
            "SELECT sum(length(sql)) FROM sqlite_master WHERE tbl_name = 'location'",
        ],
        Kind::Postgis => [
            "SELECT count(*) FROM pg_indexes WHERE schemaname = current_schema()",
            "SELECT sum(length(indexdef))::bigint FROM pg_indexes WHERE schemaname = current_schema()",
        ],
    };
    [server.number(questions[0]).await, server.number(questions[1]).await]
}

async fn many_rows_leave_what_single_rows_would(store: Kind) {
    let (server, token) = with_editor(store).await;
    let made = shape(&server, store).await;
    // Into nothing, where much is known, and more than is known.
    for (from, to) in [(0, 2_300), (2_300, 3_400), (3_400, 9_000), (9_000, 9_001)] {
        let file = collection(&scattered(from, to));
        let job = import(&server, &token, &file, json!({ "idProperty": "rank" }), false).await;
        let new = i64::try_from(to - from).expect("a number");
        assert_eq!(counts(&job), [new, new, 0, 0, 0, 0], "{job}");
        assert_eq!(shape(&server, store).await, made, "{from}");
        let all = i64::try_from(to).expect("a number");
        let changes =
            "SELECT count(DISTINCT location.id) FROM location_change JOIN location ON location.id = location_id
            WHERE operation = 'CREATED' AND new_layer_id = layer_id AND new_max_y = new_min_y AND actor = created_by";
        for question in ["SELECT count(*) FROM location", "SELECT count(*) FROM location_change", changes] {
            assert_eq!(server.number(question).await, all, "{question}");
        }
        assert_eq!(server.number("SELECT count(*) FROM layer_property WHERE name IN ('key', 'rank')").await, 2);
        assert_eq!(server.number("SELECT count(*) FROM layer_property").await, 2);
        if store == Kind::Geopackage {
            let index =
                "SELECT count(*) FROM rtree_location_geom AS place JOIN location_change ON location_id = place.id
                WHERE new_min_x BETWEEN minx AND maxx AND new_min_y BETWEEN miny AND maxy";
            assert_eq!(server.number(index).await, all);
            assert_eq!(server.number("SELECT rtreecheck('rtree_location_geom') = 'ok'").await, 1);
            assert_eq!(server.number("SELECT feature_count FROM gpkg_ogr_contents").await, all);
            crate::gdal::assert_sound(&server);
        }
    }
    let question =
        "{ locations(first: 1, filter: { bbox: { west: -10, south: -5, east: 10, north: 5 } }) { totalCount } }";
    let seen = server.data(question, Value::Null).await;
    let inside =
        "SELECT count(*) FROM location_change WHERE new_min_x BETWEEN -10 AND 10 AND new_min_y BETWEEN -5 AND 5";
    assert_eq!(seen["locations"]["totalCount"], server.number(inside).await);
}

async fn many_rows_that_are_refused_leave_nothing_aside(store: Kind) {
    let (server, token) = with_editor(store).await;
    let made = shape(&server, store).await;
    let file = collection(&scattered(0, 1));
    let options = json!({ "idProperty": "rank", "mode": "INSERT" });
    assert_eq!(import(&server, &token, &file, options.clone(), false).await["state"], "DONE");
    let job = import(&server, &token, &collection(&scattered(0, 1_500)), options, false).await;
    assert_eq!(job["state"], "FAILED", "{job}");
    assert_eq!(shape(&server, store).await, made);
    assert_eq!(server.number("SELECT count(*) FROM location_change").await, 1);
}
