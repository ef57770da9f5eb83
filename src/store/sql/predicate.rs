//! What the spatial predicates are called in SQL.

use crate::geometry::relate::SpatialPredicate;

/// The SQL/MM name of a predicate.
pub const fn function_name(predicate: SpatialPredicate) -> &'static str {
    match predicate {
        SpatialPredicate::Intersects => "ST_Intersects",
        SpatialPredicate::Disjoint => "ST_Disjoint",
        SpatialPredicate::Contains => "ST_Contains",
        SpatialPredicate::Within => "ST_Within",
        SpatialPredicate::Covers => "ST_Covers",
        SpatialPredicate::CoveredBy => "ST_CoveredBy",
        SpatialPredicate::Crosses => "ST_Crosses",
        SpatialPredicate::Overlaps => "ST_Overlaps",
        SpatialPredicate::Touches => "ST_Touches",
        SpatialPredicate::Equals => "ST_Equals",
    }
}
