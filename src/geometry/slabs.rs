//! An index of intervals on one axis: which edges may lie at this latitude (or longitude).
//!
//! The axis is cut into equal slabs, and each slab lists the intervals that touch it, in the order they came. For the edges of
//! an outline that is a handful per slab, in one array: cheaper to ask than a tree, and built in linear time.

/// References from slabs to intervals, per interval, at most: keeps the index linear for outlines made of long edges.
const REFERENCES_PER_INTERVAL: usize = 8;
/// Slabs at most: beyond this an outline has more vertices than a slab has room for in the processor's cache anyway.
const MAX_SLABS: usize = 1 << 17;

/// Intervals by slab. Built once, asked many times.
#[derive(Debug, Clone)]
pub struct Slabs {
    low: f64,
    high: f64,
    per_unit: f64,
    /// Where each slab begins in `items`, and one last entry for its end.
    starts: Vec<u32>,
    items: Vec<u32>,
}

/// From `low` to `high`, both included, belonging to the edge with index `item`.
#[derive(Debug, Clone, Copy)]
pub struct Interval {
    /// Least value.
    pub low: f64,
    /// Greatest value.
    pub high: f64,
    /// What the interval stands for.
    pub item: u32,
}

impl Slabs {
    /// Sorts the intervals into slabs.
    pub fn new(intervals: &[Interval]) -> Self {
        let low = intervals.iter().map(|interval| interval.low).fold(f64::INFINITY, f64::min);
        let high = intervals.iter().map(|interval| interval.high).fold(f64::NEG_INFINITY, f64::max);
        let mut slabs = Self { low, high, per_unit: 0.0, starts: Vec::new(), items: Vec::new() };
        let mut count = intervals.len().clamp(1, MAX_SLABS);
        loop {
            slabs.per_unit = per_unit(low, high, count);
            let references: usize = intervals.iter().map(|interval| slabs.range(interval, count).count()).sum();
            if count == 1 || references <= REFERENCES_PER_INTERVAL * intervals.len() {
                break;
            }
            count /= 2;
        }
        slabs.fill(intervals, count);
        slabs
    }

    /// A counting sort: how many per slab, where each begins, then each in its place.
    fn fill(&mut self, intervals: &[Interval], count: usize) {
        let mut starts = vec![0_u32; count + 1];
        for interval in intervals {
            for slab in self.range(interval, count) {
                starts[slab + 1] += 1;
            }
        }
        for slab in 0..count {
            starts[slab + 1] += starts[slab];
        }
        let mut next = starts.clone();
        let mut items = vec![0; starts[count] as usize];
        for interval in intervals {
            for slab in self.range(interval, count) {
                items[next[slab] as usize] = interval.item;
                next[slab] += 1;
            }
        }
        self.starts = starts;
        self.items = items;
    }

    /// The items whose interval may hold the value, each once, in the order they came.
    pub fn at(&self, value: f64) -> &[u32] {
        self.between(value, value)
    }

    /// The items whose interval may overlap `low..=high`; one that spans several slabs comes several times.
    pub fn between(&self, low: f64, high: f64) -> &[u32] {
        if !(low <= self.high && high >= self.low) {
            return &[];
        }
        let count = self.starts.len() - 1;
        let first = self.starts.get(self.slab(low, count)).copied().unwrap_or(0);
        let last = self.starts.get(self.slab(high, count) + 1).copied().unwrap_or(0);
        self.items.get(first as usize..last as usize).unwrap_or(&[])
    }

    /// Grows with `value`, so that a value inside an interval lies in one of the interval's slabs.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the cast saturates, and the slab is clamped"
    )]
    fn slab(&self, value: f64, count: usize) -> usize {
        (((value - self.low) * self.per_unit) as usize).min(count - 1)
    }

    fn range(&self, interval: &Interval, count: usize) -> std::ops::RangeInclusive<usize> {
        self.slab(interval.low, count)..=self.slab(interval.high, count)
    }
}

/// Slabs per unit of the axis; 0 puts all into the first, as for a flat line or an extent beyond the range of numbers.
#[expect(clippy::cast_precision_loss, reason = "slabs are counted up to 2^17")]
fn per_unit(low: f64, high: f64, count: usize) -> f64 {
    let per_unit = count as f64 / (high - low);
    if per_unit.is_finite() { per_unit } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_interval_that_holds_a_value_is_missed(
            spans in prop::collection::vec((-90.0..90.0_f64, 0.0..60.0_f64), 0..200),
            asked in -100.0..150.0_f64,
            width in 0.0..5.0_f64,
        ) {
            let intervals: Vec<Interval> = (0..).zip(&spans)
                .map(|(item, &(low, width))| Interval { low, high: low + width, item })
                .collect();
            let slabs = Slabs::new(&intervals);
            for interval in &intervals {
                if interval.low <= asked && asked <= interval.high {
                    prop_assert_eq!(slabs.at(asked).iter().filter(|&&item| item == interval.item).count(), 1);
                }
                if interval.low <= asked + width && asked <= interval.high {
                    prop_assert!(slabs.between(asked, asked + width).contains(&interval.item));
                }
            }
            prop_assert!(slabs.items.len() <= REFERENCES_PER_INTERVAL * intervals.len().max(1));
            prop_assert!(slabs.at(asked).is_sorted());
        }
    }

    #[test]
    fn flat_and_boundless_extents_have_one_slab() {
        let one = |low, high| Slabs::new(&[Interval { low, high, item: 7 }]);
        assert_eq!(one(5.0, 5.0).at(5.0), [7]);
        assert!(one(5.0, 5.0).at(5.1).is_empty());
        assert_eq!(one(-1e308, 1e308).at(0.0), [7]);
        assert!(Slabs::new(&[]).at(0.0).is_empty());
        assert!(one(0.0, 1.0).at(f64::NAN).is_empty());
    }
}
