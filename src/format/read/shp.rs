//! Shapes of a Shapefile (ESRI white paper of July 1998), one record after the other.
//!
//! The crate `shapefile` was read and rejected: it makes room for as many positions as a record announces, and leaves open to
//! which exterior ring a hole belongs.

use rstar::RTree;
use rstar::primitives::{GeomWithData, Rectangle};

use crate::error::{Error, Result};
use crate::format::read::shape::Shape;
use crate::geometry::GeometryType;
use crate::geometry::wkb::Vertex;

/// Measures below this are no measures.
const NO_DATA: f64 = -1e38;

/// Numbers of a record, none read beyond its end.
struct Content<'a> {
    rest: &'a [u8],
}

impl Content<'_> {
    fn i32(&mut self) -> Result<i32> {
        let (bytes, rest) = self.rest.split_first_chunk::<4>().ok_or_else(damaged)?;
        self.rest = rest;
        Ok(i32::from_le_bytes(*bytes))
    }

    fn f64(&mut self) -> Result<f64> {
        let (bytes, rest) = self.rest.split_first_chunk::<8>().ok_or_else(damaged)?;
        self.rest = rest;
        Ok(f64::from_le_bytes(*bytes))
    }

    fn skip(&mut self, length: usize) -> Result<()> {
        self.rest = self.rest.get(length..).ok_or_else(damaged)?;
        Ok(())
    }

    /// A count whose members take `width` bytes each: no more than there are bytes left.
    fn count(&mut self, width: usize) -> Result<usize> {
        let count = usize::try_from(self.i32()?).map_err(|_| damaged())?;
        if count > self.rest.len() / width {
            return Err(damaged());
        }
        Ok(count)
    }

    /// A range and one number for each position.
    fn extra(&mut self, vertices: &mut [Vertex], set: fn(&mut Vertex, f64)) -> Result<()> {
        self.skip(16)?;
        for vertex in vertices {
            set(vertex, self.f64()?);
        }
        Ok(())
    }
}

fn damaged() -> Error {
    Error::invalid_geometry("the record announces more than it holds")
}

/// Reads one record; `None` is a null shape.
pub(super) fn shape(bytes: &[u8]) -> Result<Option<Shape>> {
    let mut content = Content { rest: bytes };
    let code = content.i32()?;
    let (has_z, has_m) = (code / 10 == 1, code / 10 == 2);
    match code {
        0 => Ok(None),
        1 | 11 | 21 => {
            let mut vertex = Vertex { x: content.f64()?, y: content.f64()?, z: None, m: None };
            if has_z {
                vertex.z = Some(content.f64()?);
            }
            if (has_z || has_m) && !content.rest.is_empty() {
                vertex.m = Some(content.f64()?).filter(|m| *m > NO_DATA);
            }
            Ok(Some(Shape::Point(vertex)))
        }
        3 | 13 | 23 | 5 | 15 | 25 => {
            content.skip(32)?;
            let parts = content.count(4)?;
            let points = content.count(16)?;
            let mut starts = Vec::with_capacity(parts);
            for _ in 0..parts {
                starts.push(usize::try_from(content.i32()?).map_err(|_| damaged())?);
            }
            let vertices = vertices(&mut content, points, has_z, has_m)?;
            let rows = rows(&vertices, &starts)?;
            Ok(if code % 10 == 5 {
                polygon(rows)
            } else {
                Shape::gathered(rows.into_iter().map(Shape::Line).collect())
            })
        }
        8 | 18 | 28 => {
            content.skip(32)?;
            let points = content.count(16)?;
            let vertices = vertices(&mut content, points, has_z, has_m)?;
            Ok(Some(Shape::Many(GeometryType::MultiPoint, vertices.into_iter().map(Shape::Point).collect())))
        }
        31 => Err(Error::invalid_geometry("surfaces of triangles (MultiPatch) are not stored")),
        other => Err(Error::invalid_geometry(format!("{other} is no type of a shape"))),
    }
}

