//! Which columns of a table say where something is, and what kind of values the others hold.

use crate::error::{Error, Result};

/// Columns of a table; a spreadsheet has at most 16,384.
pub(super) const MAX_COLUMNS: usize = 16_384;
/// Names of columns that fit in an error.
const NAMES_IN_ERROR: usize = 20;

const LONGITUDES: &[&str] = &[
    "lon",
    "lng",
    "long",
    "longitude",
    "longitud",
    "longitudine",
    "längengrad",
    "laengengrad",
    "länge",
    "lengtegraad",
    "długość",
    "долгота",
    "経度",
    "经度",
    "x",
    "easting",
    "east",
    "ost",
    "rechtswert",
    "coordx",
    "xcoord",
    "pointx",
    "geox",
    "lonwgs84",
    "este",
    "est",
];
const LATITUDES: &[&str] = &[
    "lat",
    "latitude",
    "latitud",
    "latitudine",
    "breitengrad",
    "breite",
    "breedtegraad",
    "szerokość",
    "широта",
    "緯度",
    "纬度",
    "y",
    "northing",
    "north",
    "nord",
    "hochwert",
    "coordy",
    "ycoord",
    "pointy",
    "geoy",
    "latwgs84",
    "norte",
];
const HEIGHTS: &[&str] = &["ele", "elevation", "alt", "altitude", "z", "height", "höhe", "hoehe"];
const GEOMETRIES: &[&str] = &[
    "geometry",
    "geom",
    "thegeom",
    "wkt",
    "ewkt",
    "wkb",
    "ewkb",
    "wkbgeometry",
    "wktgeometry",
    "geojson",
    "shape",
    "way",
    "geo",
    "geometrywkt",
    "stastext",
    "geopoint",
    "position",
    "location",
];
/// Words in front of a coordinate's name that do not change it: `geo_lat`, `site.longitude`, `Y (north)`.
const QUALIFIERS: &[&str] =
    &["geo", "gps", "wgs84", "stop", "decimal", "dec", "site", "place", "location", "position", "coord"];

/// Where a row has its geometry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// WKT, EWKT, WKB in hexadecimal digits, or GeoJSON.
    Geometry(usize),
    /// Longitude or easting, latitude or northing, and perhaps a height.
    Position { x: usize, y: usize, z: Option<usize> },
    /// Nowhere.
    None,
}

impl Place {
    /// Columns that are the geometry and no property.
    pub(super) fn holds(self, column: usize) -> bool {
        match self {
            Self::Geometry(geometry) => geometry == column,
            Self::Position { x, y, z } => x == column || y == column || z == Some(column),
            Self::None => false,
        }
    }

    /// Finds it by the names of the columns and by the first values below them.
    pub(super) fn find(names: &[String], sample: &[Option<String>], given: Option<&(String, String)>) -> Result<Self> {
        if let Some((x, y)) = given {
            let column = |wanted: &String| {
                let found = names.iter().position(|name| name == wanted);
                let found = found.or_else(|| names.iter().position(|name| plain(name) == plain(wanted)));
                found.ok_or_else(|| {
                    Error::bad_input(format!("there is no column \"{wanted}\"; {}", told(names))).at("positionColumns")
                })
            };
            return Ok(Self::Position { x: column(x)?, y: column(y)?, z: None });
        }
        let plain_names: Vec<String> = names.iter().map(|name| plain(name)).collect();
        let shows = |column: usize| sample.get(column).and_then(Option::as_deref).is_some_and(is_geometry);
        let by_name = GEOMETRIES.iter().find_map(|wanted| plain_names.iter().position(|name| name == wanted));
        let geometry =
            by_name.filter(|column| shows(*column)).or_else(|| (0..names.len()).find(|column| shows(*column)));
        if let Some(geometry) = geometry {
            return Ok(Self::Geometry(geometry));
        }
        let find = |wanted: &[&str]| {
            let exact = wanted.iter().find_map(|wanted| plain_names.iter().position(|name| name == wanted));
            exact.or_else(|| plain_names.iter().position(|name| wanted.contains(&unqualified(name))))
        };
        Ok(match (find(LONGITUDES), find(LATITUDES)) {
            (Some(x), Some(y)) if x != y => Self::Position { x, y, z: find(HEIGHTS) },
            _ => by_name.map_or(Self::None, Self::Geometry),
        })
    }
}

/// A sentence that lists the columns.
pub(super) fn told(names: &[String]) -> String {
    let list: Vec<String> = names.iter().take(NAMES_IN_ERROR).map(|name| name.chars().take(60).collect()).collect();
    let more = if names.len() > NAMES_IN_ERROR { ", ..." } else { "" };
    format!("the columns are {}{more}", list.join(", "))
}

/// Letters and digits alone, small: `Long. (WGS84)` is `longwgs84`.
fn plain(name: &str) -> String {
    name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn unqualified(name: &str) -> &str {
    let inner = QUALIFIERS.iter().fold(name, |name, word| {
        name.strip_prefix(word).or_else(|| name.strip_suffix(word)).filter(|rest| !rest.is_empty()).unwrap_or(name)
    });
    // Degrees as people note them: `lat_deg`, `longitude_dd`.
    ["deg", "degrees", "dd"]
        .iter()
        .find_map(|unit| inner.strip_suffix(unit))
        .filter(|rest| !rest.is_empty())
        .unwrap_or(inner)
}

/// Whether a value looks like a geometry in one of the three notations.
fn is_geometry(value: &str) -> bool {
    let value = value.trim();
    let is_json = value.starts_with('{') && value.contains("\"type\"");
    is_json || is_wkt(value) || is_wkb_hex(value)
}

/// `POINT (...)`, `SRID=4326;POINT Z (...)`.
pub(super) fn is_wkt(value: &str) -> bool {
    let body = match value.split_once(';') {
        Some((head, body)) if head.get(..5).is_some_and(|head| head.eq_ignore_ascii_case("srid=")) => body.trim_start(),
        _ => value,
    };
    let word: String =
        body.chars().take_while(char::is_ascii_alphabetic).take(24).collect::<String>().to_ascii_uppercase();
    let rest = body.get(word.len()..).unwrap_or_default().trim_start().to_owned();
    let is_kind = crate::geometry::GeometryType::ALL.into_iter().any(|kind| {
        word.strip_prefix(&kind.name().to_ascii_uppercase()).is_some_and(|rest| matches!(rest, "" | "Z" | "M" | "ZM"))
    });
    is_kind && (rest.starts_with('(') || rest.get(..1).is_some_and(|next| "zZmMeE".contains(next)))
}

/// Binary in hexadecimal digits, as databases print it: byte order 00 or 01 and a type.
pub(super) fn is_wkb_hex(value: &str) -> bool {
    value.len() >= 18
        && value.len().is_multiple_of(2)
        && (value.starts_with("00") || value.starts_with("01"))
        && value.bytes().all(|byte| byte.is_ascii_hexdigit())
}
