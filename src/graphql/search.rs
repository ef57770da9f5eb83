//! `search`: places by what a person types.

use std::collections::HashSet;
use std::sync::Arc;

use async_graphql::{Enum, SimpleObject};

use crate::app::App;
use crate::error::{Error, Result};
use crate::geometry::position::Position as Place;
use crate::graphql::location::Location;
use crate::graphql::shapes::{Position, centroid};
use crate::model::{Columns, Viewer};
use crate::query::limits::{MAX_HITS, MAX_SEARCH_CHARS};
use crate::query::{Direction, Filter, LocationQuery, Order, OrderBy, Page, Test, TextTest};

/// What a hit was found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum SearchHitKind {
    /// The text is a coordinate.
    Coordinate,
    /// The name.
    Name,
    /// A property.
    Property,
}

/// A place that was found.
#[derive(SimpleObject)]
pub struct SearchHit {
    /// What it was found by.
    kind: SearchHitKind,
    /// What to show: the name, or the coordinate.
    label: String,
    /// Where to go: the centroid.
    position: Position,
    /// The location; null for a coordinate.
    location: Option<Location>,
}

/// Hits, best first.
pub async fn resolve(
    app: &App,
    viewer: &Viewer,
    text: &str,
    bbox: Option<crate::geometry::BBox>,
    first: i32,
) -> Result<Vec<SearchHit>> {
    let first = usize::try_from(first).map_err(|_| Error::bad_input("a page has no negative size").at("first"))?;
    if first > MAX_HITS {
        return Err(Error::limit(format!("a search has at most {MAX_HITS} hits")).at("first"));
    }
    let text = text.trim();
    if text.chars().count() > MAX_SEARCH_CHARS {
        return Err(Error::limit(format!("a search has at most {MAX_SEARCH_CHARS} characters")).at("text"));
    }
    if text.is_empty() || first == 0 {
        return Ok(Vec::new());
    }
    let mut hits: Vec<SearchHit> = parse_coordinate(text).map(coordinate_hit).into_iter().collect();
    let part = || text.to_owned();
    let rounds = [
        (SearchHitKind::Name, Test::Name(TextTest::StartsWith(part()))),
        (SearchHitKind::Name, Test::Name(TextTest::Contains(part()))),
        (SearchHitKind::Property, Test::AnyProperty(part())),
    ];
    let mut seen = HashSet::new();
    for (kind, test) in rounds {
        if hits.len() >= first {
            break;
        }
        let conditions = std::iter::once(test).chain(bbox.map(Test::Bbox)).map(Filter::Test).collect();
        let query = LocationQuery {
            filter: Some(Filter::And(conditions)),
            near: None,
            order: vec![Order { by: OrderBy::Name, direction: Direction::Asc }],
            // Those of the earlier rounds pass again and are skipped.
            page: Page::first(first + seen.len()),
        };
        let page = Arc::new(app.locations().page(viewer, query, Columns::STORED).await?);
        for (row, location) in page.answer.rows.iter().zip(Location::all(&page, false)) {
            let row = row?;
            if hits.len() < first && seen.insert(row.id) {
                hits.push(SearchHit {
                    kind,
                    label: row.name.to_owned(),
                    position: centroid(row.geometry()?)?,
                    location: Some(location),
                });
            }
        }
    }
    Ok(hits)
}

fn coordinate_hit(place: Place) -> SearchHit {
    let position = Position { lon: place.lon(), lat: place.lat() };
    SearchHit {
        kind: SearchHitKind::Coordinate,
        label: format!("{}, {}", place.lat(), place.lon()),
        position,
        location: None,
    }
}

/// A coordinate as people write it: latitude first, in decimal degrees or in degrees, minutes and seconds, with signs or with
/// the letters N, S, E, W (which may turn the order round).
pub fn parse_coordinate(text: &str) -> Option<Place> {
    let mut angles: Vec<(f64, Option<char>)> = Vec::new();
    let mut numbers: Vec<f64> = Vec::new();
    let separate = text.replace([',', ';', '/'], " | ").replace(['°', 'º', '\'', '′', '’', '"', '″', '”', ':'], " ");
    let mut spaced = String::new();
    for character in separate.chars() {
        if "NSEWnsew".contains(character) {
            spaced.extend([' ', character, ' ']);
        } else {
            spaced.push(character);
        }
    }
    for word in spaced.split_whitespace() {
        match word {
            "|" if numbers.is_empty() => {}
            "|" => angles.push((angle(&std::mem::take(&mut numbers))?, None)),
            letter if letter.len() == 1 && "NSEWnsew".contains(letter) => {
                let letter = letter.chars().next()?.to_ascii_uppercase();
                angles.push((angle(&std::mem::take(&mut numbers))?, Some(letter)));
            }
            number => numbers.push(number.parse().ok()?),
        }
    }
    match (angles.len(), numbers.len()) {
        (0, 2) => angles.extend(numbers.drain(..).map(|number| (number, None))),
        (1, 1..) => angles.push((angle(&numbers)?, None)),
        (2, 0) => {}
        _ => return None,
    }
    let &[first, second] = angles.as_slice() else { return None };
    let signed = |(value, letter): (f64, Option<char>)| if matches!(letter, Some('S' | 'W')) { -value } else { value };
    let (lat, lon) = match (first.1, second.1) {
        (None, None) | (Some('N' | 'S'), Some('E' | 'W')) => (first, second),
        (Some('E' | 'W'), Some('N' | 'S')) => (second, first),
        _ => return None,
    };
    Place::new(signed(lon), signed(lat)).ok()
}

/// Degrees, minutes and seconds as degrees.
fn angle(numbers: &[f64]) -> Option<f64> {
    let (&degrees, smaller) = numbers.split_first()?;
    if smaller.len() > 2 || smaller.iter().any(|part| !(0.0..60.0).contains(part)) {
        return None;
    }
    let fraction = smaller.first().unwrap_or(&0.0) / 60.0 + smaller.get(1).unwrap_or(&0.0) / 3600.0;
    Some(if degrees.is_sign_negative() { degrees - fraction } else { degrees + fraction })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_are_read_as_people_write_them() {
        for (text, lat, lon) in [
            ("48.85, 2.29", 48.85, 2.29),
            ("48.85 2.29", 48.85, 2.29),
            ("-33.86;151.21", -33.86, 151.21),
            ("48°51'24\"N 2°21'3\"E", 48.856_667, 2.350_833),
            ("2.35E 48.85N", 48.85, 2.35),
            ("33.86S, 151.21E", -33.86, 151.21),
            ("51° 30′ N, 0° 7′ W", 51.5, -0.116_667),
        ] {
            let place = parse_coordinate(text).unwrap_or_else(|| panic!("{text}"));
            assert!((place.lat() - lat).abs() < 1e-6 && (place.lon() - lon).abs() < 1e-6, "{text}: {place:?}");
        }
    }

    #[test]
    fn names_are_no_coordinates() {
        for text in
            ["Paris", "48", "48.85, 2.29, 3", "91, 0", "N", "5 N", "10 70, 5", "New South Wales", "NaN, 0", "inf 1"]
        {
            assert_eq!(parse_coordinate(text), None, "{text}");
        }
    }
}
