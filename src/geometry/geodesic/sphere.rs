//! Great-circle geometry on the unit sphere: positions as unit vectors, and the arcs between them.
//!
//! Longitude and latitude are taken as spherical coordinates, as PostGIS `geography` does to find nearest points. Distances
//! are compared as squared chords, which resolve a nanometre next to zero, where cosines resolve only a decimetre.

use std::ops::{Add, Mul, Sub};

/// Two places nearer than this angle (in radians, 6 micrometres on the Earth) touch: a vertex put on an edge is never exactly
/// on it in floating point.
pub const TOUCHING: f64 = 1e-12;

/// A vector of three; a place on the sphere when its length is 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Unit {
    x: f64,
    y: f64,
    z: f64,
}

impl Unit {
    /// The zero vector, which is no place.
    const ZERO: Self = Self { x: 0.0, y: 0.0, z: 0.0 };

    /// The place at a longitude and a latitude in degrees.
    pub fn from_degrees(lon: f64, lat: f64) -> Self {
        let (sin_lon, cos_lon) = lon.to_radians().sin_cos();
        let (sin_lat, cos_lat) = lat.to_radians().sin_cos();
        Self { x: cos_lat * cos_lon, y: cos_lat * sin_lon, z: sin_lat }
    }

    /// Longitude and latitude in degrees.
    pub fn to_degrees(self) -> (f64, f64) {
        let lat = self.z.atan2(self.x.hypot(self.y));
        (self.y.atan2(self.x).to_degrees(), lat.to_degrees())
    }

    /// The scalar product.
    pub fn dot(self, other: Self) -> f64 {
        self.x * other.x + self.y * other.y + self.z * other.z
    }

    /// The vector product.
    #[must_use]
    pub fn cross(self, other: Self) -> Self {
        Self {
            x: self.y * other.z - self.z * other.y,
            y: self.z * other.x - self.x * other.z,
            z: self.x * other.y - self.y * other.x,
        }
    }

    /// Scaled to length 1; the zero vector stays what it is.
    #[must_use]
    pub fn normalized(self) -> Self {
        let length = self.dot(self).sqrt();
        if length > 0.0 { self * (1.0 / length) } else { Self::ZERO }
    }

    /// The square of the straight distance through the sphere: 0 to 4, growing with the angle.
    pub fn chord2(self, other: Self) -> f64 {
        let between = self - other;
        between.dot(between)
    }

    /// The angle between two directions in radians, accurate over the whole range.
    pub fn angle(self, other: Self) -> f64 {
        let across = self.cross(other);
        across.dot(across).sqrt().atan2(self.dot(other))
    }
}

impl Add for Unit {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self { x: self.x + other.x, y: self.y + other.y, z: self.z + other.z }
    }
}

impl Sub for Unit {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self { x: self.x - other.x, y: self.y - other.y, z: self.z - other.z }
    }
}

impl Mul<f64> for Unit {
    type Output = Self;
    fn mul(self, factor: f64) -> Self {
        Self { x: self.x * factor, y: self.y * factor, z: self.z * factor }
    }
}

/// The angle in radians of a squared chord.
pub fn chord2_angle(chord2: f64) -> f64 {
    2.0 * (chord2.sqrt() / 2.0).min(1.0).asin()
}

/// The squared chord of an angle in radians; beyond half a turn, that of half a turn.
pub fn angle_chord2(angle: f64) -> f64 {
    let half = (angle / 2.0).clamp(0.0, std::f64::consts::FRAC_PI_2).sin();
    4.0 * half * half
}

/// The shorter way between two places along a great circle, or a single place.
///
/// Between opposite places the way is undefined: any one of them, but along the meridian from pole to pole.
#[derive(Debug, Clone, Copy)]
pub struct Arc {
    /// One end.
    pub a: Unit,
    /// The other end; the same place for a point.
    pub b: Unit,
    /// At right angles to the plane of the arc, of length 1; zero for a point.
    pub normal: Unit,
}

/// Two places, one on each of two shapes.
#[derive(Debug, Clone, Copy)]
pub struct Pair {
    /// The squared chord between them.
    pub chord2: f64,
    /// The place on the first.
    pub first: Unit,
    /// The place on the second.
    pub second: Unit,
}

impl Arc {
    /// The arc between two places.
    pub fn new(a: Unit, b: Unit) -> Self {
        // (a - b) x (a + b) is twice a x b, and keeps its direction for places a millimetre apart, where a x b loses it.
        Self { a, b, normal: (a - b).cross(a + b).normalized() }
    }

    /// A single place.
    pub fn point(place: Unit) -> Self {
        Self { a: place, b: place, normal: Unit::ZERO }
    }

    fn is_point(&self) -> bool {
        self.normal == Unit::ZERO
    }

    /// The middle of the arc.
    pub fn middle(&self) -> Unit {
        let middle = (self.a + self.b).normalized();
        if middle == Unit::ZERO { self.a } else { middle }
    }

    /// The sine of the angle from the plane of the arc, positive on the left of a to b. Measured from the nearer end, so that
    /// its error shrinks with the distance.
    fn side(&self, place: Unit) -> f64 {
        let near = if place.chord2(self.a) <= place.chord2(self.b) { self.a } else { self.b };
        self.normal.dot(place - near)
    }

