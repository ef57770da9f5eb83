//! A tree of spherical caps over the edges of a shape: the nearest edge without looking at all of them.
//!
//! Neighbours along a line are neighbours on the Earth, so runs of consecutive edges make tight caps, and the tree is a few
//! flat arrays: no sorting, no pointers.

use std::f64::consts::{FRAC_PI_2, PI};

use crate::geometry::geodesic::sphere::{Arc, Pair, Unit, chord2_angle};

/// Members of a node. Eight caps cost about as much to test as one arc.
const FAN: usize = 8;
/// Rounding of an angle in radians: a cap is never taken to be farther than it is.
const SLACK: f64 = 1e-13;

/// All places within an angle of a center.
#[derive(Debug, Clone, Copy)]
pub struct Cap {
    center: Unit,
    /// In radians.
    radius: f64,
}

impl Cap {
    /// A cap that holds every arc between the places; the whole sphere when they do not fit into less than half of it.
    pub fn around(places: impl Iterator<Item = Unit> + Clone) -> Self {
        let sum = places.clone().fold(None, |sum, place| Some(sum.map_or(place, |sum| sum + place)));
        let center = sum.map_or(Unit::from_degrees(0.0, 0.0), Unit::normalized);
        let radius = places.map(|place| center.angle(place)).fold(0.0, f64::max) + SLACK;
        // A cap is convex, that is, holds the shorter way between any two of its places, only below half of the sphere.
        let convex = radius < FRAC_PI_2 && center.dot(center) > 0.5;
        Self { center, radius: if convex { radius } else { PI } }
    }

    fn of_caps(caps: &[Self]) -> Self {
        let center = Self::around(caps.iter().map(|cap| cap.center)).center;
        let radius = caps.iter().map(|cap| center.angle(cap.center) + cap.radius).fold(0.0, f64::max);
        Self { center, radius: radius + SLACK }
    }

    fn of_arc(arc: &Arc) -> Self {
        let center = arc.middle();
        Self { center, radius: center.angle(arc.a).max(center.angle(arc.b)) + SLACK }
    }

    /// Whether the place is in the cap; surely true when it is.
    pub fn holds(&self, place: Unit) -> bool {
        self.radius >= PI || self.center.angle(place) <= self.radius
    }

    /// No two places of the caps are nearer than this angle in radians.
    fn least_angle(&self, other: &Self) -> f64 {
        self.center.angle(other.center) - self.radius - other.radius
    }
}

/// The edges of a shape, and caps over runs of them. A point is an edge without length.
#[derive(Debug, Clone)]
pub struct ArcTree {
    arcs: Vec<Arc>,
    /// Caps over runs of [`FAN`] edges, then over runs of those, and so on up to one.
    levels: Vec<Vec<Cap>>,
}

/// A search for the nearest pair of places.
pub struct Search {
    /// The nearest pair so far, if one was found within the limit.
    pub best: Option<Pair>,
    /// The angle of the best pair, or the limit.
    limit: f64,
    /// At or below this angle nothing nearer is needed.
    enough: f64,
}

impl Search {
    /// Looks for pairs at most `limit` radians apart, and is content with any at `enough` or less.
    pub fn within(limit: f64, enough: f64) -> Self {
        Self { best: None, limit, enough }
    }

    /// The angle of the best pair in radians.
    pub fn angle(&self) -> Option<f64> {
        self.best.map(|_| self.limit)
    }

    /// Whether the best pair is near enough.
    pub fn is_content(&self) -> bool {
        self.best.is_some() && self.limit <= self.enough
    }

    fn offer(&mut self, pair: Pair) {
        let angle = chord2_angle(pair.chord2);
        let nearer = match self.best {
            None => angle <= self.limit,
            Some(best) => pair.chord2 < best.chord2,
        };
        if nearer {
            self.best = Some(pair);
            self.limit = angle;
        }
    }
}

