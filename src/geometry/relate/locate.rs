//! Where a place lies in respect of an area, lines or points, exactly.
//!
//! Sides of edges are told by the adaptive orientation predicate, never by a rounded product, so that a place on an edge is on
//! its boundary and a place an ulp beside it is not.

use geo::algorithm::kernels::{Kernel, RobustKernel};
use geo::{Coord, Geometry, LineString, MultiLineString, Orientation, Polygon};

use crate::geometry::Envelope;
use crate::geometry::relate::matrix::Location;
use crate::geometry::slabs::{Interval, Slabs};

/// Below this many edges looking at all of them is as fast as the index.
const WORTH_AN_INDEX: usize = 16;

/// A straight edge of a line or a ring.
#[derive(Debug, Clone, Copy)]
pub struct Edge {
    a: Coord<f64>,
    b: Coord<f64>,
    /// Which polygon or line it belongs to.
    owner: u32,
}

/// How two edges meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Contact {
    /// Not at all.
    Apart,
    /// At an end, or along one another.
    Touching,
    /// In one place inside of both.
    Crossing,
}

/// Where a place lies in respect of an edge, seen along the parallel to the east.
enum Beside {
    On,
    WestOf,
    Elsewhere,
}

impl Edge {
    fn low(&self) -> f64 {
        self.a.y.min(self.b.y)
    }

    fn high(&self) -> f64 {
        self.a.y.max(self.b.y)
    }

    fn west(&self) -> f64 {
        self.a.x.min(self.b.x)
    }

    fn east(&self) -> f64 {
        self.a.x.max(self.b.x)
    }

    fn envelope(&self) -> Envelope {
        Envelope { min_x: self.west(), min_y: self.low(), max_x: self.east(), max_y: self.high() }
    }

    /// West of an edge: at or north of its lower end, south of its upper end. Half open, so that a ray to the east counts the
    /// two edges at a vertex once.
    fn beside(&self, place: Coord<f64>) -> Beside {
        if place.y < self.low() || place.y > self.high() || place.x > self.east() {
            return Beside::Elsewhere;
        }
        if self.a.y == self.b.y {
            return if place.x >= self.west() { Beside::On } else { Beside::Elsewhere };
        }
        let below_top = place.y < self.high();
        if place.x < self.west() {
            return if below_top { Beside::WestOf } else { Beside::Elsewhere };
        }
        let (lower, upper) = if self.a.y < self.b.y { (self.a, self.b) } else { (self.b, self.a) };
        match RobustKernel::orient2d(lower, upper, place) {
            Orientation::Collinear => Beside::On,
            Orientation::CounterClockwise if below_top => Beside::WestOf,
            _ => Beside::Elsewhere,
        }
    }

    /// How this edge meets another.
    pub fn contact(&self, other: &Self) -> Contact {
        if !self.envelope().intersects(other.envelope()) {
            return Contact::Apart;
        }
        let side = |edge: &Self, place| RobustKernel::orient2d(edge.a, edge.b, place);
        let (a, b) = (side(self, other.a), side(self, other.b));
        if a == b && a != Orientation::Collinear {
            return Contact::Apart;
        }
        let (c, d) = (side(other, self.a), side(other, self.b));
        if c == d && c != Orientation::Collinear {
            return Contact::Apart;
        }
        if [a, b, c, d].contains(&Orientation::Collinear) {
            let on = |edge: &Self, place| !matches!(edge.beside(place), Beside::WestOf | Beside::Elsewhere);
            let touching = on(self, other.a) || on(self, other.b) || on(other, self.a) || on(other, self.b);
            return if touching { Contact::Touching } else { Contact::Apart };
        }
        Contact::Crossing
    }
}

/// The edges of lines or areas, by latitude once [indexed](Edges::index).
#[derive(Debug, Clone)]
pub struct Edges {
    all: Vec<Edge>,
    by_latitude: Option<Slabs>,
    /// The envelope of all.
    pub envelope: Envelope,
}

