//! The SQL functions that pack an R-tree: the place of a box on a curve through the world, and a node from its cells.
//!
//! A node is what SQLite keeps in the table `_node` of an R-tree ("Shadow Tables" in its documentation): a depth, which only the
//! root has, and a count in 16 bits each; cells of an id in 64 bits and four 32-bit numbers, rounded outward; zeros up to its
//! size. All are big-endian.

use rusqlite::Connection;
use rusqlite::functions::{Aggregate, Context};

use crate::store::gpkg::predicates::FLAGS;

/// Bytes of the depth and the count.
const HEAD_BYTES: usize = 4;
/// Bits of a place on the curve, for each of its two directions: steps of 600 m.
const CURVE_BITS: u32 = 16;

/// Registers the functions of this page.
pub fn register(db: &Connection) -> rusqlite::Result<()> {
    db.create_scalar_function("cairn_curve", 2, FLAGS, |context| Ok(curve(context.get(0)?, context.get(1)?)))?;
    db.create_aggregate_function("cairn_rtree_node", 7, FLAGS, Node)
}

/// How far along Hilbert's curve a point lies: what is near on it is near on the map.
fn curve(lon: f64, lat: f64) -> i64 {
    let side = 1_u32 << CURVE_BITS;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a number that is out of range becomes the nearest one in it"
    )]
    let step = |part: f64| ((part * f64::from(side)) as u32).min(side - 1);
    let (mut x, mut y) = (step(lon / 360.0 + 0.5), step(lat / 180.0 + 0.5));
    let mut place = 0_i64;
    for bit in (0..CURVE_BITS).rev() {
        let (right, up) = (x >> bit & 1, y >> bit & 1);
        place = place << 2 | i64::from((3 * right) ^ up);
        if up == 0 {
            if right == 1 {
                (x, y) = (side - 1 - x, side - 1 - y);
            }
            (x, y) = (y, x);
        }
    }
    place
}

/// `cairn_rtree_node(depth, size, id, min_x, max_x, min_y, max_y)`.
struct Node;

struct Cells {
    bytes: Vec<u8>,
    size: usize,
    count: u16,
}

impl Aggregate<Option<Cells>, Option<Vec<u8>>> for Node {
    fn init(&self, _: &mut Context<'_>) -> rusqlite::Result<Option<Cells>> {
        Ok(None)
    }

    fn step(&self, context: &mut Context<'_>, node: &mut Option<Cells>) -> rusqlite::Result<()> {
        let (depth, size): (u16, u16) = (context.get(0)?, context.get(1)?);
        let node = node.get_or_insert_with(|| {
            let size = usize::from(size);
            let mut bytes = Vec::with_capacity(size);
            bytes.extend(depth.to_be_bytes());
            bytes.extend([0; 2]);
            Cells { bytes, size, count: 0 }
        });
        node.bytes.extend(context.get::<i64>(2)?.to_be_bytes());
        for (place, round) in [(3, down as fn(f64) -> f32), (4, up), (5, down), (6, up)] {
            node.bytes.extend(round(context.get(place)?).to_be_bytes());
        }
        node.count = node.count.saturating_add(1);
        Ok(())
    }

    fn finalize(&self, _: &mut Context<'_>, node: Option<Option<Cells>>) -> rusqlite::Result<Option<Vec<u8>>> {
        Ok(node.flatten().map(|Cells { mut bytes, size, count }| {
            let [high, low] = count.to_be_bytes();
            bytes.splice(HEAD_BYTES - 2..HEAD_BYTES, [high, low]);
            bytes.resize(size.max(bytes.len()), 0);
            bytes
        }))
    }
}

#[expect(clippy::cast_possible_truncation, reason = "rounded to the side that holds the number")]
fn down(number: f64) -> f32 {
    let near = number as f32;
    if f64::from(near) > number { near.next_down() } else { near }
}

fn up(number: f64) -> f32 {
    -down(-number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_on_the_curve_are_neighbours_on_the_map() {
        let cells = 64_i32;
        let middle = |cell: i32, whole: f64| (f64::from(cell) + 0.5) / f64::from(cells) * whole - whole / 2.0;
        let mut places: Vec<_> = (0..cells * cells)
            .map(|cell| (cell % cells, cell / cells))
            .map(|(x, y)| (curve(middle(x, 360.0), middle(y, 180.0)), x, y))
            .collect();
        places.sort_unstable();
        for pair in places.windows(2) {
            let [(_, x, y), (_, next_x, next_y)] = pair else { panic!("a pair") };
            assert_eq!((x - next_x).abs() + (y - next_y).abs(), 1, "{pair:?}");
        }
    }

    #[test]
    fn numbers_are_rounded_outward() {
        for number in [0.0, 1.0, 0.1, -0.1, 180.0, -179.999_999_9, 1e-40] {
            let (below, above) = (f64::from(down(number)), f64::from(up(number)));
            assert!(below <= number && number <= above, "{number}");
            assert!(above - below <= number.abs() * 2e-7 + 1e-44, "{number}");
        }
    }
}
