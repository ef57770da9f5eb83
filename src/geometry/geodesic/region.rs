//! The area inside of a polygon whose edges are great-circle arcs.
//!
//! A ring cuts the sphere in two; the *smaller* side is the inside, as `ST_Area` of PostGIS `geography` counts it, so winding
//! does not matter and the antipode of a place inside is never inside. A place is inside when the way along its meridian to
//! the north pole crosses the rings an odd number of times, corrected by whether the pole itself is inside. Which edges a
//! meridian meets is decided by comparing longitudes alone, half open, so that no vertex is counted twice or missed.

use std::f64::consts::TAU;

use geo::{LineString, Polygon};

use crate::geometry::geodesic::arc_tree::Cap;
use crate::geometry::geodesic::sphere::{Arc, Unit};
use crate::geometry::slabs::{Interval, Slabs};

/// Below this many edges looking at all of them is as fast as the index.
const WORTH_AN_INDEX: usize = 16;

/// A place both as degrees and as a unit vector.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// Degrees east in [-180, 180): both names of the antimeridian are one.
    lon: f64,
    /// The same place as a vector.
    pub unit: Unit,
}

impl Place {
    /// The place at a longitude in [-180, 180] and a latitude in [-90, 90].
    pub fn new(lon: f64, lat: f64) -> Self {
        Self { lon: if lon >= 180.0 { lon - 360.0 } else { lon }, unit: Unit::from_degrees(lon, lat) }
    }
}

/// An edge that a meridian may cross: from `west` eastward to before `east`.
#[derive(Debug, Clone, Copy)]
struct Crossing {
    west: f64,
    east: f64,
    /// Of the arc taken eastward: places south of it are on its right.
    normal: Unit,
}

impl Crossing {
    fn is_north_of(&self, place: Place) -> bool {
        let (after_west, before_east) = (self.west <= place.lon, place.lon < self.east);
        let meets = if self.west <= self.east { after_west && before_east } else { after_west || before_east };
        meets && self.normal.dot(place.unit) < 0.0
    }
}

/// The inside of one polygon, holes left out.
#[derive(Debug, Clone)]
pub struct Region {
    crossings: Vec<Crossing>,
    by_longitude: Option<Slabs>,
    north_pole_inside: bool,
    bound: Cap,
}

impl Region {
    /// The inside of a polygon with coordinates in range. `None` when it has no exterior ring.
    pub fn new(polygon: &Polygon<f64>) -> Option<Self> {
        if polygon.exterior().0.len() < 4 {
            return None;
        }
        let vertices = polygon.exterior().coords().map(|coord| Unit::from_degrees(coord.x, coord.y));
        let bound = Cap::around(vertices.collect::<Vec<_>>().into_iter());
        let mut region = Self { crossings: Vec::new(), by_longitude: None, north_pole_inside: false, bound };
        for ring in std::iter::once(polygon.exterior()).chain(polygon.interiors()) {
            region.north_pole_inside ^= region.add(ring);
        }
        Some(region)
    }

    /// Sorts the edges by longitude, for a region that is asked many times.
    #[must_use]
    pub fn indexed(mut self) -> Self {
        if self.crossings.len() < WORTH_AN_INDEX {
            return self;
        }
        let mut intervals = Vec::with_capacity(self.crossings.len());
        for (item, edge) in (0..).zip(&self.crossings) {
            if edge.west <= edge.east {
                intervals.push(Interval { low: edge.west, high: edge.east, item });
            } else {
                intervals.push(Interval { low: edge.west, high: 180.0, item });
                intervals.push(Interval { low: -180.0, high: edge.east, item });
            }
        }
        self.by_longitude = Some(Slabs::new(&intervals));
        self
    }

    /// Whether the place is inside. On an edge either answer is right: the edge itself is at distance 0.
    pub fn holds(&self, place: Place) -> bool {
        if !self.bound.holds(place.unit) {
            return false;
        }
        let north = match &self.by_longitude {
            None => self.crossings.iter().filter(|edge| edge.is_north_of(place)).count(),
            Some(slabs) => self.count_indexed(slabs, place),
        };
        self.north_pole_inside ^ (north % 2 == 1)
    }

    fn count_indexed(&self, slabs: &Slabs, place: Place) -> usize {
        let edges = slabs.at(place.lon).iter();
        edges.filter_map(|&edge| self.crossings.get(edge as usize)).filter(|edge| edge.is_north_of(place)).count()
    }

    /// Adds the edges of a ring, and says whether the north pole is on its smaller side.
    fn add(&mut self, ring: &LineString<f64>) -> bool {
        let mut turn = 0.0;
        let mut above_equator = 0.0;
        for edge in ring.lines() {
            let (a, b) = (Place::new(edge.start.x, edge.start.y), Place::new(edge.end.x, edge.end.y));
            let eastward = shorter_turn(a.lon, b.lon);
            turn += eastward;
            above_equator += lune_area(eastward.to_radians(), edge.start.y.to_radians(), edge.end.y.to_radians());
            if eastward > 0.0 {
                self.crossings.push(Crossing { west: a.lon, east: b.lon, normal: Arc::new(a.unit, b.unit).normal });
            } else if eastward < 0.0 {
                self.crossings.push(Crossing { west: b.lon, east: a.lon, normal: Arc::new(b.unit, a.unit).normal });
            }
        }
        let circles_the_poles = turn.abs() > 180.0;
        if circles_the_poles { above_equator * turn > 0.0 } else { above_equator.abs() > TAU }
    }
}

