//! What a file says of places, before anything is decided about them: the seam between readers of formats and imports.

use std::path::PathBuf;

use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::geometry::Geometry;

/// A file format of the field that Cairn reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// A feature collection, a feature or a bare geometry (RFC 7946).
    GeoJson,
    /// One feature a line, with or without record separators (RFC 8142).
    GeoJsonLines,
    /// Rows with a position or a geometry in columns, separated by commas, semicolons or tabs (RFC 4180).
    Csv,
    /// GPS exchange: way points, routes and tracks.
    Gpx,
    /// Placemarks, plain or zipped (KMZ).
    Kml,
    /// ESRI Shapefile, zipped or loose.
    Shapefile,
    /// Flat buffers with an index.
    FlatGeobuf,
    /// Feature tables of an OGC GeoPackage.
    GeoPackage,
    /// One geometry a line.
    Wkt,
}

impl Format {
    /// Every format, in the order in which people are told of them.
    pub const ALL: [Self; 9] = [
        Self::GeoJson,
        Self::GeoJsonLines,
        Self::Csv,
        Self::Gpx,
        Self::Kml,
        Self::Shapefile,
        Self::FlatGeobuf,
        Self::GeoPackage,
        Self::Wkt,
    ];

    /// The name that people read.
    pub const fn title(self) -> &'static str {
        match self {
            Self::GeoJson => "GeoJSON",
            Self::GeoJsonLines => "newline-delimited GeoJSON",
            Self::Csv => "CSV",
            Self::Gpx => "GPX",
            Self::Kml => "KML or KMZ",
            Self::Shapefile => "Shapefile",
            Self::FlatGeobuf => "FlatGeobuf",
            Self::GeoPackage => "GeoPackage",
            Self::Wkt => "WKT",
        }
    }

    /// The name that options and file names have for it: `geojson`, `csv`.
    pub const fn key(self) -> &'static str {
        match self {
            Self::GeoJson => "geojson",
            Self::GeoJsonLines => "geojsonl",
            Self::Csv => "csv",
            Self::Gpx => "gpx",
            Self::Kml => "kml",
            Self::Shapefile => "shp",
            Self::FlatGeobuf => "fgb",
            Self::GeoPackage => "gpkg",
            Self::Wkt => "wkt",
        }
    }

    /// The format of that [`key`](Self::key).
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.key().eq_ignore_ascii_case(key))
    }
}

/// How a file is to be read. What is left out is found in the file itself.
#[derive(Debug, Clone, Default)]
pub struct ReadOptions {
    /// The name that the sender gives the file: a hint, never a path that is opened.
    pub file_name: Option<String>,
    /// Refuses a file of any other format.
    pub format: Option<Format>,
    /// The reference system of a file that does not name its own, such as `EPSG:25832`; one that the file names wins unless it
    /// is unknown.
    pub source_crs: Option<String>,
    /// The feature table or inner layer to read, of a file that has several.
    pub table: Option<String>,
    /// Columns of a table without geometry: longitude or easting, latitude or northing.
    pub position_columns: Option<(String, String)>,
    /// Mends what can be mended (unclosed rings, self-intersections) instead of refusing it; each repair is reported.
    pub repair: bool,
    /// A folder for what must be unpacked; the reader empties what it made.
    pub scratch: PathBuf,
}

/// What is known of a source before its first feature.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceInfo {
    /// What it was found to be.
    pub format: Format,
    /// The reference system it is read with, as people name it: `EPSG:25832`.
    pub crs: String,
    /// Names of the columns, in the order of the file; empty where features differ from each other.
    pub columns: Vec<String>,
    /// How many features the source announces; it may lie.
    pub announced: Option<u64>,
    /// What people should know of how it is read, a sentence each: an encoding that was guessed, columns that were taken.
    pub notes: Vec<String>,
}

/// One feature, in WGS 84.
#[derive(Debug, Clone, Default)]
pub struct Feature {
    /// The identifier that the format has for features (`id` of GeoJSON, `fid` of a GeoPackage), as text.
    pub id: Option<String>,
    /// The external id, in a file that Cairn wrote.
    pub external_id: Option<String>,
    /// Passed the gate and is valid; `None` when the source gives no position.
    pub geometry: Option<Geometry>,
    /// Everything else, in the order of the source.
    pub properties: Map<String, Value>,
    /// What was mended in the geometry, one sentence.
    pub repaired: Option<String>,
}

/// The next thing a source has.
#[derive(Debug)]
pub enum Item {
    /// A feature that can be stored.
    Feature(Box<Feature>),
    /// One that cannot; the source goes on after it.
    Rejected(Rejected),
}

/// A feature that cannot be stored, as its owner finds it again.
#[derive(Debug)]
pub struct Rejected {
    /// The reason, with a code.
    pub error: Error,
    /// The first characters of it, for people.
    pub excerpt: String,
}

/// A source that is read once, front to back, in bounded memory. Not asynchronous: whoever reads owns a thread.
pub trait FeatureReader: Send {
    /// What is known before the first feature.
    fn info(&self) -> &SourceInfo;

    /// The next item, in the order of the source, and `None` at its end. An error ends the source: what follows cannot be read.
    fn next_item(&mut self) -> Result<Option<Item>>;

    /// How much of the source is read, from 0 to 1.
    fn progress(&self) -> f64;
}
