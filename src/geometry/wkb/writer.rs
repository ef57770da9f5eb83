//! Little-endian ISO WKB, the one form that Cairn stores.

use crate::geometry::GeometryType;
use crate::geometry::wkb::{Part, Positions, Vertex, Visitor, WkbFault, walk};

/// Appends little-endian ISO WKB; the dimensions are the same for every part.
pub(crate) struct Writer {
    bytes: Vec<u8>,
    has_z: bool,
    has_m: bool,
}

impl Writer {
    pub(crate) fn new(has_z: bool, has_m: bool, capacity: usize) -> Self {
        Self { bytes: Vec::with_capacity(capacity), has_z, has_m }
    }

    pub(crate) fn head(&mut self, kind: GeometryType) {
        let code = kind.wkb_code() + 1000 * u32::from(self.has_z) + 2000 * u32::from(self.has_m);
        self.bytes.push(1);
        self.bytes.extend_from_slice(&code.to_le_bytes());
    }

    /// Opens a list whose length is known only at its end; [`close`](Self::close) takes what this gives.
    pub(crate) fn open(&mut self) -> usize {
        let place = self.bytes.len();
        self.bytes.extend_from_slice(&[0; 4]);
        place
    }

    /// Writes the count of the list that was opened at `place`.
    pub(crate) fn close(&mut self, place: usize, count: usize) {
        // Every count is bounded by MAX_VERTICES or by the bytes of a request.
        let count = u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes();
        if let Some(slot) = self.bytes.get_mut(place..place + 4) {
            slot.copy_from_slice(&count);
        }
    }

    pub(crate) fn position(&mut self, vertex: Vertex) {
        self.bytes.extend_from_slice(&vertex.x.to_le_bytes());
        self.bytes.extend_from_slice(&vertex.y.to_le_bytes());
        if self.has_z {
            self.bytes.extend_from_slice(&vertex.z.unwrap_or(f64::NAN).to_le_bytes());
        }
        if self.has_m {
            self.bytes.extend_from_slice(&vertex.m.unwrap_or(f64::NAN).to_le_bytes());
        }
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

/// Writes a checked geometry again as little-endian ISO WKB, each row of positions as `change` leaves it.
///
/// `change` gets the positions of a point, line or ring and pushes those that stay.
pub(crate) fn rewrite<F>(bytes: &[u8], change: F) -> Result<Vec<u8>, WkbFault>
where
    F: FnMut(Part, Positions<'_>, &mut Vec<Vertex>),
{
    let mut rewriter = Rewriter { writer: Writer::new(false, false, bytes.len()), row: Vec::new(), change };
    walk(bytes, &mut rewriter)?;
    Ok(rewriter.writer.finish())
}

struct Rewriter<F> {
    writer: Writer,
    row: Vec<Vertex>,
    change: F,
}

impl<F: FnMut(Part, Positions<'_>, &mut Vec<Vertex>)> Visitor for Rewriter<F> {
    type Error = WkbFault;

    fn begin(&mut self, part: Part) -> Result<(), WkbFault> {
        (self.writer.has_z, self.writer.has_m) = (part.head.has_z, part.head.has_m);
        self.writer.head(part.kind);
        let place = self.writer.open();
        self.writer.close(place, part.count);
        Ok(())
    }

    fn positions(&mut self, part: Part, positions: Positions<'_>) -> Result<(), WkbFault> {
        (self.writer.has_z, self.writer.has_m) = (part.head.has_z, part.head.has_m);
        self.row.clear();
        (self.change)(part, positions, &mut self.row);
        if !part.is_ring() {
            self.writer.head(part.kind);
        }
        if part.kind == GeometryType::Point {
            const EMPTY: Vertex = Vertex { x: f64::NAN, y: f64::NAN, z: None, m: None };
            self.writer.position(self.row.first().copied().unwrap_or(EMPTY));
            return Ok(());
        }
        let place = self.writer.open();
        self.writer.close(place, self.row.len());
        for vertex in &self.row {
            self.writer.position(*vertex);
        }
        Ok(())
    }
}