/// Degrees from one longitude to another, eastward positive, the shorter way round.
fn shorter_turn(from: f64, to: f64) -> f64 {
    let turn = to - from;
    if turn > 180.0 {
        turn - 360.0
    } else if turn < -180.0 {
        turn + 360.0
    } else {
        turn
    }
}

/// The area on the unit sphere between an arc and the equator: positive for an arc that goes east in the north.
fn lune_area(turn: f64, from_lat: f64, to_lat: f64) -> f64 {
    let (from, to) = ((from_lat / 2.0).tan(), (to_lat / 2.0).tan());
    2.0 * ((turn / 2.0).tan() * (from + to)).atan2(1.0 + from * to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::coord;
    use proptest::prelude::*;

    fn region(rings: &[&[(f64, f64)]]) -> Region {
        let mut rings = rings.iter().map(|ring| LineString::from(ring.to_vec()));
        Region::new(&Polygon::new(rings.next().unwrap(), rings.collect())).unwrap()
    }

    fn assert_holds(region: &Region, table: &[((f64, f64), bool)]) {
        for &((lon, lat), inside) in table {
            assert_eq!(region.holds(Place::new(lon, lat)), inside, "at {lon} {lat}");
            assert_eq!(region.clone().indexed().holds(Place::new(lon, lat)), inside, "indexed, at {lon} {lat}");
        }
    }

    #[test]
    fn a_square_holds_its_middle_and_not_its_antipode() {
        let square = [(10.0, 10.0), (20.0, 10.0), (20.0, 20.0), (10.0, 20.0)];
        let hole = [(14.0, 14.0), (16.0, 14.0), (16.0, 16.0), (14.0, 16.0)];
        let expected =
            [((12.0, 12.0), true), ((15.0, 15.0), false), ((-165.0, -15.0), false), ((-168.0, -12.0), false)];
        assert_holds(&region(&[&square, &hole]), &expected);
        let reversed: Vec<_> = square.iter().rev().copied().collect();
        assert_holds(&region(&[&reversed, &hole]), &expected);
    }

    #[test]
    fn edges_are_arcs_and_not_parallels() {
        let wide = region(&[&[(0.0, 40.0), (90.0, 40.0), (90.0, 60.0), (0.0, 60.0)]]);
        assert_holds(&wide, &[((45.0, 45.0), false), ((45.0, 65.0), true), ((45.0, 69.0), false), ((1.0, 41.5), true)]);
    }

    #[test]
    fn a_ring_around_a_pole_holds_the_pole() {
        let cap = |lat: f64| [(0.0, lat), (90.0, lat), (180.0, lat), (-90.0, lat)];
        let north = region(&[&cap(70.0)]);
        assert_holds(&north, &[((0.0, 90.0), true), ((55.0, 90.0), true), ((0.0, -90.0), false), ((0.0, 0.0), false)]);
        let south = region(&[&cap(-70.0), &cap(-80.0)]);
        assert_holds(
            &south,
            &[((0.0, -90.0), false), ((0.0, -75.0), true), ((180.0, -75.0), true), ((3.0, 90.0), false)],
        );
    }

    #[test]
    fn an_outline_with_the_pole_as_vertices_reaches_the_pole() {
        let coast = [(-180.0, -70.0), (-90.0, -65.0), (0.0, -70.0), (90.0, -65.0), (180.0, -70.0)];
        let ice = region(&[&[&[(-180.0, -90.0)][..], &coast, &[(180.0, -90.0)]].concat()]);
        assert_holds(
            &ice,
            &[((10.0, -85.0), true), ((-179.0, -85.0), true), ((179.0, -85.0), true), ((10.0, -60.0), false)],
        );
        let wedge = region(&[&[(10.0, 50.0), (50.0, 50.0), (0.0, 90.0)]]);
        assert_holds(
            &wedge,
            &[((30.0, 80.0), true), ((30.0, 89.9), true), ((5.0, 89.9), false), ((60.0, 89.0), false)],
        );
    }

    #[test]
    fn a_square_over_180_degrees_is_small_however_it_is_written() {
        for (east, edge) in [(-170.0, 180.0), (-170.0, -180.0)] {
            let square = region(&[&[(170.0, -5.0), (edge, -5.0), (east, -5.0), (east, 5.0), (170.0, 5.0)]]);
            assert_holds(
                &square,
                &[((180.0, 0.0), true), ((-180.0, 0.0), true), ((-175.0, 1.0), true), ((0.0, 0.0), false)],
            );
        }
    }

    proptest! {
        #[test]
        fn turning_the_earth_changes_nothing(
            radii in prop::collection::vec(1.0..25.0_f64, 5..40),
            center in (-180.0..180.0_f64, -60.0..60.0_f64),
            at in (-40.0..40.0_f64, -25.0..25.0_f64),
            turn in -360.0..360.0_f64,
        ) {
            let ring = |turn: f64| {
                let step = TAU / f64::from(u32::try_from(radii.len()).unwrap());
                let star = radii.iter().zip(0..).map(|(radius, index)| {
                    let (sin, cos) = (step * f64::from(index)).sin_cos();
                    coord! { x: wrapped(center.0 + turn + radius * cos), y: center.1 + radius * sin }
                });
                Region::new(&Polygon::new(star.collect(), vec![])).unwrap()
            };
            let place = |turn: f64| Place::new(wrapped(center.0 + turn + at.0), center.1 + at.1);
            let still = ring(0.0).holds(place(0.0));
            prop_assert_eq!(still, ring(turn).holds(place(turn)));
            prop_assert_eq!(still, ring(turn).indexed().holds(place(turn)));
        }
    }

    fn wrapped(lon: f64) -> f64 {
        (lon + 180.0).rem_euclid(360.0) - 180.0
    }
}
