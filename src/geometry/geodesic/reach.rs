//! Boxes around distances: what an index may be asked before anything is measured.
//!
//! Everything here errs on one side: a box holds more than it must, a least distance is never more than the distance.

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

/// Boxes of points are as low as this, and those of many houses.
const LOW_DEGREES: f64 = 1e-3;
/// Up to so many degrees of width the rise of an edge is bounded without sines, wherever it is: by 2.6 degrees at most.
const NARROW_DEGREES: f64 = 45.0;
/// Boxes near a pole are no taller than this if all their places are taken to be where they are nearest to each other.
const TALL_DEGREES: f64 = 8.0;
/// Up to this latitude meridians come together by less than half: all places of a box are taken to be where they are nearest to
/// each other.
const TEMPERATE_DEGREES: f64 = 60.0;

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

/// A distance in metres that no position of the planar box is nearer than; infinite for an empty box.
///
/// Cheap, for the walk of an R-tree that pops the nearest box first. A shape's edges may leave its envelope: give the
/// [`bulge`] of boxes of shapes.
#[must_use]
pub fn least_distance(lon: f64, lat: f64, envelope: Envelope) -> f64 {
    // A micrometre: the same place under two names, as at a pole, is never exactly the same in floating point.
    const ROUNDING_METERS: f64 = 1e-6;
    if envelope.is_empty() {
        return f64::INFINITY;
    }
    let turn = turn_to(lon, envelope);
    if let Some(angle) = near_angle(lat, turn, envelope) {
        return (angle * LEAST_RADIUS - ROUNDING_METERS).max(0.0);
    }
    let (sin, cos) = lat.to_radians().sin_cos();
    let haversine = |other: f64| {
        let north = ((other - lat).to_radians() / 2.0).sin();
        let east = (turn.to_radians() / 2.0).sin();
        north * north + cos * other.to_radians().cos() * east * east
    };
    let angle = |haversine: f64| 2.0 * haversine.max(0.0).sqrt().min(1.0).asin();
    let height = envelope.max_y - envelope.min_y;
    let least = if height <= LOW_DEGREES {
        // The box of a point: no place in it is farther from its middle than half its height, on this meridian.
        angle(haversine(envelope.min_y + height / 2.0)) - (height / 2.0).to_radians()
    } else if turn == 0.0 {
        (lat - lat.clamp(envelope.min_y, envelope.max_y)).abs().to_radians()
    } else {
        // On the meridian `turn` away the nearest latitude is the foot of the position, or an end of the box's side. Both
        // ends are asked, because beyond 90 degrees the nearer one is the one nearer to a pole.
        let foot = sin.atan2(cos * turn.to_radians().cos()).to_degrees().clamp(envelope.min_y, envelope.max_y);
        let ends = if turn <= 90.0 { foot..=foot } else { envelope.min_y..=envelope.max_y };
        angle([foot, *ends.start(), *ends.end()].into_iter().map(haversine).fold(f64::INFINITY, f64::min))
    };
    (least * LEAST_RADIUS - ROUNDING_METERS).max(0.0)
}

/// A distance in metres that no position of the box is farther than.
///
/// The length of a straight line on the plate carree to the farthest corner, where no meridian is farther from the next than
/// at the latitude nearest to the equator on the way: the geodesic is no longer than any other way.
#[must_use]
pub fn greatest_distance(lon: f64, lat: f64, envelope: Envelope) -> f64 {
    const ROUNDING: f64 = 1.0 + 1e-9;
    const ROUNDING_METERS: f64 = 1e-6;
    let north = (lat - envelope.min_y).abs().max((lat - envelope.max_y).abs()).to_radians();
    let east = (turn_to(lon, envelope) + (envelope.max_x - envelope.min_x)).min(180.0).to_radians();
    let parallel = (lat.to_radians().cos() + north).min(1.0) * east;
    (north * north + parallel * parallel).sqrt() * GREATEST_RADIUS * ROUNDING + ROUNDING_METERS
}

/// A spherical angle in radians that no position of a box is nearer than, for all but tall boxes that come near a pole: the
/// haversine of the least difference in latitude and the least in longitude, at the box's latitude nearest to a pole.
fn near_angle(lat: f64, turn: f64, envelope: Envelope) -> Option<f64> {
    let poleward = envelope.max_y.max(-envelope.min_y);
    if poleward > TEMPERATE_DEGREES && envelope.max_y - envelope.min_y > TALL_DEGREES {
        return None;
    }
    let rise = (lat - lat.clamp(envelope.min_y, envelope.max_y)).abs();
    let (north, east) = (least_sine(rise.to_radians() / 2.0), least_sine(turn.to_radians() / 2.0));
    let cosines = least_cosine(lat.to_radians()) * least_cosine(poleward.to_radians());
    Some(2.0 * least_arc_sine((north * north + cosines * east * east).sqrt()))
}

/// Never more than the sine of an angle up to a quarter turn: the series ends after a term that takes away.
fn least_sine(angle: f64) -> f64 {
    let square = angle * angle;
    angle * (1.0 - square / 6.0 * (1.0 - square / 20.0 * (1.0 - square / 42.0)))
}