fn vertices(content: &mut Content<'_>, count: usize, has_z: bool, has_m: bool) -> Result<Vec<Vertex>> {
    if count > content.rest.len() / 16 {
        return Err(damaged());
    }
    let mut vertices = Vec::with_capacity(count);
    for _ in 0..count {
        vertices.push(Vertex { x: content.f64()?, y: content.f64()?, z: None, m: None });
    }
    if has_z {
        content.extra(&mut vertices, |vertex, z| vertex.z = Some(z))?;
    }
    // Shapes with heights have measures only if there is room for them.
    if (has_z || has_m) && content.rest.len() >= 16 + 8 * count {
        content.extra(&mut vertices, |vertex, m| vertex.m = Some(m))?;
        if vertices.iter().all(|vertex| vertex.m.is_none_or(|m| m <= NO_DATA || m.is_nan())) {
            for vertex in &mut vertices {
                vertex.m = None;
            }
        }
    }
    Ok(vertices)
}

/// Cuts positions where parts start.
fn rows(vertices: &[Vertex], starts: &[usize]) -> Result<Vec<Vec<Vertex>>> {
    let ends = starts.iter().skip(1).copied().chain([vertices.len()]);
    starts.iter().zip(ends).map(|(start, end)| Ok(vertices.get(*start..end).ok_or_else(damaged)?.to_vec())).collect()
}

/// Rings clockwise are exterior ones, the others are holes of the smallest ring around them. A hole in nothing is exterior too.
fn polygon(rings: Vec<Vec<Vertex>>) -> Option<Shape> {
    let (exteriors, holes): (Vec<_>, Vec<_>) = rings.into_iter().partition(|ring| twice_area(ring) <= 0.0);
    let boxes = exteriors.iter().enumerate().map(|(index, ring)| GeomWithData::new(bounds(ring), index));
    let tree = RTree::bulk_load(boxes.collect());
    let mut polygons: Vec<Vec<Vec<Vertex>>> = exteriors.into_iter().map(|ring| vec![ring]).collect();
    for hole in holes {
        let around = hole.first().and_then(|corner| {
            let candidates = tree.locate_all_at_point(&[corner.x, corner.y]);
            let around = candidates.filter(|candidate| {
                polygons.get(candidate.data).and_then(|rings| rings.first()).is_some_and(|ring| is_inside(&hole, ring))
            });
            around
                .map(|candidate| (candidate.data, size(candidate.geom())))
                .min_by(|one, other| one.1.total_cmp(&other.1))
        });
        match around.and_then(|(index, _)| polygons.get_mut(index)) {
            Some(polygon) => polygon.push(hole),
            None => polygons.push(vec![hole]),
        }
    }
    Shape::gathered(polygons.into_iter().map(Shape::Polygon).collect())
}

fn bounds(ring: &[Vertex]) -> Rectangle<[f64; 2]> {
    let first = ring.first().map_or([0.0, 0.0], |vertex| [vertex.x, vertex.y]);
    let (low, high) = ring.iter().fold((first, first), |(low, high), vertex| {
        ([low[0].min(vertex.x), low[1].min(vertex.y)], [high[0].max(vertex.x), high[1].max(vertex.y)])
    });
    Rectangle::from_corners(low, high)
}

fn size(rectangle: &Rectangle<[f64; 2]>) -> f64 {
    let (low, high) = (rectangle.lower(), rectangle.upper());
    (high[0] - low[0]) * (high[1] - low[1])
}

/// Whether the first corner of a hole that does not lie on the ring lies inside of it.
fn is_inside(hole: &[Vertex], ring: &[Vertex]) -> bool {
    let at = hole.iter().find(|corner| !ring.iter().any(|vertex| (vertex.x, vertex.y) == (corner.x, corner.y)));
    let Some(at) = at.or(hole.first()) else { return false };
    let edges = ring.iter().zip(ring.iter().skip(1));
    let crossings = edges.filter(|(from, to)| {
        (from.y > at.y) != (to.y > at.y) && at.x < (to.x - from.x) * (at.y - from.y) / (to.y - from.y) + from.x
    });
    crossings.count() % 2 == 1
}

/// Positive counter-clockwise.
fn twice_area(ring: &[Vertex]) -> f64 {
    let Some(origin) = ring.first() else { return 0.0 };
    let edges = ring.iter().zip(ring.iter().skip(1));
    edges.map(|(a, b)| (a.x - origin.x) * (b.y - origin.y) - (b.x - origin.x) * (a.y - origin.y)).sum()
}
