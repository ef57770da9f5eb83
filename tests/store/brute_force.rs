//! The index against brute force: nearest, box and distance questions over 3,000 random points and 300 random lines and
//! polygons must answer what measuring every single shape answers, at the poles and across 180 degrees too.

use cairn::geometry::geodesic::Target;
use cairn::geometry::planar::planar;
use cairn::geometry::{Geometry, Position, geojson};
use cairn::model::{NewLocation, Visibility};
use geo::{Intersects, Rect, coord};
use serde_json::{Value, json};

use crate::common::fixture::{create, new_layer};
use crate::common::{Kind, Server};

crate::on_both_stores! {
    the_nearest_are_those_that_measuring_everything_finds,
    the_nearest_within_a_distance_are_those_that_measuring_finds,
    a_distance_to_any_shape_is_the_one_that_measuring_finds,
    a_box_holds_what_comparing_every_shape_finds,
}

/// A sequence that is the same in every run (`SplitMix64`).
pub struct Random(pub u64);

impl Random {
    /// From 0 to below 1.
    pub fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
        let unit = ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64;
        unit
    }

    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Evenly over the sphere, with one in five near 180 degrees and one in five near a pole.
    pub fn place(&mut self) -> (f64, f64) {
        let even = self.between(-1.0, 1.0).asin().to_degrees();
        match self.unit() {
            kind if kind < 0.2 => {
                let side = if self.unit() < 0.5 { -1.0 } else { 1.0 };
                (side * self.between(178.0, 180.0), even)
            }
            kind if kind < 0.4 => {
                let side = if self.unit() < 0.5 { -1.0 } else { 1.0 };
                (self.between(-180.0, 180.0), side * self.between(86.0, 90.0))
            }
            _ => (self.between(-180.0, 180.0), even),
        }
    }

    fn point(&mut self) -> Value {
        let (lon, lat) = self.place();
        json!({ "type": "Point", "coordinates": [lon, lat] })
    }

    /// A line of a few far-flung vertices: its great circles bulge far out of its planar box.
    fn line(&mut self) -> Value {
        let (lon, lat) = (self.between(-130.0, 130.0), self.between(-75.0, 75.0));
        let reach = self.between(0.1, 45.0);
        let mut vertex = |_| [lon + self.between(-reach, reach), lat + self.between(-reach, reach).clamp(-14.0, 14.0)];
        json!({ "type": "LineString", "coordinates": (0..4).map(&mut vertex).collect::<Vec<_>>() })
    }

    /// A star-shaped ring around its middle, so that it never crosses itself.
    fn polygon(&mut self) -> Value {
        let (lon, lat) = (self.between(-170.0, 170.0), self.between(-80.0, 80.0));
        let reach = self.between(0.1, 9.5);
        let mut ring: Vec<[f64; 2]> = (0..12)
            .map(|step| {
                let angle = f64::from(step) / 12.0 * std::f64::consts::TAU;
                let radius = reach * self.between(0.4, 1.0);
                [lon + radius * angle.cos(), lat + radius * angle.sin()]
            })
            .collect();
        ring.push(ring[0]);
        json!({ "type": "Polygon", "coordinates": [ring] })
    }
}

/// The places in the order of their ids, which count from 1.
struct World {
    server: Server,
    shapes: Vec<Geometry>,
}

impl World {
    async fn new(store: Kind) -> Self {
        let mut random = Random(4711);
        let mut written: Vec<Value> = (0..3_000).map(|_| random.point()).collect();
        written.extend((0..150).map(|_| random.line()));
        written.extend((0..150).map(|_| random.polygon()));
        let shapes: Vec<Geometry> = written.iter().map(|shape| geojson::read(shape).expect("a geometry")).collect();
        let rows = shapes.iter().enumerate().map(|(index, geometry)| NewLocation {
            external_id: None,
            name: String::new(),
            geometry: geometry.clone(),
            properties: serde_json::from_value(json!({ "parity": index % 2, "rare": index % 97 })).expect("an object"),
        });
        let server = Server::on(store, &[]).await;
        create(server.app.locations(), new_layer("world", "World", Visibility::Public, 0), rows.collect()).await;
        Self { server, shapes }
    }

