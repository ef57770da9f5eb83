//! What a filter says of a location of which no more is known than id, layer and extent: yes, no, or nothing yet.
//!
//! The change feed keeps this much of what a location was. For points the extent is the geometry, so that every spatial
//! condition is decided; for other shapes those are that lie wholly outside.

use crate::geometry::geodesic::Target;
use crate::geometry::relate::{Pattern, Planar, SpatialPredicate};
use crate::geometry::{Envelope, Geometry, Position};
use crate::model::{LayerId, LocationId, Outline};
use crate::query::bind::BoundFilter;
use crate::query::filter::Test;

/// A bound filter, its shapes prepared once for many outlines.
#[derive(Debug)]
pub struct Foresight(Node);

#[derive(Debug)]
enum Node {
    And(Vec<Self>),
    Or(Vec<Self>),
    Not(Box<Self>),
    Layers(Vec<LayerId>),
    Ids {
        ids: Vec<LocationId>,
        negated: bool,
    },
    Bbox(Envelope, Option<Envelope>),
    Spatial(SpatialPredicate, Envelope, Planar),
    Relate(Pattern, Planar),
    DWithin(Target, f64),
    /// Only the row can tell.
    Open,
}

impl Foresight {
    /// Prepares a filter.
    pub fn of(filter: &BoundFilter) -> Self {
        Self(Node::of(filter))
    }

    /// Whether such a location passes; `None` when this much of it does not decide.
    pub fn passes(&self, id: LocationId, outline: &Outline) -> Option<bool> {
        let point = outline.extent.filter(|extent| extent.min_x == extent.max_x && extent.min_y == extent.max_y);
        let point = point.and_then(|extent| Position::new(extent.min_x, extent.min_y).ok()).map(Geometry::point);
        self.0.passes(&Seen { id, layer: outline.layer, extent: outline.extent, point })
    }
}

/// What is known of a location.
struct Seen {
    id: LocationId,
    layer: LayerId,
    extent: Option<Envelope>,
    /// The geometry, of one whose extent is a point.
    point: Option<Geometry>,
}

impl Node {
    fn of(filter: &BoundFilter) -> Self {
        let all = |filters: &[BoundFilter]| filters.iter().map(Self::of).collect();
        match filter {
            BoundFilter::And(filters) => Self::And(all(filters)),
            BoundFilter::Or(filters) => Self::Or(all(filters)),
            BoundFilter::Not(filter) => Self::Not(Box::new(Self::of(filter))),
            BoundFilter::Layers(layers) => Self::Layers(layers.clone()),
            BoundFilter::Test(test) => Self::of_test(test),
        }
    }

    /// A shape that cannot be prepared leaves its condition open: the store will say what is wrong with it.
    fn of_test(test: &Test) -> Self {
        let planar = |shape: &Geometry| Planar::new(shape.wkb());
        match test {
            Test::Id { ids, negated } => Self::Ids { ids: ids.clone(), negated: *negated },
            Test::Bbox(bbox) => {
                let (first, second) = bbox.parts();
                Self::Bbox(first, second)
            }
            Test::Spatial(predicate, shape) => {
                planar(shape).map_or(Self::Open, |planar| Self::Spatial(*predicate, shape.wkb().envelope(), planar))
            }
            Test::Relate(pattern, shape) => {
                planar(shape).map_or(Self::Open, |planar| Self::Relate(pattern.clone(), planar))
            }
            Test::DWithin(shape, meters) => {
                Target::new(shape.wkb()).map_or(Self::Open, |target| Self::DWithin(target, *meters))
            }
            Test::ExternalId(_)
            | Test::Name(_)
            | Test::CreatedAt(..)
            | Test::UpdatedAt(..)
            | Test::Property(..)
            | Test::AnyProperty(_)
            | Test::GeometryType(_) => Self::Open,
        }
    }

    fn passes(&self, seen: &Seen) -> Option<bool> {
        match self {
            Self::And(all) => decided(all, seen, false),
            Self::Or(any) => decided(any, seen, true),
            Self::Not(one) => one.passes(seen).map(|passes| !passes),
            Self::Layers(layers) => Some(layers.contains(&seen.layer)),
            Self::Ids { ids, negated } => Some(ids.contains(&seen.id) != *negated),
            Self::Bbox(first, second) => in_box(seen, *first, *second),
            Self::Spatial(predicate, envelope, planar) => match (&seen.point, seen.extent) {
                (_, None) => None,
                (_, Some(extent)) if !extent.intersects(*envelope) => Some(*predicate == SpatialPredicate::Disjoint),
                (Some(point), _) => planar.test(*predicate, point.wkb()).ok(),
                (None, Some(_)) => None,
            },
            Self::Relate(pattern, planar) => {
                seen.point.as_ref().and_then(|point| planar.relate(pattern, point.wkb()).ok())
            }
            Self::DWithin(target, meters) => seen.point.as_ref().map(|point| target.within(point.wkb(), *meters)),
            Self::Open => None,
        }
    }
}

