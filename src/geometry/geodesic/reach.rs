//! Boxes around distances: what an index may be asked before anything is measured.
//!
//! Everything here errs on one side: a box holds more than it must.

use crate::geometry::{BBox, Envelope};

/// The least metres per radian of spherical angle anywhere on WGS 84: the meridian's radius of curvature at the equator,
/// b^2/a. A geodesic is at least this times the angle between its ends on the sphere.
pub const LEAST_RADIUS: f64 = 6_335_439.327_083;
/// The most metres per radian of spherical angle: the radius of curvature at the poles, a^2/b.
pub const GREATEST_RADIUS: f64 = 6_399_593.625_759;

/// Boxes grow by this many degrees (0.1 mm) beyond the computed width, for rounding and for places that just touch.
const SLACK_DEGREES: f64 = 1e-9;
/// Widths and latitudes are rounded outward to steps of 2^-10 degrees before [`bulge`] computes with them.
const STEPS_PER_DEGREE: f64 = 1024.0;

/// Up to so many degrees of width the rise of an edge is bounded without sines, wherever it is: by 2.6 degrees at most.
const NARROW_DEGREES: f64 = 45.0;

/// The envelope widened to hold every great-circle edge between two positions in it.
///
/// Monotone: a larger envelope never gives a smaller one, so that a node of an R-tree may be tested by its own box. Sines and
/// tangents of libraries are not monotone in their last digit; so they are taken at steps, and each step gains more than
/// rounding can lose.
#[must_use]
pub fn bulge(envelope: Envelope) -> Envelope {
    let width = envelope.max_x - envelope.min_x;
    if envelope.is_empty() || width <= 0.0 {
        return envelope;
    }
    let (north, south) = (envelope.max_y > 0.0, envelope.min_y < 0.0);
    let rise = greatest_rise(width.min(NARROW_DEGREES));
    let held = Envelope {
        min_y: if south { envelope.min_y.min((envelope.min_y - rise).max(-90.0)) } else { envelope.min_y },
        max_y: if north { envelope.max_y.max((envelope.max_y + rise).min(90.0)) } else { envelope.max_y },
        ..envelope
    };
    if width <= NARROW_DEGREES {
        return held;
    }
    let stepped = (width * STEPS_PER_DEGREE).ceil() / STEPS_PER_DEGREE;
    if stepped >= 180.0 {
        // The shorter way between some of the positions goes round the other side, and may pass a pole.
        let min_y = if south { held.min_y.min(-90.0) } else { held.min_y };
        let max_y = if north { held.max_y.max(90.0) } else { held.max_y };
        return Envelope { min_x: envelope.min_x.min(-180.0), max_x: envelope.max_x.max(180.0), min_y, max_y };
    }
    let max_y = if north { held.max_y.max(top(envelope.max_y, stepped)) } else { held.max_y };
    let min_y = if south { held.min_y.min(-top(-envelope.min_y, stepped)) } else { held.min_y };
    Envelope { min_y, max_y, ..envelope }
}

/// Degrees that an edge between two positions, `width` degrees of longitude apart and at most 45, rises above both at most,
/// wherever it is.
///
/// With x half the width and k = 1 / cos x it is atan(k tan lat) - lat, greatest where tan lat = k^(-1/2), and there
/// atan((k - 1) / (2 k^(1/2))) <= (k - 1) / 2 <= x^2 (1 + x^2) / 4.
fn greatest_rise(width: f64) -> f64 {
    const ROUNDING_DEGREES: f64 = 1e-9;
    let half = width.to_radians() / 2.0;
    (half * half * (1.0 + half * half) / 4.0).to_degrees() + ROUNDING_DEGREES
}

/// The highest latitude of an edge between two positions at latitude `lat > 0`, `width` degrees of longitude apart.
fn top(lat: f64, width: f64) -> f64 {
    const GAIN_PER_DEGREE: f64 = 1e-9;
    let stepped = (lat * STEPS_PER_DEGREE).ceil() / STEPS_PER_DEGREE;
    if stepped >= 90.0 {
        return 90.0;
    }
    let top = stepped.to_radians().tan().atan2((width / 2.0).to_radians().cos()).to_degrees();
    (top + GAIN_PER_DEGREE * (stepped + width)).min(90.0)
}

