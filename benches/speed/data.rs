//! What is asked: all cities, loaded through the library as `cairn serve --demo` loads its own.

use std::error::Error;
use std::io::{BufRead, BufReader};
use std::path::Path;

use cairn::app::App;
use cairn::config::Config;
use cairn::geometry::geojson;
use cairn::model::{NewLayer, NewLocation, Viewer, Visibility};
use serde_json::{Map, Value, json};

/// Longitude and latitude.
pub type Place = (f64, f64);

/// Processors that this process may use.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The address of a GeoPackage.
pub fn url_of(file: &Path) -> String {
    format!("sqlite://{}", file.display())
}

/// Loads the GeoJSON lines of `cities` into a new database; gives the places in the order of their ids.
pub fn load(cities: &Path, database: &str) -> Result<Vec<Place>, Box<dyn Error + Send + Sync>> {
    let mut places = Vec::new();
    let mut locations = Vec::new();
    for line in BufReader::new(std::fs::File::open(cities)?).lines() {
        let feature: Map<String, Value> = serde_json::from_str(&line?)?;
        places.push(place(&feature).ok_or("a city without a place")?);
        locations.push(location(feature)?);
    }
    let layer = NewLayer {
        key: "cities".into(),
        title: "Cities".into(),
        description: String::new(),
        attribution: "GeoNames, CC BY 4.0".into(),
        visibility: Visibility::Public,
        style: json!({}),
        position: 1,
        property_schema: None,
    };
    let settings = [("DATABASE_URL".to_owned(), database.to_owned())];
    let config = Config::from_pairs(settings)?;
    tokio::runtime::Runtime::new()?.block_on(async {
        let app = App::build(&config).await?;
        let made = app.locations().create_layer(&Viewer::Server, layer, locations).await?;
        app.close().await?;
        if made { Ok(places) } else { Err("the database is not new".into()) }
    })
}

fn place(feature: &Map<String, Value>) -> Option<Place> {
    let coordinates = feature.get("geometry")?.get("coordinates")?;
    Some((coordinates.get(0)?.as_f64()?, coordinates.get(1)?.as_f64()?))
}

fn location(mut feature: Map<String, Value>) -> Result<NewLocation, Box<dyn Error + Send + Sync>> {
    let geometry = geojson::read(feature.get("geometry").ok_or("a city without a geometry")?)?;
    let Some(Value::Object(mut properties)) = feature.remove("properties") else {
        return Err("a city without properties".into());
    };
    let name = properties.shift_remove("name").and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default();
    let external_id = feature.get("id").and_then(Value::as_str).map(str::to_owned);
    Ok(NewLocation { external_id, name, geometry, properties })
}
