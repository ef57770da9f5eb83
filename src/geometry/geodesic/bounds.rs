//! How near and how far the places of a box may be: what the walk of an index orders and prunes by.
//!
//! Everything here errs on one side: a least distance is never more than the distance, a greatest never less.

use crate::geometry::Envelope;
use crate::geometry::geodesic::reach::{GREATEST_RADIUS, LEAST_RADIUS};

/// A micrometre: the same place under two names, as at a pole, is never exactly the same in floating point.
const ROUNDING_METERS: f64 = 1e-6;
/// Boxes of points are as low as this, and those of many houses.
const LOW_DEGREES: f64 = 1e-3;
/// Boxes near a pole are no taller than this if all their places are taken to be where they are nearest to each other.
const TALL_DEGREES: f64 = 8.0;
/// Up to this latitude meridians come together by less than half: all places of a box are taken to be where they are nearest to
/// each other.
const TEMPERATE_DEGREES: f64 = 60.0;

/// A distance in metres that no position of the planar box is nearer than; infinite for an empty box.
///
/// Cheap, for the walk of an R-tree that pops the nearest box first. A shape's edges may leave its envelope: give the
/// [`bulge`] of boxes of shapes.
#[must_use]
pub fn least_distance(lon: f64, lat: f64, envelope: Envelope) -> f64 {
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

/// Whether the difference in latitude alone makes every position of the planar box farther than `meters`: a first test, that
/// takes a tenth of the time of [`least_distance`].
#[must_use]
pub fn is_beyond(lat: f64, envelope: Envelope, meters: f64) -> bool {
    rise_to(lat, envelope) * LEAST_RADIUS - ROUNDING_METERS > meters
}

/// A distance in metres that no position of the box is farther than.
///
/// The length of a straight line on the plate carree to the farthest corner, where no meridian is farther from the next than
/// at the latitude nearest to the equator on the way: the geodesic is no longer than any other way.
#[must_use]
pub fn greatest_distance(lon: f64, lat: f64, envelope: Envelope) -> f64 {
    const ROUNDING: f64 = 1.0 + 1e-9;
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
    let (north, east) = (least_sine(rise_to(lat, envelope) / 2.0), least_sine(turn.to_radians() / 2.0));
    let cosines = least_cosine(lat.to_radians()) * least_cosine(poleward.to_radians());
    Some(2.0 * least_arc_sine((north * north + cosines * east * east).sqrt()))
}

/// Never more than the sine of an angle up to a quarter turn: the series ends after a term that takes away. Multiplied, where
/// a division would take four times as long; what that rounds is far below [`ROUNDING_METERS`].
fn least_sine(angle: f64) -> f64 {
    const STEPS: [f64; 3] = [1.0 / 6.0, 1.0 / 20.0, 1.0 / 42.0];
    let square = angle * angle;
    angle * STEPS.iter().rev().fold(1.0, |sum, step| 1.0 - square * step * sum)
}

/// Never more than the arc sine of a number from 0: all terms of the series add.
fn least_arc_sine(sine: f64) -> f64 {
    if sine > 0.5 {
        return sine.min(1.0).asin();
    }
    let square = sine * sine;
    sine * (1.0 + square * (1.0 / 6.0) + square * square * 0.075)
}

/// Never more than the cosine of an angle up to a quarter turn, and 5e-7 less at most: see [`least_sine`].
fn least_cosine(angle: f64) -> f64 {
    const FACTORS: [f64; 5] = [3_628_800.0, 40_320.0, 720.0, 24.0, 2.0];
    let square = angle * angle;
    let series = FACTORS.iter().fold(0.0, |sum, factor| -square * (1.0 / factor + sum));
    (1.0 + series).max(0.0)
}

/// Radians of latitude to the nearest side of the box: 0 within its height. Of an empty box it says nothing.
fn rise_to(lat: f64, envelope: Envelope) -> f64 {
    (envelope.min_y - lat).max(lat - envelope.max_y).max(0.0).to_radians()
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
    use crate::geometry::geodesic::reach::tests::{any_envelope, envelope, inside};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn nothing_in_a_box_is_nearer_than_the_least_distance_or_farther_than_the_greatest(
            envelope in any_envelope(),
            at in (0.0..=1.0_f64, 0.0..=1.0_f64),
            lon in -180.0..180.0_f64,
            lat in -90.0..=90.0_f64,
        ) {
            let distance = point_distance((lon, lat), inside(envelope, at));
            prop_assert!(least_distance(lon, lat, envelope) <= distance);
            prop_assert!(!is_beyond(lat, envelope, distance));
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
            prop_assert!(!is_beyond(here.1, box_, distance));
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
    fn what_is_beyond_is_told_by_the_latitude() {
        let box_ = envelope(5.0, 10.0, 6.0, 11.0);
        for (lat, meters, beyond) in [
            (12.0, 110_000.0, true),
            (12.0, 110_700.0, false),
            (9.0, 110_000.0, true),
            (9.0, 110_700.0, false),
            (10.5, 0.0, false),
        ] {
            assert_eq!(is_beyond(lat, box_, meters), beyond, "{lat} {meters}");
        }
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