/// Never more than the arc sine of a number from 0: all terms of the series add.
fn least_arc_sine(sine: f64) -> f64 {
    if sine > 0.5 {
        return sine.min(1.0).asin();
    }
    let square = sine * sine;
    sine * (1.0 + square / 6.0 + square * square * 0.075)
}

/// Never more than the cosine of an angle up to a quarter turn, and 5e-7 less at most: see [`least_sine`].
fn least_cosine(angle: f64) -> f64 {
    const FACTORS: [f64; 5] = [3_628_800.0, 40_320.0, 720.0, 24.0, 2.0];
    let square = angle * angle;
    let series = FACTORS.iter().fold(0.0, |sum, factor| -square * (1.0 / factor + sum));
    (1.0 + series).max(0.0)
}

/// Degrees of longitude to the nearest side of the box: 0 within its width, never over 180.
fn turn_to(lon: f64, envelope: Envelope) -> f64 {
    if envelope.min_x <= lon && lon <= envelope.max_x {
        return 0.0;
    }
    // Sides of an index lie a rounding beyond 180 degrees.
    let apart = |side: f64| {
        let turn = (lon - side).abs();
        turn.min((360.0 - turn).max(0.0))
    };
    apart(envelope.min_x).min(apart(envelope.max_x))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::geodesic::point_distance;
    use crate::geometry::geodesic::sphere::Unit;
    use proptest::prelude::*;

    fn envelope(west: f64, south: f64, east: f64, north: f64) -> Envelope {
        Envelope { min_x: west, min_y: south, max_x: east, max_y: north }
    }

    fn any_envelope() -> impl Strategy<Value = Envelope> {
        let span = |limit: f64| {
            prop_oneof![(-limit..limit, 0.0..limit), (-limit..limit, 0.0..limit / 50.0), (Just(-limit), 0.0..limit)]
                .prop_map(move |(low, width): (f64, f64)| (low, (low + width * 2.0).min(limit)))
        };
        (span(180.0), span(90.0)).prop_map(|((west, east), (south, north))| envelope(west, south, east, north))
    }

    /// A position of the envelope, by two fractions.
    fn inside(envelope: Envelope, at: (f64, f64)) -> (f64, f64) {
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

        #[test]
        fn nothing_in_a_box_is_nearer_than_the_least_distance_or_farther_than_the_greatest(
            envelope in any_envelope(),
            at in (0.0..=1.0_f64, 0.0..=1.0_f64),
            lon in -180.0..180.0_f64,
            lat in -90.0..=90.0_f64,
        ) {
            let distance = point_distance((lon, lat), inside(envelope, at));
            prop_assert!(least_distance(lon, lat, envelope) <= distance);
            prop_assert!(greatest_distance(lon, lat, envelope) >= distance);
        }

        #[test]
        fn nothing_in_a_small_box_nearby_is_beyond_the_two_distances(
            (west, south) in (-180.0..180.0_f64, -90.0..90.0_f64),
            size in (0.0..9.0_f64, 0.0..9.0_f64),
            at in (0.0..=1.0_f64, 0.0..=1.0_f64),
            from in (-20.0..20.0_f64, -20.0..20.0_f64),
        ) {
            let box_ = envelope(west, south, (west + size.0).min(180.0), (south + size.1).min(90.0));
            let here = ((west + from.0).clamp(-180.0, 180.0), (south + from.1).clamp(-90.0, 90.0));
            let distance = point_distance(here, inside(box_, at));
            prop_assert!(least_distance(here.0, here.1, box_) <= distance);
            prop_assert!(greatest_distance(here.0, here.1, box_) >= distance);
        }

        #[test]
        fn the_least_distance_to_a_single_position_is_nearly_the_distance(a in any_envelope(), b in any_envelope()) {
            let (a, b) = ((a.min_x, a.min_y), (b.min_x, b.min_y));
            let distance = point_distance(a, b);
            let least = least_distance(a.0, a.1, envelope(b.0, b.1, b.0, b.1));
            prop_assert!(least <= distance && least >= 0.98 * distance - 1e-3, "{least} {distance}");
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

    #[test]
    fn least_distances_go_the_short_way_round() {
        let tokelau = envelope(-173.0, -10.0, -171.0, -8.0);
        let degree = 111_000.0;
        for ((lon, lat), box_, low, high) in [
            ((179.0, -9.0), tokelau, 7.8 * degree, 8.0 * degree),
            ((-172.0, -9.0), tokelau, 0.0, 0.0),
            ((180.0, 0.0), envelope(-180.0, 0.0, -180.0, 0.0), 0.0, 0.0),
            ((0.0, 89.0), envelope(179.0, 88.0, 181.0, 89.5), 1.4 * degree, 1.5 * degree),
            ((0.0, 0.0), envelope(170.0, -80.0, 175.0, 10.0), 98.0 * degree, 100.0 * degree),
        ] {
            let least = least_distance(lon, lat, box_);
            assert!((low..=high * 1.01).contains(&least), "{lon} {lat}: {least}");
        }
        assert_eq!(least_distance(0.0, 0.0, Envelope::EMPTY), f64::INFINITY);
    }
}
