//! Answers about sets of locations.

use crate::geometry::Envelope;
use crate::model::{LocationId, PropertyPath};

/// A figure asked of a property; values that are no numbers do not count.
#[derive(Debug, Clone, PartialEq)]
pub struct Aggregate {
    /// The property.
    pub property: PropertyPath,
    /// The figure.
    pub function: AggregateFunction,
}

/// A figure over numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AggregateFunction {
    /// How many.
    Count,
    /// The least.
    Min,
    /// The greatest.
    Max,
    /// All together.
    Sum,
    /// The arithmetic mean.
    Avg,
}

/// Count, extent and figures of a set.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// The values it shares, as JSON text, in the order they were asked for; `None` where the property is missing.
    pub keys: Vec<Option<String>>,
    /// How many locations.
    pub count: i64,
    /// Their planar extent; `None` of an empty set.
    pub extent: Option<Envelope>,
    /// The figures in the order asked for; `None` over nothing.
    pub values: Vec<Option<f64>>,
}

/// Locations in one cell of the clustering grid.
#[derive(Debug, Clone, PartialEq)]
pub struct Cluster {
    /// The number of the cell at its zoom level.
    pub cell: i64,
    /// How many locations.
    pub count: i64,
    /// The extent of their envelopes.
    pub extent: Envelope,
    /// The mean of the middles of their envelopes: longitude, latitude.
    pub center: (f64, f64),
    /// The least id: the location itself when it is alone.
    pub first: LocationId,
}