    /// The squared chord to the nearest place of the arc, and that place.
    pub fn nearest(&self, place: Unit) -> (f64, Unit) {
        let (to_a, to_b) = (place.chord2(self.a), place.chord2(self.b));
        let end = if to_a <= to_b { (to_a, self.a) } else { (to_b, self.b) };
        let before_b = self.normal.cross(self.b).dot(place) < 0.0;
        let after_a = self.normal.cross(self.a).dot(place) > 0.0;
        if self.is_point() || !before_b || !after_a {
            return end;
        }
        let sine = self.normal.dot(place - end.1);
        let cosine = (1.0 - sine * sine).max(0.0).sqrt();
        let chord2 = 2.0 * sine * sine / (1.0 + cosine);
        let foot = (place - self.normal * self.normal.dot(place)).normalized();
        if chord2 < end.0 && foot != Unit::ZERO { (chord2, foot) } else { end }
    }

    /// Whether the arcs cross inside of both. Arcs that only touch are found by their nearest places.
    fn crosses(&self, other: &Self) -> bool {
        let (c, d) = (self.side(other.a), self.side(other.b));
        if c * d >= 0.0 {
            return false;
        }
        // The planes of any two arcs meet in two opposite places: all four signs must agree that it is the same one.
        let (a, b) = (other.side(self.a), other.side(self.b));
        a * b < 0.0 && (c < 0.0) == (a > 0.0)
    }

    /// The nearest places of two arcs. Unless they cross, one of the two is an end of its arc.
    pub fn nearest_pair(&self, other: &Self) -> Pair {
        if self.crosses(other) {
            return Pair { chord2: 0.0, first: self.a, second: self.a };
        }
        let from_first = |place: Unit| {
            let (chord2, second) = other.nearest(place);
            Pair { chord2, first: place, second }
        };
        let from_second = |place: Unit| {
            let (chord2, first) = self.nearest(place);
            Pair { chord2, first, second: place }
        };
        let mut best = from_first(self.a);
        if self.is_point() {
            return best;
        }
        for pair in [from_first(self.b), from_second(other.a), from_second(other.b)] {
            if pair.chord2 < best.chord2 {
                best = pair;
            }
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(lon: f64, lat: f64) -> Unit {
        Unit::from_degrees(lon, lat)
    }

    fn arc(a: (f64, f64), b: (f64, f64)) -> Arc {
        Arc::new(at(a.0, a.1), at(b.0, b.1))
    }

    #[test]
    fn arcs_cross_on_their_own_side_of_the_earth() {
        let equator = arc((-10.0, 0.0), (10.0, 0.0));
        for (other, crosses) in [
            (arc((0.0, -5.0), (0.0, 5.0)), true),
            (arc((180.0, -5.0), (180.0, 5.0)), false),
            (arc((11.0, -5.0), (11.0, 5.0)), false),
            (arc((0.0, 1.0), (0.0, 5.0)), false),
        ] {
            assert_eq!(equator.crosses(&other), crosses, "{other:?}");
            assert_eq!(other.crosses(&equator), crosses, "{other:?}");
            let turned = Arc::new(other.b, other.a);
            assert_eq!(equator.crosses(&turned), crosses, "{other:?}");
        }
        assert!(arc((170.0, 0.0), (-170.0, 0.0)).crosses(&arc((180.0, -5.0), (-180.0, 5.0))));
    }

    #[test]
    fn the_nearest_place_of_an_arc_is_its_foot_or_an_end() {
        let equator = arc((-10.0, 0.0), (10.0, 0.0));
        for (place, lon, degrees) in [((3.0, 4.0), 3.0, 4.0), ((40.0, 0.0), 10.0, 30.0), ((180.0, 0.0), 10.0, 170.0)] {
            let (chord2, foot) = equator.nearest(at(place.0, place.1));
            assert!((chord2_angle(chord2).to_degrees() - degrees).abs() < 1e-9, "{place:?}");
            assert!((foot.to_degrees().0.abs() - lon).abs() < 1e-9, "{place:?}");
        }
    }

    #[test]
    fn the_pole_of_an_arc_is_a_right_angle_away_and_no_arc_gives_nan() {
        let antipodal = arc((0.0, 0.0), (180.0, 0.0));
        for edge in [arc((0.0, 0.0), (90.0, 0.0)), arc((5.0, 5.0), (5.0, 5.0)), antipodal] {
            for place in [at(0.0, 90.0), at(0.0, -90.0), at(5.0, 5.0), at(180.0, 0.0)] {
                let (chord2, foot) = edge.nearest(place);
                assert!((0.0..=4.0 + 1e-9).contains(&chord2) && foot.dot(foot) > 0.99, "{edge:?}");
            }
        }
        assert!((arc((0.0, 0.0), (90.0, 0.0)).nearest(at(0.0, 90.0)).0 - 2.0).abs() < 1e-12);
    }

    #[test]
    fn an_edge_from_pole_to_pole_follows_its_meridian() {
        let meridian = arc((30.0, -90.0), (30.0, 90.0));
        assert!(meridian.nearest(at(30.0, 10.0)).0 < 1e-24);
        assert!((chord2_angle(meridian.nearest(at(33.0, 0.0)).0).to_degrees() - 3.0).abs() < 1e-9);
    }
}
