//! Where is asked: boxes around random cities, the same ones in every run.

use crate::data::Place;

/// The generator `SplitMix64`: a few lines, and the same numbers on every machine.
pub struct Random(u64);

impl Random {
    /// A sequence of its own for each seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to 1.
    pub fn unit(&mut self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double")]
        let unit = (self.next() >> 11) as f64 / (1_u64 << 53) as f64;
        unit
    }

    /// One of them, by chance.
    pub fn pick(&mut self, places: &[Place]) -> Place {
        let index = self.next() % places.len().max(1) as u64;
        usize::try_from(index).ok().and_then(|index| places.get(index)).copied().unwrap_or_default()
    }
}

/// A box in degrees.
#[derive(Debug, Clone, Copy)]
pub struct Area {
    pub west: f64,
    pub south: f64,
    pub east: f64,
    pub north: f64,
}

impl Area {
    /// The box that reaches so many degrees from its middle. Its sides lie half-way between places of four decimals: the
    /// R-tree rounds to 32 bits, and no place stands so near to a side that this decides.
    pub fn around((lon, lat): Place, half: f64) -> Self {
        let side = |degrees: f64| (degrees * 1e4).floor() / 1e4 + 0.000_05;
        Self { west: side(lon - half), south: side(lat - half), east: side(lon + half), north: side(lat + half) }
    }

    /// The box around a circle of so many degrees of latitude.
    pub fn around_circle((lon, lat): Place, radius: f64) -> Self {
        let half = radius / lat.to_radians().cos().max(0.01);
        Self { west: lon - half, south: lat - radius, east: lon + half, north: lat + radius }
    }

    /// Whether it stays clear of the poles and of 180 degrees: the floor is one plain box.
    pub fn is_plain(self) -> bool {
        self.west > -179.0 && self.east < 179.0 && self.south > -85.0 && self.north < 85.0
    }

    fn holds(self, (lon, lat): Place) -> bool {
        self.west <= lon && lon <= self.east && self.south <= lat && lat <= self.north
    }
}

/// The middle and the half side, in degrees, of the smallest boxes around random cities that hold `least` places.
pub fn boxes(places: &[Place], least: usize, count: usize, seed: u64) -> Vec<(Place, f64)> {
    let mut random = Random::new(seed);
    let mut boxes = Vec::new();
    while boxes.len() < count {
        let middle = random.pick(places);
        let half = half_side(places, middle, least);
        if Area::around(middle, 1.5 * half).is_plain() {
            boxes.push((middle, half));
        }
    }
    boxes
}

fn half_side(places: &[Place], middle: Place, least: usize) -> f64 {
    let (mut small, mut large) = (0.0, 90.0);
    // To a ten-thousandth of a degree, the grid that the places stand on.
    for _ in 0..20 {
        let half = f64::midpoint(small, large);
        let area = Area::around(middle, half);
        if places.iter().filter(|place| area.holds(**place)).count() >= least {
            large = half;
        } else {
            small = half;
        }
    }
    large
}
