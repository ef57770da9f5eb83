//! Every format out and in again, through the services on both stores: each geometry type, flat and with heights, and values of every
//! kind. What a format cannot hold is exactly what `docs/formats.md` says, and what the export tells. GDAL is the witness both ways.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, header};
use cairn::format::feature::Format;
use cairn::format::write::WRITTEN;
use cairn::model::JobState;
use cairn::model::{Caller, Viewer};
use cairn::service::exports::{ExportQuestion, Prove};
use http_body_util::BodyExt as _;
use serde_json::{Map, Value, json};
use tower::ServiceExt as _;

use crate::common::{Kind, Server};
use crate::gdal::gdal;
use crate::imports::import_file;

mod expected;

use expected::{Row, geometries, held, layers, lifted, losses};

crate::on_both_stores! {
    what_goes_out_comes_in_again_or_is_told,
    a_property_called_name_is_told_of_by_every_format,
    gdal_reads_every_export_in_its_place,
    what_gdal_writes_is_imported_in_its_place,
}

/// Imports a file as a new layer; nothing of it may be refused.
async fn import(server: &Server, layer: &str, path: &Path) -> u64 {
    let job = import_file(server, layer, path).await;
    assert_eq!(job.state, JobState::Done, "{layer}: {:?}", job.error);
    job.counts.created
}

/// A layer as a file, and what the format could not hold of it.
async fn export(server: &Server, layer: &str, format: Format) -> (PathBuf, BTreeMap<String, u64>) {
    let prove: Prove = Arc::new(|| Box::pin(std::future::ready(Ok(Viewer::Server))));
    let question =
        ExportQuestion { layer: layer.to_owned(), format, filter: None, limit: None, properties: None, precision: 15 };
    let mut export = server.app.exports().open(prove, question).await.expect("an export");
    let mut bytes = Vec::new();
    while let Some(piece) = export.next().await.expect("a whole file") {
        bytes.extend_from_slice(&piece);
    }
    let path = server.folder().join(format!("{layer}.{}", format.key()));
    std::fs::write(&path, bytes).expect("a file");
    (path, export.losses().iter().map(|(sentence, count)| (sentence.to_owned(), count)).collect())
}

/// What the door tells of a file that it does not send.
async fn losses_by_http(server: &Server, layer: &str, format: Format) -> BTreeMap<String, u64> {
    let address = format!("/layers/{layer}.{}?losses=true", format.key());
    let mut request = Request::get(address).header(header::HOST, "localhost").body(Body::empty()).expect("a request");
    request.extensions_mut().insert(Caller { viewer: Viewer::Server, ..Caller::ANONYMOUS });
    let answer = server.router.clone().oneshot(request).await.expect("an answer");
    let bytes = answer.into_body().collect().await.expect("a whole body").to_bytes();
    let told: Value = serde_json::from_slice(&bytes).expect("JSON");
    let losses = told["losses"].as_array().expect("a list").iter();
    losses.map(|one| (one["loss"].as_str().expect("a text").to_owned(), one["count"].as_u64().expect("one"))).collect()
}

/// Features as lines of GeoJSON, with external ids as Cairn writes them.
fn lines(server: &Server, layer: &str, rows: &[Row]) -> PathBuf {
    let path = server.folder().join(format!("{layer}-source.geojsonl"));
    let lines: Vec<String> = rows.iter().map(|row| row.feature().to_string()).collect();
    std::fs::write(&path, lines.join("\n")).expect("a file");
    path
}

/// What is stored of a layer, by name: geometry and properties.
async fn stored(server: &Server, layer: &str) -> BTreeMap<String, (Value, Map<String, Value>)> {
    let (path, losses) = export(server, layer, Format::GeoJsonLines).await;
    assert!(losses.is_empty(), "{losses:?}");
    let text = std::fs::read_to_string(path).expect("UTF-8");
    let features = text.lines().map(|line| {
        let mut feature: Value = serde_json::from_str(line).expect("a feature");
        let Value::Object(mut properties) = feature["properties"].take() else { panic!("no properties: {line}") };
        let name = properties.shift_remove("name").expect("a name").as_str().expect("a text").to_owned();
        assert_eq!(feature["externalId"], json!(format!("x {name}")), "{layer}");
        (name, (feature["geometry"].take(), properties))
    });
    features.collect()
}

