//! The fixture places of `tests/data/places.json`: every geometry type, hostile names, every kind of property.

use cairn::geometry::geojson;
use cairn::model::{NewLayer, NewLocation, Viewer, Visibility};
use cairn::service::Locations;
use serde::Deserialize;
use serde_json::{Map, Value};

/// The time of everything that the fixture gives no time of its own.
pub const USUAL_TIME: &str = "2024-01-01T00:00:00.000Z";

/// The whole file.
#[derive(Debug, Deserialize)]
pub struct Fixture {
    /// The layers, in drawing order.
    pub layers: Vec<FixtureLayer>,
}

/// A layer with its locations.
#[derive(Debug, Deserialize)]
pub struct FixtureLayer {
    pub key: String,
    pub title: String,
    pub visibility: String,
    pub locations: Vec<FixtureLocation>,
}

/// A location as it is in the file.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FixtureLocation {
    pub external_id: Option<String>,
    pub name: String,
    pub geometry: Value,
    pub properties: Map<String, Value>,
    #[serde(default = "usual_time")]
    pub created_at: String,
    #[serde(default = "usual_time")]
    pub updated_at: String,
}

fn usual_time() -> String {
    USUAL_TIME.to_owned()
}

/// Reads the file.
pub fn places() -> Fixture {
    serde_json::from_str(include_str!("../data/places.json")).expect("places.json")
}

/// A layer to be made.
pub fn new_layer(key: &str, title: &str, visibility: Visibility, position: i64) -> NewLayer {
    NewLayer {
        key: key.to_owned(),
        title: title.to_owned(),
        description: String::new(),
        attribution: String::new(),
        visibility,
        style: serde_json::json!({}),
        position,
        property_schema: None,
    }
}

/// Writes a layer as the server itself does.
pub async fn create(locations: &Locations, layer: NewLayer, rows: Vec<NewLocation>) {
    assert!(locations.create_layer(&Viewer::Server, layer, rows).await.expect("a layer is made"), "the layer is new");
}

/// Writes the fixture places.
pub async fn load(locations: &Locations) {
    for (position, layer) in (0..).zip(places().layers) {
        let visibility = if layer.visibility == "PUBLIC" { Visibility::Public } else { Visibility::Private };
        let rows = layer.locations.into_iter().map(|location| NewLocation {
            geometry: geojson::read(&location.geometry).expect("a geometry of the fixture"),
            external_id: location.external_id,
            name: location.name,
            properties: location.properties,
        });
        create(locations, new_layer(&layer.key, &layer.title, visibility, position), rows.collect()).await;
    }
}
