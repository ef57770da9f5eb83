//! The clustering grid: square cells on the Web Mercator map, a quarter of a tile wide.

use std::f64::consts::PI;

/// Cells of a tile's side: 64 of 256 pixels, about the room a marker with a number needs.
const CELLS_PER_TILE: u32 = 4;
/// Deepest zoom level; cells are then some centimetres wide.
pub const MAX_ZOOM: u8 = 24;
/// Where Web Mercator ends (EPSG:3857): the map is square between these latitudes.
const MAX_LATITUDE: f64 = 85.051_128_779_806_6;

/// The grid of one zoom level.
#[derive(Debug, Clone, Copy)]
pub struct ClusterGrid {
    cells: u32,
}

impl ClusterGrid {
    /// The grid at a zoom level; deeper ones than [`MAX_ZOOM`] are as that.
    pub fn at(zoom: u8) -> Self {
        Self { cells: CELLS_PER_TILE << zoom.min(MAX_ZOOM) }
    }

    /// The number of the cell that holds a position: row by row from the north-west.
    pub fn cell(self, lon: f64, lat: f64) -> i64 {
        let (x, y) = to_unit_square(lon, lat);
        i64::from(self.index(y)) * i64::from(self.cells) + i64::from(self.index(x))
    }

    /// Whether the two positions fall into different cells.
    pub fn separates(self, a: (f64, f64), b: (f64, f64)) -> bool {
        self.cell(a.0, a.1) != self.cell(b.0, b.1)
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the cells of the grid")]
    fn index(self, fraction: f64) -> u32 {
        (fraction * f64::from(self.cells)).clamp(0.0, f64::from(self.cells - 1)) as u32
    }
}

/// Web Mercator (EPSG:3857) with the square map scaled to 0..1, north-west first.
fn to_unit_square(lon: f64, lat: f64) -> (f64, f64) {
    let lat = lat.clamp(-MAX_LATITUDE, MAX_LATITUDE).to_radians();
    (lon / 360.0 + 0.5, 0.5 - lat.tan().asinh() / (2.0 * PI))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_count_from_the_north_west() {
        let grid = ClusterGrid::at(0);
        assert_eq!(grid.cell(-180.0, 85.06), 0);
        assert_eq!(grid.cell(180.0, 85.06), 3);
        assert_eq!(grid.cell(-180.0, -90.0), 12);
        assert_eq!(grid.cell(179.9, -89.0), 15);
        assert_eq!(grid.cell(0.1, -0.1), 10);
    }

    #[test]
    fn deeper_grids_separate_what_higher_ones_hold() {
        let (paris, versailles) = ((2.3522, 48.8566), (2.1301, 48.8014));
        assert!(!ClusterGrid::at(4).separates(paris, versailles));
        assert!(ClusterGrid::at(12).separates(paris, versailles));
        assert_eq!(ClusterGrid::at(MAX_ZOOM + 9).cells, ClusterGrid::at(MAX_ZOOM).cells);
    }
}