/// A box that holds every position within `meters` of any great-circle edge between positions of the envelope.
///
/// The whole width when a pole is within reach; crosses 180 degrees where it must. The whole world for an envelope that is
/// empty or out of range and for a distance that is not a number.
#[must_use]
pub fn reach(envelope: Envelope, meters: f64) -> BBox {
    let world = Envelope { min_x: -180.0, min_y: -90.0, max_x: 180.0, max_y: 90.0 };
    if envelope.is_empty() || !world.covers(envelope) || meters.is_nan() {
        return BBox::WORLD;
    }
    let held = bulge(envelope);
    let angle = meters.max(0.0) / LEAST_RADIUS;
    let margin = angle.to_degrees() + SLACK_DEGREES;
    let (south, north) = ((held.min_y - margin).max(-90.0), (held.max_y + margin).min(90.0));
    let poleward = held.max_y.max(-held.min_y);
    let across = angle.sin() / poleward.to_radians().cos();
    // At a pole all longitudes meet, and short of it the circle around a position is `across` wide.
    if north >= 90.0 || south <= -90.0 || across >= 1.0 {
        return BBox::new(-180.0, south, 180.0, north).unwrap_or(BBox::WORLD);
    }
    let sideways = across.asin().to_degrees() + SLACK_DEGREES / poleward.to_radians().cos();
    let (west, east) = (held.min_x - sideways, held.max_x + sideways);
    if east - west >= 360.0 {
        return BBox::new(-180.0, south, 180.0, north).unwrap_or(BBox::WORLD);
    }
    // -180 and 180 are one meridian: a box that ends there also holds the other name.
    let west = if west <= -180.0 { west + 360.0 } else { west };
    let east = if east >= 180.0 { east - 360.0 } else { east };
    BBox::new(west, south, east, north).unwrap_or(BBox::WORLD)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::geometry::geodesic::point_distance;
    use crate::geometry::geodesic::sphere::Unit;
    use proptest::prelude::*;

    pub(in crate::geometry::geodesic) fn envelope(west: f64, south: f64, east: f64, north: f64) -> Envelope {
        Envelope { min_x: west, min_y: south, max_x: east, max_y: north }
    }

    pub(in crate::geometry::geodesic) fn any_envelope() -> impl Strategy<Value = Envelope> {
        let span = |limit: f64| {
            prop_oneof![(-limit..limit, 0.0..limit), (-limit..limit, 0.0..limit / 50.0), (Just(-limit), 0.0..limit)]
                .prop_map(move |(low, width): (f64, f64)| (low, (low + width * 2.0).min(limit)))
        };
        (span(180.0), span(90.0)).prop_map(|((west, east), (south, north))| envelope(west, south, east, north))
    }

    /// A position of the envelope, by two fractions.
    pub(in crate::geometry::geodesic) fn inside(envelope: Envelope, at: (f64, f64)) -> (f64, f64) {
        let between = |low: f64, high: f64, part: f64| (low + (high - low) * part).clamp(low, high);
        (between(envelope.min_x, envelope.max_x, at.0), between(envelope.min_y, envelope.max_y, at.1))
    }

    fn holds(bbox: BBox, (lon, lat): (f64, f64)) -> bool {
        let (first, second) = bbox.parts();
        let here = envelope(lon, lat, lon, lat);
        first.covers(here) || second.is_some_and(|second| second.covers(here))
    }

    proptest! {
        #[test]
        fn a_larger_envelope_never_bulges_less(
            small in any_envelope(),
            more in (0.0..1e-9_f64, 0.0..90.0_f64, 0.0..1e-12_f64, 0.0..2.0_f64),
        ) {
            for (x, y) in [(more.0, more.0), (more.1, more.2), (more.2, more.3), (more.3, 0.0), (0.0, more.2)] {
                let large = envelope(small.min_x, small.min_y - y, small.max_x + x, small.max_y + y);
                prop_assert!(bulge(small).covers(small));
                prop_assert!(bulge(large).covers(bulge(small)), "{small:?} in {large:?}");
            }
        }

        #[test]
        fn every_edge_of_an_envelope_stays_in_its_bulge(
            envelope in any_envelope(),
            a in (0.0..=1.0_f64, 0.0..=1.0_f64),
            b in (0.0..=1.0_f64, 0.0..=1.0_f64),
            part in 0.0..=1.0_f64,
        ) {
            let (a, b) = (inside(envelope, a), inside(envelope, b));
            let along = Unit::from_degrees(a.0, a.1) * (1.0 - part) + Unit::from_degrees(b.0, b.1) * part;
            prop_assume!(along.dot(along) > 1e-6);
            let (lon, lat) = along.to_degrees();
            let held = bulge(envelope);
            prop_assert!(held.min_y - 1e-9 <= lat && lat <= held.max_y + 1e-9, "{lat} {held:?}");
            let lon_held = [lon, lon - 360.0, lon + 360.0].iter()
                .any(|lon| held.min_x - 1e-6 <= *lon && *lon <= held.max_x + 1e-6);
            prop_assert!(lon_held || lat.abs() > 89.999, "{lon} {held:?}");
        }

        #[test]
        fn whatever_is_within_the_distance_is_within_reach(
            envelope in any_envelope(),
            at in (0.0..=1.0_f64, 0.0..=1.0_f64),
            away in (-1.0..1.0_f64, -1.0..1.0_f64),
            scale in prop::sample::select(vec![0.0, 1e-7, 1e-3, 1.0, 30.0, 180.0]),
        ) {
            let from = inside(envelope, at);
            let lon = (from.0 + away.0 * scale + 180.0).rem_euclid(360.0) - 180.0;
            let to = (lon, (from.1 + away.1 * scale).clamp(-90.0, 90.0));
            let meters = point_distance(from, to);
            prop_assert!(holds(reach(envelope, meters), to), "{to:?} {:?}", reach(envelope, meters));
        }
    }

    #[test]
    fn bulges_follow_the_great_circle() {
        for ((west, south, east, north), (low, high)) in [
            ((0.0, 0.0, 90.0, 45.0), (0.0, 54.7356)),
            ((0.0, -45.0, 90.0, -10.0), (-54.7356, -10.0)),
            ((0.0, 40.0, 0.0, 45.0), (40.0, 45.0)),
            ((-100.0, 10.0, 100.0, 20.0), (10.0, 90.0)),
            ((-100.0, -20.0, 100.0, -10.0), (-90.0, -10.0)),
            ((-180.0, -5.0, 180.0, 5.0), (-90.0, 90.0)),
        ] {
            let held = bulge(envelope(west, south, east, north));
            assert!((held.min_y - low).abs() < 2e-3 && (held.max_y - high).abs() < 2e-3, "{held:?}");
            assert_eq!(held.max_x - held.min_x >= 360.0, east - west >= 180.0);
        }
    }

    #[test]
    fn a_reach_crosses_180_degrees_and_takes_all_of_a_pole() {
        let around = |lon: f64, lat: f64, meters| reach(envelope(lon, lat, lon, lat), meters);
        let fiji = around(179.9, -17.0, 50_000.0);
        assert!(fiji.crosses_antimeridian() && holds(fiji, (-179.9, -17.0)) && !holds(fiji, (0.0, -17.0)));
        let pole = around(10.0, 89.9, 20_000.0);
        assert_eq!((pole.west(), pole.east(), pole.north()), (-180.0, 180.0, 90.0));
        assert!(holds(around(180.0, 0.0, 0.0), (-180.0, 0.0)) && holds(around(-180.0, 0.0, 0.0), (180.0, 0.0)));
        let paris = around(2.35, 48.85, 1_000.0);
        assert!((paris.north() - 48.859).abs() < 1e-3 && (paris.east() - 2.3638).abs() < 1e-3);
        for odd in
            [around(0.0, 0.0, f64::NAN), reach(Envelope::EMPTY, 1.0), around(200.0, 0.0, 1.0), around(0.0, 0.0, 3e7)]
        {
            assert_eq!(odd, BBox::WORLD);
        }
        assert!(holds(around(5.0, 5.0, -1.0), (5.0, 5.0)));
    }
}