    /// Index and metres of every shape that `keep` lets pass, nearest first.
    fn measured(&self, from: &Geometry, keep: impl Fn(usize) -> bool) -> Vec<(usize, f64)> {
        let target = Target::new(from.wkb()).expect("a target");
        let kept = self.shapes.iter().enumerate().filter(|(index, _)| keep(*index));
        let mut all: Vec<_> =
            kept.map(|(index, shape)| (index, target.distance(shape.wkb()).expect("a distance"))).collect();
        all.sort_by(|one, other| one.1.total_cmp(&other.1).then(one.0.cmp(&other.0)));
        all
    }

    async fn answer(&self, variables: Value) -> Value {
        let question = "query($filter: LocationFilter, $near: NearInput, $first: Int!, $after: String) {
            locations(filter: $filter, near: $near, first: $first, after: $after) {
                nodes { id } pageInfo { endCursor hasNextPage } totalCount } }";
        self.server.data(question, variables).await["locations"].take()
    }
}

fn indices(answer: &Value) -> Vec<usize> {
    let id = |node: &Value| node["id"].as_str().and_then(|id| id.parse::<usize>().ok()).expect("an id") - 1;
    answer["nodes"].as_array().expect("nodes").iter().map(id).collect()
}

/// Where the questions are asked from: random places, the poles, both sides of 180 degrees.
fn origins() -> Vec<(f64, f64)> {
    let mut random = Random(23);
    let mut places = vec![
        (0.0, 90.0),
        (137.0, 90.0),
        (0.0, -90.0),
        (-45.0, 89.999),
        (60.0, -89.99),
        (180.0, 0.0),
        (-180.0, 0.0),
        (179.999, 52.0),
        (-179.999, -52.0),
        (180.0, 90.0),
        (0.0, 0.0),
    ];
    places.extend((0..45).map(|_| random.place()));
    places
}

/// Which of the numbered places a filter lets through.
type Keep = fn(usize) -> bool;

async fn the_nearest_are_those_that_measuring_everything_finds(store: Kind) {
    let world = World::new(store).await;
    for (number, (lon, lat)) in origins().into_iter().enumerate() {
        let from = Geometry::point(Position::new(lon, lat).expect("a position"));
        let near = json!({ "position": { "lon": lon, "lat": lat } });
        let questions: [(Value, Keep); 4] = [
            (Value::Null, |_| true),
            (json!({ "property": { "path": "parity", "eq": 1 } }), |index| index % 2 == 1),
            (json!({ "property": { "path": "rare", "eq": 13 } }), |index| index % 97 == 13),
            (json!({ "geometryType": ["LINE_STRING", "POLYGON"] }), |index| index >= 3_000),
        ];
        let first = [1, 10, 25][number % 3];
        for (filter, keep) in questions {
            let expected: Vec<_> = world.measured(&from, keep).into_iter().map(|(index, _)| index).collect();
            let page = world.answer(json!({ "filter": filter, "near": near, "first": first })).await;
            assert_eq!(indices(&page), expected[..first], "nearest to {lon} {lat} with {filter}");
            let after = &page["pageInfo"]["endCursor"];
            let next = world.answer(json!({ "filter": filter, "near": near, "first": first, "after": after })).await;
            let until = (2 * first).min(expected.len());
            assert_eq!(indices(&next), expected[first..until], "the next nearest to {lon} {lat} with {filter}");
        }
    }
}