impl Edges {
    /// The edges of all rings of polygons.
    pub fn of_polygons(polygons: &[Polygon<f64>]) -> Self {
        let rings = (0..).zip(polygons).flat_map(|(owner, polygon)| {
            std::iter::once(polygon.exterior()).chain(polygon.interiors()).map(move |ring| (owner, ring))
        });
        Self::new(rings)
    }

    /// The edges of lines.
    pub fn of_lines(lines: &[LineString<f64>]) -> Self {
        Self::new((0..).zip(lines))
    }

    fn new<'a>(paths: impl Iterator<Item = (u32, &'a LineString<f64>)>) -> Self {
        let mut envelope = Envelope::EMPTY;
        let mut all = Vec::new();
        for (owner, path) in paths {
            for edge in path.lines().filter(|edge| edge.start != edge.end) {
                envelope.extend(edge.start.x, edge.start.y);
                envelope.extend(edge.end.x, edge.end.y);
                all.push(Edge { a: edge.start, b: edge.end, owner });
            }
        }
        Self { all, by_latitude: None, envelope }
    }

    /// Sorts the edges by latitude, for a shape that is asked many times.
    pub fn index(&mut self) {
        if self.all.len() >= WORTH_AN_INDEX {
            let interval = |(item, edge): (u32, &Edge)| Interval { low: edge.low(), high: edge.high(), item };
            self.by_latitude = Some(Slabs::new(&(0..).zip(&self.all).map(interval).collect::<Vec<_>>()));
        }
    }

    /// Shows the edges that may reach into `low..=high` of latitude to `test`, until it says true.
    fn any_between(&self, low: f64, high: f64, mut test: impl FnMut(&Edge) -> bool) -> bool {
        match &self.by_latitude {
            None => self.all.iter().any(test),
            Some(slabs) => {
                slabs.between(low, high).iter().any(|&edge| self.all.get(edge as usize).is_some_and(&mut test))
            }
        }
    }

    /// Where a place lies, the edges being rings of polygons: inside of any of them, or on an edge.
    pub fn locate_in_polygons(&self, place: Coord<f64>) -> Location {
        if !self.envelope.covers(Envelope { min_x: place.x, min_y: place.y, max_x: place.x, max_y: place.y }) {
            return Location::Exterior;
        }
        let (mut inside, mut odd, mut polygon) = (false, false, None);
        let on_edge = self.any_between(place.y, place.y, |edge| {
            // Edges come polygon by polygon: crossings are counted for each alone, so that overlapping ones do not cancel.
            if polygon != Some(edge.owner) {
                inside |= odd;
                odd = false;
                polygon = Some(edge.owner);
            }
            match edge.beside(place) {
                Beside::On => return true,
                Beside::WestOf => odd = !odd,
                Beside::Elsewhere => {}
            }
            false
        });
        match (on_edge, inside | odd) {
            (true, _) => Location::Boundary,
            (false, true) => Location::Interior,
            (false, false) => Location::Exterior,
        }
    }

    /// Whether a place lies on an edge.
    pub fn hold(&self, place: Coord<f64>) -> bool {
        self.envelope.covers(Envelope { min_x: place.x, min_y: place.y, max_x: place.x, max_y: place.y })
            && self.any_between(place.y, place.y, |edge| matches!(edge.beside(place), Beside::On))
    }

    /// The closest contact of any two edges; stops at the first that is `enough`.
    pub fn contact(&self, other: &Self, enough: Contact) -> Contact {
        let mut closest = Contact::Apart;
        for edge in self.all.iter().filter(|edge| edge.envelope().intersects(other.envelope)) {
            let found = other.any_between(edge.low(), edge.high(), |other| {
                closest = closest.max(edge.contact(other));
                closest >= enough
            });
            if found {
                return closest;
            }
        }
        closest
    }
}

/// The box, if a polygon is an axis-parallel rectangle without holes.
pub fn rectangle(geometry: &Geometry<f64>) -> Option<Envelope> {
    let Geometry::Polygon(polygon) = geometry else { return None };
    let [a, b, c, d, _] = polygon.exterior().0[..] else { return None };
    let upright = a.x == b.x && b.y == c.y && c.x == d.x && d.y == a.y;
    let lying = a.y == b.y && b.x == c.x && c.y == d.y && d.x == a.x;
    if !polygon.interiors().is_empty() || !(upright || lying) || a.x == c.x || a.y == c.y {
        return None;
    }
    Some(Envelope { min_x: a.x.min(c.x), min_y: a.y.min(c.y), max_x: a.x.max(c.x), max_y: a.y.max(c.y) })
}

