//! How two edges meet, by exact signs.

use geo::Coord;
use geo::kernels::{Kernel, Orientation, RobustKernel};

/// The side of `c` seen along `a` to `b`: 1 left, -1 right, 0 exactly on the line.
pub(super) fn turn(a: Coord<f64>, b: Coord<f64>, c: Coord<f64>) -> i8 {
    match RobustKernel::orient2d(a, b, c) {
        Orientation::CounterClockwise => 1,
        Orientation::Clockwise => -1,
        Orientation::Collinear => 0,
    }
}

/// An edge; its ends differ.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Segment {
    pub(super) from: Coord<f64>,
    pub(super) to: Coord<f64>,
}

/// What two edges have in common.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Meeting {
    Apart,
    /// One position, an end of at least one of them: exact.
    At(Coord<f64>),
    /// One position inside of both: rounded.
    Across(Coord<f64>),
    /// A piece of line that starts here.
    Along(Coord<f64>),
}

impl Segment {
    pub(super) fn meet(self, other: Self) -> Meeting {
        let (a, b, c, d) = (self.from, self.to, other.from, other.to);
        let (c_side, d_side) = (turn(a, b, c), turn(a, b, d));
        if c_side * d_side > 0 {
            return Meeting::Apart;
        }
        if c_side == 0 && d_side == 0 {
            return self.meet_on_line(other);
        }
        let (a_side, b_side) = (turn(c, d, a), turn(c, d, b));
        if a_side * b_side > 0 {
            return Meeting::Apart;
        }
        // The lines are not parallel, so whatever end lies on the other line is the one position in common.
        match (c_side, d_side, a_side, b_side) {
            (0, ..) => Meeting::At(c),
            (_, 0, ..) => Meeting::At(d),
            (_, _, 0, _) => Meeting::At(a),
            (.., 0) => Meeting::At(b),
            _ => Meeting::Across(self.crossing(other)),
        }
    }

    /// On one line, positions are in the order of x, and of y where x is the same.
    fn meet_on_line(self, other: Self) -> Meeting {
        let key = |point: Coord<f64>| (point.x, point.y);
        let sorted = |segment: Self| {
            let Self { from, to } = segment;
            if key(from) <= key(to) { (from, to) } else { (to, from) }
        };
        let ((low, high), (other_low, other_high)) = (sorted(self), sorted(other));
        let start = if key(low) >= key(other_low) { low } else { other_low };
        let end = if key(high) <= key(other_high) { high } else { other_high };
        if start == end {
            Meeting::At(start)
        } else if key(start) < key(end) {
            Meeting::Along(start)
        } else {
            Meeting::Apart
        }
    }

    fn crossing(self, other: Self) -> Coord<f64> {
        let (along, across) = (self.to - self.from, other.to - other.from);
        let between = other.from - self.from;
        let share = (between.x * across.y - between.y * across.x) / (along.x * across.y - along.y * across.x);
        self.from + along * share
    }

    /// Whether the position lies on the edge, ends included.
    pub(super) fn holds(self, point: Coord<f64>) -> bool {
        let is_between = |a: f64, b: f64, value: f64| a.min(b) <= value && value <= a.max(b);
        is_between(self.from.x, self.to.x, point.x)
            && is_between(self.from.y, self.to.y, point.y)
            && turn(self.from, self.to, point) == 0
    }

    /// Whether a ray from the position to the east passes through the edge; its upper end does not belong to it.
    pub(super) fn is_east_of(self, point: Coord<f64>) -> bool {
        let (is_from_above, is_to_above) = (self.from.y > point.y, self.to.y > point.y);
        let upwards = if is_to_above { 1 } else { -1 };
        is_from_above != is_to_above && turn(self.from, self.to, point) == upwards
    }
}

/// Whether two paths that meet at `point` change sides there: each is the position before and the one after.
///
/// Paths that leave in the same direction share a line; that is for another pair of edges to tell.
pub(super) fn changes_sides(
    point: Coord<f64>,
    path: (Coord<f64>, Coord<f64>),
    other: (Coord<f64>, Coord<f64>),
) -> bool {
    let is_shared = |a: Coord<f64>, b: Coord<f64>| {
        let (a_way, b_way) = (a - point, b - point);
        turn(point, a, b) == 0 && a_way.x * b_way.x >= 0.0 && a_way.y * b_way.y >= 0.0
    };
    let shares_line = [path.0, path.1].iter().any(|a| is_shared(*a, other.0) || is_shared(*a, other.1));
    !shares_line && is_in_sweep(point, path, other.0) != is_in_sweep(point, path, other.1)
}

/// Whether the direction to `target` is met when turning left from the first direction until the second.
fn is_in_sweep(point: Coord<f64>, (from, to): (Coord<f64>, Coord<f64>), target: Coord<f64>) -> bool {
    match turn(point, from, to) {
        1 => turn(point, from, target) > 0 && turn(point, target, to) > 0,
        0 => turn(point, from, target) > 0,
        _ => !(turn(point, to, target) >= 0 && turn(point, target, from) >= 0),
    }
}