/// The index of a file alone: where nothing filters, it leaves out what lies behind enough boxes.
#[tokio::test]
async fn boxes_without_a_place_in_them_do_not_hide_the_nearest() {
    let world = World::new(Kind::Geopackage).await;
    let boxes = (0..30).map(|number| format!("({}, 5, 5, 5, 5)", 900_000 + number)).collect::<Vec<_>>().join(", ");
    world.server.write_outside(&format!("INSERT INTO rtree_location_geom VALUES {boxes}")).await;
    let from = Geometry::point(Position::new(5.0, 5.0).expect("a position"));
    let near = json!({ "position": { "lon": 5, "lat": 5 } });
    let expected: Vec<_> = world.measured(&from, |_| true).into_iter().map(|(index, _)| index).take(10).collect();
    assert_eq!(indices(&world.answer(json!({ "near": near, "first": 10 })).await), expected);
}

async fn the_nearest_within_a_distance_are_those_that_measuring_finds(store: Kind) {
    let world = World::new(store).await;
    for (number, (lon, lat)) in origins().into_iter().enumerate() {
        let from = Geometry::point(Position::new(lon, lat).expect("a position"));
        let meters = [0.0, 50_000.0, 400_000.0, 3_000_000.0][number % 4];
        let expected: Vec<_> = world.measured(&from, |_| true).into_iter().filter(|one| one.1 <= meters).collect();
        let near = json!({ "position": { "lon": lon, "lat": lat }, "maxMeters": meters });
        let page = world.answer(json!({ "near": near, "first": 20 })).await;
        let first: Vec<_> = expected.iter().take(20).map(|one| one.0).collect();
        assert_eq!(indices(&page), first, "within {meters} m of {lon} {lat}");
        assert_eq!(page["totalCount"], expected.len(), "within {meters} m of {lon} {lat}");
        assert_eq!(page["pageInfo"]["hasNextPage"], expected.len() > 20);
    }
}

async fn a_distance_to_any_shape_is_the_one_that_measuring_finds(store: Kind) {
    let world = World::new(store).await;
    let mut random = Random(99);
    for number in 0..45 {
        let shape = [random.point(), random.line(), random.polygon()][number % 3].clone();
        let meters = [1_000.0, 80_000.0, 700_000.0][number / 3 % 3];
        let from = geojson::read(&shape).expect("a geometry");
        let near_the_edge = |found: f64| (found - meters).abs() < 0.001;
        let all = world.measured(&from, |_| true);
        let mut expected: Vec<_> = all.into_iter().filter(|one| one.1 <= meters && !near_the_edge(one.1)).collect();
        expected.sort_by_key(|one| one.0);
        let filter = json!({ "dWithin": { "geometry": shape, "meters": meters } });
        let page = world.answer(json!({ "filter": filter, "first": 1000 })).await;
        let expected: Vec<_> = expected.into_iter().map(|one| one.0).collect();
        assert_eq!(indices(&page), expected[..expected.len().min(1_000)], "{meters} m of {shape}");
    }
}

async fn a_box_holds_what_comparing_every_shape_finds(store: Kind) {
    let world = World::new(store).await;
    let mut random = Random(7);
    let planar: Vec<_> = world.shapes.iter().map(|shape| planar(shape.wkb()).expect("planar")).collect();
    for _ in 0..60 {
        let (west, south) = random.place();
        let east = if random.unit() < 0.3 { random.between(-180.0, west) } else { random.between(west, 180.0) };
        let north = if random.unit() < 0.2 { 90.0 } else { random.between(south, 90.0) };
        let part = |west, east| Rect::new(coord! { x: west, y: south }, coord! { x: east, y: north }).to_polygon();
        let parts = if west <= east { vec![part(west, east)] } else { vec![part(west, 180.0), part(-180.0, east)] };
        let hit = |index: &usize| parts.iter().any(|part| part.intersects(&planar[*index]));
        let expected: Vec<_> = (0..planar.len()).filter(hit).collect();
        let filter = json!({ "bbox": { "west": west, "south": south, "east": east, "north": north } });
        let page = world.answer(json!({ "filter": filter, "first": 1000 })).await;
        assert_eq!(indices(&page), expected[..expected.len().min(1_000)], "{filter}");
        assert_eq!(page["totalCount"], expected.len(), "{filter}");
    }
}
