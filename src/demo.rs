//! `cairn serve --demo`: small real data, embedded, loaded once. `demo/LICENSES.md` has the sources and licences.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::app::App;
use crate::error::{Error, Result};
use crate::geometry::geojson;
use crate::model::{NewLayer, NewLocation, Viewer, Visibility};

/// A layer of the demo, as `demo/layers.json` describes it.
#[derive(Debug, Deserialize)]
struct DemoLayer {
    key: String,
    title: String,
    description: String,
    attribution: String,
    style: Value,
    file: String,
}

#[derive(Debug, Deserialize)]
struct Collection {
    features: Vec<Feature>,
}

#[derive(Debug, Deserialize)]
struct Feature {
    id: String,
    properties: Map<String, Value>,
    geometry: Value,
}

const LAYERS: &str = include_str!("../demo/layers.json");

fn file(name: &str) -> Result<&'static str> {
    Ok(match name {
        "countries.geojson" => include_str!("../demo/countries.geojson"),
        "borders.geojson" => include_str!("../demo/borders.geojson"),
        "earthquakes.geojson" => include_str!("../demo/earthquakes.geojson"),
        "cities.geojson" => include_str!("../demo/cities.geojson"),
        _ => return Err(Error::internal(format!("there is no demo file {name}"))),
    })
}

/// Loads each layer that is not there yet; what is there is left as its owner has made it. Gives the number of new layers.
pub async fn load(app: &App) -> Result<usize> {
    let layers: Vec<DemoLayer> = serde_json::from_str(LAYERS).map_err(Error::internal)?;
    let mut loaded = 0;
    for (layer, position) in layers.into_iter().zip(1..) {
        let text = file(&layer.file)?;
        let locations = tokio::task::spawn_blocking(move || read(text)).await.map_err(Error::internal)??;
        let new = NewLayer {
            key: layer.key,
            title: layer.title,
            description: layer.description,
            attribution: layer.attribution,
            visibility: Visibility::Public,
            style: layer.style,
            position,
            property_schema: None,
        };
        loaded += usize::from(app.locations().create_layer(&Viewer::Server, new, locations).await?);
    }
    Ok(loaded)
}

fn read(text: &str) -> Result<Vec<NewLocation>> {
    let collection: Collection = serde_json::from_str(text).map_err(Error::internal)?;
    collection
        .features
        .into_iter()
        .map(|mut feature| {
            let name = match feature.properties.shift_remove("name") {
                Some(Value::String(name)) => name,
                _ => String::new(),
            };
            let geometry = geojson::read(&feature.geometry).map_err(|error| error.at(feature.id.clone()))?;
            Ok(NewLocation { external_id: Some(feature.id), name, geometry, properties: feature.properties })
        })
        .collect()
}
