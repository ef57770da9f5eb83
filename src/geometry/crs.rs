//! The reference systems that coordinates may come in: WGS 84, and Web Mercator, which is converted.

use crate::error::{Error, ErrorCode, Result};
use crate::geometry::position::range_fault;
use crate::geometry::wkb::{Vertex, Wkb, rewrite};

/// The radius of the sphere of EPSG:3857 in metres: the semi-major axis of WGS 84.
const RADIUS: f64 = 6_378_137.0;
/// x of 180 degrees east in EPSG:3857, and a centimetre for writers that rounded.
const MAX_X: f64 = 20_037_508.35;
/// y of the northern end of EPSG:3857 (85.06 degrees, its area of use), and a little for rounding.
const MAX_Y: f64 = 20_048_966.2;

/// A reference system that is understood on input. Everything is stored and written in [`Crs::Wgs84`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crs {
    /// Longitude, latitude in degrees: EPSG:4326 and CRS84, in this order whatever the name says (as RFC 7946 has it).
    Wgs84,
    /// Easting, northing in metres on the sphere of web maps: EPSG:3857, once called 900913 and 102100.
    WebMercator,
}

impl Crs {
    /// The system of an EPSG number; [`ErrorCode::UnsupportedCrs`] names any other. 0 is EWKB's and EWKT's "not given".
    pub fn from_srid(srid: i64) -> Result<Self> {
        match srid {
            0 | 4326 => Ok(Self::Wgs84),
            3857 | 900_913 | 102_100 => Ok(Self::WebMercator),
            _ => Err(unsupported(&format!("SRID {srid}"))),
        }
    }

    /// The system of a name: `EPSG:3857`, `urn:ogc:def:crs:OGC:1.3:CRS84`, `http://www.opengis.net/def/crs/EPSG/0/4326`
    /// or a bare number. [`ErrorCode::UnsupportedCrs`] gives back the name of any other.
    pub fn parse(name: &str) -> Result<Self> {
        match epsg_code(name) {
            Some(4326) => Ok(Self::Wgs84),
            Some(3857 | 900_913 | 102_100) => Ok(Self::WebMercator),
            _ => Err(unsupported(name.trim())),
        }
    }

    /// Longitude and latitude in degrees.
    pub fn to_wgs84(self, x: f64, y: f64) -> (f64, f64) {
        match self {
            Self::Wgs84 => (x, y),
            Self::WebMercator => {
                let lon = (x / RADIUS).to_degrees();
                (lon.clamp(-180.0, 180.0), (y / RADIUS).sinh().atan().to_degrees())
            }
        }
    }

    /// Longitude and latitude of a position that must be in the range of its system.
    pub(crate) fn checked(self, x: f64, y: f64) -> Result<(f64, f64)> {
        let fault = match self {
            Self::Wgs84 => range_fault(x, y),
            Self::WebMercator => mercator_fault(x, y),
        };
        match fault {
            Some(fault) => Err(Error::invalid_geometry(fault)),
            None => Ok(self.to_wgs84(x, y)),
        }
    }
}

/// The EPSG number of a name: `EPSG:25832`, `urn:ogc:def:crs:EPSG::25832`, `http://www.opengis.net/def/crs/EPSG/0/25832` or a bare
/// number. CRS84 has the number of WGS 84, since what is read here has longitude first in any case.
pub(crate) fn epsg_code(name: &str) -> Option<u32> {
    let lower = name.trim().to_ascii_lowercase();
    let (authority, code) = lower.rsplit_once([':', '/', '#']).unwrap_or(("", &lower));
    let is_under = |heads: &[&str]| {
        heads.iter().any(|head| {
            authority.strip_prefix(head).is_some_and(|version| !version.trim_start_matches([':', '/']).contains('/'))
        })
    };
    let is_epsg = matches!(authority, "" | "epsg" | "esri" | "http://www.opengis.net/gml/srs/epsg.xml")
        || is_under(&[
            "urn:ogc:def:crs:epsg:",
            "urn:x-ogc:def:crs:epsg:",
            "http://www.opengis.net/def/crs/epsg/",
            "https://www.opengis.net/def/crs/epsg/",
        ]);
    let is_ogc = matches!(authority, "" | "ogc" | "crs")
        || is_under(&[
            "urn:ogc:def:crs:ogc:",
            "http://www.opengis.net/def/crs/ogc/",
            "https://www.opengis.net/def/crs/ogc/",
        ]);
    match code {
        "crs84" if is_ogc => Some(4326),
        "84" if authority == "crs" => Some(4326),
        _ if is_epsg && code.bytes().all(|byte| byte.is_ascii_digit()) => code.parse().ok(),
        _ => None,
    }
}

