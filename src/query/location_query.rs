//! The one question of every door: which locations, in which order, which page.

use crate::error::{Error, Result};
use crate::geometry::Position;
use crate::model::PropertyPath;
use crate::query::cursor::Cursor;
use crate::query::filter::Filter;

/// Which locations, in which order, which page of them.
#[derive(Debug, Clone)]
pub struct LocationQuery {
    /// The condition; `None` asks for all that the viewer may see.
    pub filter: Option<Filter>,
    /// The place that distances are measured from.
    pub near: Option<Near>,
    /// The order; empty means nearest first with `near`, else by id. The id always breaks ties.
    pub order: Vec<Order>,
    /// The page.
    pub page: Page,
}

impl LocationQuery {
    /// Everything that passes the filter, one page, by id.
    pub fn filtered(filter: Option<Filter>, limit: usize) -> Self {
        Self { filter, near: None, order: Vec::new(), page: Page::first(limit) }
    }
}

/// The place that distances are measured from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Near {
    /// On WGS 84.
    pub position: Position,
    /// Farther locations are not answered; geodesic metres.
    pub max_meters: Option<f64>,
}

/// One level of the order.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    /// What is compared.
    pub by: OrderBy,
    /// Ascending or descending; what is missing comes last either way.
    pub direction: Direction,
}

/// What an order compares.
#[derive(Debug, Clone, PartialEq)]
pub enum OrderBy {
    /// The id.
    Id,
    /// The name, by Unicode code point.
    Name,
    /// Time of creation.
    CreatedAt,
    /// Time of the last change.
    UpdatedAt,
    /// Geodesic metres from `near`.
    Distance,
    /// A property: numbers before strings, anything else is missing.
    Property(PropertyPath),
}

/// Ascending or descending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Least first.
    Asc,
    /// Greatest first.
    Desc,
}

/// A page in the sense of the Relay cursor connections specification.
#[derive(Debug, Clone)]
pub struct Page {
    /// How many at most.
    pub limit: usize,
    /// Whether the page lies before the cursor (`last`, `before`) and not after it.
    pub backward: bool,
    /// Where the page begins, exclusive.
    pub cursor: Option<Cursor>,
}

impl Page {
    /// The first so many.
    pub fn first(limit: usize) -> Self {
        Self { limit, backward: false, cursor: None }
    }

    /// From the four arguments of a connection. `default` and `max` are the door's.
    pub fn relay(arguments: RelayArguments, default: usize, max: usize) -> Result<Self> {
        let RelayArguments { first, after, last, before } = arguments;
        if (first.is_some() || after.is_some()) && (last.is_some() || before.is_some()) {
            return Err(Error::bad_input("use first with after, or last with before").at("first"));
        }
        let backward = last.is_some() || before.is_some();
        let (name, limit, cursor_name, cursor) =
            if backward { ("last", last, "before", before) } else { ("first", first, "after", after) };
        let limit = match limit {
            None => default,
            Some(limit) => {
                let limit =
                    usize::try_from(limit).map_err(|_| Error::bad_input("a page has no negative size").at(name))?;
                if limit > max {
                    return Err(Error::limit(format!("a page has at most {max} locations")).at(name));
                }
                limit
            }
        };
        let cursor = cursor.map(|text| Cursor::decode(&text)).transpose().map_err(|error| error.at(cursor_name))?;
        Ok(Self { limit, backward, cursor })
    }
}

/// The paging arguments of a connection field, as they came.
#[derive(Debug, Default)]
pub struct RelayArguments {
    /// How many from the front.
    pub first: Option<i32>,
    /// After this cursor.
    pub after: Option<String>,
    /// How many from the back.
    pub last: Option<i32>,
    /// Before this cursor.
    pub before: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_bounded_and_goes_one_way() {
        let page = |first, last| Page::relay(RelayArguments { first, last, ..Default::default() }, 100, 1000);
        assert_eq!(page(None, None).unwrap().limit, 100);
        assert_eq!(page(Some(1000), None).unwrap().limit, 1000);
        assert_eq!(page(Some(1001), None).unwrap_err().code(), crate::error::ErrorCode::LimitExceeded);
        assert_eq!(page(Some(-1), None).unwrap_err().field(), Some("first"));
        assert!(page(None, Some(5)).unwrap().backward);
        assert!(page(Some(1), Some(1)).is_err());
    }
}
