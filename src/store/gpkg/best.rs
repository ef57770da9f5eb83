//! The least of the distances that were seen.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// So many distances in metres, the least of all that were added.
#[derive(Debug)]
pub struct Best {
    wanted: usize,
    farthest_first: BinaryHeap<Meters>,
}

#[derive(Debug, PartialEq)]
struct Meters(f64);

impl Eq for Meters {}

impl Ord for Meters {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Meters {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Best {
    /// None yet of so many.
    pub fn of(wanted: usize) -> Self {
        Self { wanted, farthest_first: BinaryHeap::with_capacity(wanted + 1) }
    }

    /// What lies farther is none of them: infinite until there are so many, and for ever where none is wanted.
    pub fn limit(&self) -> f64 {
        let is_full = self.farthest_first.len() >= self.wanted;
        self.farthest_first.peek().filter(|_| is_full).map_or(f64::INFINITY, |meters| meters.0)
    }

    /// Adds a distance, and forgets the greatest when it is one too many.
    pub fn add(&mut self, meters: f64) {
        self.farthest_first.push(Meters(meters));
        if self.farthest_first.len() > self.wanted {
            self.farthest_first.pop();
        }
    }
}