async fn fill(server: &Server) -> [(&'static str, Vec<Row>); 3] {
    let layers = layers();
    for (layer, rows) in &layers {
        assert_eq!(import(server, layer, &lines(server, layer, rows)).await, rows.len() as u64);
    }
    layers
}

async fn what_goes_out_comes_in_again_or_is_told(store: Kind) {
    let server = Server::on(store, &[]).await;
    for (layer, rows) in fill(&server).await {
        for format in WRITTEN {
            let (path, told) = export(&server, layer, format).await;
            assert_eq!(told, losses(format, &rows), "{layer} as {}", format.title());
            assert_eq!(losses_by_http(&server, layer, format).await, told, "{layer} as {}", format.title());
            let back = format!("{layer}-{}", format.key());
            import(&server, &back, &path).await;
            let mut found = stored(&server, &back).await;
            for row in &rows {
                let (found, wanted) = (found.remove(&row.name), held(format, row));
                assert_eq!(found.is_some(), wanted.is_some(), "{back}: {}", row.name);
                let Some(((geometry, properties), (wanted_geometry, wanted))) = found.zip(wanted) else { continue };
                assert_eq!(geometry, wanted_geometry, "{back}: {}", row.name);
                let names: std::collections::BTreeSet<_> = properties.keys().chain(wanted.keys()).collect();
                for name in names {
                    // A property that a location does not have comes back from a table as null.
                    let of = |all: &Map<String, Value>| all.get(name).cloned().unwrap_or_default();
                    assert_eq!(of(&properties), of(&wanted), "{back}: {}.{name}", row.name);
                }
            }
            assert!(found.is_empty(), "{back}: {:?}", found.keys());
        }
    }
}

async fn a_property_called_name_is_told_of_by_every_format(store: Kind) {
    let server = Server::on(store, &[]).await;
    // No import can make it: there the word is the name itself.
    let input = json!({ "layer": "places", "name": "own", "externalId": "x own", "properties": { "name": "other" },
        "geometry": { "type": "Point", "coordinates": [1, 2] } });
    let question = "mutation($i: CreateLocationInput!) { createLocation(input: $i) { location { id } } }";
    server.data_as(&Viewer::Server, question, json!({ "i": input })).await;
    for format in WRITTEN {
        let (path, told) = export(&server, "places", format).await;
        let (sentence, wanted) = match format {
            Format::GeoJson | Format::GeoJsonLines => {
                ("a property called name gives way to the name of the location", json!({}))
            }
            _ => ("a property called name is read as property_name", json!({ "property_name": "other" })),
        };
        assert_eq!(told, BTreeMap::from([(sentence.to_owned(), 1)]), "{}", format.title());
        let back = format!("places-{}", format.key());
        import(&server, &back, &path).await;
        let (_, properties) = stored(&server, &back).await.remove("own").expect("its own name");
        assert_eq!(Value::Object(properties), wanted, "{}", format.title());
    }
}

/// What GDAL reads of a file, or of one layer of it: names and geometries.
fn seen_by_gdal(path: &Path, more: &[&str]) -> BTreeMap<String, Value> {
    let path = path.to_str().expect("UTF-8");
    let arguments = ["-f", "GeoJSON", "/vsistdout/", path, "-lco", "COORDINATE_PRECISION=15"];
    let found = gdal("ogr2ogr", &[&arguments, more].concat());
    let mut found: Value = serde_json::from_str(&found).expect("GeoJSON");
    let features = found["features"].as_array_mut().expect("features").iter_mut();
    let named = features.map(|feature| {
        let name = feature["properties"]["name"].as_str().or(feature["properties"]["Name"].as_str());
        (name.expect("a name").to_owned(), feature["geometry"].take())
    });
    let all: Vec<_> = named.collect();
    let count = all.len();
    let all: BTreeMap<_, _> = all.into_iter().collect();
    assert_eq!(all.len(), count, "{path}: each once");
    all
}

/// Coordinates as numbers that compare, whether they are written 10 or 10.0.
fn as_reals(value: &Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(inner) => inner.iter().map(as_reals).collect(),
        Value::Object(members) => members.iter().map(|(name, one)| (name.clone(), as_reals(one))).collect(),
        other => other.clone(),
    }
}

async fn gdal_reads_every_export_in_its_place(store: Kind) {
    let server = Server::on(store, &[]).await;
    for (layer, rows) in fill(&server).await {
        for format in WRITTEN {
            let (path, _) = export(&server, layer, format).await;
            let found = match format {
                Format::Gpx => {
                    let heights = ["--config", "GPX_ELE_AS_25D", "YES"];
                    let mut found = seen_by_gdal(&path, &[&["waypoints"][..], &heights].concat());
                    found.extend(seen_by_gdal(&path, &[&["tracks"][..], &heights].concat()));
                    found
                }
                Format::Csv => {
                    let names = ["GEOM=geometry", "X=longitude", "Y=latitude", "Z=height"];
                    let options = names.map(|name| name.replace('=', "_POSSIBLE_NAMES="));
                    seen_by_gdal(&path, &options.iter().flat_map(|option| ["-oo", option]).collect::<Vec<_>>())
                }
                _ => seen_by_gdal(&path, &[]),
            };
            for row in &rows {
                let wanted = held(format, row).map(|(mut geometry, _)| {
                    if format == Format::Gpx && geometry["type"] == "LineString" {
                        // A track of GDAL is several lines always.
                        geometry =
                            json!({ "type": "MultiLineString", "coordinates": [geometry["coordinates"].take()] });
                    }
                    as_reals(&geometry)
                });
                if format == Format::Kml && wanted.as_ref() != Some(&as_reals(&row.geometry)) {
                    // Readers differ in what they make of one part.
                    assert!(found.contains_key(&row.name), "{}", row.name);
                    continue;
                }
                let context = format!("{layer} as {}: {}", format.title(), row.name);
                assert_eq!(found.get(&row.name).map(as_reals), wanted, "{context}");
            }
            let count = rows.iter().filter(|row| held(format, row).is_some()).count();
            assert_eq!(found.len(), count, "{layer} as {}", format.title());
        }
    }
}

