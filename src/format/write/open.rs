//! Which formats are written, what they are called on the web, and who writes each.

use crate::error::{Error, Result};
use crate::format::feature::Format;
use crate::format::write::csv::CsvWriter;
use crate::format::write::flatgeobuf::FlatGeobufWriter;
use crate::format::write::geojson::GeoJsonWriter;
use crate::format::write::gpkg::GpkgWriter;
use crate::format::write::gpx::GpxWriter;
use crate::format::write::kml::KmlWriter;
use crate::format::write::{FeatureWriter, WriteOptions};

/// Every format that is written, in the order in which people are told of them.
pub const WRITTEN: [Format; 7] = [
    Format::GeoJson,
    Format::GeoJsonLines,
    Format::Csv,
    Format::Gpx,
    Format::Kml,
    Format::FlatGeobuf,
    Format::GeoPackage,
];

/// The media type of a format that is written (RFC 7946, RFC 4180 and the registry of media types); GPX has none there.
pub const fn media_type(format: Format) -> &'static str {
    match format {
        Format::GeoJson => "application/geo+json",
        Format::GeoJsonLines => "application/x-ndjson",
        Format::Csv => "text/csv; charset=utf-8; header=present",
        Format::Gpx => "application/gpx+xml",
        Format::Kml => "application/vnd.google-earth.kml+xml",
        Format::GeoPackage => "application/geopackage+sqlite3",
        Format::FlatGeobuf | Format::Shapefile => "application/octet-stream",
        Format::Wkt => "text/plain; charset=utf-8",
    }
}

/// The formats as their file names end: `geojson, geojsonl`.
pub fn extension_list() -> String {
    WRITTEN.map(Format::key).join(", ")
}

/// Whether a format has columns, which must be known before the first row.
pub const fn is_table(format: Format) -> bool {
    matches!(format, Format::Csv | Format::FlatGeobuf | Format::GeoPackage)
}

/// The writer of a format.
pub fn open(format: Format, options: WriteOptions) -> Result<Box<dyn FeatureWriter>> {
    Ok(match format {
        Format::GeoJson => Box::new(GeoJsonWriter::collection(options)),
        Format::GeoJsonLines => Box::new(GeoJsonWriter::lines(options)),
        Format::Csv => Box::new(CsvWriter::new(options)),
        Format::Gpx => Box::new(GpxWriter::new(options)),
        Format::Kml => Box::new(KmlWriter::new(options)),
        Format::FlatGeobuf => Box::new(FlatGeobufWriter::new(options)),
        Format::GeoPackage => Box::new(GpkgWriter::new(options)),
        _ => return Err(not_written(format)),
    })
}

fn not_written(format: Format) -> Error {
    let sentence = format!("{} is not written; these formats are: {}", format.title(), extension_list());
    Error::bad_input(sentence).at("format")
}