/// Writes a geometry of `crs` as little-endian ISO WKB in WGS 84; heights and measures stay as they are.
pub(crate) fn reproject(wkb: Wkb<'_>, crs: Crs) -> Result<Vec<u8>> {
    let bytes = rewrite(wkb.bytes(), |_, positions, row| {
        row.extend(positions.iter().map(|vertex| {
            let (x, y) = crs.to_wgs84(vertex.x, vertex.y);
            Vertex { x, y, ..vertex }
        }));
    })?;
    Ok(bytes)
}

fn mercator_fault(x: f64, y: f64) -> Option<String> {
    if !x.is_finite() || !y.is_finite() {
        return range_fault(x, y);
    }
    if x.abs() > MAX_X {
        return Some(format!("x {x} is outside of Web Mercator, [-20037508.34, 20037508.34]"));
    }
    (y.abs() > MAX_Y).then(|| format!("y {y} is outside of Web Mercator, [-20048966.1, 20048966.1]"))
}

fn unsupported(name: &str) -> Error {
    // A name is at most a line of text; a longer one is cut so that an error stays readable.
    let name: String = name.chars().filter(|c| !c.is_control()).take(100).collect();
    Error::new(
        ErrorCode::UnsupportedCrs,
        format!(
            "reference system '{name}' is not supported; send WGS 84 (EPSG:4326, CRS84) or Web Mercator (EPSG:3857)"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_both_systems_are_known() {
        for name in [
            "EPSG:4326",
            "epsg:4326",
            "4326",
            "CRS84",
            "OGC:CRS84",
            "CRS:84",
            "urn:ogc:def:crs:OGC:1.3:CRS84",
            "urn:ogc:def:crs:OGC::CRS84",
            "urn:ogc:def:crs:EPSG::4326",
            "urn:ogc:def:crs:EPSG:6.9:4326",
            "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
            "https://www.opengis.net/def/crs/EPSG/0/4326",
            "http://www.opengis.net/gml/srs/epsg.xml#4326",
        ] {
            assert_eq!(Crs::parse(name).unwrap(), Crs::Wgs84, "{name}");
        }
        for name in [
            "EPSG:3857",
            " 3857 ",
            "EPSG:900913",
            "ESRI:102100",
            "urn:ogc:def:crs:EPSG::3857",
            "urn:ogc:def:crs:EPSG:9.9:3857",
        ] {
            assert_eq!(Crs::parse(name).unwrap(), Crs::WebMercator, "{name}");
        }
    }

    #[test]
    fn any_other_name_is_refused_by_name() {
        for name in
            ["EPSG:25832", "", "WGS84", "EPSG:", "OGC:CRS27", "EVIL:4326", "http://example.org/epsg/4326", "EPSG:4326x"]
        {
            let error = Crs::parse(name).unwrap_err();
            assert_eq!(error.code(), ErrorCode::UnsupportedCrs, "{name}");
            assert!(error.message().contains(&format!("'{name}'")), "{error}");
        }
        assert!(Crs::from_srid(25832).unwrap_err().message().contains("SRID 25832"));
        assert_eq!(Crs::from_srid(0).unwrap(), Crs::Wgs84);
    }

    #[test]
    fn web_mercator_becomes_degrees() {
        let near = |(lon, lat): (f64, f64), want: (f64, f64)| {
            assert!((lon - want.0).abs() < 1e-9 && (lat - want.1).abs() < 1e-9, "{lon} {lat}");
        };
        near(Crs::WebMercator.to_wgs84(0.0, 0.0), (0.0, 0.0));
        // EPSG Guidance Note 7-2, 1024: the worked example of Popular Visualisation Pseudo Mercator.
        let (lon, lat) = Crs::WebMercator.to_wgs84(-11_169_055.58, 2_800_000.0);
        assert!((lon - -100.333_333_3).abs() < 1e-6 && (lat - 24.381_786_9).abs() < 1e-6, "{lon} {lat}");
        near(Crs::WebMercator.checked(20_037_508.342_789_25, 0.0).unwrap(), (180.0, 0.0));
        near(
            Crs::WebMercator.to_wgs84(-20_037_508.342_789_244, 20_037_508.342_789_244),
            (-180.0, 85.051_128_779_806_6),
        );
    }

    #[test]
    fn positions_outside_of_a_system_are_refused() {
        for (x, y) in [(20_037_509.0, 0.0), (0.0, 20_048_967.0), (0.0, 1e300), (f64::NAN, 0.0), (0.0, f64::INFINITY)] {
            assert!(Crs::WebMercator.checked(x, y).is_err(), "{x} {y}");
        }
        assert!(Crs::Wgs84.checked(180.1, 0.0).is_err());
        assert_eq!(Crs::Wgs84.checked(180.0, -90.0).unwrap(), (180.0, -90.0));
    }
}