impl ArcTree {
    /// Builds the caps over the edges.
    pub fn new(arcs: Vec<Arc>) -> Self {
        let ends = |run: &[Arc]| Cap::around(run.iter().flat_map(|arc| [arc.a, arc.b]).collect::<Vec<_>>().into_iter());
        let mut levels = vec![arcs.chunks(FAN).map(ends).collect::<Vec<_>>()];
        while let Some(below) = levels.last()
            && below.len() > 1
        {
            levels.push(below.chunks(FAN).map(Cap::of_caps).collect());
        }
        Self { arcs, levels }
    }

    /// Whether there is no edge.
    pub fn is_empty(&self) -> bool {
        self.arcs.is_empty()
    }

    /// Offers the pairs between `other` and the edges that may be the nearest; `other` has the second place of each pair.
    pub fn search(&self, other: &Arc, search: &mut Search) {
        let cap = Cap::of_arc(other);
        let Some(top) = self.levels.len().checked_sub(1) else { return };
        if let Some(root) = self.levels.last().and_then(|caps| caps.first())
            && root.least_angle(&cap) <= search.limit
        {
            self.descend(top, 0, (other, &cap), search);
        }
    }

    fn descend(&self, level: usize, node: usize, other: (&Arc, &Cap), search: &mut Search) {
        let Some(below) = level.checked_sub(1) else {
            for arc in self.arcs.iter().skip(node * FAN).take(FAN) {
                if search.is_content() {
                    return;
                }
                search.offer(arc.nearest_pair(other.0));
            }
            return;
        };
        let mut nodes = [(f64::INFINITY, 0); FAN];
        let caps = self.levels.get(below).map_or(&[][..], |caps| caps.get(node * FAN..).unwrap_or(&[]));
        let count = caps.len().min(FAN);
        for ((slot, cap), index) in nodes.iter_mut().zip(caps).zip(node * FAN..) {
            *slot = (cap.least_angle(other.1), index);
        }
        let nodes = &mut nodes[..count];
        // Nearest first: the first descent then finds a pair that spares most of the others.
        nodes.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        for &(least, index) in nodes.iter() {
            if search.is_content() || least > search.limit {
                return;
            }
            self.descend(below, index, other, search);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn places() -> impl Strategy<Value = Vec<Unit>> {
        let anywhere = (-180.0..180.0_f64, -90.0..90.0_f64).prop_map(|(lon, lat)| Unit::from_degrees(lon, lat));
        let nearby = (10.0..20.0_f64, 40.0..60.0_f64).prop_map(|(lon, lat)| Unit::from_degrees(lon, lat));
        prop_oneof![prop::collection::vec(anywhere, 2..90), prop::collection::vec(nearby, 2..300)]
    }

    proptest! {
        #[test]
        fn the_tree_finds_the_pair_that_looking_at_all_edges_finds(places in places(), a in places()) {
            let arcs: Vec<Arc> = places.windows(2).map(|ends| Arc::new(ends[0], ends[1])).collect();
            for other in [Arc::point(a[0]), Arc::new(a[0], a[1])] {
                let brute = arcs.iter().map(|arc| arc.nearest_pair(&other).chord2).fold(f64::INFINITY, f64::min);
                let mut search = Search::within(PI, -1.0);
                ArcTree::new(arcs.clone()).search(&other, &mut search);
                prop_assert_eq!(search.best.unwrap().chord2, brute);
            }
        }
    }

    #[test]
    fn a_search_stays_within_its_limit() {
        let tree = ArcTree::new(vec![Arc::point(Unit::from_degrees(10.0, 0.0))]);
        let origin = Arc::point(Unit::from_degrees(0.0, 0.0));
        for (limit, found) in [(9.9_f64, false), (10.1, true)] {
            let mut search = Search::within(limit.to_radians(), 0.0);
            tree.search(&origin, &mut search);
            assert_eq!(search.best.is_some(), found, "{limit}");
        }
        let mut search = Search::within(PI, 0.0);
        ArcTree::new(Vec::new()).search(&origin, &mut search);
        assert!(search.best.is_none());
    }
}
