//! Boxes on longitude/latitude: the box that is asked for, and the envelope of a shape.

use crate::error::{Error, Result};
use crate::geometry::position::range_fault;

/// A box asked for, in degrees (RFC 7946, section 5). `west > east` crosses 180 degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BBox {
    west: f64,
    south: f64,
    east: f64,
    north: f64,
}

impl BBox {
    /// All positions.
    pub const WORLD: Self = Self { west: -180.0, south: -90.0, east: 180.0, north: 90.0 };

    /// Checks ranges and that south is not north of north. West may exceed east: the box then crosses 180 degrees.
    pub fn new(west: f64, south: f64, east: f64, north: f64) -> Result<Self> {
        for (lon, lat, lon_name, lat_name) in [(west, south, "west", "south"), (east, north, "east", "north")] {
            if let Some(fault) = range_fault(lon, lat) {
                // The latitude is named first when both are out of range, as in the sentence.
                let is_lat_fine = (-90.0..=90.0).contains(&lat);
                let is_lon_finite = lon.is_finite();
                let name = if is_lat_fine || !is_lon_finite { lon_name } else { lat_name };
                return Err(Error::bad_input(fault).at(name));
            }
        }
        if south > north {
            return Err(Error::bad_input(format!("south {south} is north of north {north}")).at("south"));
        }
        Ok(Self { west, south, east, north })
    }

    /// The western edge in degrees.
    pub fn west(self) -> f64 {
        self.west
    }
    /// The southern edge in degrees.
    pub fn south(self) -> f64 {
        self.south
    }
    /// The eastern edge in degrees.
    pub fn east(self) -> f64 {
        self.east
    }
    /// The northern edge in degrees.
    pub fn north(self) -> f64 {
        self.north
    }

    /// Whether the box crosses 180 degrees.
    pub fn crosses_antimeridian(self) -> bool {
        self.west > self.east
    }

    /// The planar boxes that cover it: one, or two when it crosses 180 degrees.
    pub fn parts(self) -> (Envelope, Option<Envelope>) {
        let part = |min_x, max_x| Envelope { min_x, min_y: self.south, max_x, max_y: self.north };
        if self.crosses_antimeridian() {
            (part(self.west, 180.0), Some(part(-180.0, self.east)))
        } else {
            (part(self.west, self.east), None)
        }
    }
}

/// The smallest planar box around a shape or a set of shapes, in degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Envelope {
    /// Least longitude.
    pub min_x: f64,
    /// Least latitude.
    pub min_y: f64,
    /// Greatest longitude.
    pub max_x: f64,
    /// Greatest latitude.
    pub max_y: f64,
}

impl Envelope {
    /// The envelope of nothing: grows to the first position it is [extended](Self::extend) by.
    pub const EMPTY: Self =
        Self { min_x: f64::INFINITY, min_y: f64::INFINITY, max_x: f64::NEG_INFINITY, max_y: f64::NEG_INFINITY };

    /// Whether no position was ever inside.
    pub fn is_empty(self) -> bool {
        self.min_x > self.max_x || self.min_y > self.max_y
    }

    /// Grows to hold the position.
    pub fn extend(&mut self, x: f64, y: f64) {
        self.min_x = self.min_x.min(x);
        self.min_y = self.min_y.min(y);
        self.max_x = self.max_x.max(x);
        self.max_y = self.max_y.max(y);
    }

    /// Whether the two share at least a boundary point.
    pub fn intersects(self, other: Self) -> bool {
        self.min_x <= other.max_x && self.max_x >= other.min_x && self.min_y <= other.max_y && self.max_y >= other.min_y
    }

    /// Whether `other` lies inside or on the edge.
    pub fn covers(self, other: Self) -> bool {
        self.min_x <= other.min_x && self.max_x >= other.max_x && self.min_y <= other.min_y && self.max_y >= other.max_y
    }

    /// The middle, in degrees.
    pub fn center(self) -> (f64, f64) {
        (f64::midpoint(self.min_x, self.max_x), f64::midpoint(self.min_y, self.max_y))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_box_over_180_degrees_has_two_parts() {
        let (first, second) = BBox::new(170.0, -20.0, -170.0, 10.0).unwrap().parts();
        assert_eq!(first, Envelope { min_x: 170.0, min_y: -20.0, max_x: 180.0, max_y: 10.0 });
        assert_eq!(second, Some(Envelope { min_x: -180.0, min_y: -20.0, max_x: -170.0, max_y: 10.0 }));
    }

    #[test]
    fn a_box_names_its_faulty_side() {
        let field = |w, s, e, n| BBox::new(w, s, e, n).unwrap_err().field().map(str::to_owned);
        assert_eq!(field(-181.0, 0.0, 1.0, 1.0).as_deref(), Some("west"));
        assert_eq!(field(0.0, 0.0, f64::NAN, 1.0).as_deref(), Some("east"));
        assert_eq!(field(0.0, 2.0, 1.0, 1.0).as_deref(), Some("south"));
        assert_eq!(field(0.0, 0.0, 1.0, 90.5).as_deref(), Some("north"));
        assert!(BBox::new(-180.0, -90.0, 180.0, 90.0).is_ok());
    }

    #[test]
    fn a_hint_to_swap_is_given_only_where_swapping_helps() {
        let message = |west, south| BBox::new(west, south, 180.0, 90.0).unwrap_err().message().to_owned();
        assert_eq!(message(48.0, 122.0), "latitude 122 is outside [-90, 90]; did you swap longitude and latitude?");
        assert_eq!(message(100.0, 122.0), "latitude 122 is outside [-90, 90]");
        assert_eq!(message(-190.0, 45.0), "longitude -190 is outside [-180, 180]");
    }

    #[test]
    fn the_envelope_of_nothing_is_inside_of_every_envelope_and_meets_none() {
        let world = Envelope { min_x: -180.0, min_y: -90.0, max_x: 180.0, max_y: 90.0 };
        assert!(Envelope::EMPTY.is_empty() && !world.is_empty());
        assert!(world.covers(Envelope::EMPTY) && !world.intersects(Envelope::EMPTY));
    }

    proptest! {
        #[test]
        fn the_parts_hold_what_lies_east_of_west_and_west_of_east(
            west in -180.0..=180.0, east in -180.0..=180.0, south in -90.0..=0.0, north in 0.0..=90.0, lon in -180.0..=180.0,
        ) {
            let bbox = BBox::new(west, south, east, north).unwrap();
            let (first, second) = bbox.parts();
            let place = Envelope { min_x: lon, min_y: 0.0, max_x: lon, max_y: 0.0 };
            let is_held = first.covers(place) || second.is_some_and(|second| second.covers(place));
            // Degrees from the western edge, eastwards.
            let eastwards = |to: f64| if to < west { to - west + 360.0 } else { to - west };
            prop_assert_eq!(is_held, eastwards(lon) <= eastwards(east));
        }

        #[test]
        fn an_envelope_covers_all_that_it_was_extended_by(places in proptest::collection::vec((-180.0..180.0, -90.0..90.0), 1..9)) {
            let mut envelope = Envelope::EMPTY;
            for (x, y) in &places {
                envelope.extend(*x, *y);
            }
            for (x, y) in places {
                let place = Envelope { min_x: x, min_y: y, max_x: x, max_y: y };
                prop_assert!(envelope.covers(place));
            }
        }
    }
}