/// `And` is decided by the first `false`, `Or` by the first `true`; else by all of them or not at all.
fn decided(nodes: &[Node], seen: &Seen, by: bool) -> Option<bool> {
    let mut outcome = Some(!by);
    for node in nodes {
        match node.passes(seen) {
            Some(passes) if passes == by => return Some(by),
            Some(_) => {}
            None => outcome = None,
        }
    }
    outcome
}

fn in_box(seen: &Seen, first: Envelope, second: Option<Envelope>) -> Option<bool> {
    let extent = seen.extent?;
    let parts = || std::iter::once(first).chain(second);
    if !parts().any(|part| part.intersects(extent)) {
        return Some(false);
    }
    // A shape inside touches the box; one that merely overlaps by its extent may pass it by.
    parts().any(|part| part.covers(extent)).then_some(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::BBox;
    use crate::query::filter::TextTest;

    const BOX: Envelope = Envelope { min_x: 0.0, min_y: 0.0, max_x: 10.0, max_y: 10.0 };

    fn outline(min_x: f64, min_y: f64, max_x: f64, max_y: f64) -> Outline {
        Outline { layer: 1, extent: Some(Envelope { min_x, min_y, max_x, max_y }) }
    }

    fn test(test: Test) -> BoundFilter {
        BoundFilter::Test(test)
    }

    fn passes(filter: &BoundFilter, outline: &Outline) -> Option<bool> {
        Foresight::of(filter).passes(7, outline)
    }

    #[test]
    fn points_are_decided_and_other_shapes_where_their_extent_allows() {
        let square = Geometry::of_envelope(BOX).unwrap();
        let center = Geometry::point(Position::new(5.0, 5.0).unwrap());
        let (inside, edge, outside) =
            (outline(5.0, 5.0, 5.0, 5.0), outline(10.0, 5.0, 10.0, 5.0), outline(20.0, 5.0, 20.0, 5.0));
        let (within, across, away) =
            (outline(1.0, 1.0, 2.0, 2.0), outline(9.0, 9.0, 12.0, 12.0), outline(20.0, 0.0, 21.0, 1.0));
        let spatial = |predicate| test(Test::Spatial(predicate, square.clone()));
        let table = [
            (
                test(Test::Bbox(BBox::new(0.0, 0.0, 10.0, 10.0).unwrap())),
                [Some(true), Some(true), Some(false), Some(true), None, Some(false)],
            ),
            (spatial(SpatialPredicate::Within), [Some(true), Some(false), Some(false), None, None, Some(false)]),
            (spatial(SpatialPredicate::CoveredBy), [Some(true), Some(true), Some(false), None, None, Some(false)]),
            (spatial(SpatialPredicate::Disjoint), [Some(false), Some(false), Some(true), None, None, Some(true)]),
            (test(Test::DWithin(center, 1.0)), [Some(true), Some(false), Some(false), None, None, None]),
            (BoundFilter::Layers(vec![1, 2]), [Some(true); 6]),
            (BoundFilter::Layers(vec![2]), [Some(false); 6]),
            (test(Test::Name(TextTest::Eq("x".to_owned()))), [None; 6]),
        ];
        for (filter, wanted) in table {
            let found = [inside, edge, outside, within, across, away].map(|outline| passes(&filter, &outline));
            assert_eq!(found, wanted, "{filter:?}");
        }
    }

    #[test]
    fn what_is_open_stays_open_unless_the_others_decide() {
        let open = || test(Test::Name(TextTest::Eq("x".to_owned())));
        let (yes, no) = (|| BoundFilter::And(vec![]), || BoundFilter::Or(vec![]));
        let negated = |filter| BoundFilter::Not(Box::new(filter));
        let table = [
            (BoundFilter::And(vec![open(), no()]), Some(false)),
            (BoundFilter::And(vec![open(), yes()]), None),
            (BoundFilter::Or(vec![open(), yes()]), Some(true)),
            (BoundFilter::Or(vec![open(), no()]), None),
            (negated(open()), None),
            (negated(no()), Some(true)),
            (test(Test::Id { ids: vec![7], negated: false }), Some(true)),
            (test(Test::Id { ids: vec![7], negated: true }), Some(false)),
        ];
        for (filter, wanted) in table {
            assert_eq!(passes(&filter, &Outline { layer: 1, extent: None }), wanted, "{filter:?}");
        }
        let view = test(Test::Bbox(BBox::new(170.0, 0.0, -170.0, 10.0).unwrap()));
        assert_eq!(passes(&view, &outline(-175.0, 5.0, -175.0, 5.0)), Some(true));
        assert_eq!(passes(&view, &Outline { layer: 1, extent: None }), None);
    }
}