/// A driver of GDAL with the ending of its files, the geometries that one of its files takes (all without a word), and options.
type Driver = (&'static str, &'static str, &'static [&'static str], &'static [&'static str]);

const DRIVERS: [Driver; 14] = [
    ("GeoJSON", "geojson", &[], &["-lco", "COORDINATE_PRECISION=15"]),
    ("GeoJSONSeq", "geojsonl", &[], &["-lco", "COORDINATE_PRECISION=15"]),
    ("CSV", "csv", &[], &["-lco", "GEOMETRY=AS_WKT"]),
    ("KML", "kml", &[], &[]),
    ("LIBKML", "kml", &[], &[]),
    ("FlatGeobuf", "fgb", &[], &[]),
    ("GPKG", "gpkg", &[], &[]),
    ("GPX", "gpx", &["point"], &[]),
    ("GPX", "gpx", &["line"], &[]),
    ("GPX", "gpx", &["lines"], &[]),
    ("ESRI Shapefile", "shp", &["point"], &[]),
    ("ESRI Shapefile", "shp", &["line", "lines"], &[]),
    ("ESRI Shapefile", "shp", &["area", "areas"], &[]),
    ("ESRI Shapefile", "shp", &["points"], &[]),
];

/// The file that GDAL makes of these geometries.
fn written_by_gdal(folder: &Path, layer: &str, driver: &Driver, geometries: &[(&'static str, Value)]) -> PathBuf {
    let (driver, ending, _, options) = driver;
    let features = geometries.iter().map(|(name, one)| {
        let mut properties = json!({ "name": name });
        if *driver == "GPX" && one["type"] == "Point" {
            // What GDAL knows of the height of a way point.
            properties["ele"] = one["coordinates"].get(2).cloned().unwrap_or_default();
        }
        json!({ "type": "Feature", "geometry": one, "properties": properties })
    });
    let document = json!({ "type": "FeatureCollection", "features": features.collect::<Vec<_>>() });
    let (source, target) = (folder.join(format!("{layer}.json")), folder.join(format!("{layer}-of-gdal.{ending}")));
    std::fs::write(&source, document.to_string()).expect("a file");
    let text = |path: &Path| path.to_str().expect("UTF-8").to_owned();
    let (source, path) = (text(&source), text(&target));
    let dimensions = if layer.starts_with("high") { "XYZ" } else { "XY" };
    let dimensions = if *driver == "FlatGeobuf" { &["-dim", dimensions][..] } else { &[] };
    gdal("ogr2ogr", &[&["-f", driver, &path, &source], dimensions, options].concat());
    target
}

async fn what_gdal_writes_is_imported_in_its_place(store: Kind) {
    let server = Server::on(store, &[]).await;
    for (number, driver) in DRIVERS.iter().enumerate() {
        for (dimensions, high) in [("flat", false), ("high", true)] {
            let (name, _, kinds, _) = driver;
            let mut wanted = geometries(high);
            wanted.retain(|(kind, _)| kinds.is_empty() || kinds.contains(kind));
            if *name == "ESRI Shapefile" && high {
                // A hole that is not level with its ring that driver takes for another area.
                wanted = wanted.into_iter().map(|(kind, one)| (kind, lifted(&one, &|_| 5.5))).collect();
            }
            let layer = format!("{dimensions}-{number}");
            let path = written_by_gdal(&server.folder(), &layer, driver, &wanted);
            assert_eq!(import(&server, &layer, &path).await, wanted.len() as u64, "{name} {dimensions} {kinds:?}");
            let (path, _) = export(&server, &layer, Format::GeoJsonLines).await;
            let text = std::fs::read_to_string(path).expect("UTF-8");
            let found = text.lines().map(|line| {
                let mut feature: Value = serde_json::from_str(line).expect("a feature");
                (feature["properties"]["name"].as_str().expect("a name").to_owned(), feature["geometry"].take())
            });
            let found: BTreeMap<String, Value> = found.collect();
            for (kind, geometry) in wanted {
                let is_lifted = *name == "LIBKML" && !high;
                // That driver writes a height of 0 where there is none.
                let geometry = if is_lifted { lifted(&geometry, &|_| 0.0) } else { geometry };
                let found = found.get(kind).map(as_reals);
                assert_eq!(found, Some(as_reals(&geometry)), "{name} {dimensions}: {kind}");
            }
        }
    }
}
