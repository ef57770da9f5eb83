//! Fewer vertices for small scales, never an invalid shape.

#[cfg(test)]
mod tests;

use crate::error::{Error, Result};
use crate::geometry::wkb::{Positions, Vertex, Wkb, rewrite};
use crate::geometry::{Geometry, GeometryType, validity};

/// Metres of one degree of latitude, on the sphere with the equator of WGS 84.
const METERS_PER_DEGREE: f64 = 111_319.490_793;
/// Below this a degree of longitude is taken for no shorter: 89.4 degrees, where longitude says little.
const LEAST_COSINE: f64 = 0.01;
/// How often the tolerance is halved when a simplified area is not valid; then the shape is left as it is.
const MAX_ATTEMPTS: usize = 4;
/// Distances that may be measured for each vertex: some 20 are usual, a spiral can ask for one for every other vertex.
const MAX_MEASURES_PER_VERTEX: usize = 200;

/// Leaves out vertices of lines and rings so that none of those left out is farther than `meters` from what remains
/// (Douglas-Peucker on degrees that are scaled at the latitude of the middle of the shape).
///
/// Points pass. The ends of lines stay; rings keep their start and at least 4 positions; what would collapse stays as it is.
/// Vertices that stay keep their height and measure. A valid area stays valid: the tolerance is halved until it is.
///
/// `geo`'s topology-preserving Visvalingam was rejected: it overlooks edges that share a vertex, knows one polygon at a
/// time, drops heights, and its tolerance is an area.
///
/// [`ErrorCode::BadInput`](crate::error::ErrorCode::BadInput) for a tolerance that is negative or not finite. A foreign row
/// that is empty, out of range or not closed is refused as by [`Geometry::from_wkb`]: it can be served as it is.
pub fn simplify(wkb: Wkb<'_>, meters: f64) -> Result<Geometry> {
    if !meters.is_finite() || meters < 0.0 {
        return Err(Error::bad_input("the tolerance must be a number of metres, 0 or more").at("simplifyMeters"));
    }
    let (_, latitude) = wkb.envelope().center();
    let scale = latitude.to_radians().cos().max(LEAST_COSINE);
    let mut tolerance = meters / METERS_PER_DEGREE;
    for _ in 0..MAX_ATTEMPTS {
        let simplified = Geometry::from_wkb(attempt(wkb, Metric { scale, tolerance })?)?;
        if validity::check(simplified.wkb()).is_ok() {
            return Ok(simplified);
        }
        tolerance /= 2.0;
    }
    Geometry::from_wkb(wkb.bytes().to_vec())
}

fn attempt(wkb: Wkb<'_>, metric: Metric) -> Result<Vec<u8>> {
    let bytes = rewrite(wkb.bytes(), |part, positions, row| {
        let is_closed = positions.iter().next().map(place) == positions.iter().next_back().map(place);
        // A closed line of two positions would be none.
        let least = match (part.is_ring(), is_closed) {
            (true, _) => 4,
            (false, true) => 3,
            (false, false) => 2,
        };
        if part.kind == GeometryType::Point || positions.len() <= least {
            row.extend(positions.iter());
            return;
        }
        row.extend(thin_out(positions, metric));
        if row.len() < least {
            row.clear();
            row.extend(positions.iter());
        }
    })?;
    Ok(bytes)
}

fn place(vertex: Vertex) -> (f64, f64) {
    (vertex.x, vertex.y)
}

/// How distances are measured: degrees of longitude are `scale` times as long as those of latitude.
#[derive(Clone, Copy)]
struct Metric {
    scale: f64,
    tolerance: f64,
}

impl Metric {
    /// Squared distance, in degrees of latitude, from the edge between two vertices.
    fn squared(self, vertex: Vertex, from: Vertex, to: Vertex) -> f64 {
        let (x, y) = ((vertex.x - from.x) * self.scale, vertex.y - from.y);
        let (along_x, along_y) = ((to.x - from.x) * self.scale, to.y - from.y);
        let length = along_x * along_x + along_y * along_y;
        let share = if length > 0.0 { ((x * along_x + y * along_y) / length).clamp(0.0, 1.0) } else { 0.0 };
        let (off_x, off_y) = (x - share * along_x, y - share * along_y);
        off_x * off_x + off_y * off_y
    }
}

/// Douglas and Peucker with a stack of its own: a million vertices may split a million deep.
fn thin_out(positions: Positions<'_>, metric: Metric) -> Vec<Vertex> {
    let vertices: Vec<Vertex> = positions.iter().collect();
    let mut keep = vec![false; vertices.len()];
    let mut measures_left = vertices.len() * MAX_MEASURES_PER_VERTEX;
    let mut open = vec![(0, vertices.len().saturating_sub(1))];
    while let Some((first, last)) = open.pop() {
        for end in [first, last] {
            if let Some(slot) = keep.get_mut(end) {
                *slot = true;
            }
        }
        let between = vertices.get(first + 1..last).unwrap_or_default();
        if between.len() > measures_left {
            // Given up for this stretch: all of it stays, which is never wrong.
            keep.iter_mut().take(last).skip(first).for_each(|slot| *slot = true);
            continue;
        }
        measures_left -= between.len();
        if let Some(farthest) = farthest(between, vertices.get(first).zip(vertices.get(last)), metric) {
            let middle = first + 1 + farthest;
            open.extend([(first, middle), (middle, last)]);
        }
    }
    vertices.into_iter().zip(keep).filter_map(|(vertex, is_kept)| is_kept.then_some(vertex)).collect()
}

/// Which vertex is farthest from the edge, if any is farther than the tolerance.
fn farthest(between: &[Vertex], edge: Option<(&Vertex, &Vertex)>, metric: Metric) -> Option<usize> {
    let (from, to) = edge?;
    let distances = between.iter().map(|vertex| metric.squared(*vertex, *from, *to)).enumerate();
    let (index, squared) = distances.max_by(|(_, a), (_, b)| a.total_cmp(b))?;
    (squared > metric.tolerance * metric.tolerance).then_some(index)
}