/// The boundary of lines: the ends of an odd number of them (the mod-2 rule of Simple Features), sorted.
pub fn ends(lines: &MultiLineString<f64>) -> Vec<Coord<f64>> {
    let open = lines.iter().filter(|line| !line.is_closed());
    let ends = sorted(open.flat_map(|line| [line.0.first(), line.0.last()]).flatten().copied().collect());
    ends.chunk_by(|a, b| a == b).filter(|same| same.len() % 2 == 1).filter_map(|same| same.first()).copied().collect()
}

/// Sorts places, for [`among`]. Minus zero becomes zero, which is the same place.
pub fn sorted(mut places: Vec<Coord<f64>>) -> Vec<Coord<f64>> {
    for place in &mut places {
        *place = Coord { x: place.x + 0.0, y: place.y + 0.0 };
    }
    places.sort_unstable_by(order);
    places
}

/// Whether a place is among sorted ones.
pub fn among(places: &[Coord<f64>], place: Coord<f64>) -> bool {
    places.binary_search_by(|other| order(other, &Coord { x: place.x + 0.0, y: place.y + 0.0 })).is_ok()
}

fn order(a: &Coord<f64>, b: &Coord<f64>) -> std::cmp::Ordering {
    a.x.total_cmp(&b.x).then(a.y.total_cmp(&b.y))
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::polygon;
    use proptest::prelude::*;

    fn indexed(polygons: &[Polygon<f64>]) -> [Edges; 2] {
        let plain = Edges::of_polygons(polygons);
        let mut indexed = plain.clone();
        indexed.index();
        [plain, indexed]
    }

    #[test]
    fn places_on_rings_and_in_holes_are_told_apart() {
        let frame = polygon!(exterior: [(x: 0., y: 0.), (x: 9., y: 0.), (x: 9., y: 9.), (x: 0., y: 9.)],
            interiors: [[(x: 3., y: 3.), (x: 6., y: 3.), (x: 6., y: 6.), (x: 3., y: 6.)]]);
        let lake = polygon![(x: 4., y: 4.), (x: 5., y: 4.), (x: 5., y: 5.)];
        let overlapping = polygon![(x: 8., y: 8.), (x: 12., y: 8.), (x: 12., y: 12.), (x: 8., y: 12.)];
        for ((x, y), expected) in [
            ((1.0, 1.0), Location::Interior),
            ((0.0, 0.0), Location::Boundary),
            ((0.0, 9.0), Location::Boundary),
            ((4.5, 9.0), Location::Boundary),
            ((-0.0, 4.0), Location::Boundary),
            ((3.0, 3.0), Location::Boundary),
            ((4.0, 3.0), Location::Boundary),
            ((3.5, 5.5), Location::Exterior),
            ((4.8, 4.2), Location::Interior),
            ((4.5, 4.5), Location::Boundary),
            ((1.0, 3.0), Location::Interior),
            ((7.0, 6.0), Location::Interior),
            ((-1.0, 9.0), Location::Exterior),
            ((8.5, 8.5), Location::Interior),
            ((13.0, 8.0), Location::Exterior),
        ] {
            for edges in indexed(&[frame.clone(), lake.clone(), overlapping.clone()]) {
                assert_eq!(edges.locate_in_polygons(Coord { x, y }), expected, "{x} {y}");
            }
        }
    }

    #[test]
    fn an_ulp_beside_an_edge_is_not_on_it() {
        let [edges, _] = indexed(&[polygon![(x: 0., y: 0.), (x: 3., y: 1.), (x: 0., y: 1.)]]);
        let y: f64 = 0.5;
        assert_eq!(edges.locate_in_polygons(Coord { x: 1.5, y }), Location::Boundary);
        assert_eq!(edges.locate_in_polygons(Coord { x: 1.5_f64.next_up(), y }), Location::Exterior);
        assert_eq!(edges.locate_in_polygons(Coord { x: 1.5_f64.next_down(), y }), Location::Interior);
    }

    #[test]
    fn edges_meet_across_at_ends_and_along_one_another() {
        let edge = |ax, ay, bx, by| Edge { a: Coord { x: ax, y: ay }, b: Coord { x: bx, y: by }, owner: 0 };
        let base = edge(0.0, 0.0, 4.0, 4.0);
        for (other, expected) in [
            (edge(0.0, 4.0, 4.0, 0.0), Contact::Crossing),
            (edge(4.0, 4.0, 5.0, 0.0), Contact::Touching),
            (edge(2.0, 2.0, 4.0, 0.0), Contact::Touching),
            (edge(1.0, 1.0, 2.0, 2.0), Contact::Touching),
            (edge(3.0, 3.0, 9.0, 9.0), Contact::Touching),
            (edge(5.0, 5.0, 9.0, 9.0), Contact::Apart),
            (edge(0.0, 1.0, 3.0, 4.0), Contact::Apart),
            (edge(3.0, 0.0, 9.0, 1.0), Contact::Apart),
        ] {
            assert_eq!((base.contact(&other), other.contact(&base)), (expected, expected), "{other:?}");
        }
    }

    #[test]
    fn the_boundary_of_lines_is_the_ends_of_an_odd_number() {
        let line = |places: &[(f64, f64)]| LineString::from(places.to_vec());
        let lines = MultiLineString(vec![
            line(&[(0., 0.), (1., 0.)]),
            line(&[(1., 0.), (2., 0.)]),
            line(&[(5., 5.), (6., 5.), (6., 6.), (5., 5.)]),
            line(&[(2., 0.), (2., 1.)]),
            line(&[(2., 0.), (3., 1.)]),
        ]);
        let expected = [(0., 0.), (2., 0.), (2., 1.), (3., 1.)].map(Coord::from);
        assert_eq!(ends(&lines), expected);
        assert!(among(&expected, Coord { x: -0.0, y: 0.0 }) && !among(&expected, Coord { x: 1.0, y: 0.0 }));
    }

    proptest! {
        /// Coordinates on a coarse grid, so that vertices, edges and latitudes coincide often.
        #[test]
        fn the_locator_agrees_with_a_brute_force_walk(
            radii in prop::collection::vec(1..8_i32, 3..60),
            places in prop::collection::vec((-16..16_i32, -16..16_i32), 40),
        ) {
            let step = std::f64::consts::TAU / f64::from(u32::try_from(radii.len()).unwrap());
            let vertex = |(radius, index): (&i32, i32)| {
                let (sin, cos) = (step * f64::from(index)).sin_cos();
                let grid = |value: f64| (value * f64::from(*radius) * 2.0).round() / 2.0;
                Coord { x: grid(cos), y: grid(sin) }
            };
            let star = Polygon::new(radii.iter().zip(0..).map(vertex).collect(), vec![]);
            prop_assume!(star.exterior().0.iter().any(|vertex| vertex != &star.exterior().0[0]));
            for (x, y) in places {
                let place = Coord { x: f64::from(x) / 2.0, y: f64::from(y) / 2.0 };
                let expected = walked(star.exterior(), place);
                for edges in indexed(std::slice::from_ref(&star)) {
                    prop_assert_eq!(edges.locate_in_polygons(place), expected, "{:?}", place);
                }
            }
        }
    }

    /// Even-odd by products that are exact on the grid.
    fn walked(ring: &LineString<f64>, place: Coord<f64>) -> Location {
        let mut inside = false;
        for edge in ring.lines() {
            let (a, b) = (edge.start - place, edge.end - place);
            let product = a.x * b.y - a.y * b.x;
            if product == 0.0 && a.x * b.x + a.y * b.y <= 0.0 {
                return Location::Boundary;
            }
            inside ^= (a.y <= 0.0) != (b.y <= 0.0) && (product > 0.0) == (b.y > a.y);
        }
        if inside { Location::Interior } else { Location::Exterior }
    }
}
