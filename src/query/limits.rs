//! The limits of one question, each with its reason. Those of a request as a whole are settings of the server.

/// Conditions in one filter: SQLite refuses expressions deeper than 1,000, and nobody writes 200 by hand.
pub const MAX_FILTER_TESTS: usize = 200;
/// `and`, `or` and `not` inside each other.
pub const MAX_FILTER_DEPTH: usize = 10;
/// Values of one `in`: SQLite binds at most 32,766 in a statement.
pub const MAX_IN_VALUES: usize = 1_000;
/// Orders of one question: each is a column of the cursor.
pub const MAX_ORDERS: usize = 4;
/// Length of a text in a filter, in bytes.
pub const MAX_TEXT_BYTES: usize = 4_096;
/// Locations in one page of a connection when nothing is said.
pub const DEFAULT_PAGE: usize = 100;
/// Locations that a page of a connection is counted for at most, when the cost of a question is added up: a larger page is
/// refused by its own limit, which says more, or was allowed by the operator.
pub const MAX_COUNTED_PAGE: usize = 1_000;
/// The same for a FeatureCollection.
pub const MAX_COUNTED_COLLECTION: usize = 10_000;
/// Groups of one statistic: more than a legend or a table shows.
pub const MAX_GROUPS: usize = 1_000;
/// Properties to group by.
pub const MAX_GROUP_KEYS: usize = 4;
/// Figures of one statistic.
pub const MAX_AGGREGATES: usize = 10;
/// Clusters of one view: a cell is a quarter of a map tile wide, a large screen has some 600.
pub const MAX_CLUSTERS: usize = 5_000;
/// Hits of one search.
pub const MAX_HITS: usize = 100;
/// Characters of a search.
pub const MAX_SEARCH_CHARS: usize = 200;
/// Half of the Earth's circumference, rounded up: no two places are farther apart.
pub const MAX_METERS: f64 = 20_037_600.0;
