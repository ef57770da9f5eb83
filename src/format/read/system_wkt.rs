//! Reference systems in well-known text: `.prj` files (ESRI), definitions of GeoPackage and FlatGeobuf (WKT 1 and 2).

use crate::error::Result;
use crate::format::read::system::{KROVAK_SHIFT, System, unsupported};
use crate::format::read::system_refused::is_refused;

/// The longest text, and its deepest brackets: the parser recurses.
const MAX_BYTES: usize = 64 << 10;
const MAX_DEPTH: usize = 24;

/// Longitude and latitude on the datum of [`KROVAK_SHIFT`].
const S_JTSK: u32 = 4156;

/// Words in names of datums without an authority, and an EPSG code of longitude and latitude on that datum.
const DATUMS: &[(&str, u32)] = &[
    ("wgs_1984", 4326),
    ("wgs84", 4326),
    ("wgs_84", 4326),
    ("world geodetic system 1984", 4326),
    ("etrs", 4258),
    ("etrf2000", 4258),
    ("sweref99", 4619),
    ("lithuanian_1994", 4669),
    ("lithuania_1994", 4669),
    ("lks94", 4669),
    ("european_terrestrial", 4258),
    ("north_american_1983", 4269),
    ("north_american_datum_1983", 4269),
    ("nad83", 4269),
    ("rgf_1993", 4171),
    ("reseau_geodesique_francais", 4171),
    ("osgb_1936", 4277),
    ("ordnance survey", 4277),
    ("deutsches_hauptdreiecksnetz", 4314),
    ("ch1903+", 4150),
    ("ch1903", 4149),
    ("amersfoort", 4289),
    ("belge_1972", 4313),
    ("nzgd_2000", 4167),
    ("new_zealand_geodetic_datum_2000", 4167),
    ("gda_1994", 4283),
    ("geocentric_datum_of_australia_1994", 4283),
    ("sirgas_2000", 4674),
    ("jgd_2000", 4612),
    ("japanese_geodetic_datum_2000", 4612),
    ("militar_geographische", 4312),
    ("mgi_1901", 3906),
    ("mgi", 4312),
    ("s_jtsk", 4156),
    ("jednotne_trigonometricke", 4156),
    ("tm65", 4299),
    ("hartebeesthoek94", 4148),
];

/// The system of a text: by its authority if it names one, otherwise by its parameters and the name of its datum.
pub(super) fn system_of(text: &str) -> Result<System> {
    let text = text.trim().trim_start_matches('\u{feff}');
    let name = name_of(text);
    let depth = text.bytes().scan(0_usize, |depth, byte| {
        match byte {
            b'[' | b'(' => *depth += 1,
            b']' | b')' => *depth = depth.saturating_sub(1),
            _ => {}
        }
        Some(*depth)
    });
    if text.len() > MAX_BYTES || depth.max().unwrap_or(0) > MAX_DEPTH {
        return Err(unsupported(name, "is described in too long a text"));
    }
    if let Some(code) = authority_of(text) {
        return System::of_epsg(code);
    }
    let lower = text.to_lowercase();
    if lower.contains("mercator_auxiliary_sphere") || lower.contains("popular visualisation") {
        return System::of_epsg(3857);
    }
    let datum = datum_of(&lower);
    if lower.starts_with("geogcs") || lower.starts_with("geogcrs") || lower.starts_with("geodcrs") {
        return datum.map_or_else(|| Err(unsupported(name, "has a datum that is not known")), System::of_epsg);
    }
    let projection = proj4wkt::wkt_to_projstring(text)
        .map_err(|error| unsupported(name, "cannot be read").caused_by(error.to_string()))?;
    // What the text says of the shift is kept; otherwise the datum is looked up by its name.
    let has_shift = lower.contains("towgs84[") || lower.contains("boundcrs[");
    let shift = if has_shift { None } else { datum.and_then(shift_of) };
    match shift {
        Some(shift) => {
            let words = projection
                .split_whitespace()
                .filter(|word| !word.starts_with("+towgs84=") && !word.starts_with("+datum="));
            System::of_projection(name, &format!("{} {shift}", words.collect::<Vec<_>>().join(" ")))
        }
        None if has_shift => System::of_projection(name, &projection),
        None => Err(unsupported(name, "has a datum whose shift to WGS 84 is not known")),
    }
}

/// The first name in quotes.
fn name_of(text: &str) -> &str {
    text.split('"').nth(1).unwrap_or("")
}

/// The EPSG code at the end of the outermost brackets: `AUTHORITY["EPSG","25832"]` or `ID["EPSG",25832]`.
fn authority_of(text: &str) -> Option<u32> {
    let inner = text.trim_end().strip_suffix([']', ')'])?.trim_end();
    let start = inner.rfind(['[', '('])?;
    let (head, body) = inner.split_at(start);
    let head = head.trim_end().to_ascii_uppercase();
    if !(head.ends_with("AUTHORITY") || head.ends_with(",ID") || head.ends_with("\nID") || head.ends_with(" ID")) {
        return None;
    }
    let mut words = body.trim_matches(|c: char| "[]() ".contains(c)).split(',');
    let authority = words.next()?.trim().trim_matches('"');
    let code = words.next()?.trim().trim_matches(|c: char| c == '"' || c == ' ' || c == ']');
    if authority.eq_ignore_ascii_case("EPSG") { code.parse().ok() } else { None }
}

/// The code of longitude and latitude on the datum that the text names.
fn datum_of(lower: &str) -> Option<u32> {
    let at =
        ["datum[\"", "trf[\"", "ensemble[\"", "datum(\""].iter().find_map(|key| Some(lower.find(key)? + key.len()))?;
    let name = lower.get(at..)?.split('"').next()?;
    DATUMS.iter().find(|(word, _)| name.contains(word)).map(|(_, code)| *code)
}

/// The words of PROJ.4 that shift a datum.
fn shift_of(code: u32) -> Option<String> {
    if code == S_JTSK {
        return Some(format!("+towgs84={KROVAK_SHIFT}"));
    }
    if is_refused(code) {
        return None;
    }
    let definition = crs_definitions::from_code(u16::try_from(code).ok()?)?.proj4;
    let word = |key: &str| definition.split_whitespace().find(|word| word.starts_with(key)).map(str::to_owned);
    word("+towgs84=").or_else(|| match word("+datum=").as_deref() {
        // The names of datums bring ellipsoids of their own, which the text has already told.
        Some("+datum=WGS84" | "+datum=NAD83") => Some("+towgs84=0,0,0,0,0,0,0".to_owned()),
        Some("+datum=OSGB36") => Some("+towgs84=446.448,-125.157,542.06,0.1502,0.247,0.8421,-20.4894".to_owned()),
        Some("+datum=potsdam") => Some("+towgs84=598.1,73.7,418.2,0.202,0.045,-2.455,6.7".to_owned()),
        Some("+datum=hermannskogel") => Some("+towgs84=577.326,90.129,463.919,5.137,1.474,5.297,2.4232".to_owned()),
        Some("+datum=ire65") => Some("+towgs84=482.53,-130.596,564.557,-1.042,-0.214,-0.631,8.15".to_owned()),
        _ => None,
    })
}
