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
    let stepped = (width * STEPS_PER_DEGREE).ceil() / STEPS_PER_DEGREE;
    if stepped >= 180.0 {
        // The shorter way between some of the positions goes round the other side, and may pass a pole.
        let min_y = if south { envelope.min_y.min(-90.0) } else { envelope.min_y };
        let max_y = if north { envelope.max_y.max(90.0) } else { envelope.max_y };
        return Envelope { min_x: envelope.min_x.min(-180.0), max_x: envelope.max_x.max(180.0), min_y, max_y };
    }
    let max_y = if north { envelope.max_y.max(top(envelope.max_y, stepped)) } else { envelope.max_y };
    let min_y = if south { envelope.min_y.min(-top(-envelope.min_y, stepped)) } else { envelope.min_y };
    Envelope { min_y, max_y, ..envelope }
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
    const ROUNDING: f64 = 1.0 - 1e-12;
    if envelope.is_empty() {
        return f64::INFINITY;
    }
    let turn = turn_to(lon, envelope);
    let (sin, cos) = lat.to_radians().sin_cos();
    // On the meridian `turn` away the nearest latitude is the foot of the position, or an end of the box's side. Both ends
    // are asked, because beyond 90 degrees the nearer one is the one nearer to a pole.
    let foot = sin.atan2(cos * turn.to_radians().cos()).to_degrees();
    let foot = if turn == 0.0 { lat } else { foot };
    let haversine = |other: f64| {
        let north = ((other - lat).to_radians() / 2.0).sin();
        let east = (turn.to_radians() / 2.0).sin();
        north * north + cos * other.to_radians().cos() * east * east
    };
    let nearest = [foot.clamp(envelope.min_y, envelope.max_y), envelope.min_y, envelope.max_y]
        .into_iter()
        .map(haversine)
        .fold(f64::INFINITY, f64::min);
    2.0 * nearest.max(0.0).sqrt().min(1.0).asin() * LEAST_RADIUS * ROUNDING
}

/// Degrees of longitude to the nearest side of the box: 0 within its width, never over 180.
fn turn_to(lon: f64, envelope: Envelope) -> f64 {
    if envelope.min_x <= lon && lon <= envelope.max_x {
        return 0.0;
    }
    let apart = |side: f64| {
        let turn = (lon - side).abs() % 360.0;
        turn.min(360.0 - turn)
    };
    apart(envelope.min_x).min(apart(envelope.max_x))
}
