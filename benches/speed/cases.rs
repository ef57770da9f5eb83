//! What is asked: the questions of a map, of a list and of a spatial analysis, each in many places.

use std::error::Error;
use std::f64::consts::TAU;

use serde_json::{Value, json};

use crate::data::Place;
use crate::floor::Asked;
use crate::places::{Area, Random, boxes};
use crate::report::Goal;

/// Places that a case is asked at, by turns: more than the caches of a processor hold, so that no page is always warm.
const QUESTIONS: usize = 48;
/// Metres of a degree of latitude.
pub const METERS_PER_DEGREE: f64 = 111_195.0;

/// One kind of question, in many places.
pub struct Case {
    /// Its line in the table.
    pub name: &'static str,
    /// The places.
    pub questions: Vec<Question>,
    /// What is to be reached against the floor.
    pub goal: Goal,
    /// Whether the floor must give the same features, byte for byte.
    pub is_same_answer: bool,
}

/// One question, and what the floors answer instead.
pub struct Question {
    /// The JSON body of the request.
    pub body: Vec<u8>,
    /// The box that the floor on a file looks in, and its number of rows.
    pub floor: Asked,
    /// What it looks for there.
    pub sought: Sought,
}

/// What a question looks for.
pub enum Sought {
    /// The first by id in a box.
    Inside(Area),
    /// The first by distance from a place, at most so many metres away.
    Around(Place, f64),
    /// The first by distance from a place.
    Nearest(Place),
    /// The first by id within a ring.
    Within(Vec<[f64; 2]>),
}

const GEOJSON: &str = "query($filter: LocationFilter, $near: NearInput, $first: Int!) {
    locationsGeoJson(filter: $filter, near: $near, first: $first) }";

const CONNECTION: &str = "query($filter: LocationFilter, $first: Int!) {
    locations(filter: $filter, first: $first) { nodes { id name geometry properties layer { key } updatedAt } } }";

/// Every case that has a floor.
pub fn all(places: &[Place]) -> Result<Vec<Case>, Box<dyn Error + Send + Sync>> {
    let case = |name, questions, goal| Case { name, questions, goal, is_same_answer: false };
    Ok(vec![
        Case {
            is_same_answer: true,
            ..case("GeoJSON, box of 1,000", in_boxes(places, GEOJSON, 1_000)?, Goal::AtLeast(0.6))
        },
        Case { is_same_answer: true, ..case("GeoJSON, box of 50", in_boxes(places, GEOJSON, 50)?, Goal::AtLeast(0.4)) },
        case("dWithin 50 km, first 100", around(places, 100, Some(50_000.0))?, Goal::AtMost(3.0)),
        case("nearest 10", around(places, 10, None)?, Goal::AtMost(3.0)),
        case("inside a polygon, first 1,000", in_polygons(places, 1_000)?, Goal::AtMost(3.0)),
    ])
}

/// The same rows as a connection and as GeoJSON.
pub fn connections(places: &[Place], first: usize) -> Result<[Vec<Question>; 2], Box<dyn Error + Send + Sync>> {
    Ok([in_boxes(places, GEOJSON, first)?, in_boxes(places, CONNECTION, first)?])
}

fn body(query: &str, variables: &Value) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>> {
    Ok(serde_json::to_vec(&json!({ "query": query, "variables": variables }))?)
}

fn in_boxes(places: &[Place], query: &str, first: usize) -> Result<Vec<Question>, Box<dyn Error + Send + Sync>> {
    boxes(places, first, QUESTIONS, 1)
        .into_iter()
        .map(|(middle, half)| in_box(query, Area::around(middle, half), first))
        .collect()
}

/// The first by id in a box, as GeoJSON.
pub fn inside(area: Area, first: usize) -> Result<Question, Box<dyn Error + Send + Sync>> {
    in_box(GEOJSON, area, first)
}

fn in_box(query: &str, area: Area, first: usize) -> Result<Question, Box<dyn Error + Send + Sync>> {
    let Area { west, south, east, north } = area;
    let filter = json!({ "bbox": { "west": west, "south": south, "east": east, "north": north } });
    let body = body(query, &json!({ "filter": filter, "first": first }))?;
    Ok(Question { body, floor: Asked { area, limit: first }, sought: Sought::Inside(area) })
}

/// The nearest, at any distance or within one.
fn around(places: &[Place], first: usize, meters: Option<f64>) -> Result<Vec<Question>, Box<dyn Error + Send + Sync>> {
    boxes(places, first, QUESTIONS, 2).into_iter().map(|(middle, _)| near(middle, first, meters)).collect()
}

/// The nearest at any distance, as GeoJSON.
pub fn nearest(middle: Place, first: usize) -> Result<Question, Box<dyn Error + Send + Sync>> {
    near(middle, first, None)
}

fn near(middle: Place, first: usize, meters: Option<f64>) -> Result<Question, Box<dyn Error + Send + Sync>> {
    let (lon, lat) = middle;
    let filter = meters.map(
        |meters| json!({ "dWithin": { "geometry": { "type": "Point", "coordinates": [lon, lat] }, "meters": meters } }),
    );
    let near = json!({ "position": { "lon": lon, "lat": lat } });
    let body = body(GEOJSON, &json!({ "filter": filter, "near": near, "first": first }))?;
    let area = Area::around_circle(middle, meters.unwrap_or_default() / METERS_PER_DEGREE);
    let sought = meters.map_or(Sought::Nearest(middle), |meters| Sought::Around(middle, meters));
    Ok(Question { body, floor: Asked { area, limit: first }, sought })
}

/// Wavy rings of 200 vertices around cities.
fn in_polygons(places: &[Place], first: usize) -> Result<Vec<Question>, Box<dyn Error + Send + Sync>> {
    const VERTICES: u32 = 200;
    let mut random = Random::new(3);
    let question = |((lon, lat), half): (Place, f64)| {
        let waves = 3.0 + (random.unit() * 9.0).floor();
        let mut ring: Vec<[f64; 2]> = (0..VERTICES)
            .map(|vertex| {
                let angle = TAU * f64::from(vertex) / f64::from(VERTICES);
                let radius = half * (1.2 + 0.2 * (waves * angle).sin());
                [lon + radius * angle.cos(), lat + radius * angle.sin()]
            })
            .collect();
        ring.extend(ring.first().copied());
        let filter = json!({ "within": { "type": "Polygon", "coordinates": [ring] } });
        let body = body(GEOJSON, &json!({ "filter": filter, "first": first }))?;
        let floor = Asked { area: Area::around((lon, lat), 1.4 * half), limit: first };
        Ok(Question { body, floor, sought: Sought::Within(ring) })
    };
    boxes(places, first, QUESTIONS, 3).into_iter().map(question).collect()
}
