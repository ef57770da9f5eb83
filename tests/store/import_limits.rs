//! The largest shape that is taken in, and the next one, through the path of files on both stores.

use std::fmt::Write as _;
use std::path::PathBuf;

use cairn::model::JobState;
use cairn::model::Viewer;

use crate::common::{Kind, Server};
use crate::imports::import_file;

crate::on_both_stores! {
    an_area_may_have_a_million_vertices_and_no_more,
}

/// What a geometry may have (`docs/formats.md`).
const MAX_VERTICES: u32 = 1_000_000;

/// An area with so many vertices, the closing one with them: a circle, whose steps are larger than what seven decimals tell apart.
fn circle(vertices: u32) -> String {
    let corners = f64::from(vertices - 1);
    let mut ring = String::new();
    for corner in (0..vertices - 1).chain([0]) {
        let angle = f64::from(corner) / corners * std::f64::consts::TAU;
        let comma = if ring.is_empty() { "" } else { "," };
        let _ = write!(ring, "{comma}[{:.7},{:.7}]", 80.0 * angle.cos(), 80.0 * angle.sin());
    }
    format!(
        r#"{{"type":"Feature","properties":{{"name":"circle"}},"geometry":{{"type":"Polygon","coordinates":[[{ring}]]}}}}"#
    )
}

fn file(server: &Server, vertices: u32) -> PathBuf {
    let path = server.folder().join(format!("{vertices}.geojson"));
    std::fs::write(&path, circle(vertices)).expect("a file");
    path
}

async fn an_area_may_have_a_million_vertices_and_no_more(store: Kind) {
    let server = Server::on(store, &[]).await;
    let refused = import_file(&server, "circles", &file(&server, MAX_VERTICES + 1)).await;
    assert_eq!((refused.state, refused.counts.rejected), (JobState::Failed, 1), "{:?}", refused.error);
    let rejected = server.app.imports().rejected(&Viewer::Server, refused.id).await.expect("the refused feature");
    assert_eq!(rejected.first().map(|row| row.code.as_str()), Some("LIMIT_EXCEEDED"), "{rejected:?}");
    assert_eq!(server.number("SELECT count(*) FROM location").await, 0);
    let taken = import_file(&server, "circles", &file(&server, MAX_VERTICES)).await;
    assert_eq!((taken.counts.created, &taken.error), (1, &None));
    let counted = match store {
        Kind::Geopackage => "SELECT length(geom) FROM location",
        Kind::Postgis => "SELECT ST_NPoints(geom)::bigint FROM location",
    };
    // In a file: 16 bytes a position behind the heads of a GeoPackage geometry with its box and of a polygon with one ring.
    let wanted = match store {
        Kind::Geopackage => 16 * i64::from(MAX_VERTICES) + 8 + 32 + 9 + 4,
        Kind::Postgis => i64::from(MAX_VERTICES),
    };
    assert_eq!(server.number(counted).await, wanted);
}
